"""The distinct values of a field, numbered, and which of them say yes to a question.

A condition looks at one field of an event, a date's also at the event's date. So the plain
definition is asked once for each distinct cell, and its answer holds for every event with it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from threading import Lock
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from callboard.base.instants import EPOCH
from callboard.catalogue.values import MENTIONS_ME, Event, Field, FieldType

Codes: TypeAlias = NDArray[np.int32]
Ask: TypeAlias = Callable[[Event], bool]

TITLES = "title_id"
TITLE_NAMES = "title_names"
MAX_QUESTIONS = 1_024
"""Questions of one field whose answers are remembered, while they take less than `MAX_BYTES`."""
MAX_BYTES = 16 * 1024 * 1024
_NO, _YES, _UNKNOWN = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Column:
    """What is kept of each event: its data under `keys`, and its date when `dated`."""

    keys: tuple[str, ...]
    dated: bool = False


ACTOR = Column(("actor",))
MENTIONS = Column(("mentions",))


def column_of(field: Field) -> Column:
    """Return everything of an event that a condition on the field looks at, and a title's names."""
    if field.key == MENTIONS_ME:
        return MENTIONS
    keys = (TITLES, TITLE_NAMES) if field.key == TITLES else (field.key,)
    return Column(keys, dated=field.type is FieldType.DATE)


class Cells:
    """The distinct cells of a column, numbered as they appear. Only one thread at a time may add some."""

    def __init__(self, column: Column) -> None:
        self.column = column
        self._remembered = column.dated or column in (ACTOR, MENTIONS)
        self._codes: dict[Hashable, int] = {}
        self._said: list[tuple[Any, ...]] = []
        self._answers: OrderedDict[Hashable, Answers] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._said)

    def encode(self, data: Sequence[Mapping[str, Any]], days: Sequence[int]) -> list[int]:
        """Return the number of the cell of each event, given its data and its date in days since 1970."""
        forms = self._forms(data, days)
        found = list(map(self._codes.get, forms))
        for place, code in enumerate(found):
            if code is None:
                found[place] = self._add(forms[place], data[place], days[place])
        return found  # type: ignore[return-value] # no None is left

    def _forms(self, data: Sequence[Mapping[str, Any]], days: Sequence[int]) -> Sequence[Hashable]:
        """Return what is equal for two events exactly when the definition can not tell them apart."""
        each: list[Sequence[Hashable]] = [_told_apart([one.get(key) for one in data]) for key in self.column.keys]
        if self.column.dated:
            each.append(days)
        return each[0] if len(each) == 1 else list(zip(*each, strict=True))

    def _add(self, form: Hashable, data: Mapping[str, Any], day: int) -> int:
        known = self._codes.get(form)  # an event of the same call may have brought it
        if known is not None:
            return known
        self._said.append((day, *(data.get(key) for key in self.column.keys)))
        code = self._codes[form] = len(self._said) - 1
        return code

    def values(self, code: int) -> tuple[tuple[Any, ...], ...]:
        """Return what a cell says under each key, as `Event.values` does."""
        return tuple(
            () if one is None else tuple(one) if isinstance(one, list) else (one,) for one in self._said[code][1:]
        )

    def events(self, codes: Iterable[int], event_type: str) -> Iterator[Event]:
        """Yield for each cell an event that says what it says and nothing else, good until the next is asked for."""
        data: dict[str, Any] = {}
        event = _event(event_type, 0, data)
        for code in codes:
            day, *values = self._said[code]
            data.update(zip(self.column.keys, values, strict=True))
            # An event remembers its date and its addresses, so these need a new one; the others do with one for all
            yield _event(event_type, day, data) if self._remembered else event

    def answers(self, question: Hashable, ask: Ask) -> Answers:
        """Return the answers to a question that are remembered. Equal questions must get equal answers for good."""
        with self._lock:
            found = self._answers.pop(question, None) or Answers(self, ask)
            self._answers[question] = found
            most = min(MAX_QUESTIONS, MAX_BYTES // (len(self) + 1) + 1)
            while len(self._answers) > most:
                self._answers.popitem(last=False)
        return found


def _event(event_type: str, day: int, data: Mapping[str, Any]) -> Event:
    return Event(
        number=0,
        key="",
        source="",
        id="",
        type=event_type,
        subject=None,
        time_at=EPOCH + timedelta(days=day),
        accepted_at=EPOCH,
        data=data,
    )


def bare_event(event_type: str) -> Event:
    """Return an event that says nothing."""
    return _event(event_type, 0, {})


def _told_apart(values: list[Any]) -> list[str | None]:
    """Return a text for each value that tells it from every other, 1 from true; no stored text has U+0000 (4.3)."""
    if set(map(type, values)) <= {str, type(None)}:
        return values
    return [one if one is None or type(one) is str else f"\0{one!r}" for one in values]


class Answers:
    """Which cells say yes to one question. A cell is asked when it is first needed, and only then.

    Threads may share it: at worst two ask the same cell, and get the same answer.
    """

    def __init__(self, cells: Cells, ask: Ask, event_type: str = "") -> None:
        self._cells = cells
        self._ask = ask
        self._event_type = event_type
        self._known: NDArray[np.int8] = np.zeros(0, np.int8)

    def of(self, codes: Codes) -> NDArray[np.bool_]:
        """Return the answer for each of these numbers of cells."""
        known = self._known
        more = len(self._cells) - len(known)
        if more:
            known = self._known = np.concatenate([known, np.full(more, _UNKNOWN, np.int8)])
        found = known[codes]
        unknown = codes[found == _UNKNOWN]
        if not len(unknown):
            return np.equal(found, _YES)
        missing = set(unknown.tolist())
        for code, event in zip(missing, self._cells.events(missing, self._event_type), strict=True):
            known[code] = _YES if self._says_yes(event) else _NO
        return np.equal(known[codes], _YES)

    def _says_yes(self, event: Event) -> bool:
        try:
            return self._ask(event)
        except (TypeError, ValueError, AttributeError):
            # Stored when the catalogue gave the field another type: such an event is parked, not matched
            return False
