"""The index beside the plain definition, on a sample, while in production."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from itertools import islice
from random import randrange
from typing import Any, TypeVar

from callboard.catalogue.values import Event
from callboard.matching.definition import everybody, matches
from callboard.matching.index import Matcher
from callboard.preferences.values import Notification

SAMPLE = 200
"""Notifications compared for one event, and people for each Default: about a millisecond's work."""

T = TypeVar("T")
Answer = dict[int, list[Notification]]


class Round:
    """Goes round many things that come and go, a few from all over them each time; what came is in the next round.

    It begins anywhere, so that processes that live shortly do not all look at the same ones.
    """

    def __init__(self) -> None:
        self._keys: list[Any] = []
        self._parts = 1
        self._begin = self._left = 0

    def sample(self, things: Mapping[Any, T]) -> list[T]:
        """Return about `SAMPLE` of the things."""
        if not self._left:
            self._keys = list(things)
            self._left = self._parts = -(-len(things) // SAMPLE) or 1
            self._begin = randrange(self._parts)  # noqa: S311 - nobody gains by guessing it
        self._left -= 1
        first = (self._begin + self._left) % self._parts
        return [things[key] for key in self._keys[first :: self._parts] if key in things]


class SelfCheck:
    """Compares answers of a matcher with the definition, each time at other notifications and people.

    Attributes:
        checked: events compared since `take_counts`.
        differing: those of them for which the index was wrong.
    """

    def __init__(self, matcher: Matcher) -> None:
        self.matcher = matcher
        self.checked = 0
        self.differing = 0
        self._rounds: defaultdict[str, Round] = defaultdict(Round)

    def confirm(self, event: Event, answer: Answer) -> tuple[Answer, list[str]]:
        """Return the answer and no doubts; where the sample differs, the definition's answer and what was wrong."""
        self.checked += 1
        doubts = [*self._wrong_customs(event, answer), *self._wrong_defaults(event, answer)]
        if not doubts:
            return answer, []
        self.differing += 1
        told = self.matcher
        return everybody(event, told.catalogue, told.directory, told.book), doubts

    def take_counts(self) -> tuple[int, int]:
        """Return (checked, differing) and begin to count anew."""
        counts = self.checked, self.differing
        self.checked = self.differing = 0
        return counts

    def _wrong_customs(self, event: Event, answer: Answer) -> list[str]:
        book = self.matcher.book
        of_type = book.by_type.get(event.type, {})
        sample = {one.id: one for one in self._rounds[event.type].sample(of_type)}
        found = {one.id: one for matched in islice(answer.values(), SAMPLE) for one in matched if one.user_id}
        sample.update(found)
        matched = {one.id for mine in answer.values() for one in mine if one.user_id}
        return [one.id for one in sample.values() if self._is_matched(one, one.user_id, event) != (one.id in matched)]

    def _wrong_defaults(self, event: Event, answer: Answer) -> list[str]:
        people = {one.id for one in self._rounds[""].sample(self.matcher.directory.persons)}
        people.update(islice(answer, SAMPLE))
        wrong = []
        for _, default in self.matcher.defaults.get(event.type, ()):
            for user_id in people:
                if self._is_matched(default, user_id, event) != (default in answer.get(user_id, ())):
                    wrong.append(f"{default.id} of user {user_id}")
        return wrong

    def _is_matched(self, notification: Notification, user_id: int | None, event: Event) -> bool:
        matcher = self.matcher
        person = matcher.directory.persons.get(user_id or 0)
        return person is not None and matches(notification, person, event, matcher.catalogue, matcher.directory)
