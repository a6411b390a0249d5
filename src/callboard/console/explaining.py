"""`/console/explain`: why a person did, or did not, get an event; told by the same code as `callboard explain`."""

from __future__ import annotations

import re
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from callboard.base.instants import parse_instant
from callboard.base.texts import address_key, shown
from callboard.catalogue.values import Event
from callboard.console import known, store
from callboard.console.operators import console
from callboard.insights.explain import explain
from callboard.intake import store as log
from callboard.people.models import User
from callboard.people.store import find_person
from callboard.preferences import actions
from callboard.preferences import store as preferences
from callboard.preferences.naming import condition_words
from callboard.preferences.values import Notification
from callboard.preferences.world import World

_LONGEST = 2_000
_OFFERED = 20
_INSTANT = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
_TONES = {"sent": "ok", "failed": "critical", "held": "critical", "bounced": "critical"}


@require_safe
def explanation(request: HttpRequest) -> HttpResponse:
    """Ask for an event and a person, and tell why."""
    asked, email = (_text(request, key) for key in ("event", "user"))
    events = _find(asked) if asked else []
    user = User.objects.filter(email_key=address_key(email)).first() if email else None
    context: dict[str, Any] = {
        **console.each_context(request),
        "title": "Explain",
        "section": "explain",
        "asked": asked,
        "email": email,
        "owner": user,
        "offered": [_offer(one) for one in events[:_OFFERED]] if len(events) > 1 else [],
        "fault": _fault(asked, email, events, user),
    }
    if len(events) == 1 and user:
        context |= _answer(events[0], user)
    return TemplateResponse(request, "console/explain.html", context)


def _text(request: HttpRequest, key: str) -> str:
    return request.GET.get(key, "").strip()[:_LONGEST].replace("\x00", "")


def _find(asked: str) -> list[Event]:
    """Return the events with this key, id or subject, newest first."""
    by_key = log.find_event(key=asked)
    if by_key:
        return [by_key]
    events = log.load_events(store.numbers_of_events(asked))
    return sorted(events.values(), key=lambda one: -one.number)


def _offer(event: Event) -> dict[str, Any]:
    return {
        "key": event.key,
        "id": shown(event.id),
        "type": known.type_name(event.type),
        "subject": shown(event.subject or ""),
        "source": shown(event.source),
        "at": known.instant(event.accepted_at),
    }


def _fault(asked: str, email: str, events: list[Event], user: User | None) -> str:
    """Return what is missing for an answer; "" when nothing is, or nothing was asked."""
    if asked and not events:
        return f"There is no event “{shown(asked)}”: neither by id, nor by source request among the newest 100,000."
    if email and user is None:
        return f"There is no user “{shown(email)}”."
    if asked and not email:
        return "Say whom to explain it for."
    if email and not asked:
        return "Say which event to explain."
    return ""


def _answer(event: Event, user: User) -> dict[str, Any]:
    """Return the explanation, with instants and conditions as people read them."""
    world = World(known.catalogue())
    world.directory = known.partners()
    person = known.person(user, world.directory)
    for mute in preferences.mutes_of(person.id).values():
        world.book.put_mute(mute)
    answer = explain(event, person, world, known.now())
    mine = actions.own(person, world.catalogue)
    asking = [
        (said, _checks(one, said, world))
        for one, said in zip(mine, answer["notifications"], strict=True)
        if one.event_type == event.type
    ]
    return {
        "answer": answer,
        "tone": _TONES.get((answer["decision"] or {}).get("state") or "", ""),
        "told": readable(answer["answer"]),
        "asking": asking,
        "others": len(mine) - len(asking),
        "stand_ins": [(one, _lent(one, event, world)) for one in answer["stand_ins"]],
        "steps": [(one["step"], readable(one["says"])) for one in answer["steps"]],
        "accepted": known.instant(event.accepted_at),
        "event_url": f"/console/intake/eventrecord/{event.number}/change/",
    }


def _lent(lender: dict[str, Any], event: Event, world: World) -> list[tuple[dict[str, Any], Any]]:
    """Return what was said of each notification of somebody for whom the person stood in, with its conditions."""
    owner = find_person(lender["for"], world.directory)
    asking = [one for one in actions.own(owner, world.catalogue) if one.event_type == event.type] if owner else []
    return [(said, _checks(one, said, world)) for one, said in zip(asking, lender["notifications"], strict=True)]


def _checks(one: Notification, said: dict[str, Any], world: World) -> list[tuple[bool, str, str]]:
    """Return for each condition whether it holds, what it asks for, and what the event has."""
    catalogue, name = world.catalogue, world.directory.partner_name
    return [
        (each["holds"], condition_words(condition, catalogue, name), has_words(each["event_has"]))
        for condition, each in zip(one.where, said["conditions"], strict=True)
    ]


def has_words(value: Any) -> str:
    """Return what an event has in a field, in words."""
    if value is None or value == []:
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(shown(str(one)) for one in (value if isinstance(value, list | tuple) else [value]))


def readable(text: str) -> str:
    """Return a sentence with its instants as all pages show them."""
    return shown(_INSTANT.sub(lambda found: known.instant(parse_instant(found[0])), text))
