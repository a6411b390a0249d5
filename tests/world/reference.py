"""The rules of interfaces.md, section 5, told a second time: plain, slow and independent.

Nothing of the product is used here. A world is people, notifications and a list of steps; what
comes out is what the ledger must say, and which mails must arrive at which step.
"""

from __future__ import annotations

import copy
import tomllib
import unicodedata
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

StepKind = Literal["people", "notifications", "send", "drain"]
Json = dict[str, Any]
EventKey = tuple[str, str]
"""A source and an id."""

STRENGTH = ["immediately", "hourly", "daily", "weekly"]
WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
IMPORTANCE = ["info", "standard", "critical"]
USER_DEFAULTS: Json = {
    "active": True,
    "time_zone": "UTC",
    "locale": "en",
    "digest_hour": 8,
    "digest_weekday": "monday",
    "notify_own_actions": False,
}
HOST = "callboard.example"


@dataclass(frozen=True)
class Step:
    """One command at one instant: an import, a sending of events, or a drain."""

    now: datetime
    kind: StepKind
    content: Any = None


@dataclass
class World:
    """All that happens, in order."""

    people: Json
    notifications: list[Json]
    steps: list[Step]


@dataclass(frozen=True)
class Event:
    """An accepted event."""

    source: str
    id: str
    type: str
    subject: str | None
    date: date
    data: Json
    accepted: datetime

    @property
    def key(self) -> EventKey:
        return (self.source, self.id)


@dataclass(frozen=True)
class Held:
    """A notification that a user has at some moment, Default or Custom."""

    id: str
    kind: str
    event_type: str
    frequency: str
    where: list[Json]
    muted: bool


@dataclass
class Row:
    """One line of the ledger."""

    event: Event
    user: str
    outcome: str
    reason: str
    notifications: list[Held]
    frequency: str | None = None
    due_at: datetime | None = None
    state: str | None = None


@dataclass
class Mail:
    """One mail that must arrive: for whom, with which events, at which step."""

    step: int
    user: str
    frequency: str
    due_at: datetime
    rows: list[Row]
    partner: str
    importance: str

    @property
    def events(self) -> set[EventKey]:
        return {row.event.key for row in self.rows}

    @property
    def event_types(self) -> set[str]:
        return {row.event.type for row in self.rows}

    @property
    def kinds(self) -> str:
        """The value of X-Callboard-Kind (C2)."""
        found = {held.kind for row in self.rows for held in row.notifications}
        return ", ".join(sorted(found, key=["default", "custom"].index))

    @property
    def list_id(self) -> str:
        """What stands in the angle brackets of List-Id (C2)."""
        types = self.event_types
        name = next(iter(types)) if len(types) == 1 else f"digest.{self.frequency}"
        return f"{name}.{HOST}"

    @property
    def thread(self) -> tuple[str, str, str] | None:
        """What one value of References stands for (C2); None where the rule is silent."""
        subjects = {row.event.subject for row in self.rows}
        if len(subjects) > 1 and len(subjects - {None}) == 1:
            return None
        if len(subjects) == 1 and None not in subjects:
            return (self.user, "subject", str(subjects.pop()))
        return (self.user, "list", self.list_id)


# Catalogue


def load_catalogue(path: Path) -> Json:
    """Read a catalogue: one TOML file, or a folder of them."""
    files = sorted(path.glob("*.toml")) if path.is_dir() else [path]
    catalogue: Json = {"type_prefix": "", "fields": {}, "event_types": {}, "roles": {}}
    catalogue["defaults"] = []
    for file in files:
        part = tomllib.loads(file.read_text(encoding="utf-8"))
        for name in ("fields", "event_types", "roles"):
            catalogue[name].update(part.pop(name, {}))
        catalogue["defaults"].extend(part.pop("defaults", []))
        catalogue.update(part)
    return catalogue


