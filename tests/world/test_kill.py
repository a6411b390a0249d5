"""kill -9 at any moment: nothing is lost, and what comes again is the same mail (P1, P2)."""

from __future__ import annotations

import dataclasses
import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from typing import TYPE_CHECKING

import pytest
from tests.world.compare import Delivered, bare_id
from tests.world.generate import SMALL, make_world
from tests.world.play import Play, report, without_gaps
from tests.world.product import Product, kill
from tests.world.reference import Reference
from tests.world.sink import Sink

if TYPE_CHECKING:
    from pathlib import Path

    from tests.world.reference import Json, Step

SIZE = dataclasses.replace(SMALL, days=5, events=400, changes=4)
DRAINS_KILLED = 7
SENDS_KILLED = 3
CONNECTIONS = 44
"""The most connections to one SMTP server that may be open, each with one mail in doubt."""
STARTUP_S = 2.0


@dataclass
class KilledPlay(Play):
    """A play in which commands are killed, and then run again to their end."""

    seed: int = 0
    kills: int = 0
    kills_in_delivery: int = 0
    doomed: set[int] = field(default_factory=set)

    def begin(self) -> None:
        """Choose the steps to kill: the drains with most mails, and some sends."""
        super().begin()
        self.rng = random.Random(self.seed)
        foretold = Reference(self.reference.catalogue, self.product.collapse_s)
        foretold.run(self.world)
        busiest = Counter(mail.step for mail in foretold.mails).most_common(DRAINS_KILLED)
        self.doomed = {number for number, _ in busiest}
        sends = [number for number, step in enumerate(self.world.steps) if step.kind == "send"]
        self.doomed |= set(self.rng.sample(sends, SENDS_KILLED))
        self.mails_of = dict(busiest)

    def send(self, number: int, step: Step) -> None:
        """A killed send is sent again: that is harmless (section 3)."""
        if number in self.doomed:
            path = self.product.write_lines(f"{number:04d}.jsonl", step.content)
            process = self.product.start("events", "send", path, now=step.now)
            self.sink.wait_for(len(self.sink.messages) + 1, self.rng.uniform(0.2, 1.0))
            self.kills += kill(process)
        super().send(number, step)

    def drain(self, number: int, step: Step) -> None:
        if number in self.doomed:
            for command in self.rng.choice([["drain"], ["worker"], ["drain", "worker", "drain"]]):
                self.kill_one(command, number, step)
        super().drain(number, step)

    def kill_one(self, command: str, number: int, step: Step) -> None:
        """Kill after some mails of the step, or after a time that may fall anywhere."""
        before = len(self.sink.messages)
        process = self.product.start(command, now=step.now)
        if self.rng.random() < 0.75:
            count = before + self.rng.randint(1, max(1, self.mails_of[number] // 3))
            self.sink.wait_for(count, STARTUP_S + 1.0)
        else:
            self.sink.wait_for(before + 10**9, self.rng.uniform(0.1, STARTUP_S))
        killed = kill(process)
        self.kills += killed
        self.kills_in_delivery += killed and len(self.sink.messages) > before

    def check_mails(self) -> None:
        """Count copies, then look at the first of each."""
        first: dict[tuple[str, tuple[str, ...]], Delivered] = {}
        for one in self.delivered:
            name = bare_id(str(one.parsed()["Message-ID"]))
            first.setdefault((name, one.received.recipients), one)
        copies = len(self.delivered) - len(first)
        if copies > CONNECTIONS * self.kills:
            self.differences.append(f"{copies} copies after {self.kills} kills")
        self.delivered = list(first.values())
        super().check_mails()


@pytest.mark.parametrize(
    ("seed", "collapse_s", "database_url"),
    [(11, 10, "sqlite"), (12, 0, "postgres")],
    indirect=["database_url"],
)
def test_nothing_is_lost_when_processes_are_killed(
    tmp_path: Path, seed: int, collapse_s: int, database_url: str | None
) -> None:
    with Sink(delay_s=0.004) as sink:
        catalogue = without_gaps(tmp_path / "catalogue")
        product = Product(tmp_path / "home", sink.port, collapse_s, database_url, catalogue)
        play = KilledPlay(product, sink, make_world(SIZE, seed, catalogue), seed=seed)
        found = play.all()
    assert not found, report(found)
    assert play.kills_in_delivery >= 2


STUDIO: Json = {
    "partners": [{"id": "studio", "name": "Meridian Lantern", "kind": "studio"}],
    "users": [
        {"email": f"p{n}@meridian.example", "name": f"P {n}", "partner": "studio", "roles": ["studio_operations"]}
        for n in range(100)
    ],
}
MAILS_PER_KILL = 60


@pytest.mark.parametrize("kills", [4, pytest.param(100, marks=pytest.mark.world)])
@pytest.mark.parametrize("database_url", ["sqlite", "postgres"], indirect=True)
def test_a_worker_that_is_killed_again_and_again_loses_nothing_and_repeats_only_itself(
    tmp_path: Path, kills: int, database_url: str | None
) -> None:
    rng = random.Random(kills)
    now = datetime(2026, 11, 23, 10, tzinfo=UTC)
    in_delivery = 0
    with Sink(delay_s=0.004) as sink:
        product = Product(tmp_path / "home", sink.port, 0, database_url)
        product.run("migrate", now=now)
        product.run("people", "import", product.write("people.json", STUDIO), now=now)
        events = [
            {"specversion": "1.0", "id": f"e-{n}", "source": "portal", "type": "qc.report_ready", "subject": f"SR-{n}"}
            for n in range(max(3, kills * MAILS_PER_KILL // len(STUDIO["users"])))
        ]
        product.run("events", "send", product.write_lines("events.jsonl", events), now=now)
        for _ in range(kills):
            before = len(sink.messages)
            worker = product.start("worker", now=now)
            sink.wait_for(before + rng.randint(1, MAILS_PER_KILL), 20)
            in_delivery += kill(worker) and len(sink.messages) > before
        product.run("drain", now=now)
        lines = product.ledger(now)
    wanted = len(events) * len(STUDIO["users"])
    assert Counter(line["state"] for line in lines) == {"sent": wanted}
    found = Counter(bare_id(str(message_from_bytes(one.data)["Message-ID"])) for one in sink.messages)
    assert set(found) == {bare_id(line["message_id"]) for line in lines}, (
        "nothing is lost, nothing comes under a new id"
    )
    assert len(found) == wanted
    assert found.total() - wanted <= CONNECTIONS * kills
    assert in_delivery >= kills // 2
