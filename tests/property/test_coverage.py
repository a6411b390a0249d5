"""Coverage never says covered when something critical would reach nobody: asked of the pipeline itself."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connections, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.integration.core.studio import Stage
from tests.property.accounts import CRITICAL, NOW, SCOPES, SEATS, TYPES, Studio, fresh, said, seated, settle, studios
from tests.unit.studio import CATALOGUE

from callboard.base.clock import SetClock
from callboard.base.reasons import Importance
from callboard.decisions.rules import importance_of
from callboard.insights.coverage import State, coverage
from callboard.insights.foresight import circle_of, load_gaps
from callboard.insights.ledger import export_ledger
from callboard.intake.cloudevents import Draft, read_event
from callboard.people.store import add_stand_in
from callboard.people.values import is_test_address
from callboard.pipeline import Pipeline

if TYPE_CHECKING:
    from callboard.catalogue.values import Event
    from callboard.insights.coverage import Line
    from callboard.people.values import Directory

OFTEN = [one for one in TYPES if one in CRITICAL] * 3 + CRITICAL
PAIRS = [(one, other) for one in range(6) for other in range(6) if one != other and SEATS[one] == SEATS[other]]
KINDS = {"c": "content_partner", "f": "fulfillment_partner", "q": "qc_partner", "s": "studio"}


@pytest.fixture
def make_stage(db, settings, tmp_path):
    """Make a pipeline over what is in the database now, and a way to hand over its mails."""
    del db
    config = settings.CONFIG = replace(settings.CONFIG, home=tmp_path)
    connection = connections["default"]
    thread = ThreadPoolExecutor(1, initializer=connections.__setitem__, initargs=("default", connection))
    connection.inc_thread_sharing()
    yield lambda: Stage(Pipeline(config, CATALOGUE, SetClock(NOW)), thread)
    thread.shutdown()
    connection.dec_thread_sharing()


def named(event: Event, letter: str, directory: Directory) -> set[str]:
    """The partners of a kind that an event names; the studio's are meant by every event."""
    if letter == "s":
        return {one for one in directory.partners if one.startswith("s")}
    fields = [field for field, its in (SCOPES | {"sub_assignee": "f"}).items() if its == letter]
    return {value for field in fields for value in event.values(field) if value in directory.partners}


def drafts(told: list[tuple[str, dict[str, Any]]]) -> list[Draft]:
    found = []
    for number, (event_type, data) in enumerate(told):
        raw = {"specversion": "1.0", "id": f"e-{number}", "source": "portal", "type": event_type, "subject": "SR-1"}
        one = read_event(raw | {"data": data}, CATALOGUE)
        assert isinstance(one, Draft), one
        found.append(one)
    return found


def check(line: Line, event: Event, partners: set[str], arrived: set[str], directory: Directory):
    """Compare what a line says with whom the event's mail reached."""
    people = [one for one in directory.persons.values() if one.kind is line.partner.kind]
    reached = {one.key for one in people if one.key in arrived and not is_test_address(one.email)}
    if line.state is State.COVERED:
        sure = {one.person.key: one.person for one in line.receivers if not one.conditions}
        # Who caused it knows of it (D4)
        silent = {key for key, one in sure.items() if key == event.actor_key and not one.notify_own_actions}
        assert sure.keys() - silent <= reached
        assert reached or silent
    if line.state is State.GAP and partners == {line.partner.id}:
        above = {None} if line.partner.id.startswith("s") else set(directory.ancestors(line.partner.id))
        concerned = {one.key for one in people if above == {None} or one.partner in above}
        assert not reached & concerned


@pytest.mark.django_db
@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    studios(),
    st.lists(st.tuples(st.sampled_from(PAIRS), st.sampled_from([-1, 0, 0, 0, 1])), max_size=3),
    st.lists(st.sampled_from(OFTEN).flatmap(lambda one: st.tuples(st.just(one), said(one))), min_size=6, max_size=20),
)
def test_what_is_covered_reaches_somebody_and_a_gap_nobody(
    make_stage: Any,
    studio: Studio,
    stand_ins: list[tuple[tuple[int, int], int]],
    told: list[tuple[str, dict[str, Any]]],
):
    with transaction.atomic():
        directory = settle(studio).directory
        for (away, delegate), days in stand_ins:
            begins = NOW + timedelta(days=days)
            add_stand_in(seated(directory, away).id, seated(directory, delegate).id, begins, begins + timedelta(days=1))
        world = fresh()
        lines = {one.key: one for one in coverage(circle_of(world, NOW))}
        gaps = [key for key, one in lines.items() if one.is_gap]
        assert [one.key for one in load_gaps(world.directory.partners, CATALOGUE, NOW)] == gaps

        stage = make_stage()
        sent = drafts(told)
        stage.pipeline.accept(sent)
        stage.decide()
        stage.pass_(days=8)  # every digest is due
        stage.drain()

        rows = list(export_ledger())
        for draft in sent:
            event = draft.as_event(NOW)
            if importance_of(event, CATALOGUE, world.directory.ancestors) is not Importance.CRITICAL:
                continue
            arrived = {row["user"] for row in rows if row["event"] == event.id and row["state"] == "sent"}
            for letter in KINDS:
                partners = named(event, letter, world.directory)
                for partner in partners:
                    line = lines.get((partner, event.type))
                    if line:
                        check(line, event, partners, arrived, world.directory)
        transaction.set_rollback(True)