def event_type(name: str, catalogue: Json) -> str:
    """The catalogue's id of a type as it stands in an event (4.3)."""
    if name in catalogue["event_types"]:
        return name
    bare = name.removeprefix(catalogue["type_prefix"])
    if bare not in catalogue["event_types"]:
        bare = bare.rpartition(".v")[0]
    assert bare in catalogue["event_types"], name
    return bare


def instant(text: str) -> datetime:
    """An instant as JSON has it."""
    return datetime.fromisoformat(text).astimezone(UTC)


def read_event(line: Json, accepted: datetime, catalogue: Json) -> Event:
    """An event as it was sent, accepted at an instant."""
    time = instant(line["time"]) if line.get("time") else accepted
    return Event(
        line["source"],
        line["id"],
        event_type(line["type"], catalogue),
        line.get("subject"),
        time.date(),
        line.get("data") or {},
        accepted,
    )


# Access, rules A1 to A4


def ancestors(partner: str, partners: dict[str, Json]) -> Iterator[str]:
    """The partner and everything above it."""
    step: str | None = partner
    while step is not None:
        yield step
        step = partners.get(step, {}).get("parent")


def role_sees(role: str, wanted: str, catalogue: Json) -> bool:
    """A2: does the role see this event type?"""
    for pattern in catalogue["roles"][role]["sees"]:
        if pattern in ("*", wanted):
            return True
        if pattern.endswith(".*") and wanted.startswith(pattern[:-1]):
            return True
    return False


def concerns(user: Json, event: Event, partners: dict[str, Json]) -> bool:
    """A3: does the event concern the user's partner or one below it?"""
    kind = partners[user["partner"]]["kind"]
    if kind == "studio":
        return True
    fields = {
        "content_partner": ["content_partner"],
        "fulfillment_partner": ["fulfillment_partner", "sub_assignee"],
        "qc_partner": ["qc_partner"],
    }[kind]
    named = [event.data[field] for field in fields if event.data.get(field) is not None]
    return any(user["partner"] in ancestors(partner, partners) for partner in named)


def may_see(user: Json, event: Event, partners: dict[str, Json], catalogue: Json) -> bool:
    """A1-A3."""
    if not user["active"]:
        return False
    if not any(role_sees(role, event.type, catalogue) for role in user["roles"]):
        return False
    return concerns(user, event, partners)


# Matching, rules M1 to M8


def fold(text: str) -> str:
    """M5."""
    return unicodedata.normalize("NFC", text).casefold()


def in_range(tag: str, wanted: str) -> bool:
    """RFC 4647 basic filtering: does the language range take the tag?"""
    tag, wanted = tag.lower(), wanted.lower()
    return wanted in ("*", tag) or tag.startswith(wanted + "-")


TEXT: dict[str, Callable[[str, str], bool]] = {
    "equals": lambda value, wanted: value == wanted,
    "contains": lambda value, wanted: wanted in value,
    "starts_with": lambda value, wanted: value.startswith(wanted),
}
INTEGER: dict[str, Callable[[int, Any], bool]] = {
    "at_least": lambda value, wanted: bool(value >= wanted),
    "at_most": lambda value, wanted: bool(value <= wanted),
    "between": lambda value, wanted: bool(wanted[0] <= value <= wanted[1]),
}


def date_holds(op: str, wanted: Any, value: date, today: date) -> bool:
    """The operators of dates (M2, M6)."""
    if op == "before":
        return value < date.fromisoformat(wanted)
    if op == "after":
        return value > date.fromisoformat(wanted)
    if op == "within_days":
        return bool(0 <= (value - today).days <= wanted)
    assert op == "overdue"
    return value < today


def is_one_of(kind: str, op: str, wanted: str, value: str, partners: dict[str, Json]) -> bool:
    """Whether one value is one of the condition's alternatives."""
    if kind == "language":
        return in_range(value, wanted) if op == "any_of_incl" else value.lower() == wanted.lower()
    if kind == "partner" and op == "any_of_incl":
        return wanted in ancestors(value, partners)
    return value == wanted


