"""Columns: what the slots of one event type ask of one field.

A column keeps at most one condition of each slot; a slot that asks nothing of it, or that is
empty, passes always. So a change touches only the columns that it is about.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple, Protocol

from callboard.catalogue.values import MENTIONS_ME, Condition, Event, Field, FieldType
from callboard.matching.codes import CodeColumn, Reading
from callboard.matching.lengths import Lengths
from callboard.matching.numbers import EDGE, NumberColumn, around_day, around_days_from_event, around_number, range_of
from callboard.matching.postings import Budget
from callboard.people.values import Directory

CODE, TEXT, NUMBER = "code", "text", "number"
_SORTS = {
    **dict.fromkeys(("equals", "contains", "starts_with"), TEXT),
    **dict.fromkeys(("at_least", "at_most", "between"), NUMBER),
    **dict.fromkeys(("before", "after"), "date"),
    **dict.fromkeys(("within_days", "overdue"), "days"),
}
"""What sort of column keeps a condition, by its operator; the others are about codes."""
LAYERS = 2
"""Conditions of one notification on one field that have a column; what is beyond is checked one by one."""


class Place(NamedTuple):
    """Which column keeps a condition. `layer` counts a notification's conditions of one field and sort."""

    field: str
    sort: str
    layer: int


_PLACES: dict[tuple[str, str], Place] = {}
"""The first place of each field and operator: there are as many as a catalogue has."""


class Column(Protocol):
    """What the slots ask of one field."""

    def add(self, slot: int, condition: Condition) -> None:
        """Let a slot ask."""

    def remove(self, slot: int, condition: Condition) -> None:
        """Undo `add`."""

    def grow(self, words: int) -> None:
        """Make room for more slots."""

    @property
    def used_bytes(self) -> int:
        """Return about how much memory the column takes, what is derived aside."""


def places(where: Iterable[Condition]) -> tuple[list[tuple[Place, Condition]], bool]:
    """Return where each condition is kept, and whether the columns say all that the conditions say."""
    found: list[tuple[Place, Condition]] = []
    taken: set[Place] = set()
    complete = True
    for condition in where:
        first = _PLACES.get((condition.field, condition.op))
        if first is None:
            first = Place(condition.field, _SORTS.get(condition.op, CODE), 0)
            _PLACES[condition.field, condition.op] = first
        place = first
        while place in taken and place.layer < LAYERS:
            place = Place(first.field, first.sort, place.layer + 1)
        if place.layer == LAYERS:
            complete = False
            continue
        taken.add(place)
        found.append((place, condition))
        complete = complete and not (first.sort == NUMBER and _beyond_edge(condition))
    return found, complete


def asked_by(owner: int, condition: Condition) -> Condition:
    """Return a condition as its column keeps it: who asks for mentions asks for the owner's own (M8)."""
    if condition.field != MENTIONS_ME:
        return condition
    return replace(condition, op="any_of" if condition.operand else "none_of", operand=frozenset((owner,)))


def _beyond_edge(condition: Condition) -> bool:
    return any(EDGE <= abs(one) < float("inf") for one in range_of(condition))


def new_number_column(place: Place, words: int, budget: Budget) -> NumberColumn:
    """Return an empty column for a place of numbers or dates."""
    around = {"date": around_day, "days": around_days_from_event}.get(place.sort, around_number)
    return NumberColumn(place.field, words, budget, around)


def new_code_column(field: Field, words: int, budget: Budget, directory: Directory) -> CodeColumn:
    """Return an empty column for codes."""
    if field.key == MENTIONS_ME:
        return CodeColumn("", words, budget, reading=_mentioned(directory), broader=_itself, steady=True)
    if field.type is FieldType.LANGUAGE:
        return CodeColumn(field.key, words, budget, reading=_lowered(field.key), broader=_ranges, steady=True)
    return CodeColumn(
        field.key,
        words,
        budget,
        reading=_as_they_are(field.key, bool if field.type is FieldType.BOOLEAN else str),
        broader=lambda one, _: directory.ancestors(one),
        steady=field.type is not FieldType.PARTNER,
    )


def _as_they_are(field: str, kind: type) -> Reading:
    return Reading(kind, lambda event: tuple(one for one in event.values(field) if type(one) is kind))


def _lowered(field: str) -> Reading:
    return Reading(
        str, lambda event: tuple(one.lower() for one in event.values(field) if isinstance(one, str)), literal=False
    )


def _mentioned(directory: Directory) -> Reading:
    """Return how to read the ids of the persons an event mentions (M8)."""

    def read(event: Event) -> tuple[int, ...]:
        persons = (directory.by_email(one) for one in event.mentioned)
        return tuple(one.id for one in persons if one)

    return Reading(int, read)


def _itself(code: str, _: Lengths) -> Iterable[str]:
    return (code,)


def _ranges(tag: str, lengths: Lengths) -> Iterable[str]:
    """Yield the language ranges that take a tag in. Source: RFC 4647 3.3.1."""
    yield "*"
    for length in lengths.up_to(len(tag)):
        if length == len(tag) or tag[length] == "-":
            yield tag[:length]
