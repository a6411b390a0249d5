"""The workload of the matching benchmark: skewed, seeded, and never the same event twice.

Source: reference/matching.md 1. 14 event types of 8 to 13 fields; 40 % of the notifications belong
to people of a content partner, 40 % of a fulfillment partner, 20 % of the studio; 1 to 4
conditions each. Values follow Zipf's law, on both sides.
"""

from __future__ import annotations

import json
import random
from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Any

from callboard.base.errors import RejectedError
from callboard.base.instants import format_instant
from callboard.base.reasons import FREQUENCIES, Importance
from callboard.base.texts import folded
from callboard.catalogue.values import Catalogue, Condition, Event, EventType, Field, FieldType, PartnerKind, Role
from callboard.intake.cloudevents import read_passing
from callboard.people.values import Directory, Partner, Person
from callboard.preferences.values import Kind, Notification

START = datetime(2026, 11, 23, 9, tzinfo=UTC)
MISSING = 0.02
PEOPLE_PER_PARTNER = 3
STUDIO_PEOPLE = 400


class Skewed:
    """Draws ranks 0 to count - 1 by Zipf's law."""

    def __init__(self, count: int, exponent: float) -> None:
        self._sums = list(accumulate((rank + 1) ** -exponent for rank in range(count)))

    def draw(self, rng: random.Random) -> int:
        """Return a rank; low ones are frequent."""
        return bisect_left(self._sums, rng.random() * self._sums[-1])


CODES = {
    "content_partner": Skewed(3000, 1.05),
    "fulfillment_partner": Skewed(600, 1.0),
    "title_id": Skewed(40000, 0.9),
    "content_type": Skewed(8, 0.35),
    "source_type": Skewed(6, 0.35),
    "language": Skewed(60, 1.0),
    "territory": Skewed(190, 0.35),
    "request_status": Skewed(12, 0.35),
    "asset_state": Skewed(9, 0.35),
    "priority": Skewed(4, 0.35),
}
NUMBERS = {"days_to_due": (-30, 90), "runtime": (1, 240)}
TYPES = [f"portal.event_{number}" for number in range(14)]
ALWAYS = ("content_partner", "fulfillment_partner", "title_id", "title")
OPTIONAL = (
    "content_type", "source_type", "language", "territory", "request_status", "asset_state", "priority",
    "days_to_due", "runtime", "hdr",
)  # fmt: skip
WORDS = Skewed(4000, 0.9)
OPERATORS = ("any_of", "none_of", "number", "contains", "is")
SCOPES = (PartnerKind.CONTENT_PARTNER, PartnerKind.FULFILLMENT_PARTNER, PartnerKind.STUDIO)
ROLE = {kind: kind.value for kind in PartnerKind}


def _field(key: str) -> Field:
    kinds = {"title": FieldType.TEXT, "hdr": FieldType.BOOLEAN, "language": FieldType.LANGUAGE}
    kinds |= dict.fromkeys(NUMBERS, FieldType.INTEGER)
    kinds |= {"content_partner": FieldType.PARTNER, "fulfillment_partner": FieldType.PARTNER}
    return Field(key=key, label=key, type=kinds.get(key, FieldType.REFERENCE))


def catalogue() -> Catalogue:
    """Return the 14 event types."""
    rng = random.Random(14)
    types = {
        one: EventType(
            id=one,
            label=one,
            description="",
            group="",
            fields=(*ALWAYS, *rng.sample(OPTIONAL, rng.randint(4, 9))),
            frequencies=FREQUENCIES,
            importance=Importance.INFO,
        )
        for one in TYPES
    }
    roles = {role: Role(id=role, label=role, kind=kind, sees=("*",)) for kind, role in ROLE.items()}
    return Catalogue(
        fields={key: _field(key) for key in (*ALWAYS, *OPTIONAL)}, event_types=types, roles=roles, defaults={}
    )


TYPE_RANKS = Skewed(len(TYPES), 0.57)


def directory() -> Directory:
    """Return the partners, and some people of each."""
    found = Directory()
    found.put_partner(Partner(id="studio", name="Studio", kind=PartnerKind.STUDIO))
    people = ["studio"] * STUDIO_PEOPLE
    for kind in SCOPES[:2]:
        for rank in range(3000 if kind is PartnerKind.CONTENT_PARTNER else 600):
            found.put_partner(Partner(id=code(kind.value, rank), name="P", kind=kind))
            people += [code(kind.value, rank)] * PEOPLE_PER_PARTNER
    for number, partner in enumerate(people, start=1):
        kind = found.partners[partner].kind
        found.put_person(
            Person(
                id=number,
                email=f"p{number}@portal.example",
                name="P",
                partner=partner,
                kind=kind,
                roles=(ROLE[kind],),
            )
        )
    return found


def code(field: str, rank: int) -> str:
    """Return a value by its rank."""
    return f"{field[:2]}-{field[-2:]}-{rank}"


SYLLABLES = ["ba", "ce", "di", "fo", "gu", "ha", "je", "ki", "lo", "mu", "na", "pe", "ri", "so", "tu", "va"]