def scalar_holds(kind: str, op: str, wanted: Any, value: Any, today: date) -> bool:
    """The operators of types that never have many values."""
    if kind == "text":
        return TEXT[op](fold(value), fold(wanted))
    if kind == "integer":
        return INTEGER[op](value, wanted)
    if kind == "date":
        return date_holds(op, wanted, date.fromisoformat(value), today)
    assert kind == "boolean"
    return bool(value == wanted)


def holds(condition: Json, event: Event, address: str, partners: dict[str, Json], catalogue: Json) -> bool:
    """M2-M8: does one condition hold for this event and this user?"""
    key, op, wanted = condition["field"], condition["op"], condition["value"]
    described = catalogue["fields"][key]
    value = event.data.get(key)
    if key == "mentions_me":
        value = address.lower() in [one.lower() for one in event.data.get("mentions") or []]
    if value is None:
        return bool(op == "none_of")
    if described["type"] in ("text", "integer", "date", "boolean"):
        return scalar_holds(described["type"], op, wanted, value, event.date)
    values = value if isinstance(value, list) else [value]
    found = any(
        is_one_of(described["type"], op, alternative, one, partners) for one in values for alternative in wanted
    )
    return not found if op == "none_of" else found


# Windows, rules S1 to S3


def local_instant(day: date, hour: int, zone: ZoneInfo) -> datetime:
    """A wall-clock time as an instant: skipped ones move by the gap, of doubles the first."""
    local = datetime(day.year, day.month, day.day, hour, tzinfo=zone, fold=0)
    return local.astimezone(UTC)


def window_ends(frequency: str, around: datetime, user: Json) -> list[datetime]:
    """All ends of the user's windows in the days around an instant, in order (S2)."""
    zone = ZoneInfo(user["time_zone"])
    today = around.astimezone(zone).date()
    ends: set[datetime] = set()
    for offset in range(-9, 10):
        day = today + timedelta(days=offset)
        if frequency == "hourly" and abs(offset) <= 1:
            ends.update(local_instant(day, hour, zone) for hour in range(24))
        if frequency == "daily" or (frequency == "weekly" and WEEKDAYS[day.weekday()] == user["digest_weekday"]):
            ends.add(local_instant(day, user["digest_hour"], zone))
    return sorted(ends)


def window(frequency: str, accepted: datetime, user: Json) -> tuple[datetime, datetime]:
    """The half-open window of the user that holds an instant (S3)."""
    ends = window_ends(frequency, accepted, user)
    start = max(end for end in ends if end <= accepted)
    end = min(end for end in ends if end > accepted)
    return start, end


# The whole


