"""Through a stand-in nobody gets what they may not see themselves, nor what the other may not see (A1–A4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st
from tests.property.studio import AT, books, catalogues, directories, events, stand_ins

from callboard.base.reasons import Access, Reason
from callboard.decisions.rules import recheck_access, recheck_counting, still_lent, with_stand_ins
from callboard.matching.definition import everybody
from callboard.people.access import may_see

if TYPE_CHECKING:
    from collections.abc import Iterable

    from callboard.catalogue.values import Catalogue, Event
    from callboard.people.values import Directory, StandIn
    from callboard.preferences.values import Book, Ref


def named(directory: Directory, found: Iterable[StandIn]) -> Directory:
    for one in found:
        directory.put_stand_in(one)
    return directory


def asking(catalogue: Catalogue, directory: Directory, book: Book, event: Event) -> dict[int, set[Ref]]:
    """What asks for each person, stand-ins included."""
    matched = everybody(event, catalogue, directory, book)
    found = with_stand_ins(event, matched, catalogue, directory, AT)
    assert all(len({one.ref for one in each}) == len(each) for each in found.values())
    return {person: {one.ref for one in each} for person, each in found.items()}


def is_one_line(directory: Directory, one: int, other: int) -> bool:
    """Whether one of two persons belongs to the other's partner or to one above it; told by its own way up."""

    def above(partner: str | None) -> set[str]:
        found: set[str] = set()
        while partner is not None:
            found.add(partner)
            partner = directory.partners[partner].parent
        return found

    mine, others = directory.persons[one].partner, directory.persons[other].partner
    return mine in above(others) or others in above(mine)


def counts(directory: Directory, stood: list[StandIn], delegate: int, person: int) -> bool:
    """Whether somebody stands in for a person at `AT`: the newest of the two's is in force, and both are fit."""
    of_two = [one for one in stood if (one.person_id, one.delegate_id) == (person, delegate)]
    if not of_two or delegate == person:
        return False
    newest = of_two[-1]
    is_active = directory.persons[delegate].active and directory.persons[person].active
    is_now = newest.ended_at is None and newest.starts_at <= AT < newest.ends_at
    return is_active and is_now and is_one_line(directory, delegate, person)


def sees(catalogue: Catalogue, directory: Directory, person: int, event: Event) -> bool:
    return may_see(directory.persons[person], event, catalogue, directory) is Access.ALLOWED


@settings(max_examples=60, deadline=None)
@given(catalogues(), directories(), books(), stand_ins(), st.lists(events(), min_size=1, max_size=2))
def test_a_delegate_gets_what_both_may_see_and_the_other_asked_for_and_nothing_else(
    catalogue: Catalogue, directory: Directory, book: Book, stood: list[StandIn], told: list[Event]
):
    named(directory, stood)
    for event in told:
        own = {
            person: {one.ref for one in each} for person, each in everybody(event, catalogue, directory, book).items()
        }
        expected = {person: set(refs) for person, refs in own.items()}
        for delegate in directory.persons:
            for person, refs in own.items():
                if counts(directory, stood, delegate, person) and sees(catalogue, directory, delegate, event):
                    lent = {type(ref)(ref.id, ref.kind, person) for ref in refs}
                    expected[delegate] = expected.get(delegate, set()) | lent
        found = asking(catalogue, directory, book, event)
        assert found == expected
        assert all(sees(catalogue, directory, person, event) for person in found)
        assert all(sees(catalogue, directory, ref.of, event) for refs in found.values() for ref in refs if ref.of)


changes = st.tuples(directories(), books(), st.sets(st.integers(1, 6)))
"""People and settings as they are later, and the stand-ins that were ended."""


@settings(max_examples=60, deadline=None)
@given(catalogues(), directories(), books(), stand_ins(), changes, events())
def test_s5_after_any_change_nothing_leaves_through_a_stand_in_that_one_of_the_two_may_not_see_or_has_ended(
    catalogue: Catalogue, directory: Directory, book: Book, stood: list[StandIn],
    change: tuple[Directory, Book, set[int]], event: Event,
):  # fmt: skip
    changed, after, ended = change
    decided = asking(catalogue, named(directory, stood), book, event)
    kept = [one for one in stood if one.id not in ended]
    named(changed, kept)
    for number, counted in decided.items():
        person = changed.persons[number]
        lent = {ref for ref in counted if ref.of}
        left = set(still_lent(person, event, counted, catalogue, changed))
        assert counted - lent <= left
        for ref in lent & left:
            assert sees(catalogue, changed, ref.of, event)
            assert is_one_line(changed, number, ref.of)
            assert any((one.person_id, one.delegate_id) == (ref.of, number) for one in kept)
        reason = recheck_access(person, event, catalogue, changed) or recheck_counting(
            person, left, catalogue, changed, after, AT
        )
        if reason is None:
            assert sees(catalogue, changed, number, event)
            assert left
        if reason is Reason.DELETED:
            assert not any(ref.id in after.customs for ref in left)


def test_the_examples_do_stand_in():
    """Examples in which nobody ever gets anything through a stand-in would prove nothing."""

    def tells(example: tuple[Catalogue, Directory, Book, list[StandIn], Event]) -> bool:
        catalogue, directory, book, stood, event = example
        found = asking(catalogue, named(directory, stood), book, event)
        return any(ref.of for refs in found.values() for ref in refs)

    examples = st.tuples(catalogues(), directories(), books(), stand_ins(), events())
    find(examples, tells, settings=settings(max_examples=2_000, phases=[Phase.generate]))