def word(rank: int) -> str:
    """Return a word of three syllables, by its rank."""
    return "".join(SYLLABLES[rank >> shift & 15] for shift in (0, 4, 8)).capitalize()


def title(rank: int, words: int = 0) -> str:
    """Return the name of a title: two to six words, always the same."""
    rng = random.Random(rank)
    return " ".join(word(WORDS.draw(rng)) for _ in range(words or rng.randint(2, 6)))


def notifications(count: int, types: Catalogue, people: Directory, seed: int = 1) -> Iterator[Notification]:
    """Yield notifications; the first are the same for every count."""
    rng = random.Random(seed)
    by_partner: dict[str, list[int]] = {}
    for person in people.persons.values():
        by_partner.setdefault(person.partner or "", []).append(person.id)
    for number in range(count):
        event_type = types.event_types[TYPES[TYPE_RANKS.draw(rng)]]
        (kind,) = rng.choices(SCOPES, (40, 40, 20))
        partner = "studio"
        if kind is not PartnerKind.STUDIO:
            partner = code(kind.value, CODES[kind.value].draw(rng))
        yield Notification(
            id=f"n-{number}",
            kind=Kind.CUSTOM,
            name="",
            event_type=event_type.id,
            where=tuple(_conditions(rng, [one for one in event_type.fields if one != kind.value])),
            frequency=rng.choice(FREQUENCIES),
            user_id=rng.choice(by_partner[partner]),
        )


def _conditions(rng: random.Random, fields: list[str]) -> Iterator[Condition]:
    (wanted,) = rng.choices((1, 2, 3, 4), (45, 30, 17, 8))
    free = list(fields)
    while wanted:
        (op,) = rng.choices(OPERATORS, (60, 10, 15, 10, 5))
        fitting = [one for one in free if _fits(op, one)]
        if fitting:
            field = rng.choice(fitting)
            free.remove(field)
            yield _condition(rng, field, op)
        elif not any(_fits(one, field) for one in OPERATORS for field in free):
            return
        wanted -= bool(fitting)


def _fits(op: str, field: str) -> bool:
    if op == "number":
        return field in NUMBERS
    return {"contains": field == "title", "is": field == "hdr"}.get(op, field in CODES)


def _condition(rng: random.Random, field: str, op: str) -> Condition:
    if op == "number":
        low, high = sorted((rng.randint(*NUMBERS[field]), rng.randint(*NUMBERS[field])))
        inf = float("inf")
        bounds = {"at_least": (low, inf), "at_most": (-inf, high), "between": (low, high)}
        op = rng.choice(list(bounds))
        value: Any = {"at_least": low, "at_most": high, "between": [low, high]}[op]
        return Condition(field=field, op=op, value=value, operand=bounds[op])
    if op == "contains":
        needle = word(WORDS.draw(rng))
        return Condition(field=field, op=op, value=needle, operand=folded(needle))
    if op == "is":
        value = rng.random() < 0.5  # noqa: PLR2004 - even chances
        return Condition(field=field, op=op, value=value, operand=value)
    most = min(10 if op == "any_of" else 4, len(CODES[field]._sums))  # noqa: SLF001 - the law's own count
    values = sorted({code(field, CODES[field].draw(rng)) for _ in range(min(most, 1 + int(rng.expovariate(0.6))))})
    return Condition(field=field, op=op, value=values, operand=frozenset(values))


def event_lines(count: int, types: Catalogue, *, broad: bool = False, seed: int = 2) -> Iterator[bytes]:
    """Yield events as lines; broad ones have the most frequent type, partners and values, and a long title."""
    rng = random.Random(seed)
    for number in range(count):
        type_id = TYPES[0 if broad else TYPE_RANKS.draw(rng)]
        rank = rng.randrange(20) if broad else CODES["title_id"].draw(rng)
        data: dict[str, Any] = {"title_id": code("title_id", rank), "title": title(rank, 12 * broad)}
        for field in types.event_types[type_id].fields:
            if field in data or (field in OPTIONAL and rng.random() < MISSING and not broad):
                continue
            data[field] = _value(rng, field, broad=broad)
        at = START + timedelta(seconds=number)
        said = {"specversion": "1.0", "id": f"e-{seed}-{number}", "source": "portal", "type": type_id,
                "time": format_instant(at), "data": data}  # fmt: skip
        yield json.dumps(said).encode()


def _value(rng: random.Random, field: str, *, broad: bool) -> Any:
    if field in NUMBERS:
        low, high = NUMBERS[field]
        return rng.randint(low, high)
    if field == "hdr":
        return rng.random() < 0.5  # noqa: PLR2004 - even chances
    return code(field, rng.randrange(2) if broad and field not in ALWAYS else 0 if broad else CODES[field].draw(rng))


def read_event(line: bytes, types: Catalogue) -> Event:
    """Return the event of a line, read as `callboard match` reads it.

    Raises:
        RejectedError: the line is refused.
    """
    found = read_passing(line, types, START)
    if isinstance(found, list):
        raise RejectedError(found)
    return found
