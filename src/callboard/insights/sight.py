"""Which events of the columns a person may see, and which a condition holds for.

Both are asked of the rules themselves, `may_see` and `holds`, once per distinct value.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from callboard.base.reasons import Access
from callboard.catalogue.conditions import holds
from callboard.catalogue.values import MENTIONS_ME, Catalogue, Condition, Event, FieldType
from callboard.insights.cells import ACTOR, Answers, Cells, Column, bare_event, column_of
from callboard.insights.columns import Block, View
from callboard.people.access import CONCERNS_BY, may_see
from callboard.people.values import Directory, Person

Rows = NDArray[np.intp]


class Sight:
    """One person before the events of any type."""

    def __init__(self, person: Person, catalogue: Catalogue, directory: Directory) -> None:
        self.person = person
        self.catalogue = catalogue
        self.directory = directory
        self._concerned: dict[Cells, Answers] = {}

    def of(self, event_type: str, view: View) -> Scene:
        """Return the person before the events of one type."""
        return Scene(self, event_type, view)

    def access(self, event: Event) -> Access:
        """Return whether the person may see an event, or why not."""
        return may_see(self.person, event, self.catalogue, self.directory)

    def concerned(self, cells: Cells, event_type: str) -> Answers:
        """Return in which cells of a partner field an event concerns the person (A3).

        Whether the roles see the event type is known by now, so one answer serves every type.
        """
        found = self._concerned.get(cells)
        if found is None:
            found = Answers(cells, lambda event: self.access(event) is Access.ALLOWED, event_type)
            self._concerned[cells] = found
        return found


class Scene:
    """One person before the events of one type."""

    def __init__(self, sight: Sight, event_type: str, view: View) -> None:
        self._person = person = sight.person
        self._view = view
        self._catalogue = sight.catalogue
        self._directory = sight.directory
        access = sight.access(bare_event(event_type))
        self._sees_all = access is Access.ALLOWED
        scopes = CONCERNS_BY.get(person.kind, ()) if person.kind and access is Access.OTHER_PARTNER else ()
        columns = [Column((key,)) for key in scopes]
        self._scopes = [(view.place[one], sight.concerned(view.cells[one], event_type)) for one in columns]
        self._own = Answers(view.cells[ACTOR], lambda event: event.actor_key == person.key)

    def visible(self, block: Block) -> Rows:
        """Return which events of the block the person may see (A1–A3).

        An event concerns the person's partner when one of its fields does.
        """
        if self._sees_all:
            return np.arange(len(block))
        found = np.zeros(len(block), np.bool_)
        for place, answers in self._scopes:
            found |= answers.of(block.codes[place])
        return np.flatnonzero(found)

    def mailed(self, block: Block, rows: Rows) -> Rows:
        """Return those of the rows that the person did not cause, or wants mails about all the same (D4)."""
        if self._person.notify_own_actions:
            return rows
        return rows[~self._own.of(block.codes[self._view.place[ACTOR], rows])]

    def matching(self, where: Iterable[Condition]) -> Matching:
        """Return conditions in the form that is asked of blocks."""
        return Matching([self._asked(one) for one in where])

    def _asked(self, condition: Condition) -> tuple[int, Answers]:
        """Return the column that a condition looks at, and its answers there."""
        field = self._catalogue.fields[condition.field]
        column = column_of(field)
        cells, viewer = self._view.cells[column], self._person.key
        if field.type is FieldType.PARTNER and condition.op == "any_of_incl":  # the hierarchy may change
            ancestors = self._directory.ancestors
            return self._view.place[column], Answers(
                cells, lambda event: holds(condition, field, event, viewer=viewer, ancestors=ancestors)
            )
        question = (field.type, condition.op, condition.operand, viewer if field.key == MENTIONS_ME else None)
        return self._view.place[column], cells.answers(
            question, lambda event: holds(condition, field, event, viewer=viewer, ancestors=_alone)
        )


class Matching:
    """Which events every condition holds for (M1)."""

    def __init__(self, asked: list[tuple[int, Answers]]) -> None:
        self._asked = asked

    def among(self, block: Block, rows: Rows) -> Rows:
        """Return those of the rows of the block for which every condition holds."""
        for place, answers in self._asked:
            if not len(rows):
                return rows
            rows = rows[answers.of(block.codes[place, rows])]
        return rows


def _alone(partner: str) -> tuple[str, ...]:
    return (partner,)
