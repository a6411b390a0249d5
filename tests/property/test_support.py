"""Nobody finds an event outside A1–A4 in what is attached to a request, however it is named."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.property.studio import AT, catalogues, directories
from tests.property.test_preview import store, stored

from callboard.base.reasons import Access
from callboard.intake.models import EventRecord
from callboard.people.access import may_see
from callboard.preferences.world import World
from callboard.support.context import EVENTS_EXPLAINED, snapshot
from callboard.support.values import About

if TYPE_CHECKING:
    from callboard.catalogue.values import Catalogue, Event
    from callboard.people.values import Directory


@pytest.mark.django_db
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(catalogues(), directories(), st.lists(stored(), min_size=1, max_size=5), st.booleans(), st.data())
def test_only_what_the_person_may_see_is_attached(
    catalogue: Catalogue,
    directory: Directory,
    told: list[Event],
    is_mail: bool,  # noqa: FBT001 - drawn
    data: st.DataObject,
):
    EventRecord.objects.all().delete()
    log = store(told)
    EventRecord.objects.update(subject="SR-1")
    world = World(catalogue)
    world.directory = directory
    for person in data.draw(st.lists(st.sampled_from(list(directory.persons.values())), min_size=2, max_size=2)):
        seen = {one.id for one in log if may_see(person, one, catalogue, directory) is Access.ALLOWED}
        hidden = {one.id for one in log} - seen
        named = snapshot(person, About(named="SR-1", is_mail=is_mail), world, AT)
        assert len(named["events"]) == min(len(seen), EVENTS_EXPLAINED)
        assert not [one for one in hidden if one in json.dumps(named)]
        for event in log:
            for about in (About(key=event.key, is_mail=is_mail), About(named=f"/items/{event.key}")):
                found = snapshot(person, about, world, AT)
                assert [one["id"] for one in found["events"]] == ([event.id] if event.id in seen else [])
                assert not [one for one in hidden if one in json.dumps(found | {"named": ""})]
