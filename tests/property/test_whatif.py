"""What was foreseen is what then happens: the change is made through the one door, and looked at."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.property.accounts import (
    BY,
    EMAILS,
    NOW,
    SCOPES,
    SEATS,
    Studio,
    accounts,
    fresh,
    happened,
    said,
    settle,
    studios,
)
from tests.unit.studio import CATALOGUE, event

from callboard.base.reasons import Access
from callboard.changing import change_person
from callboard.insights.coverage import coverage
from callboard.insights.foresight import circle_of, foresee, load_circle_for
from callboard.intake.models import EventRecord
from callboard.people.access import may_see
from callboard.preferences import actions
from callboard.preferences.values import Kind

if TYPE_CHECKING:
    from callboard.insights.coverage import Line
    from callboard.people.values import Person
    from callboard.preferences.world import World

NEW = "new@x.example"


@st.composite
def changes(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """Another account for one of the people, in part or whole, or for somebody new."""
    place = draw(st.integers(0, len(SEATS)))
    if place == len(SEATS):
        return NEW, {"name": "New", **draw(accounts(draw(st.sampled_from("cf")))), "active": True}
    whole = draw(accounts(SEATS[place]))
    kept = draw(st.sampled_from([("roles",), ("active",), ("partner",), ("roles", "partner"), tuple(whole)]))
    return EMAILS[place], {key: whole[key] for key in kept}


def seen(person: Person | None, world: World) -> tuple[set[str], set[str]]:
    """The event types and partners whose events a person may see, by asking for each of both (A1-A3)."""
    types, partners = set(), set()
    for event_type in CATALOGUE.event_types if person else ():
        for partner in world.directory.partners.values():
            field = next((one for one, letter in SCOPES.items() if partner.id.startswith(letter)), "")
            told = replace(event(event_type), data={field: partner.id})
            if person and may_see(person, told, CATALOGUE, world.directory) is Access.ALLOWED:
                types.add(event_type)
                partners.add(partner.id)
    return types, partners


def has(person: Person | None, world: World) -> tuple[set[str], set[str]]:
    """The ids of a person's Defaults and Customs that can send something."""
    types = seen(person, world)[0]
    own = [one for one in actions.own(person, CATALOGUE) if one.event_type in types] if person else []
    return tuple({one.id for one in own if one.kind is kind} for kind in Kind)  # type: ignore[return-value]


def receivers(lines: list[Line]) -> dict[tuple[str, str], set[int]]:
    return {one.key: {each.person.id for each in one.receivers} for one in lines}


@pytest.mark.django_db
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(studios(), changes(), st.lists(st.tuples(st.sampled_from(sorted(CATALOGUE.event_types)), st.integers(0, 28)).flatmap(
    lambda one: st.tuples(st.just(one), said(one[0]))), max_size=8))  # fmt: skip
def test_what_if_is_what_then_happens(studio: Studio, change: tuple[str, dict[str, Any]], log: Any):
    email, wanted = change
    EventRecord.objects.all().delete()  # another log: what is remembered of the last one must not count
    with transaction.atomic():
        before = settle(studio)
        for (event_type, days), data in log:
            happened(event_type, data, timedelta(days=days))
        found = foresee(email, wanted, load_circle_for(email, wanted, CATALOGUE, NOW), 10.0)
        lines = coverage(circle_of(before, NOW))

        change_person(email, wanted, CATALOGUE, BY, NOW)

        after = fresh()
        old, new = before.directory.by_email(email), after.directory.by_email(email)
        assert new
        assert found.change.after == replace(new, id=found.change.after.id)
        pairs = [
            *zip(seen(old, before), seen(new, after), strict=True),
            *zip(has(old, before), has(new, after), strict=True),
        ]
        told = [
            (set(found.types_lost), set(found.types_gained)),
            (set(found.partners_lost), set(found.partners_gained)),
            ({one.id for one in found.defaults_lost}, {one.id for one in found.defaults_gained}),
            ({one.id for one in found.inactive}, {one.id for one in found.active}),
        ]
        types = CATALOGUE.event_types
        for name, (had, have), (lost, gained) in zip(
            ("types", "partners", "defaults", "customs"), pairs, told, strict=True
        ):
            if name == "partners" and not (types.keys() & seen(old, before)[0] and types.keys() & seen(new, after)[0]):
                continue  # who sees no type sees nothing of any partner
            assert (lost, gained) == (had - have, have - had), name

        then = coverage(circle_of(after, NOW))
        gaps, gaps_then = ({one.key for one in each if one.is_gap} for each in (lines, then))
        assert {one.key for one in found.opened} == gaps_then - gaps
        assert {one.key for one in found.closed} == gaps - gaps_then
        who, who_then = receivers(lines), receivers(then)
        assert receivers(list(found.leaves)) == {
            key: who_then[key] for key, ids in who.items() if old and old.id in ids and old.id not in who_then[key]
        }
        EventRecord.objects.filter(source="callboard").delete()  # the change itself was told
        again = foresee(email, {}, load_circle_for(email, {}, CATALOGUE, NOW), 10.0)
        assert again.mails_before == again.mails_after == found.mails_after
        transaction.set_rollback(True)
