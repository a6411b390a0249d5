"""Invented worlds: partners, people, their wishes, events and the commands of some weeks.

The same size and seed make the same world. `python -m tests.world.generate --help` writes one
to a folder, for a look or for another program.
"""

from __future__ import annotations

import argparse
import copy
import itertools
import json
import random
import string
import sys
import unicodedata
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from tests.world.reference import Json, Step, World, load_catalogue, role_sees

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parents[2]
T = TypeVar("T")


@dataclass(frozen=True)
class Size:
    """How much of everything, and when it begins."""

    users: int
    customs: int
    mutes: int
    events: int
    days: int
    start: datetime
    sends_per_day: int
    drains_per_day: int
    bursts: int
    changes: int
    conflict_share: float = 0.25


SMALL = Size(
    users=40,
    customs=120,
    mutes=16,
    events=300,
    days=10,
    start=datetime(2026, 10, 23, 5, 3, tzinfo=UTC),
    sends_per_day=1,
    drains_per_day=2,
    bursts=1,
    changes=9,
)
FULL = Size(
    users=500,
    customs=3_000,
    mutes=200,
    events=5_000,
    days=21,
    start=datetime(2026, 10, 13, 5, 3, tzinfo=UTC),
    sends_per_day=3,
    drains_per_day=6,
    bursts=5,
    changes=24,
)
CLOCK_CHANGES = {
    "EU and US autumn": replace(SMALL, start=datetime(2026, 10, 24, 5, 3, tzinfo=UTC), days=9),
    "Lord Howe spring": replace(SMALL, start=datetime(2026, 10, 1, 5, 3, tzinfo=UTC), days=6),
    "US spring": replace(SMALL, start=datetime(2027, 3, 11, 5, 3, tzinfo=UTC), days=6),
    "EU spring": replace(SMALL, start=datetime(2027, 3, 25, 5, 3, tzinfo=UTC), days=6),
}
"""Small worlds in which clocks change."""

