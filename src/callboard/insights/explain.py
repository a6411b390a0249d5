"""Why did this person, or did not, get this event: every notification, condition and later step."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from callboard.base.errors import RejectedError
from callboard.base.instants import format_instant, from_us
from callboard.base.reasons import Access
from callboard.catalogue.conditions import holds
from callboard.catalogue.values import MENTIONS_ME, Event
from callboard.insights import ledger, store
from callboard.insights.choices import KnownPartners
from callboard.intake import store as log
from callboard.intake.cloudevents import event_key
from callboard.mail import store as outbox
from callboard.people import store as people
from callboard.people.access import may_see
from callboard.people.values import Directory, Person, StandIn
from callboard.preferences import actions
from callboard.preferences import store as preferences
from callboard.preferences.naming import sentence
from callboard.preferences.values import Mute, Notification
from callboard.preferences.world import World

ASKED_AMONG = 100_000
"""The newest events among which a subject or an id is looked for."""
_READ = 500
_KEY = re.compile(r"(?:.*/items/)?([0-9a-f]{32})/?(?:[?#].*)?")
ACCESS_WORDS = {
    Access.ALLOWED: "may see it",
    Access.DEACTIVATED: "is deactivated: gets nothing (A1)",
    Access.ROLE_DOES_NOT_SEE: "has no role that sees this event type (A2)",
    Access.OTHER_PARTNER: "belongs to a partner that the event does not concern (A3)",
}


@dataclass(frozen=True, slots=True)
class Lender:
    """Somebody for whom the person stood in, and when."""

    person: Person
    about: StandIn


def find_event(event_id: str, source: str | None) -> Event:
    """Return the stored event with this id.

    Raises:
        RejectedError: there is none, or several sources sent one and `source` does not say which.
    """
    if source is None:
        sources = log.sources_of(event_id)
        if len(sources) > 1:
            raise RejectedError(
                f"several sources sent an event {event_id}: {', '.join(sources)}; name one with --source"
            )
        source = sources[0] if sources else ""
    event = log.find_event(key=event_key(source, event_id))
    if event is None:
        raise RejectedError(f"there is no event {event_id}" + (f" from {source}" if source else ""), type="not-found")
    return event


def events_named(text: str) -> list[Event]:
    """Return what a source request, an event's id, or the address of its page stands for, newest first.

    Whoever asks for a person looks afterwards at what that person may see (A1–A3).
    """
    if not text or "\x00" in text:  # PostgreSQL takes no text with it; no stored subject or id has it
        return []
    known = _KEY.fullmatch(text)
    by_key = log.find_event(key=known[1]) if known else None
    if by_key:
        return [by_key]
    events = log.load_events(store.numbers_named(text, among=ASKED_AMONG, limit=_READ))
    return sorted(events.values(), key=lambda one: -one.number)


def explain(event: Event, person: Person, world: World, now: datetime) -> dict[str, Any]:
    """Return the whole answer as JSON values.

    What was decided is told from the ledger; the notifications and conditions are worked out
    with the settings of now, for a person without a ledger row as well (D5). `stand_ins` tells
    the same of those for whom the person stood in.
    """
    access = may_see(person, event, world.catalogue, world.directory)
    row = store.ledger_row(event.number, person.id)
    called = KnownPartners(person, world.catalogue, world.directory)
    answer: dict[str, Any] = {
        "event": {
            "id": event.id,
            "source": event.source,
            "type": event.type,
            "subject": event.subject,
            "title": event.data.get("title"),
            "time": format_instant(event.time_at),
            "accepted_at": format_instant(event.accepted_at),
        },
        "user": person.email,
        "access": {"answer": access.value, "says": f"{person.name} {ACCESS_WORDS[access]}"},
        "notifications": [
            _of_notification(one, person, world.book.mutes.get((person.id, one.ref)), event, world, now, called)
            for one in actions.own(person, world.catalogue)
        ],
        "stand_ins": [
            _of_lender(one, event, world, now, called) for one in lenders_of(event, row, person, world.directory)
        ],
        "decision": ledger.as_json(row) if row else None,
        "steps": _steps(row),
    }
    answer["answer"] = _answer(answer, parked=log.is_parked(event.number))
    return answer


def lenders_of(event: Event, row: dict[str, Any] | None, person: Person, directory: Directory) -> list[Lender]:
    """Return for whom the person stood in when the event was decided, or accepted while it is not.

    Those whose notifications counted are among them, however it stands with them now.
    """
    at = event.accepted_at if row is None else from_us(row["decided_us"])
    found = people.lenders_of(person.id, at, row["lenders"] if row else ())
    persons = people.persons_by_id([one.person_id for one in found], directory)
    return [Lender(persons[one.person_id], one) for one in found]


def _of_lender(lender: Lender, event: Event, world: World, now: datetime, called: KnownPartners) -> dict[str, Any]:
    """Return what the notifications of the event's type, and no others, of whom the person stands in for made of it."""
    owner, about = lender.person, lender.about
    access = may_see(owner, event, world.catalogue, world.directory)
    mutes = preferences.mutes_of(owner.id)
    return {
        "for": owner.email,
        "name": owner.name,
        "from": format_instant(about.starts_at),
        "until": format_instant(about.ended_at or about.ends_at),
        "in_force": about.is_in_force(now),
        "access": {"answer": access.value, "says": f"{owner.name} {ACCESS_WORDS[access]}"},
        "notifications": [
            _of_notification(one, owner, mutes.get(one.ref), event, world, now, called)
            for one in actions.own(owner, world.catalogue)
            if one.event_type == event.type
        ],
    }


