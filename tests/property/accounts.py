"""Random partners, people, settings and refusals over the shipped catalogue, in a real database."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from hypothesis import strategies as st
from tests.unit.studio import CATALOGUE

from callboard.base.instants import to_us
from callboard.catalogue.values import Catalogue
from callboard.changing import By, Door, change_people
from callboard.insights.coverage import is_critical
from callboard.intake.models import EventRecord
from callboard.mail.models import Suppression
from callboard.people.rules import PeopleFile, read_people
from callboard.people.sequences import hold_changes
from callboard.people.store import load_directory
from callboard.people.values import Person
from callboard.preferences.rules import read_custom
from callboard.preferences.store import save_customs, save_mutes
from callboard.preferences.values import Kind, Mute, MutedBy, Notification, Ref
from callboard.preferences.world import World

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
KINDS = {"c": "content_partner", "f": "fulfillment_partner", "q": "qc_partner", "s": "studio"}
ROLES = {
    letter: [one.id for one in CATALOGUE.roles.values() if one.kind.value == kind] for letter, kind in KINDS.items()
}
CRITICAL = [one.id for one in CATALOGUE.event_types.values() if is_critical(one)]
TYPES = ["delivery.redelivery_requested", "qc.report_ready", "material.rejected", "material.updated", "comment.added"]
"""What Customs ask for: little enough that several people ask for the same."""
SEATS = "cccfffqsc"
EMAILS = [f"p{number}@x.example" for number in range(len(SEATS) - 1)] + ["p8@test.invalid"]
"""The last of the people is invented: a test user."""
SCOPES = {"content_partner": "c", "fulfillment_partner": "f", "qc_partner": "q"}
BY = By(None, Door.COMMAND)
NUMBERS = count(1)


@dataclass(frozen=True)
class Studio:
    """What a database holds; `customs`, `mutes` and `refused` name people by their place."""

    people: dict[str, Any]
    customs: list[Notification]
    mutes: list[tuple[int, Ref, datetime | None]]
    refused: list[tuple[int, bool]]


@st.composite
def accounts(draw: st.DrawFn, letter: str) -> dict[str, Any]:
    """What an account may be at a partner of a kind."""
    return {
        "partner": f"{letter}{draw(st.integers(0, 2 if letter in 'cf' else 1))}",
        "roles": draw(st.lists(st.sampled_from(ROLES[letter]), unique=True, max_size=2)),
        "active": draw(st.integers(0, 4)) > 0,
    }


@st.composite
def customs(draw: st.DrawFn, number: int) -> Notification:
    """A Custom notification on one of some types, its owner's roles aside."""
    event_type = CATALOGUE.event_types[draw(st.sampled_from(TYPES))]
    asked: list[dict[str, Any]] = [
        {"field": field, "op": "any_of_incl", "value": [f"{letter}{draw(st.integers(0, 2 if letter in 'cf' else 1))}"]}
        for field, letter in SCOPES.items()
    ]
    asked += [
        {
            "field": "severity",
            "op": "any_of",
            "value": draw(st.sampled_from([["Blocker"], ["FYI", "Blocker"], ["FYI"]])),
        },
        {"field": "previously_downloaded", "op": "is", "value": draw(st.booleans())},
        {"field": "content_type", "op": draw(st.sampled_from(["any_of", "none_of"])), "value": ["Branded"]},
    ]
    fitting = [one for one in asked if one["field"] in event_type.fields]
    raw = {
        "event_type": event_type.id,
        "where": draw(st.lists(st.sampled_from(fitting), min_size=1, max_size=2)),
        "frequency": draw(st.sampled_from(event_type.frequencies)),
    }
    found = read_custom(raw, CATALOGUE, id=f"n-{number}", user_id=draw(st.integers(0, len(SEATS) - 1)))
    assert isinstance(found, Notification), found
    return found


@st.composite
def mutes(draw: st.DrawFn, customs: int) -> tuple[int, Ref, datetime | None]:
    """A mute of a Default or a Custom, until some time or for good, perhaps over."""
    defaults = [Ref(one, Kind.DEFAULT) for one in CATALOGUE.defaults if CATALOGUE.defaults[one].event_type in CRITICAL]
    mine = [Ref(f"n-{number}", Kind.CUSTOM) for number in range(customs)]
    until = st.sampled_from([None, NOW, NOW + timedelta(days=1)])
    return draw(st.integers(0, len(SEATS) - 1)), draw(st.sampled_from(defaults + mine)), draw(until)