PARTNERS = [
    ("brackenfold", "Brackenfold Pictures", "content_partner", None, 8),
    ("brackenfold-kids", "Brackenfold Kids", "content_partner", "brackenfold", 5),
    ("brackenfold-nordic", "Brackenfold Nordic", "content_partner", "brackenfold", 3),
    ("tamarind", "Tamarind Gate Media", "content_partner", None, 5),
    ("tamarind-tamil", "தாமரை Tamil", "content_partner", "tamarind", 4),
    ("tamarind-tamil-north", "Tamarind Gate Tamil North", "content_partner", "tamarind-tamil", 3),
    ("copperglass", "Copperglass Post", "fulfillment_partner", None, 8),
    ("copperglass-leeds", "Copperglass Leeds", "fulfillment_partner", "copperglass", 5),
    ("lexiloom", "Lexiloom Localization", "fulfillment_partner", None, 4),
    ("lexiloom-bogota", "Lexiloom Bogotá", "fulfillment_partner", "lexiloom", 4),
    ("lexiloom-bogota-2", "Lexiloom Bogotá & Söhne", "fulfillment_partner", "lexiloom-bogota", 2),
    ("plumbline", "Plumbline QC", "qc_partner", None, 3),
    ("plumbline-east", "Plumbline East", "qc_partner", "plumbline", 2),
    ("meridian", "Meridian Lantern", "studio", None, 4),
]
"""Id, name, kind, parent, and how many of the users are theirs."""
UNKNOWN_PARTNERS = ["quillhaven", "PA-00017", "Brackenfold", "onyx persimmon"]
ROLE_CHOICES: dict[str, list[tuple[list[str], int]]] = {
    "content_partner": [
        (["content_partner_operations"], 4),
        (["content_partner_master"], 10),
        (["content_partner_master", "content_partner_operations"], 5),
        ([], 1),
    ],
    "fulfillment_partner": [
        (["fulfillment_partner_operations"], 4),
        (["fulfillment_partner_master"], 10),
        (["fulfillment_partner_operations", "fulfillment_partner_master"], 5),
        ([], 1),
    ],
    "qc_partner": [(["qc_operator"], 1)],
    "studio": [
        (["studio_admin"], 6),
        (["studio_operations"], 2),
        (["studio_operations", "studio_admin"], 1),
    ],
}
ZONES = [
    "Europe/Madrid",
    "Europe/London",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "America/Los_Angeles",
    "America/New_York",
    "Asia/Kathmandu",
    "America/St_Johns",
    "Pacific/Chatham",
    "Asia/Tokyo",
    "UTC",
]
DIGEST_HOURS = [0, 1, 2, 2, 3, 6, 8, 8, 8, 9, 13, 17, 23]
NAMES = [
    "Ana Ruiz",
    "山田 太郎",
    "محمد علي",
    "O'Neil, Bob",
    'Zoë "Z" <b>Quill</b>',
    "Ana Ruiz",
    "Łukasz Żak",
    "Bob; Drop",
]
TITLES = [
    "Die Straße der Lügen",
    "DIE STRASSE DER LÜGEN",
    "İstanbul Geceleri",
    "istanbul geceleri",
    "Café Noir",
    unicodedata.normalize("NFD", "CAFÉ NOIR"),
    "The Salt Cartographers",
    "THE SALT",
    "<b>Bold</b> & Sons",
    "千年の海図",
    "مدينة الملح",
    "Ὀδυσσεύς",
]
TEXT_WANTED = [
    "strasse",
    "STRASSE",
    "straße",
    unicodedata.normalize("NFD", "café"),
    "CAFÉ",
    "the salt",
    "İstanbul",
    "i",
    "ὈΔΥΣΣΕΎΣ",
    "<b>",
    "海",
    "no such title",
]
LANGUAGE_RANGES = ["es", "zh", "*", "EN", "pt", "fr-CA", "cmn", "e"]
LANGUAGE_TAGS = ["ES-419", "es", "es-419-x-dub", "zh-hant-TW", "xx", "EN-gb", "español"]
SOURCES = ["portal", "portal", "portal", "/legacy/portal"]
TYPE_WEIGHTS = {
    "delivery.redelivery_requested": 12,
    "comment.added": 10,
    "source_request.created": 9,
    "source_request.due_soon": 7,
    "qc.report_ready": 6,
    "delivery.processed": 6,
    "account.user_changed": 3,
}
MARKER = "Mk%06dx"
SHOWS = ["90000002", "90000031", "90000077"]


def zipf(rng: random.Random, values: list[T]) -> T:
    """One of the values, the first ones far more often."""
    return rng.choices(values, [1 / (rank + 1) for rank in range(len(values))])[0]


def weighted(rng: random.Random, pairs: Sequence[tuple[T, int]]) -> T:
    return rng.choices([value for value, _ in pairs], [weight for _, weight in pairs])[0]


def iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