def _of_notification(
    one: Notification,
    person: Person,
    mute: Mute | None,
    event: Event,
    world: World,
    now: datetime,
    called: KnownPartners,
) -> dict[str, Any]:
    muted = mute is not None and mute.is_muted(now)
    found: dict[str, Any] = {
        "id": one.id,
        "kind": one.kind.value,
        "name": one.name or sentence(one, world.catalogue, called),
        "event_type": one.event_type,
        "frequency": one.frequency.value,
        "role": one.role,
        "muted": muted,
        "muted_until": format_instant(mute.until) if mute and muted and mute.until else None,
        "inactive": one.inactive,
    }
    if one.event_type != event.type:
        return found | {"matches": False, "why": "asks for another event type", "conditions": []}
    conditions = [_of_condition(condition, person, event, world) for condition in one.where]
    access = may_see(person, event, world.catalogue, world.directory)
    failing = next((condition for condition in conditions if not condition["holds"]), None)
    if one.inactive:
        why = f"is inactive: {one.inactive}"
    elif access is not Access.ALLOWED:
        why = f"{person.name} {ACCESS_WORDS[access]}"
    elif failing:
        why = f"{failing['says']} does not hold"
    else:
        why = "matches, but is muted" if muted else "matches"
    matched = not one.inactive and access is Access.ALLOWED and failing is None
    return found | {"matches": matched, "why": why, "conditions": conditions}


def _of_condition(condition: Any, person: Person, event: Event, world: World) -> dict[str, Any]:
    field = world.catalogue.fields[condition.field]
    true = holds(condition, field, event, viewer=person.key, ancestors=world.directory.ancestors)
    has = person.key in event.mentioned if field.key == MENTIONS_ME else event.data.get(field.key)
    said = "nothing" if has is None else has
    return {
        **condition.as_json(),
        "holds": true,
        "event_has": has,
        "says": f"{field.label} {condition.op} {condition.value} (the event has {said})",
    }


def _steps(row: dict[str, Any] | None) -> list[dict[str, Any]]:
    """Return what happened after the decision, in order."""
    if row is None or row["ends_us"] is None:
        return []
    steps = [
        {
            "step": "window",
            "says": f"collected from {format_instant(from_us(row['starts_us']))}"
            f" until {format_instant(from_us(row['ends_us']))}",
        }
    ]
    if row["withdrawn_reason"]:
        steps.append({"step": "withdrawn", "says": f"withdrawn: {row['withdrawn_reason']}"})
    if row["mail_id"] is None:
        return steps
    mail = outbox.find_mail(row["mail_id"]) or {}
    steps.append(
        {
            "step": "composed",
            "says": f"mail {row['message_id']} composed {format_instant(from_us(mail['composed_us']))}",
        }
    )
    for attempt in outbox.attempts_of(row["mail_id"]):
        said = "no answer yet" if attempt["code"] is None else f"{attempt['code'] or ''} {attempt['reply']}".strip()
        steps.append(
            {
                "step": "attempt",
                "says": f"try {attempt['number']} at {format_instant(from_us(attempt['began_us']))}: {said}",
            }
        )
    if mail["state"] not in {"queued", "leased"}:
        steps.append({"step": mail["state"], "says": f"{mail['state']}: {mail['last_reply']}".rstrip(": ")})
    return steps


_SKIPPED = {
    "own-action": "No: the person caused the event, and does not ask for mails about own actions.",
    "muted": "No: every notification that matched was muted.",
}
_STATES = {
    "scheduled": "Yes: it is collecting for the mail that is due {due_at}.",
    "queued": "Yes: its mail was due {due_at} and waits for its turn or its retry.",
    "sent": "Yes: its mail was accepted by the mail server.",
    "bounced": "It was sent, but came back.",
    "failed": "No: its mail could not be delivered.",
    "held": "Not yet: the address was refused, so mails are held until it is released.",
    "withdrawn": "No: decided, then withdrawn before it was sent ({reason}).",
}


def _answer(answer: dict[str, Any], *, parked: bool) -> str:
    decision = answer["decision"]
    if decision:
        words = _SKIPPED if decision["outcome"] == "skip" else _STATES
        key = decision["reason"] if decision["outcome"] == "skip" else decision["state"]
        return words[key].format(**decision)
    if parked:
        return "Not decided yet: the event is parked until an operator has looked at it."
    if answer["access"]["answer"] != Access.ALLOWED:
        return f"No: {answer['access']['says']}."
    lent = [one for each in answer["stand_ins"] for one in each["notifications"]]
    if any(one["matches"] for one in answer["notifications"] + lent):
        return "No ledger row yet: the event is not decided, or the settings changed since it was."
    return "No: none of the person's notifications matches."
