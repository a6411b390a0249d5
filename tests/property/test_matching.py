"""The index equals the plain definition (M1–M8 under A1–A4)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from tests.property.studio import AT, ROLES, books, catalogues, customs, directories, events

from callboard.matching.definition import matches
from callboard.matching.index import Index, Matcher
from callboard.matching.rows import NARROW
from callboard.matching.snapshot import pack, unpack
from callboard.preferences.values import from_default

if TYPE_CHECKING:
    from callboard.catalogue.values import Catalogue, Event
    from callboard.people.values import Directory
    from callboard.preferences.values import Book


GENERATE = settings(max_examples=500, phases=[Phase.generate])


def plain(catalogue: Catalogue, directory: Directory, book: Book, event: Event) -> dict[int, set[str]]:
    """Everybody's matching notifications, asked one by one."""
    defaults = [from_default(one, "") for one in catalogue.defaults.values()]
    found: dict[int, set[str]] = {}
    for person in directory.persons.values():
        mine = [*defaults, *(one for one in book.customs.values() if one.user_id == person.id)]
        matched = {one.id for one in mine if matches(one, person, event, catalogue, directory)}
        if matched:
            found[person.id] = matched
    return found


def indexed(matcher: Matcher, event: Event) -> dict[int, set[str]]:
    found = matcher.match(event)
    assert all(len({one.id for one in matched}) == len(matched) for matched in found.values())
    return {user: {one.id for one in matched} for user, matched in found.items()}


def test_the_examples_do_match():
    """Examples in which nothing ever matches would prove nothing."""

    def tells(example: tuple[Catalogue, Directory, Book, Event]) -> bool:
        return any(one.startswith("n-") for ids in plain(*example).values() for one in ids)

    find(st.tuples(catalogues(), directories(), books(), events()), tells, settings=GENERATE)


@settings(max_examples=100, deadline=None)
@given(catalogues(), directories(), books(), st.lists(events(), min_size=1, max_size=4))
def test_the_index_finds_what_the_definition_says(
    catalogue: Catalogue, directory: Directory, book: Book, told: list[Event]
):
    matcher = Matcher(catalogue, directory, book)
    for event in told:
        assert indexed(matcher, event) == plain(catalogue, directory, book, event)


@settings(max_examples=25, deadline=None)
@given(catalogues(), directories(), books(), events(), st.data())
def test_a_change_of_people_or_notifications_is_seen_by_the_next_event(
    catalogue: Catalogue, directory: Directory, book: Book, event: Event, data: st.DataObject
):
    matcher = Matcher(catalogue, directory, book)
    matcher.match(event)
    book.put(data.draw(customs(data.draw(st.integers(0, 8)))))
    person = directory.persons[data.draw(st.integers(1, 6))]
    other = directory.persons[data.draw(st.integers(1, 6))]
    partner = directory.partners[other.partner or ""]
    directory.put_person(replace(person, partner=partner.id, kind=partner.kind, roles=other.roles))
    directory.put_partner(replace(directory.partners["f2"], parent=data.draw(st.sampled_from([None, "f0", "f1"]))))
    assert indexed(matcher, event) == plain(catalogue, directory, book, event)


class Changes(RuleBasedStateMachine):
    """Settings and people change in any order, also while nobody follows; every event in between is answered right."""

    @initialize(catalogue=catalogues(), directory=directories(), book=books(), event=events())
    def begin(self, catalogue, directory, book, event):
        self.catalogue, self.directory, self.book = catalogue, directory, book
        self.matcher = Matcher(catalogue, directory, book)
        self.matcher.match(event)
        self.kept = None
        self.changed: set[str] = set()

    def put(self, custom):
        self.book.put(custom)
        self.changed.add(custom.id)

    @rule(words=st.integers(1, 2))
    def make_room(self, words):
        """Rows become arrays, of more and more words."""
        for shelf in self.matcher.index.shelves.values():
            shelf.grow(max(NARROW, shelf.words) + words)

    @rule()
    def keep(self):
        self.kept = pack(self.matcher.index, 1, "")
        self.changed.clear()

    @rule(limit=st.sampled_from([0, 300, 3_000, 1_000_000]), from_kept=st.booleans())
    def start_anew(self, limit, from_kept):
        self.directory.watchers.clear()
        self.book.watchers.clear()
        if from_kept and self.kept:
            index = unpack(self.kept, self.catalogue, self.directory, self.book, self.changed)
            index.budget.limit_bytes = limit
        else:
            index = Index(self.catalogue, self.directory, derived_bytes=limit)
            index.fill(self.book.customs.values())
        self.matcher = Matcher(self.catalogue, self.directory, self.book)
        self.matcher.adopt(index)

    @rule(data=st.data(), number=st.integers(0, 12))
    def create_or_edit(self, data, number):
        self.put(data.draw(customs(number)))

    @rule(data=st.data(), number=st.integers(100, 100_000), count=st.integers(1, 80))
    def create_many(self, data, number, count):
        made = data.draw(customs(number))
        for more in range(count):
            self.put(replace(made, id=f"n-{number + more}"))

    @rule(data=st.data())
    def delete(self, data):
        if self.book.customs:
            known = self.book.customs[data.draw(st.sampled_from(sorted(self.book.customs)))]
            self.put(replace(known, deleted_at=AT))

    @rule(number=st.integers(1, 6), active=st.booleans())
    def deactivate_or_activate(self, number, active):
        self.directory.put_person(replace(self.directory.persons[number], active=active))

    @rule(number=st.integers(1, 6), roles=st.lists(st.sampled_from([one.id for one in ROLES]), unique=True, max_size=2))
    def change_roles(self, number, roles):
        self.directory.put_person(replace(self.directory.persons[number], roles=tuple(roles)))

    @rule(
        number=st.integers(1, 6), partner=st.sampled_from([f"{kind}{level}" for kind in "cfqs" for level in range(3)])
    )
    def move_person(self, number, partner):
        kind = self.directory.partners[partner].kind
        self.directory.put_person(replace(self.directory.persons[number], partner=partner, kind=kind))

    @rule(one=st.integers(1, 6), other=st.integers(1, 6))
    def exchange_addresses(self, one, other):
        first, second = self.directory.persons[one], self.directory.persons[other]
        self.directory.put_person(replace(first, email=second.email))
        self.directory.put_person(replace(second, email=first.email))

    @rule(kind=st.sampled_from("cfq"), parent=st.sampled_from([None, 0, 1]))
    def move_partner(self, kind, parent):
        partner = self.directory.partners[f"{kind}2"]
        self.directory.put_partner(replace(partner, parent=None if parent is None else f"{kind}{parent}"))

    @rule(event=events())
    def match(self, event):
        assert indexed(self.matcher, event) == plain(self.catalogue, self.directory, self.book, event)
        assert len(self.matcher.index) == sum(one.inactive is None for one in self.book.customs.values())


Changes.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestChanges = Changes.TestCase
