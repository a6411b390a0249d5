"""Playing a world: every step is one command, beside the reference that takes the same step."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from tests.world.compare import Delivered, ledger_differences, mail_differences
from tests.world.reference import Reference, load_catalogue

if TYPE_CHECKING:
    from tests.world.product import Product
    from tests.world.reference import Step, World
    from tests.world.sink import Sink

CATALOGUE = Path(__file__).resolve().parents[2] / "catalogue"
SHOWN = 10


def without_gaps(folder: Path) -> Path:
    """A copy of the shipped catalogue in which nobody hears of gaps of coverage: a worker tells them by itself."""
    folder.mkdir()
    for path in CATALOGUE.glob("*.toml"):
        blocks = re.split(r"\n(?=\[)", path.read_text(encoding="utf-8"))
        kept = [one for one in blocks if "account.coverage_gap" not in one]
        (folder / path.name).write_text("\n".join(kept), encoding="utf-8")
    return folder


@dataclass
class Play:
    """A world on its way through the product and through the reference."""

    product: Product
    sink: Sink
    world: World
    delivered: list[Delivered] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)
    reference: Reference = field(init=False)

    def __post_init__(self) -> None:
        self.reference = Reference(load_catalogue(self.product.catalogue or CATALOGUE), self.product.collapse_s)

    def all(self) -> list[str]:
        """Play it all; the differences between what was promised and what was done."""
        self.begin()
        middle = max((n for n, step in enumerate(self.world.steps) if step.kind == "people"), default=None)
        for number, step in enumerate(self.world.steps):
            self.step(number, step)
            if number == middle:
                self.check_ledger(step, f"after step {number}")
        self.check_ledger(self.world.steps[-1], "at the end")
        self.check_mails()
        return self.differences

    def begin(self) -> None:
        """Everything before the first step: the schema, the people and their wishes."""
        now = self.world.steps[0].now - timedelta(minutes=30)
        if self.product.database_url is not None:
            self.product.run("migrate", now=now)
        people = self.product.write("people.json", self.world.people)
        self.product.run("people", "import", people, now=now)
        notifications = self.product.write("notifications.json", self.world.notifications)
        self.product.run("notifications", "import", notifications, now=now)
        self.reference.import_people(self.world.people)
        self.reference.import_notifications(self.world.notifications)

    def step(self, number: int, step: Step) -> None:
        """One step, and what arrived during it."""
        before = len(self.sink.messages)
        self.reference.take(number, step)
        if step.kind == "drain":
            self.drain(number, step)
        elif step.kind == "send":
            self.send(number, step)
        else:
            path = self.product.write(f"{number:04d}.json", step.content)
            self.product.run(step.kind, "import", path, now=step.now)
        arrived = self.sink.messages[before:]
        self.delivered += [Delivered(number, step.now, one) for one in arrived]
        if arrived and step.kind != "drain":
            self.differences.append(f"step {number} ({step.kind}) sent {len(arrived)} mails")

    def send(self, number: int, step: Step) -> None:
        """Send by a file, or every third time by standard input."""
        path = self.product.write_lines(f"{number:04d}.jsonl", step.content)
        if number % 3:
            self.product.run("events", "send", path, now=step.now)
        else:
            text = Path(path).read_text(encoding="utf-8")
            self.product.run("events", "send", "-", now=step.now, text=text)

    def drain(self, number: int, step: Step) -> None:
        """Process everything that is due; `number` is that of the step."""
        del number
        self.product.run("drain", now=step.now)

    def check_ledger(self, step: Step, when: str) -> None:
        lines = self.product.ledger(step.now)
        found = ledger_differences(self.reference, lines)
        self.differences += [f"ledger {when}: {one}" for one in found]
        self.last_ledger = lines

    def check_mails(self) -> None:
        self.differences += mail_differences(self.reference, self.last_ledger, self.delivered)


def report(differences: list[str]) -> str:
    """The first differences, one a line."""
    rest = len(differences) - SHOWN
    more = [f"… and {rest} more"] if rest > 0 else []
    return "\n".join([f"{len(differences)} differences", *differences[:SHOWN], *more])
