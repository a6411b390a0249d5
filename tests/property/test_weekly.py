"""Mails a week are what deciding event by event and window by window brings (D1–D4, S1–S4)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.property.studio import AT, books, catalogues, directories
from tests.property.test_preview import DAYS, mails, store, stored

from callboard.base.reasons import Frequency
from callboard.decisions.rules import decide
from callboard.insights.coverage import Circle
from callboard.insights.preview import Surroundings
from callboard.insights.weekly import Asking, mails_a_week
from callboard.intake.models import EventRecord
from callboard.matching.definition import everybody
from callboard.preferences.values import Mute, MutedBy, from_default

if TYPE_CHECKING:
    from datetime import datetime

    from callboard.catalogue.values import Event
    from callboard.people.values import Person


def decided(circle: Circle, who: Person, log: list[Event]) -> dict[tuple[Frequency, str], list[datetime]]:
    """When this person was told of what, by deciding each event: immediate mails by type, digests of all types."""
    found: dict[tuple[Frequency, str], list[datetime]] = {}
    for event in sorted(log, key=lambda one: (one.accepted_at, one.number)):
        matched = everybody(event, circle.catalogue, circle.directory, circle.book).get(who.id)
        if not matched or event.accepted_at < AT - timedelta(days=DAYS):
            continue
        frequency = decide(who, event, matched, lambda ref: circle.book.is_muted(who.id, ref, AT)).frequency
        if frequency:
            slot = event.type if frequency is Frequency.IMMEDIATELY else ""
            found.setdefault((frequency, slot), []).append(event.accepted_at)
    return found


@pytest.mark.django_db
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(catalogues(), directories(), books(), st.lists(stored(), min_size=1, max_size=25), st.data())
def test_mails_a_week_are_those_that_deciding_each_event_brings(catalogue, directory, book, told, data):
    EventRecord.objects.all().delete()  # another log: what is remembered of the last one must not count
    log = store(told)
    refs = [from_default(one, "").ref for one in catalogue.defaults.values()] + [
        one.ref for one in book.customs.values()
    ]
    for ref in data.draw(st.lists(st.sampled_from(refs), max_size=4)) if refs else []:
        for user_id in directory.persons:
            book.put_mute(Mute(user_id=user_id, ref=ref, muted=True, until=None, by=MutedBy.PERSON, revision=0))
    circle = Circle(catalogue=catalogue, directory=directory, book=book, now=AT)
    around = Surroundings(catalogue, directory, AT, data.draw(st.sampled_from([0.0, 10.0, 7200.0])))
    people = list(directory.persons.values())
    found = mails_a_week([Asking(one, list(circle.notifications(one))) for one in people], around)
    for who, number in zip(people, found.mails, strict=True):
        at = decided(circle, who, log)
        each = sum(mails(frequency, who, times, around.collapse_s) for (frequency, _), times in at.items())
        assert number == round(each * 7 / DAYS, 1)
    assert not found.approximate
