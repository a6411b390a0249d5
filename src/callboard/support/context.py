"""What is attached to a request: the person's settings, and the event in question with its explanation.

An event is attached only when the person may see it (A1–A3). What the person may not see is
left out like what does not exist.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from callboard.base.instants import format_instant
from callboard.base.reasons import Access
from callboard.base.texts import shown
from callboard.catalogue.values import Event
from callboard.insights import ledger, store
from callboard.insights.choices import KnownPartners
from callboard.insights.explain import events_named, explain
from callboard.intake import store as log
from callboard.mail.feedback.store import undelivered_to
from callboard.people.access import may_see
from callboard.people.values import Person
from callboard.preferences import actions
from callboard.preferences.naming import condition_words, sentence
from callboard.preferences.values import Notification
from callboard.preferences.world import World
from callboard.support.values import About

EVENTS_EXPLAINED = 3
"""Events of one source request that are explained, the newest ones."""
ITEMS_LISTED = 50


def snapshot(person: Person, about: About, world: World, now: datetime) -> dict[str, Any]:
    """Return the context as JSON values; `world` has the person's mutes, and the partners."""
    linked, named = (visible(events_named(one), person, world) for one in (about.key, about.named))
    mail = _mail_of(linked[0], person, world) if about.is_mail and linked else None
    if mail and mail["count"] > 1:
        linked = []  # nobody knows which of its items is meant
    held = undelivered_to(person.email)
    explained = {one.number: one for one in (*linked, *named[:EVENTS_EXPLAINED])}
    return {
        "at": format_instant(now),
        "person": _of_person(person, world),
        "undelivered": shown(held.words) if held else "",
        "notifications": _settings(person, world, now),
        "events": [_explained(one, person, world, now) for one in explained.values()],
        "mail": mail,
        "named": shown(about.named),
        "page": about.page,
        "error": about.error,
    }


def visible(events: Iterable[Event], person: Person, world: World) -> list[Event]:
    """Return those of the events that the person may see now (A1–A3)."""
    return [one for one in events if may_see(person, one, world.catalogue, world.directory) is Access.ALLOWED]


def _of_person(person: Person, world: World) -> dict[str, Any]:
    roles = world.catalogue.roles
    return {
        "name": shown(person.name),
        "email": shown(person.email),
        "partner": shown(world.directory.partner_name(person.partner)) if person.partner else "",
        "roles": [shown(roles[one].label if one in roles else one) for one in person.roles],
        "time_zone": shown(person.time_zone),
        "digest_hour": person.digest_hour,
        "digest_weekday": person.digest_weekday,
        "notify_own_actions": person.notify_own_actions,
    }


def _settings(person: Person, world: World, now: datetime) -> list[dict[str, Any]]:
    """Return every notification of the person with its mute."""
    called = KnownPartners(person, world.catalogue, world.directory)
    found = []
    for one in actions.own(person, world.catalogue):
        mute = world.book.mutes.get((person.id, one.ref))
        muted = world.book.is_muted(person.id, one.ref, now)
        found.append(
            {
                "id": one.id,
                "kind": one.kind.value,
                "says": shown(sentence(one, world.catalogue, called)),
                "name": shown(one.name),
                "frequency": one.frequency.value,
                "muted": muted,
                "muted_until": format_instant(mute.until) if mute and muted and mute.until else None,
                "inactive": one.inactive,
            }
        )
    return found


def _explained(event: Event, person: Person, world: World, now: datetime) -> dict[str, Any]:
    """Return an event with its explanation: of the notifications those alone that ask for its type."""
    answer = explain(event, person, world, now)
    event_type = world.catalogue.event_types.get(event.type)
    called = KnownPartners(person, world.catalogue, world.directory)
    asking = [
        said | {"conditions": _checks(one, said, world, called)}
        for one, said in zip(actions.own(person, world.catalogue), answer["notifications"], strict=True)
        if one.event_type == event.type
    ]
    return {
        "key": event.key,
        **answer["event"],
        "label": event_type.label if event_type else event.type,
        "answer": answer["answer"],
        "access": answer["access"]["says"],
        "notifications": asking,
        "stand_ins": answer["stand_ins"],
        "decision": answer["decision"],
        "steps": answer["steps"],
    }


def _checks(one: Notification, said: dict[str, Any], world: World, called: KnownPartners) -> list[dict[str, Any]]:
    """Return the conditions of a notification in words, whether each holds, and what the event has."""
    return [
        {
            "holds": each["holds"],
            "says": shown(condition_words(condition, world.catalogue, called)),
            "has": each["event_has"],
        }
        for condition, each in zip(one.where, said["conditions"], strict=True)
    ]


def _mail_of(event: Event, person: Person, world: World) -> dict[str, Any] | None:
    """Return the mail that told the person of an event (D1: there is one at most), with what else was in it."""
    row = store.ledger_row(event.number, person.id)
    if row is None or row["mail_id"] is None:
        return None
    rows = store.own_rows(person.id, before=None, limit=1_000, mail_id=row["mail_id"])
    items = log.load_events(one["event_number"] for one in rows[:ITEMS_LISTED])
    return {
        "message_id": row["message_id"],
        "state": ledger.state_of(row),
        "frequency": row["frequency"],
        "count": len(rows),
        "items": [
            {"key": one.key, "id": one.id, "type": one.type, "subject": one.subject}
            for one in visible(items.values(), person, world)
        ],
    }
