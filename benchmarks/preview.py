"""The preview and the value pickers over 100,000 stored events, beside the plain loop in the same run.

Stores 30 days of a skewed workload over the shipped catalogue in a home of its own: once all of
one type, once spread over all types. Asks for a studio's person, a partner with many events and
one with few, each with 300 notifications. Prints p50 and p95: first answers of a process that
has read nothing, and answers once it has.

    python -m benchmarks.preview [--events 100000] [--rounds 40] [--only one|spread]
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from callboard.catalogue.values import Catalogue, Event
    from callboard.catalogue.values import Field as CatalogueField
    from callboard.people.values import Directory, Person
    from callboard.preferences.values import Notification

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
ONE_TYPE = "delivery.redelivery_requested"
TITLES, PEOPLE, HOUSES, NOTIFICATIONS = 4_000, 300, 60, 300
BUSY, QUIET, STUDIO = "house-0", "house-59", "the-studio"
PERSONS = {"studio": STUDIO, "partner with many": BUSY, "partner with few": QUIET}
SEARCHES = {"title_id": ("", "salt", "s2 e4 amber"), "title": ("chron",), "content_partner": ("ho",)}


@dataclass
class Workload:
    """Skewed random events: few titles, partners and values make most of them."""

    catalogue: Catalogue
    dice: random.Random = field(default_factory=lambda: random.Random(7))

    def few(self, count: int) -> int:
        """Return a number below `count`; small ones are much likelier."""
        return min(int(self.dice.paretovariate(0.8)) - 1, self.dice.randrange(count)) if count > 1 else 0

    def title(self) -> dict[str, Any]:
        """Return an episode, its season and its show."""
        number = self.few(TITLES) if self.dice.random() < 0.5 else self.dice.randrange(TITLES)  # noqa: PLR2004
        show, season, episode = number // 40, number // 10 % 4 + 1, number % 10 + 1
        name, label = f"The {WORDS[show % len(WORDS)]} Chronicle {show}", f"S{season} E{episode}"
        return {
            "title_id": [f"9{number:07d}", f"8{number // 10:07d}", f"7{show:07d}"],
            "title_names": [label, f"Season {season}", name],
            "title": f"{name}, {label}",
            "package_id": f"PKG-{number:07d}",
        }

    def value(self, one: CatalogueField) -> Any:
        """Return a value for a field."""
        if one.values:
            found: Any = one.values[self.few(len(one.values))]
            return [found] if one.multiple else found
        if one.type == "partner":
            return f"house-{self.few(HOUSES)}"
        if one.type == "integer":
            return self.few(40)
        if one.type == "date":
            return (NOW + timedelta(days=self.dice.randrange(-30, 60))).date().isoformat()
        if one.type == "boolean":
            return self.dice.random() < 0.5  # noqa: PLR2004 - as often as not
        return f"text {self.few(1_000)}"

    def data(self, event_type: str) -> dict[str, Any]:
        """Return an event's data: the type's fields, one in ten missing."""
        fields = (self.catalogue.fields[key] for key in self.catalogue.event_types[event_type].fields)
        found = {one.key: self.value(one) for one in fields if self.dice.random() < 0.9}  # noqa: PLR2004
        found |= self.title() | {"comment": "Dialogue drops 6 dB at 00:31:12:04 on the 5.1 print master." * 2}
        found |= {
            "fulfillment_partner": f"house-{self.few(HOUSES - 1)}",
            "actor": f"p{self.few(PEOPLE)}@studio.example",
        }
        if self.dice.random() < 0.005:  # noqa: PLR2004 - a few
            found["fulfillment_partner"] = QUIET
        if self.dice.random() < 0.1:  # noqa: PLR2004 - some
            found["mentions"] = [f"p{self.few(PEOPLE)}@studio.example"]
        return found

    def where(self, event_type: str) -> list[dict[str, Any]]:
        """Return one to three conditions as a person would write them."""
        from callboard.catalogue.conditions import OPERATORS  # noqa: PLC0415 - needs PYTHONPATH only here

        keys = self.dice.sample(self.catalogue.event_types[event_type].fields, self.dice.randint(1, 3))
        found = []
        for one in (self.catalogue.fields[key] for key in keys):
            op = self.dice.choice(OPERATORS[one.type])
            found.append({"field": one.key, "op": op, "value": self.asked(one, op)})
        return found

    def asked(self, one: CatalogueField, op: str) -> Any:
        """Return what an operator is given."""
        if one.key in {"title_id", "title", "package_id"}:
            value = self.title()[one.key]
            return value[:1] if one.multiple else value if op in {"equals", "contains", "starts_with"} else [value]
        value = self.value(one)
        if op in {"any_of", "none_of", "any_of_incl"}:
            return value if isinstance(value, list) else [value]
        return {"between": [0, 3], "within_days": 7, "overdue": True}.get(op, value)


WORDS = ("Salt", "Copper", "Tidal", "Lantern", "Bracken", "Meridian", "Hollow", "Amber", "Northern", "Quiet")


def store_events(workload: Workload, types: list[str], count: int) -> None:
    """Store the events over 30 days, a bulk of them now and then, most on the first types."""
    from callboard.intake.models import EventRecord  # noqa: PLC0415 - needs Django started

    end_us, span_us = int(NOW.timestamp() * 1e6), 30 * 86_400 * 1_000_000
    rows = []
    for number in range(count):
        event_type = types[workload.few(len(types))]
        at_us = end_us - span_us + span_us * (number // 3 * 3 + 1) // (count + 3)
        data = json.dumps(workload.data(event_type))
        row = EventRecord(
            key=f"{number:032x}", source="benchmark", event_id=f"e-{number}", event_type=event_type,
            subject=f"SR-{number:08}", time_us=at_us, accepted_us=at_us, data_json=data, digest=f"{number:032x}",
            state=1,
        )  # fmt: skip
        rows.append(row)
    EventRecord.objects.bulk_create(rows, batch_size=2_000)


def people() -> Directory:
    """Return the partners."""
    from callboard.catalogue.values import PartnerKind  # noqa: PLC0415
    from callboard.people.values import Directory, Partner  # noqa: PLC0415

    found = Directory()
    for number in range(HOUSES):
        parent = f"house-{number // 10}" if number >= 10 and number != HOUSES - 1 else None  # noqa: PLR2004
        name = f"{WORDS[number % len(WORDS)]} House {number}"
        found.put_partner(Partner(id=f"house-{number}", name=name, kind=PartnerKind.FULFILLMENT_PARTNER, parent=parent))
    found.put_partner(Partner(id=STUDIO, name="The Studio", kind=PartnerKind.STUDIO))
    return found


def person_of(partner: str, directory: Directory) -> Person:
    """Return somebody of a partner."""
    from callboard.catalogue.values import PartnerKind  # noqa: PLC0415
    from callboard.people.values import Person  # noqa: PLC0415

    kind = directory.partners[partner].kind
    roles = ("studio_operations",) if kind is PartnerKind.STUDIO else ("fulfillment_partner_operations",)
    return Person(
        id=1, email="p1@studio.example", name="P", partner=partner, kind=kind, roles=roles, time_zone="Europe/Paris"
    )


def notifications(workload: Workload, types: list[str], count: int) -> list[Notification]:
    """Return notifications as stored ones are read."""
    from callboard.preferences.rules import read_custom  # noqa: PLC0415
    from callboard.preferences.values import Notification  # noqa: PLC0415

    found: list[Notification] = []
    while len(found) < count:
        event_type = types[workload.few(len(types))]
        raw = {"event_type": event_type, "where": workload.where(event_type), "frequency": None}
        raw["frequency"] = workload.catalogue.event_types[event_type].frequencies[0].value
        one = read_custom(raw, workload.catalogue, id=f"n-{len(found)}", user_id=1)
        if not isinstance(one, Notification):
            raise TypeError(f"{raw}: {one}")
        found.append(one)
    return found


def since_ms(began: float) -> float:
    """Return the milliseconds since an instant of `perf_counter`."""
    return (time.perf_counter() - began) * 1000


def said(times_ms: list[float]) -> str:
    """Return the median and the 95th percentile."""
    ordered = sorted(times_ms)
    p95 = ordered[min(len(ordered) - 1, len(ordered) * 95 // 100)]
    return f"p50 {statistics.median(ordered):6.1f} ms, p95 {p95:6.1f} ms, max {ordered[-1]:6.1f} ms"


class Bench:
    """One stored workload, and the questions about it."""

    def __init__(self, workload: Workload, types: list[str], rounds: int) -> None:
        from callboard.insights.preview import Surroundings  # noqa: PLC0415

        self.workload = workload
        self.types = types
        self.rounds = rounds
        self.directory = people()
        self.around = Surroundings(workload.catalogue, self.directory, NOW, 10.0)
        self.own = notifications(workload, types, NOTIFICATIONS)
        self.asked = notifications(workload, types, rounds)

    def preview(self, asked: Notification, person: Person) -> dict[str, Any]:
        """Ask for one preview."""
        from callboard.insights.preview import preview  # noqa: PLC0415

        return preview(asked, person, self.own, self.around)

    def search(self, key: str, words: str, person: Person) -> float:
        """Return the milliseconds that the values of a field take."""
        from callboard.insights.choices import search_values  # noqa: PLC0415

        began = time.perf_counter()
        search_values(self.workload.catalogue.fields[key], words, person, self.workload.catalogue, self.directory)
        return since_ms(began)

    def name(self, person: Person) -> float:
        """Return the milliseconds that the names of up to 150 titles take."""
        from callboard.insights.choices import names_of_titles  # noqa: PLC0415

        ids = {one for _ in range(50) for one in self.workload.title()["title_id"]}
        began = time.perf_counter()
        names_of_titles(ids, person, self.workload.catalogue, self.directory)
        return since_ms(began)

    def ask(self, asked: Notification, person: Person) -> tuple[float, bool]:
        """Return the milliseconds of one preview, and whether it is to be asked again."""
        began = time.perf_counter()
        counting = self.preview(asked, person)["counting"]
        return since_ms(began), counting

    def cold(self, person: Person) -> tuple[list[float], list[float]]:
        """Return the times of first answers, and of all that follow until the numbers are exact."""
        from callboard.insights.columns import SHELF  # noqa: PLC0415

        first, later = [], []
        for asked in self.asked[:5]:
            SHELF.forget()
            took_ms, counting = self.ask(asked, person)
            first.append(took_ms)
            while counting:
                took_ms, counting = self.ask(asked, person)
                later.append(took_ms)
        return first, later

    def run(self) -> None:
        """Measure and print."""
        from callboard.insights.columns import SHELF  # noqa: PLC0415

        persons = {name: person_of(partner, self.directory) for name, partner in PERSONS.items()}
        for name, person in persons.items():
            first, later = self.cold(person)
            print(f"  {name}: preview, nothing read: {said(first)}; then until exact ({len(later)}): {said(later)}")
        SHELF.forget()
        print(f"  titles, nothing read: {self.search('title_id', 'salt', persons['studio']):.1f} ms")
        self.read_all(persons["studio"])
        for name, person in persons.items():
            self.warm(name, person)
        self.compare(persons["studio"])

    def warm(self, name: str, person: Person) -> None:
        """Measure and print what a server answers that has read everything."""
        new = [self.ask(one, person)[0] for one in self.asked]
        again = [self.ask(one, person)[0] for one in self.asked]
        print(f"  {name}: preview, new question: {said(new)}; asked again: {said(again)}")
        for key, words in SEARCHES.items():
            print(f"  {name}: values of {key}: {said([self.search(key, one, person) for one in words * 10])}")
        print(f"  {name}: names of titles: {said([self.name(person) for _ in range(10)])}")

    def read_all(self, person: Person) -> None:
        """Ask until every type is read."""
        from callboard.insights.columns import SHELF, Patience  # noqa: PLC0415

        wanted = [self.workload.catalogue.event_types[one] for one in self.types]
        patience = Patience(50_000, 0)
        while not all(one.is_full for one in SHELF.read(wanted, self.workload.catalogue, 0, patience).values()):
            pass
        self.search("title_id", "", person)

    def compare(self, person: Person) -> None:
        """Print how the plain loop over the same events does, and check that it says the same."""
        asked = self.asked[0]
        began = time.perf_counter()
        expected = plain(asked, person, self.around)
        loop_ms = since_ms(began)
        found = self.preview(asked, person)
        if (found["total"], found["matching"]) != expected:
            raise ValueError(f"the preview says {found}, the plain loop {expected}")
        ours_ms = statistics.median(self.ask(asked, person)[0] for _ in range(10))
        ratio = loop_ms / ours_ms
        print(f"  plain loop over {expected[0]} events: {loop_ms:.0f} ms; ratio {ratio:.0f}, the same answer")


def plain(asked: Notification, person: Person, around: Any) -> tuple[int, int]:
    """Return how many events of the type the person may see, and how many of them are asked for."""
    from callboard.base.reasons import Access  # noqa: PLC0415
    from callboard.matching.definition import asks_for  # noqa: PLC0415
    from callboard.people.access import may_see  # noqa: PLC0415

    total = matching = 0
    for event in events_of(asked.event_type):
        if may_see(person, event, around.catalogue, around.directory) is Access.ALLOWED:
            total += 1
            matching += asks_for(asked, person, event, around.catalogue, around.directory)
    return total, matching


def events_of(event_type: str) -> Iterator[Event]:
    """Yield the stored events of a type."""
    from callboard.intake.models import EventRecord  # noqa: PLC0415
    from callboard.intake.store import load_events  # noqa: PLC0415

    numbers = list(EventRecord.objects.filter(event_type=event_type).values_list("id", flat=True))
    for start in range(0, len(numbers), 500):
        yield from load_events(numbers[start : start + 500]).values()


def main() -> None:
    """Measure both workloads, each in a home of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--only", choices=("one", "spread"))
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["CALLBOARD_HOME"] = folder
        os.environ["DJANGO_SETTINGS_MODULE"] = "callboard.project.settings"
        import django  # noqa: PLC0415 - needs the home

        django.setup()
        from django.core.management import call_command  # noqa: PLC0415

        from callboard.catalogue.load import load_catalogue  # noqa: PLC0415
        from callboard.insights.columns import SHELF  # noqa: PLC0415
        from callboard.intake.models import EventRecord  # noqa: PLC0415

        call_command("migrate", verbosity=0)
        catalogue = load_catalogue(Path(__file__).resolve().parents[1] / "catalogue")
        spread = [
            ONE_TYPE,
            *(one for one in catalogue.event_types if one != ONE_TYPE and not one.startswith("account.")),
        ]
        for name, types in (("one", [ONE_TYPE]), ("spread", spread)):
            if chosen.only in (None, name):
                EventRecord.objects.all().delete()
                SHELF.forget()
                workload = Workload(catalogue)
                store_events(workload, types, chosen.events)
                print(f"{chosen.events} events over {len(types)} event types, {NOTIFICATIONS} notifications:")
                Bench(workload, types, chosen.rounds).run()


if __name__ == "__main__":
    main()
