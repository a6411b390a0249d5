"""The settings page of a person with 300 notifications: what the server takes for it.

A home with the demo studio, a week of its traffic at a brisk pace and one person with 300
Customs of three conditions each (titles, partners, choices) besides the Defaults. The real
Django handler answers in this process, so the figures are server time without the network.
Rounds are taken several times and the best one is printed, beside what the processor was busy
for it: on a machine that others load, that is what the page costs.

    python -m benchmarks.settings_page [--notifications 300] [--pace 20] [--turns 60] [--rounds 3]
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from callboard.base.instants import format_instant

if TYPE_CHECKING:
    from django.test import Client

ANA = "ana@copperglass.example"
ROLE = "fulfillment_partner_operations"
TARGET_MS = 50.0


def main() -> None:
    """Fill a home, ask for the page in three ways, print what each took."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--notifications", type=int, default=300)
    parser.add_argument("--pace", type=float, default=20.0, help="of the studio's traffic; 1 is about 60 events a day")
    parser.add_argument("--turns", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--profile", action="store_true", help="print where the full page spends its time")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"CALLBOARD_HOME": folder, "DJANGO_SETTINGS_MODULE": "callboard.project.settings"}
        fill(Path(folder), wanted.notifications, wanted.pace)
        client = signed_in_client()
        if wanted.profile:
            profile(client, wanted.turns)
        else:
            report(client, wanted.turns, wanted.rounds)


def fill(home: Path, count: int, pace: float) -> None:
    """Load the studio, the person's notifications and a week of traffic, and send what is due."""
    from callboard.demo.studio import notifications, studio  # noqa: PLC0415 - after the home is set
    from callboard.demo.traffic import history  # noqa: PLC0415

    now = datetime.now(UTC)
    events = list(history(now - timedelta(days=7), now, pace=pace))
    mine = [one for one in notifications(now) if one["user"] != ANA] + list(customs(events, count))
    for name, content in (("people", studio()), ("notifications", mine)):
        path = home / f"{name}.json"
        path.write_text(json.dumps(content))
        run("people" if name == "people" else "notifications", "import", str(path))
    for day in range(7):
        end = now - timedelta(days=6 - day)
        begun = format_instant(end - timedelta(days=1))
        path = home / "events.jsonl"
        path.write_text("".join(f"{json.dumps(one)}\n" for one in events if begun <= one["time"] < format_instant(end)))
        environ = {"CALLBOARD_NOW": format_instant(end)}
        run("events", "send", str(path), **environ)
        run("drain", **environ)
    sys.stdout.write(f"{len(events):,} events of a week\n")


def customs(events: list[dict[str, Any]], count: int) -> Iterator[dict[str, Any]]:
    """Yield notifications as people write them: a title or two, a partner, a choice."""
    dice = random.Random(7)
    kinds = {
        "delivery.redelivery_requested": "hourly",
        "delivery.processed": "daily",
        "source_request.assigned": "daily",
        "comment.added": "hourly",
    }
    titles = sorted({one for event in events for one in event["data"].get("title_id", [])})
    houses = sorted({event["data"].get("content_partner") for event in events} - {None})
    for number in range(count):
        event_type, frequency = list(kinds.items())[number % len(kinds)]
        yield {
            "id": f"n-bench-{number}",
            "user": ANA,
            "name": f"Bench {number}" if number % 3 == 0 else "",
            "event_type": event_type,
            "where": [
                {"field": "title_id", "op": "any_of", "value": dice.sample(titles, 2)},
                {"field": "content_partner", "op": "any_of_incl", "value": dice.sample(houses, 2)},
                {"field": "content_type", "op": "any_of", "value": ["Branded"]},
            ],
            "frequency": frequency,
        }


def run(*words: str, **environ: str) -> None:
    """Run a command on the home."""
    subprocess.run(
        [sys.executable, "-m", "callboard", *words], env=os.environ | environ, check=True, stdout=subprocess.DEVNULL
    )


def signed_in_client() -> Client:
    """Return a client of the real handler in which the person is signed in."""
    from django.test import Client  # noqa: PLC0415 - after the home is set

    import callboard.project.wsgi  # noqa: F401, PLC0415 - sets up what the server runs, as the server does
    from callboard.people.models import User  # noqa: PLC0415

    client = Client(SERVER_NAME="localhost")
    client.force_login(User.objects.get(email_key=ANA))
    return client


def ways(client: Client) -> dict[str, Callable[[], Any]]:
    """Return what is measured, by name."""
    part = {"HX-Request": "true", "HX-Current-URL": "http://localhost/settings"}
    wishes = ("mute", "unmute")
    turn = iter(range(10**9))
    return {
        "whole page": lambda: client.get("/settings"),
        "search": lambda: client.get("/settings?q=branded%2017", headers=part),
        "mute": lambda: client.post(
            "/settings/act", {"do": f"{wishes[next(turn) % 2]} custom n-bench-7"}, headers=part
        ),
        "menu": lambda: client.get("/settings/menu/custom/n-bench-7", headers=part),
    }


def report(client: Client, turns: int, rounds: int) -> None:
    """Print median, p95, queries and size of each way; the best round of several."""
    from django.db import connection  # noqa: PLC0415
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415

    sys.stdout.write(f"best of {rounds} rounds of {turns}; target: p95 at most {TARGET_MS:g} ms\n")
    for name, ask in ways(client).items():
        measured = [timed(ask, turns) for _ in range(rounds)]
        best = min(wall for wall, _ in measured)
        busy = min(busy for _, busy in measured)
        with CaptureQueriesContext(connection) as asked:
            answer = ask()
        size = len(answer.content) / 1024
        sys.stdout.write(
            f"{name:>12}: p95 {best[0]:5.1f} ms, p50 {best[1]:5.1f} ms;"
            f" busy p95 {busy[0]:5.1f} ms, p50 {busy[1]:5.1f} ms; {len(asked)} queries, {size:.0f} KiB\n"
        )


def timed(ask: Callable[[], Any], turns: int) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return (95th percentile, median) of so many answers in milliseconds, of the clock and of the processor."""
    wall, busy = [], []
    for _ in range(turns):
        began, began_busy = time.perf_counter(), time.thread_time()
        answer = ask()
        wall.append((time.perf_counter() - began) * 1000)
        busy.append((time.thread_time() - began_busy) * 1000)
        if answer.status_code != 200:  # noqa: PLR2004 - HTTP's OK
            raise RuntimeError(f"the page answered {answer.status_code}")
    return summed(wall), summed(busy)


def summed(took: list[float]) -> tuple[float, float]:
    """Return 95th percentile and median."""
    return statistics.quantiles(took, n=20)[-1], statistics.median(took)


def profile(client: Client, turns: int) -> None:
    """Print where the whole page spends its time."""
    import cProfile  # noqa: PLC0415 - rarely asked for
    import pstats  # noqa: PLC0415

    ask = ways(client)["whole page"]
    ask()
    profiler = cProfile.Profile()
    profiler.enable()
    for _ in range(turns):
        ask()
    profiler.disable()
    pstats.Stats(profiler).sort_stats("tottime").print_stats(25)


if __name__ == "__main__":
    main()
