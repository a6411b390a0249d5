"""What a preview counts is what the plain definition says, event by event (M1–M8 under A1–A4)."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.property.studio import AT, FIELDS, catalogues, customs, directories, events
from tests.property.test_windows import instants, schedules

from callboard.base.instants import to_us
from callboard.base.reasons import Access, Frequency
from callboard.catalogue.values import PartnerKind
from callboard.decisions.windows import WindowCache
from callboard.insights.choices import search_values
from callboard.insights.preview import Surroundings, preview
from callboard.insights.rate import count_mails
from callboard.intake.models import EventRecord
from callboard.matching.definition import asks_for
from callboard.people.access import may_see

if TYPE_CHECKING:
    from datetime import datetime

    from callboard.catalogue.values import Catalogue, Event
    from callboard.people.values import Directory, Person
    from callboard.preferences.values import Notification

DAYS = 30
NUMBERS = count(1)
"""Keys of events, of which no two are ever equal."""


@st.composite
def stored(draw: st.DrawFn) -> Event:
    """An event of the last weeks, some of them too old to be counted, some caused by the person who asks."""
    event = draw(events())
    accepted_at = AT - timedelta(hours=draw(st.integers(0, 24 * (DAYS + 3))), seconds=draw(st.integers(0, 12)))
    actor = draw(st.sampled_from([None, "p1@x.example", "P2@x.example", "else@x.example"]))
    time_at = AT - timedelta(days=draw(st.integers(0, 3)))  # near the dates that events say
    return replace(event, accepted_at=accepted_at, time_at=time_at, data={**event.data, "actor": actor})


def store(told: list[Event]) -> list[Event]:
    """Put events into the log; as they are found there."""
    found = []
    for event in told:
        key = f"{next(NUMBERS):032x}"
        row = EventRecord.objects.create(
            key=key, source="s", event_id=key, event_type=event.type, time_us=to_us(event.time_at),
            accepted_us=to_us(event.accepted_at), data_json=json.dumps(dict(event.data)), digest=key, state=1,
        )  # fmt: skip
        found.append(replace(event, number=row.pk, key=key, id=key))
    return found


def newest_first(told: list[Event]) -> list[Event]:
    return sorted(told, key=lambda event: (event.accepted_at, event.number), reverse=True)


def mails(frequency: Frequency, person: Person, at: list[datetime], collapse_s: float) -> int:
    """How many mails events accepted at these instants, oldest first, leave in, one by one (S1-S3)."""
    if frequency is not Frequency.IMMEDIATELY:
        cache = WindowCache()
        return len({cache.digest_window(person, frequency, one).starts_at for one in at})
    found, ends_at = 0, None
    for one in at:
        if ends_at is None or one >= ends_at or not collapse_s:
            found, ends_at = found + 1, one + timedelta(seconds=collapse_s)
    return found


def check(asked: Notification, others: list[Notification], person: Person, around: Surroundings, log: list[Event]):
    """Compare a preview with a loop over the log."""
    said = preview(asked, person, others, around)
    catalogue, directory = around.catalogue, around.directory
    recent = [one for one in log if one.type == asked.event_type and one.accepted_at >= AT - timedelta(days=DAYS)]
    seen = [one for one in newest_first(recent) if may_see(person, one, catalogue, directory) is Access.ALLOWED]
    matching = [one for one in seen if asks_for(asked, person, one, catalogue, directory)]
    assert (said["total"], said["matching"]) == (len(seen), len(matching))
    assert (said["approximate"], said["counting"]) == (False, False)
    assert [one["event"] for one in said["samples"]] == [one.id for one in matching[:5]]
    at = [one.accepted_at for one in matching[::-1] if person.notify_own_actions or one.actor_key != person.key]
    assert said["mails_per_week"] == {
        one.value: round(mails(one, person, at, around.collapse_s) * 7 / DAYS, 1) for one in Frequency
    }
    shared = {
        other.id: sum(asks_for(other, person, one, catalogue, directory) for one in matching)
        for other in others
        if other.event_type == asked.event_type and not other.inactive
    }
    assert {one["id"]: one["events"] for one in said["overlaps"]} == {key: many for key, many in shared.items() if many}
    assert all(one["covers"] == (shared[one["id"]] == len(matching)) for one in said["overlaps"])


@pytest.mark.django_db
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    catalogues(), directories(), st.lists(stored(), min_size=1, max_size=25), st.lists(stored(), max_size=8), st.data()
)
def test_a_preview_says_what_a_loop_over_the_log_says(
    catalogue: Catalogue, directory: Directory, told: list[Event], later: list[Event], data: st.DataObject
):
    EventRecord.objects.all().delete()  # another log: what is remembered of the last one must not count
    log = store(told)
    person = directory.persons[data.draw(st.integers(1, 6))]
    person = replace(person, notify_own_actions=data.draw(st.booleans()), time_zone="Europe/Madrid")
    around = Surroundings(catalogue, directory, AT, data.draw(st.sampled_from([0.0, 10.0, 7200.0])))
    wanted = [replace(data.draw(customs(number)), inactive=None) for number in range(4)]
    others = [data.draw(customs(number)) for number in range(4, 7)]
    for asked in wanted:
        check(asked, others, person, around, log)
    log += store(later)  # some of them older than those that are known
    other = data.draw(st.sampled_from(list(directory.persons.values())))
    for asked in wanted:
        check(asked, others, person, around, log)
        check(asked, others, other, around, log)


@pytest.mark.django_db
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(catalogues(), directories(), st.lists(stored(), max_size=20), st.data())
def test_values_to_choose_are_those_of_visible_events(
    catalogue: Catalogue, directory: Directory, told: list[Event], data: st.DataObject
):
    EventRecord.objects.all().delete()
    log = store(told)
    person = directory.persons[data.draw(st.integers(1, 6))]
    seen = [one for one in log if may_see(person, one, catalogue, directory) is Access.ALLOWED]
    for key in ("ref", "language", "title", "content_partner", "sub_assignee"):
        found = {one.value for one in search_values(FIELDS[key], "", person, catalogue, directory)}
        expected = {value for one in seen for value in one.values(key)}
        if key in {"content_partner", "sub_assignee"}:
            expected |= own(person, directory, "c" if key == "content_partner" else "f")
        assert found == expected


def own(person: Person, directory: Directory, letter: str) -> set[str]:
    """The partners of a kind that a person knows without any event."""
    fitting = {one for one in directory.partners if one.startswith(letter)}
    if person.kind is PartnerKind.STUDIO:
        return fitting
    return {one for one in fitting if person.partner in directory.ancestors(one)}


@settings(max_examples=150, deadline=None)
@given(
    schedules, st.lists(st.tuples(st.integers(0, 40 * 86_400), st.integers(0, 999_999)), max_size=40), instants,
    st.sampled_from(Frequency), st.sampled_from([0.0, 0.5, 10.0, 86_400.0]),
)  # fmt: skip
def test_mails_counted_from_window_to_window_are_those_counted_one_by_one(
    who: Person, steps: list[tuple[int, int]], start: datetime, frequency: Frequency, collapse_s: float
):
    at = sorted(start + timedelta(seconds=seconds, microseconds=us) for seconds, us in steps)
    at_us = np.array([to_us(one) for one in at], np.int64)
    assert count_mails(frequency, who, at_us, collapse_s) == mails(frequency, who, at, collapse_s)