@dataclass
class Reference:
    """What must have happened after the steps so far."""

    catalogue: Json
    collapse_s: int = 10
    partners: dict[str, Json] = field(default_factory=dict)
    users: dict[str, Json] = field(default_factory=dict)
    customs: dict[str, dict[str, Json]] = field(default_factory=lambda: defaultdict(dict))
    mutes: dict[tuple[str, str], Json] = field(default_factory=dict)
    events: dict[EventKey, Event] = field(default_factory=dict)
    conflicts: int = 0
    undecided: list[Event] = field(default_factory=list)
    rows: dict[tuple[str, str, str], Row] = field(default_factory=dict)
    collapsing: dict[tuple[str, str], tuple[datetime, datetime]] = field(default_factory=dict)
    mails: list[Mail] = field(default_factory=list)
    lines: dict[EventKey, Json] = field(default_factory=dict)

    def run(self, world: World) -> None:
        """Take all steps of a world."""
        self.import_people(world.people)
        self.import_notifications(world.notifications)
        for number, step in enumerate(world.steps):
            self.take(number, step)

    def take(self, number: int, step: Step) -> None:
        """Take one step."""
        if step.kind == "people":
            self.import_people(step.content)
        elif step.kind == "notifications":
            self.import_notifications(step.content)
        elif step.kind == "send":
            self.send(step.content, step.now)
        else:
            self.drain(number, step.now)

    # Settings

    def import_people(self, document: Json) -> None:
        """4.1: absent keys keep their value. Deactivation withdraws at once (A1)."""
        for partner in document.get("partners", []):
            known = self.partners.setdefault(partner["id"], {"parent": None})
            known.update(partner)
        for user in document.get("users", []):
            address = user["email"].lower()
            known = self.users.setdefault(address, dict(USER_DEFAULTS))
            was_active = known["active"]
            known.update(copy.deepcopy(user))
            if was_active and not known["active"]:
                self.withdraw_all(address)

    def withdraw_all(self, address: str) -> None:
        for row in self.rows.values():
            if row.user == address and row.state == "scheduled":
                row.state, row.reason = "withdrawn", "deactivated"

    def import_notifications(self, entries: Iterable[Json]) -> None:
        """4.2: an upsert of Customs by id, and of mutes of Defaults."""
        for entry in entries:
            address = entry["user"].lower()
            if "default" in entry:
                self.mutes[address, entry["default"]] = dict(entry)
            else:
                self.customs[address][entry["id"]] = copy.deepcopy(entry)

    @staticmethod
    def is_muted(entry: Json, now: datetime) -> bool:
        """4.2 and D2: muted without end, or until an instant that is still to come."""
        if not entry.get("muted"):
            return False
        until = entry.get("muted_until")
        return until is None or now < instant(until)

    def held(self, address: str, now: datetime, wanted: str | None = None) -> list[Held]:
        """A user's notifications, of one event type or all: Defaults of the roles, and Customs."""
        found = []
        for default in self.catalogue["defaults"]:
            if wanted not in (None, default["event_type"]):
                continue
            if default["role"] not in self.users[address]["roles"]:
                continue
            name = f"{default['event_type']}/{default['role']}"
            muted = self.is_muted(self.mutes.get((address, name), {}), now)
            found.append(
                Held(
                    name,
                    "default",
                    default["event_type"],
                    default["frequency"],
                    default["where"],
                    muted,
                )
            )
        for entry in self.customs[address].values():
            if wanted not in (None, entry["event_type"]):
                continue
            muted = self.is_muted(entry, now)
            found.append(
                Held(
                    entry["id"],
                    "custom",
                    entry["event_type"],
                    entry["frequency"],
                    entry["where"],
                    muted,
                )
            )
        return found

    # Events

    def send(self, lines: Iterable[Json], now: datetime) -> None:
        """4.3: (source, id) identifies an event; the first content stands."""
        for line in lines:
            event = read_event(line, now, self.catalogue)
            if event.key in self.events:
                self.conflicts += line != self.lines[event.key]
                continue
            self.events[event.key] = event
            self.lines[event.key] = line
            self.undecided.append(event)

    def matching(self, address: str, event: Event, now: datetime) -> list[Held]:
        """M1: the notifications of a user that match an event, muted or not."""
        if not may_see(self.users[address], event, self.partners, self.catalogue):
            return []
        return [
            held
            for held in self.held(address, now, event.type)
            if all(holds(condition, event, address, self.partners, self.catalogue) for condition in held.where)
        ]

    def drain(self, number: int, now: datetime) -> None:
        """Decide everything accepted, then compose and send what is due."""
        undecided, self.undecided = self.undecided, []
        for event in undecided:
            for address in self.users:
                self.decide(event, address, now)
        self.compose(number, now)

    def decide(self, event: Event, address: str, now: datetime) -> None:
        """D1-D5, for one event and one user."""
        matched = self.matching(address, event, now)
        if not matched:
            return
        user = self.users[address]
        counting = [held for held in matched if not held.muted]
        actor = event.data.get("actor")
        own = isinstance(actor, str) and actor.lower() == address
        if own and not user["notify_own_actions"]:
            row = Row(event, address, "skip", "own-action", matched)
        elif not counting:
            row = Row(event, address, "skip", "muted", matched)
        else:
            frequency = min((held.frequency for held in counting), key=STRENGTH.index)
            due_at = self.due(frequency, event, address)
            row = Row(event, address, "notify", "matched", counting, frequency, due_at, "scheduled")
        self.rows[(*event.key, address)] = row

    def due(self, frequency: str, event: Event, address: str) -> datetime:
        """S1-S3: when the mail with this item leaves."""
        if frequency != "immediately":
            return window(frequency, event.accepted, self.users[address])[1]
        if self.collapse_s == 0:
            return event.accepted
        pair = (address, event.type)
        if pair not in self.collapsing or self.collapsing[pair][1] <= event.accepted:
            end = event.accepted + timedelta(seconds=self.collapse_s)
            self.collapsing[pair] = (event.accepted, end)
        return self.collapsing[pair][1]

    # Mails

    def compose(self, number: int, now: datetime) -> None:
        """S4, S5: what is due is looked at again, and what is left leaves in one mail a window."""
        due: dict[tuple[object, ...], list[Row]] = defaultdict(list)
        for row in self.rows.values():
            if row.state == "scheduled" and row.due_at is not None and row.due_at <= now:
                due[self.window_key(row)].append(row)
        for rows in due.values():
            left = []
            for row in rows:
                reason = self.fault(row, now)
                row.state = "sent" if reason is None else "withdrawn"
                if reason is None:
                    left.append(row)
                else:
                    row.reason = reason
            if left:
                self.mails.append(self.mail(number, left))

    def window_key(self, row: Row) -> tuple[object, ...]:
        """Rows with the same key leave in one mail (S1, S4)."""
        key: tuple[object, ...] = (row.user, row.frequency, row.due_at)
        if row.frequency == "immediately":
            key += (row.event.key,) if self.collapse_s == 0 else (row.event.type,)
        return key

    def fault(self, row: Row, now: datetime) -> str | None:
        """S5: why an item may no longer leave, or None."""
        user = self.users[row.user]
        if not user["active"]:
            return "deactivated"
        if not may_see(user, row.event, self.partners, self.catalogue):
            return "no-access"
        held = {(one.id, one.kind): one for one in self.held(row.user, now)}
        now_held = [held.get((one.id, one.kind)) for one in row.notifications]
        if any(one is not None and not one.muted for one in now_held):
            return None
        return "muted" if any(now_held) else "deleted"

    def importance(self, event: Event) -> str:
        """The event type's importance, or critical where its conditions hold."""
        described = self.catalogue["event_types"][event.type]
        conditions = described.get("critical_when") or []
        if conditions and all(holds(condition, event, "", self.partners, self.catalogue) for condition in conditions):
            return "critical"
        return str(described["importance"])

    def mail(self, number: int, rows: list[Row]) -> Mail:
        first = rows[0]
        assert first.frequency is not None
        assert first.due_at is not None
        return Mail(
            number,
            first.user,
            first.frequency,
            first.due_at,
            rows,
            self.users[first.user]["partner"],
            max((self.importance(row.event) for row in rows), key=IMPORTANCE.index),
        )


def matches(line: Json, people: Json, notifications: list[Json], catalogue: Json, now: datetime) -> list[str]:
    """The Customs that match an event line, as `callboard match` names them: mutes ignored."""
    reference = Reference(catalogue)
    reference.import_people(people)
    reference.import_notifications(notifications)
    return matches_in(reference, read_event(line, now, catalogue), now)


def matches_in(reference: Reference, event: Event, now: datetime) -> list[str]:
    """The same, for people and notifications that were read before."""
    return sorted(
        held.id
        for address in reference.users
        for held in reference.matching(address, event, now)
        if held.kind == "custom"
    )
