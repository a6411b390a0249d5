"""The index equals the plain definition (M1–M8 under A1–A4)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st
from tests.property.studio import books, catalogues, customs, directories, events

from callboard.matching.definition import matches
from callboard.matching.index import Matcher
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
