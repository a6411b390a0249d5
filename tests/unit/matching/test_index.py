"""What the index must not remember or mistake; that it equals the definition is a property test."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.unit.studio import CATALOGUE, FULFILLMENT, OPERATIONS, REDELIVERY, directory, event, person

from callboard.catalogue.values import PartnerKind
from callboard.matching.index import Matcher
from callboard.people.values import Partner
from callboard.preferences.rules import read_custom
from callboard.preferences.values import Book, Notification


def custom(event_type: str = REDELIVERY) -> Notification:
    where = [{"field": "content_type", "op": "none_of", "value": ["Trailer"]}]
    raw = {"event_type": event_type, "frequency": "hourly", "where": where}
    found = read_custom(raw, CATALOGUE, id="n-1", user_id=1)
    assert isinstance(found, Notification)
    return found


def matched(matcher: Matcher, type_id: str = REDELIVERY, **data: Any) -> set[str]:
    return {one.id for one in matcher.match(event(type_id, **data)).get(1, [])}


def test_a2_a_role_of_another_kind_brings_no_default():
    both = person(roles=(OPERATIONS, "studio_operations"))
    matcher = Matcher(CATALOGUE, directory(both), Book())
    assert matched(matcher, "source_request.overdue") == {f"source_request.overdue/{OPERATIONS}"}
    admin = person(partner="the-studio", kind=PartnerKind.STUDIO, roles=("studio_admin", OPERATIONS))
    assert matched(Matcher(CATALOGUE, directory(admin), Book())) == set()


def test_a3_a_new_parent_is_seen_by_the_next_event():
    people = directory(person(partner="tidewater"))
    matcher = Matcher(CATALOGUE, people, Book())
    assert matched(matcher) == set()
    people.put_partner(Partner(id="copperglass", name="C", kind=FULFILLMENT, parent="tidewater"))
    assert matched(matcher) == {f"{REDELIVERY}/{OPERATIONS}"}
    people.put_partner(Partner(id="copperglass", name="C", kind=FULFILLMENT))
    assert matched(matcher) == set()


def test_an_edited_notification_is_found_under_its_new_type_only():
    book = Book()
    matcher = Matcher(CATALOGUE, directory(person()), book)
    book.put(custom())
    assert "n-1" in matched(matcher)
    book.put(custom("delivery.processed"))
    assert "n-1" not in matched(matcher)
    assert "n-1" in matched(matcher, "delivery.processed")
    book.put(replace(custom("delivery.processed"), deleted_at=event().time_at))
    assert "n-1" not in matched(matcher, "delivery.processed")


def test_a4_an_inactive_notification_matches_nothing():
    book = Book()
    book.put(replace(custom(), inactive="its field is gone", where=()))
    assert matched(Matcher(CATALOGUE, directory(person()), book)) == {f"{REDELIVERY}/{OPERATIONS}"}


def test_persons_without_a_match_are_not_in_the_answer():
    matcher = Matcher(CATALOGUE, directory(person(), person(2, email="b@x.example", partner="tidewater")), Book())
    assert set(matcher.match(event())) == {1}
    assert matcher.match(event("delivery.inspection_failed", fulfillment_partner="nobody")) == {}