class Generator:
    """Makes one world."""

    def __init__(self, size: Size, seed: int, catalogue: Path) -> None:
        self.size = size
        self.rng = random.Random(seed)
        self.catalogue = load_catalogue(catalogue)
        self.numbers = itertools.count(1)
        self.partners: list[Json] = []
        self.users: list[Json] = []
        self.sent: list[Json] = []
        self.customs: dict[str, Json] = {}
        self.deactivated: dict[str, datetime] = {}

    def world(self) -> World:
        """The whole: people first, then events, then wishes that often fit them, then changes."""
        self.make_people()
        people = copy.deepcopy({"partners": self.partners, "users": self.users})
        steps = self.make_timeline()
        notifications = self.make_customs(self.size.customs) + self.make_mutes(self.size.mutes)
        notifications = copy.deepcopy(notifications)
        steps = self.with_changes(steps)
        return World(people, notifications, steps)

    # People

    def make_people(self) -> None:
        for name, label, kind, parent, _ in PARTNERS:
            self.partners.append({"id": name, "name": label, "kind": kind, "parent": parent})
        for number in range(self.size.users):
            self.users.append(self.make_user(number))

    def make_user(self, number: int) -> Json:
        rng = self.rng
        if number < len(PARTNERS):
            partner, kind = PARTNERS[number][0], PARTNERS[number][2]
        else:
            chosen = rng.choices(PARTNERS, [one[4] for one in PARTNERS])[0]
            partner, kind = chosen[0], chosen[2]
        local = rng.choice(["u{}", "User{}", "u{}+portal", "o'neil.{}"]).format(number)
        user: Json = {
            "email": f"{local}@{partner}.example",
            "name": rng.choice(NAMES),
            "partner": partner,
            "roles": list(weighted(rng, ROLE_CHOICES[kind])),
        }
        if rng.random() < 0.92:
            user["time_zone"] = rng.choice(ZONES)
            user["digest_hour"] = rng.choice(DIGEST_HOURS)
        if rng.random() < 0.5:
            user["digest_weekday"] = rng.choice(["monday", "friday", "saturday", "sunday"])
        if rng.random() < 0.2:
            user["notify_own_actions"] = True
        if number >= len(PARTNERS) and rng.random() < 0.08:
            user["active"] = False
        return user

    # Events

    def pick_type(self) -> str:
        types: list[str] = list(self.catalogue["event_types"])
        return self.rng.choices(types, [TYPE_WEIGHTS.get(name, 3) for name in types])[0]

    def pick_partner(self, kind: str) -> str:
        known: list[str] = [one["id"] for one in self.partners if one["kind"] == kind]
        if self.rng.random() < 0.35:
            return self.rng.choice(UNKNOWN_PARTNERS)
        return zipf(self.rng, known[::-1])

    def field_value(self, key: str, now: datetime) -> Any:
        """A value for one field of an event."""
        rng = self.rng
        described = self.catalogue["fields"][key]
        kind = described["type"]
        if kind == "partner":
            kinds = {"content_partner": "content_partner", "qc_partner": "qc_partner"}
            chosen = kinds.get(key, "fulfillment_partner")
            if key == "author_org":
                chosen = rng.choice(["content_partner", "fulfillment_partner", "studio"])
            return self.pick_partner(chosen)
        if kind == "language":
            return rng.choice(LANGUAGE_TAGS) if rng.random() < 0.2 else zipf(rng, described["values"])
        if kind == "integer":
            return rng.choice([0, -1, 1, 2, 3, 5, 7, 10, 14, rng.randint(-20, 20), 2**31, -(2**40)])
        if kind == "date":
            return (now + timedelta(days=rng.randint(-6, 15))).date().isoformat()
        if kind == "boolean":
            return rng.random() < 0.5
        if kind == "enum":
            return self.enum_value(described)
        return f"PKG-{rng.randint(1, 30):07d}"

    def enum_value(self, described: Json) -> Any:
        rng = self.rng
        if described.get("multiple"):
            values = rng.sample(described["values"], rng.randint(0, 3))
            return values[0] if len(values) == 1 and rng.random() < 0.5 else values
        if rng.random() < 0.04:
            return rng.choice(["Something New", described["values"][0].upper(), ""])
        return zipf(rng, described["values"])

    def make_data(self, name: str, now: datetime, number: int) -> Json:
        """The data of an event: some fields are missing, some null."""
        rng = self.rng
        data: Json = {}
        for key in self.catalogue["event_types"][name]["fields"]:
            if key in ("title", "title_id", "mentions_me"):
                continue
            chance = rng.random()
            if chance < 0.86 or key in ("content_partner", "fulfillment_partner", "qc_partner"):
                data[key] = self.field_value(key, now)
            elif chance < 0.9:
                data[key] = None
        self.add_title(data, number)
        if rng.random() < 0.6:
            actor = str(rng.choice(self.users)["email"])
            data["actor"] = actor.upper() if rng.random() < 0.2 else actor
        if name == "comment.added" and rng.random() < 0.8:
            some = rng.sample(self.users, min(len(self.users), rng.randint(0, 8)))
            data["mentions"] = [one["email"].swapcase() if rng.random() < 0.2 else one["email"] for one in some]
        if rng.random() < 0.1:
            data["x_note"] = rng.choice(["", "kept", ["a", "b"], {"deep": [1, None]}, 1.5, None])
        return data

    def add_title(self, data: Json, number: int) -> None:
        """Most titles carry a marker that is found again in the mail."""
        rng = self.rng
        show = zipf(rng, SHOWS)
        if rng.random() < 0.12:
            data["title"] = rng.choice(TITLES)
            data["title_id"] = show
            return
        data["title"] = f"{rng.choice(TITLES)} {MARKER % number}"
        tail = rng.random()
        if tail < 0.05:
            data["title"] += " " + "long words " * 20 + "end"
        elif tail < 0.1:
            data["title"] += rng.choice([" a\x07bell", " two\r\nlines", " \u202eright", " 🎬"])
        data["title_id"] = [f"91{number:06d}", show]
        if rng.random() < 0.3:
            data["title_names"] = [data["title"][:60], "Show " + show]

    def make_event(self, now: datetime, template: Json | None = None) -> Json:
        """One line. A template is an event of the same bulk action."""
        rng = self.rng
        number = next(self.numbers)
        if template is None:
            name = self.pick_type()
            data = self.make_data(name, now, number)
            written = weighted(rng, [(name, 8), (f"io.callboard.{name}", 1), (f"io.callboard.{name}.v1", 1)])
        else:
            written = template["type"]
            data = copy.deepcopy(template["data"])
            self.add_title(data, number)
        line: Json = {
            "specversion": "1.0",
            "id": f"e-{number}",
            "source": rng.choice(SOURCES),
            "type": written,
        }
        if rng.random() < 0.8:
            line["subject"] = f"SR-{rng.randint(1, max(20, self.size.events // 4)):08d}"
        if rng.random() < 0.85:
            line["time"] = self.event_time(now)
        if rng.random() < 0.1:
            line["datacontenttype"] = "application/json"
            line["batch"] = "b-1"
        line["data"] = data
        return line

    def event_time(self, now: datetime) -> str:
        """An event's own time: a little or days before, written in several ways."""
        rng = self.rng
        back = timedelta(minutes=rng.choice([0, 1, 17, 55, 60 * 30]))
        offset = rng.choice([0, 0, 0, 330, -420, 845])
        local = (now - back + timedelta(minutes=offset)).replace(tzinfo=None)
        if offset == 0:
            return local.isoformat() + rng.choice(["Z", "Z", "+00:00", ".125Z"])
        sign = "-" if offset < 0 else "+"
        return f"{local.isoformat()}{sign}{abs(offset) // 60:02d}:{abs(offset) % 60:02d}"

    def make_lines(self, count: int, now: datetime) -> list[Json]:
        """The content of one sending: single events, a bulk action, and some sent before."""
        rng = self.rng
        lines: list[Json] = []
        while len(lines) < count:
            if rng.random() < 0.15 and count - len(lines) > 2:
                first = self.make_event(now)
                lines.append(first)
                more = min(count - len(lines), rng.randint(2, 30))
                lines += [self.make_event(now, first) for _ in range(more)]
            else:
                lines.append(self.make_event(now))
        again = [self.sent_before(lines) for _ in range(max(1, count // 15))]
        self.sent += lines
        lines += [line for line in again if line]
        rng.shuffle(lines)
        return lines

    def sent_before(self, lines: list[Json]) -> Json:
        """An event that was sent before: the same, or the same id with other content."""
        rng = self.rng
        if not self.sent:
            return dict(lines[0])
        line = copy.deepcopy(rng.choice(self.sent))
        if rng.random() < self.size.conflict_share:
            line["data"]["title"] = "Other content " + line["id"]
            line["data"]["severity"] = "Blocker"
        elif rng.random() < 0.5:
            line = dict(reversed(line.items()))
        return line

    # The timeline of sends and drains

    def make_timeline(self) -> list[Step]:
        """Sends and drains, the first send first, the last drain last."""
        rng, size = self.rng, self.size
        sends = [size.start]
        drains = []
        for day in range(size.days):
            base = size.start + timedelta(days=day)
            sends += [base + self.odd_moment() for _ in range(size.sends_per_day)]
            drains += [base + self.odd_moment() for _ in range(size.drains_per_day)]
        end = size.start + timedelta(days=size.days, minutes=11)
        moments = [(moment, "send") for moment in sends] + [(moment, "drain") for moment in drains]
        for _ in range(size.bursts):
            moments += self.burst(size.start + timedelta(days=rng.uniform(0.5, size.days - 0.5)))
        moments.sort(key=lambda pair: pair[0])
        moments.append((end, "drain"))
        amount = sum(kind == "send" for _, kind in moments)
        steps = []
        for moment, kind in moments:
            if kind == "drain":
                steps.append(Step(moment, "drain"))
            else:
                count = max(1, round(size.events / amount * rng.uniform(0.4, 1.6)))
                steps.append(Step(moment, "send", self.make_lines(count, moment)))
        return steps

    def odd_moment(self) -> timedelta:
        """Some time of the day; often odd, sometimes exactly on the border of a window."""
        rng = self.rng
        if rng.random() < 0.25:
            return timedelta(hours=rng.randint(0, 23), minutes=rng.choice([57, 57, 27, 12]))
        return timedelta(minutes=rng.randint(1, 24 * 60 - 1), seconds=rng.randint(0, 59))

    def burst(self, moment: datetime) -> list[tuple[datetime, str]]:
        """Sends and drains some seconds apart: inside and at the end of a collapse window."""
        moment = moment.replace(microsecond=0)
        offsets = [(0, "send"), (4, "send"), (6, "drain"), (9, "send")]
        offsets += [(10, "drain"), (10, "send"), (19, "send"), (20, "drain"), (31, "drain")]
        return [(moment + timedelta(seconds=second), kind) for second, kind in offsets]

    # Wishes

    def visible_types(self, user: Json) -> list[str]:
        return [
            name
            for name in self.catalogue["event_types"]
            if any(role_sees(role, name, self.catalogue) for role in user["roles"])
        ]

    def bare_type(self, line: Json) -> str:
        found: str = line["type"].removeprefix("io.callboard.")
        return found.removesuffix(".v1")

    def make_customs(self, count: int) -> list[Json]:
        found = []
        for number in range(count):
            user = self.rng.choice(self.users)
            entry = self.make_custom(f"n-{number + 1}", user)
            self.customs[entry["id"]] = entry
            found.append(entry)
        return found

    def make_custom(self, name: str, user: Json) -> Json:
        """A Custom whose conditions often come from an event that was sent."""
        rng = self.rng
        visible = self.visible_types(user)
        types = list(self.catalogue["event_types"])
        if visible and rng.random() < 0.92:
            chosen = rng.choices(visible, [TYPE_WEIGHTS.get(one, 3) for one in visible])[0]
        else:
            chosen = rng.choice(types)
        described = self.catalogue["event_types"][chosen]
        samples = [line for line in self.sent if self.bare_type(line) == chosen]
        sample = rng.choice(samples)["data"] if samples and rng.random() < 0.8 else {}
        amount = rng.choice([1, 1, 1, 2, 2, 3, 4])
        fields = rng.choices(described["fields"], k=amount)
        muted, until = self.make_mute(0.14)
        return {
            "id": name,
            "user": user["email"],
            "name": rng.choice(["Mine", "Überwachung", "重要", "<i>all</i>"]) + f" {name}",
            "event_type": chosen,
            "where": [self.make_condition(key, sample.get(key)) for key in fields],
            "frequency": rng.choice(described["frequencies"]),
            "muted": muted,
            "muted_until": until,
        }

    def make_mute(self, chance: float, after: datetime | None = None) -> tuple[bool, str | None]:
        """Muted or not, and until when: always after the moment at which it is saved."""
        rng = self.rng
        if rng.random() >= chance:
            return False, None
        if rng.random() < 0.4:
            return True, None
        begin = after or self.size.start
        left = self.size.start + timedelta(days=self.size.days) - begin
        until = begin + timedelta(hours=1) + left * rng.random()
        return True, iso(until.replace(microsecond=0))

    def make_condition(self, key: str, sample: Any) -> Json:
        """A condition on one field; given a value of an event, mostly one that it satisfies."""
        kind = self.catalogue["fields"][key]["type"]
        make = {
            "text": self.text_condition,
            "integer": self.integer_condition,
            "date": self.date_condition,
            "boolean": self.boolean_condition,
        }.get(kind, self.list_condition)
        op, value = make(key, sample)
        return {"field": key, "op": op, "value": value}

    def text_condition(self, _: str, sample: Any) -> tuple[str, Any]:
        rng = self.rng
        op = rng.choice(["equals", "contains", "contains", "starts_with"])
        wanted = rng.choice(TEXT_WANTED)
        if sample and rng.random() < 0.5:
            sample = sample.partition(" Mk")[0]
            wanted = {"equals": sample, "contains": sample[2:7], "starts_with": sample[:5]}[op]
            wanted = rng.choice([wanted, wanted.upper(), unicodedata.normalize("NFD", wanted)])
        return op, wanted.strip() or "e"

    def integer_condition(self, _: str, sample: Any) -> tuple[str, Any]:
        rng = self.rng
        base = sample if sample is not None and rng.random() < 0.7 else rng.randint(-5, 15)
        op = rng.choice(["at_least", "at_most", "between"])
        if op == "between":
            low = base - rng.choice([0, 0, 1, 5])
            return op, [low, low + rng.choice([0, 1, 5, 10])]
        return op, base + rng.choice([-1, 0, 0, 1])

    def date_condition(self, _: str, sample: Any) -> tuple[str, Any]:
        rng = self.rng
        op = rng.choice(["before", "after", "within_days", "overdue"])
        if op == "within_days":
            return op, rng.choice([0, 1, 3, 7, 10])
        if op == "overdue":
            return op, True
        day = self.size.start + timedelta(days=rng.randint(-3, 20))
        if sample is not None and rng.random() < 0.6:
            near = rng.choice([-1, 0, 1])
            day = datetime.fromisoformat(sample).replace(tzinfo=UTC) + timedelta(days=near)
        return op, day.date().isoformat()

    def boolean_condition(self, _: str, sample: Any) -> tuple[str, Any]:
        return "is", sample if isinstance(sample, bool) else self.rng.random() < 0.5

    def list_condition(self, key: str, sample: Any) -> tuple[str, Any]:
        rng = self.rng
        kind = self.catalogue["fields"][key]["type"]
        op = rng.choice(["any_of", "any_of", "any_of", "none_of"])
        if kind in ("language", "partner") and rng.random() < 0.4:
            op = "any_of_incl"
        some = {self.list_value(key, kind, op) for _ in range(rng.choice([1, 1, 2, 3]))}
        values = sorted(some)
        good = self.as_wanted(key, kind, sample)
        if good and op != "none_of" and rng.random() < 0.75:
            values.append(rng.choice(good))
        return op, sorted(set(values))

    def list_value(self, key: str, kind: str, op: str) -> str:
        rng = self.rng
        if kind == "partner":
            return str(rng.choice(self.partners)["id"])
        if kind == "language":
            chosen = str(zipf(rng, self.catalogue["fields"][key]["values"]))
            chosen = rng.choice(LANGUAGE_RANGES) if op == "any_of_incl" else chosen
            return chosen.swapcase() if rng.random() < 0.2 and chosen != "*" else chosen
        if kind == "enum":
            return str(rng.choice(self.catalogue["fields"][key]["values"]))
        return rng.choice([*SHOWS, f"PKG-{rng.randint(1, 30):07d}"])

    def as_wanted(self, key: str, kind: str, sample: Any) -> list[str]:
        """Those values of a sample that a condition may name."""
        values = sample if isinstance(sample, list) else [sample]
        values = [value for value in values if isinstance(value, str) and value]
        if kind == "partner":
            known = {one["id"] for one in self.partners}
            values = [value for value in values if value in known]
        elif kind in ("enum", "language"):
            values = [value for value in values if value in self.catalogue["fields"][key]["values"]]
        return values

    def defaults_of(self, user: Json) -> list[str]:
        return [
            f"{one['event_type']}/{one['role']}" for one in self.catalogue["defaults"] if one["role"] in user["roles"]
        ]

    def make_mutes(self, count: int, after: datetime | None = None) -> list[Json]:
        """Mutes of Defaults that their users have."""
        able = [user for user in self.users if self.defaults_of(user)]
        found = {}
        for _ in range(count):
            user = self.rng.choice(able)
            default = self.rng.choice(self.defaults_of(user))
            _, until = self.make_mute(1.0, after)
            entry: Json = {"user": user["email"], "default": default, "muted": True}
            found[user["email"], default] = {**entry, "muted_until": until}
        return list(found.values())

    # Changes on the way

    def with_changes(self, steps: list[Step]) -> list[Step]:
        """The timeline with imports of people and of notifications between its steps."""
        calm = [number for number in range(1, len(steps) - 1) if self.calm(steps, number)]
        places = set(self.rng.sample(calm, self.size.changes))
        changed: list[Step] = []
        people = True
        for number, step in enumerate(steps):
            changed.append(step)
            if number in places:
                if people:
                    changed.append(Step(step.now, "people", self.change_people(step.now)))
                else:
                    content = self.change_notifications(step.now)
                    changed.append(Step(step.now, "notifications", content))
                people = not people
        return changed

    @staticmethod
    def calm(steps: list[Step], number: int) -> bool:
        """Not inside a burst, where who opened a window would depend on it."""
        gap = timedelta(seconds=40)
        before, here, after = (steps[number + step].now for step in (-1, 0, 1))
        return here - before > gap and after - here > gap

    def change_people(self, now: datetime) -> Json:
        rng = self.rng
        amount = max(6, len(self.users) // 15)
        users: list[Json] = []
        for user in rng.sample(self.users, amount):
            change = self.change_user(user, now)
            user.update(change)
            required = {key: user[key] for key in ("email", "name", "partner", "roles")}
            written = copy.deepcopy({**required, **change})
            if rng.random() < 0.2:
                written["email"] = written["email"].swapcase()
                user["email"] = written["email"]
            users.append(written)
        partners: list[Json] = []
        if rng.random() < 0.3:
            partner = rng.choice([one for one in self.partners if one["id"] == "copperglass-leeds"])
            partner["parent"] = None if partner["parent"] else "copperglass"
            partners.append(dict(partner))
        return {"partners": partners, "users": users}

    def change_user(self, user: Json, now: datetime) -> Json:
        """One change of one person."""
        rng = self.rng
        address = user["email"].lower()
        if not user.get("active", True):
            since = self.deactivated.get(address)
            return {"active": since is None or now - since > timedelta(days=1)}
        chance = rng.random()
        kind = next(one["kind"] for one in self.partners if one["id"] == user["partner"])
        if chance < 0.3:
            self.deactivated[address] = now
            return {"active": False}
        if chance < 0.55:
            return {"roles": self.fewer_roles(user, kind)}
        if chance < 0.75:
            same = [one["id"] for one in self.partners if one["kind"] == kind]
            return {"partner": rng.choice(same)}
        if chance < 0.9:
            return {"time_zone": rng.choice(ZONES), "digest_hour": rng.choice(DIGEST_HOURS)}
        return {"notify_own_actions": not user.get("notify_own_actions", False)}

    def fewer_roles(self, user: Json, kind: str) -> list[str]:
        """Mostly a role less; for who has one, now and then all roles of the kind."""
        roles = list(user["roles"])
        if len(roles) > 1:
            roles.remove(self.rng.choice(roles))
            return roles
        if self.rng.random() < 0.4:
            return []
        choices: list[list[str]] = [choice for choice, _ in ROLE_CHOICES[kind]]
        return next(one for one in choices if len(one) == max(map(len, choices)))

    def change_notifications(self, now: datetime) -> list[Json]:
        """Customs muted, unmuted, edited and made; Defaults muted and unmuted."""
        rng = self.rng
        found: list[Json] = []
        active = [one for one in self.customs.values() if self.owner(one) is not None]
        amount = min(len(active), max(6, len(active) // 10))
        for entry in rng.sample(active, amount):
            self.change_custom(entry, now)
            found.append(copy.deepcopy(entry))
        for _ in range(2):
            user = rng.choice(self.users)
            letters = "".join(rng.choices(string.ascii_lowercase, k=8))
            entry = self.make_custom(f"n-{letters}", user)
            entry["muted"], entry["muted_until"] = self.make_mute(0.1, now)
            self.customs[entry["id"]] = entry
            found.append(copy.deepcopy(entry))
        mutes = self.make_mutes(max(4, self.size.mutes // 5), now)
        for entry in mutes:
            if rng.random() < 0.4:
                entry["muted"], entry["muted_until"] = False, None
        rng.shuffle(mutes)
        return found + mutes

    def owner(self, entry: Json) -> Json | None:
        address = entry["user"].lower()
        return next((user for user in self.users if user["email"].lower() == address), None)

    def change_custom(self, entry: Json, now: datetime) -> None:
        """One change of one Custom; the mute is always written anew, as a past one is none."""
        rng = self.rng
        chance = rng.random()
        if chance < 0.65:
            mute = self.make_mute(0.75, now)
        else:
            mute = (False, None)
            owner = self.owner(entry)
            assert owner is not None
            fresh = self.make_custom(entry["id"], owner)
            same = fresh["event_type"] == entry["event_type"]
            if same or chance > 0.95:
                entry.update(fresh)
            else:
                offered = self.catalogue["event_types"][entry["event_type"]]["frequencies"]
                entry["frequency"] = rng.choice(offered)
        entry["muted"], entry["muted_until"] = mute


def make_world(size: Size, seed: int, catalogue: Path = ROOT / "catalogue") -> World:
    """The world of a size and a seed."""
    return Generator(size, seed, catalogue).world()


def write(world: World, folder: Path) -> None:
    """Write a world as the files that the commands read, and its steps."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "people.json").write_text(json.dumps(world.people, indent=1), encoding="utf-8")
    text = json.dumps(world.notifications, indent=1)
    (folder / "notifications.json").write_text(text, encoding="utf-8")
    steps = []
    for number, step in enumerate(world.steps):
        steps.append({"step": number, "now": iso(step.now), "kind": step.kind})
        if step.kind == "send":
            lines = "".join(json.dumps(line) + "\n" for line in step.content)
            (folder / f"{number:04d}.events.jsonl").write_text(lines, encoding="utf-8")
        elif step.content is not None:
            text = json.dumps(step.content, indent=1)
            (folder / f"{number:04d}.{step.kind}.json").write_text(text, encoding="utf-8")
    (folder / "steps.json").write_text(json.dumps(steps, indent=1), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--full", action="store_true")
    options = parser.parse_args()
    world = make_world(FULL if options.full else SMALL, options.seed)
    write(world, options.folder)
    sys.stdout.write(f"{len(world.steps)} steps in {options.folder}\n")


if __name__ == "__main__":
    main()
