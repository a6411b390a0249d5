"""A durable outbox full of 25 KB mails, delivered: a process of its own for `benchmarks.delivery`.

    python -m benchmarks.outbox PEOPLE TEAMS

Prints one JSON line: mails, seconds of delivering alone (leased, checked again, written, handed
over, recorded), processor time of that, and bytes of the first mail.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

from callboard.base.clock import SetClock
from callboard.cli import boot

ITEMS = 41
"""Items of a mail, which make it 25 KB."""
NOTE = "Dialogue drops by 6 dB at {at} on the 5.1 print master; reference and mix differ until the next scene change."


def people_of(people: int, teams: int) -> dict[str, Any]:
    """Return a studio of `teams` partner accounts, with the people spread over them."""
    return {
        "partners": [{"id": f"team-{n}", "name": f"Team {n}", "kind": "fulfillment_partner"} for n in range(teams)],
        "users": [
            {
                "email": f"p{n}@team{n % teams}.example",
                "name": f"Person {n}",
                "partner": f"team-{n % teams}",
                "roles": ["fulfillment_partner_operations"],
            }
            for n in range(people)
        ],
    }


def event(number: int, team: int) -> dict[str, Any]:
    """Return an event that concerns one team."""
    return {
        "specversion": "1.0",
        "id": f"e-{number}",
        "source": "benchmark",
        "type": "delivery.redelivery_requested",
        "subject": f"SR-{number:08}",
        "data": {
            "fulfillment_partner": f"team-{team}",
            "title": f"The Salt Cartographers, S{number % 9 + 1} E{number}",
            "title_id": [str(90_000_000 + number), f"show-{number % 6}"],
            "title_names": [f"S{number % 9 + 1} E{number}", "The Salt Cartographers"],
            "severity": "Blocker",
            "redelivery_round": number % 4 + 1,
            "comment": NOTE.format(at=f"00:{number % 60:02}:12:04"),
        },
    }


def main() -> None:
    """Fill an outbox, then deliver it."""
    people, teams = int(sys.argv[1]), int(sys.argv[2])
    boot.open_home()
    from django.conf import settings  # noqa: PLC0415 - needs Django started

    from callboard.intake.cloudevents import Draft, read_event  # noqa: PLC0415
    from callboard.mail.desk import Desk  # noqa: PLC0415
    from callboard.mail.models import Mail  # noqa: PLC0415
    from callboard.mail.store import Leased  # noqa: PLC0415
    from callboard.mail.wire import whole  # noqa: PLC0415
    from callboard.pipeline import Pipeline  # noqa: PLC0415
    from callboard.running import Runner  # noqa: PLC0415

    config = settings.CONFIG
    clock = SetClock(config.clock.now())
    runner = Runner(lambda: Pipeline(replace(config, collapse_s=10.0), clock=clock))
    pipeline = runner.pipeline

    def fill() -> int:
        pipeline.import_people(people_of(people, teams))
        drafts = [read_event(event(n, n % teams), pipeline.catalogue) for n in range(ITEMS * teams)]
        found = [one for one in drafts if isinstance(one, Draft)]
        for start in range(0, len(found), 1000):
            pipeline.accept(found[start : start + 1000])
        while pipeline.decide_accepted():
            pass
        clock.at += timedelta(seconds=11)
        while pipeline.compose_due():
            pass
        return pipeline.counts["mails"]

    def size() -> int:
        columns = ("id", "user_id", "domain", "message_id", "importance_rank", "composed_us", "expires_us", "attempts")
        one = Leased._make((*Mail.objects.values_list(*columns)[0], 1))
        written = Desk(config, clock, pipeline.checker).draft([one])[0].mail_object
        return len(whole(written.content)) if written else 0

    mails = runner.database.submit(fill).result()
    mail_bytes = runner.database.submit(size).result()
    began = time.perf_counter()
    cpu = time.process_time()
    counts = runner.drain()
    took, cpu = time.perf_counter() - began, time.process_time() - cpu
    if counts["sent"] != mails:
        raise RuntimeError(f"{mails} mails, but {dict(counts)}")
    print(json.dumps({"mails": mails, "seconds": took, "cpu_s": cpu, "mail_bytes": mail_bytes}))


if __name__ == "__main__":
    main()