@st.composite
def studios(draw: st.DrawFn) -> Studio:
    """Two or three partners of each kind, each perhaps under an earlier one; people, settings and refused addresses."""
    partners = [
        {"id": f"{letter}{number}", "name": f"{letter}{number}", "kind": kind,
         "parent": draw(st.sampled_from([None, *(f"{letter}{one}" for one in range(number))]))}
        for letter, kind in KINDS.items()
        for number in range(3 if letter in "cf" else 2)
    ]  # fmt: skip
    users = [
        {"email": email, "name": email[:2], **draw(accounts(letter))}
        for email, letter in zip(EMAILS, SEATS, strict=True)
    ]
    asked = [draw(customs(number)) for number in range(draw(st.integers(0, 6)))]
    return Studio(
        people={"partners": partners, "users": users},
        customs=asked,
        mutes=draw(st.lists(mutes(len(asked)), max_size=8)),
        refused=draw(st.lists(st.tuples(st.integers(0, len(SEATS) - 1), st.booleans()), max_size=2)),
    )


def settle(studio: Studio, catalogue: Catalogue = CATALOGUE) -> World:
    """Write a studio into the database, and return it as the steps see it."""
    hold_changes()
    known = load_directory()
    file = read_people(studio.people, known, catalogue)
    assert isinstance(file, PeopleFile), file
    change_people(file, known, catalogue, BY, NOW, announce=False)
    directory = load_directory()
    ids = [seated(directory, place).id for place in range(len(SEATS))]
    save_customs([replace(one, user_id=ids[one.user_id or 0]) for one in studio.customs], NOW)
    found = [
        Mute(user_id=ids[place], ref=ref, muted=True, until=until, by=MutedBy.PERSON, revision=0)
        for place, ref, until in {(place, ref): (place, ref, until) for place, ref, until in studio.mutes}.values()
    ]
    save_mutes(found, NOW)
    for place, spares in dict(studio.refused).items():
        Suppression.objects.create(
            address_key=EMAILS[place], reply="5.1.1", spares_critical=spares, since_us=to_us(NOW)
        )
    return fresh(catalogue)


def fresh(catalogue: Catalogue = CATALOGUE) -> World:
    """Return what is committed now."""
    world = World(catalogue)
    world.refresh()
    return world


def seated(directory: Any, place: int) -> Person:
    """Return the person of a place."""
    person = directory.by_email(EMAILS[place])
    assert isinstance(person, Person)
    return person


@st.composite
def said(draw: st.DrawFn, event_type: str) -> dict[str, Any]:
    """What an event of a type says: whom it concerns, and what conditions look at."""
    found: dict[str, Any] = {
        field: draw(st.sampled_from([None, *(f"{letter}{number}" for number in range(3 if letter in "cf" else 2))]))
        for field, letter in (SCOPES | {"sub_assignee": "f"}).items()
    }
    found |= {
        "severity": draw(st.sampled_from([None, "FYI", "Blocker"])),
        "insight": draw(st.sampled_from([None, "Critical", "On Track"])),
        "previously_downloaded": draw(st.sampled_from([None, True, False])),
        "content_type": draw(st.sampled_from([None, "Branded", "Non-Branded"])),
        "actor": draw(st.sampled_from([None, None, None, *EMAILS])),
    }
    del event_type
    return {key: value for key, value in found.items() if value is not None}


def happened(event_type: str, data: dict[str, Any], ago: timedelta = timedelta(0), state: int = 1) -> EventRecord:
    """Put an event into the log."""
    key = f"{next(NUMBERS):032x}"
    at_us = to_us(NOW - ago)
    return EventRecord.objects.create(
        key=key, source="portal", event_id=key, event_type=event_type, subject="SR-1", time_us=at_us, accepted_us=at_us,
        data_json=json.dumps(data), digest=key, state=state,
    )  # fmt: skip
