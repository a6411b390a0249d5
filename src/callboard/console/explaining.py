"""`/console/explain`: why a person did, or did not, get an event; told by the same code as `callboard explain`."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from callboard.base.texts import address_key, shown
from callboard.catalogue.values import Event
from callboard.console import known, store
from callboard.console.operators import console
from callboard.insights.explain import explain
from callboard.intake import store as log
from callboard.people.models import User
from callboard.preferences import store as preferences
from callboard.preferences.world import World

_LONGEST = 2_000
_OFFERED = 20
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
        answer = _explain(events[0], user)
        same = [one for one in answer["notifications"] if one["event_type"] == events[0].type]
        context |= {
            "answer": answer,
            "tone": _TONES.get((answer["decision"] or {}).get("state") or "", ""),
            "asking": same,
            "others": len(answer["notifications"]) - len(same),
            "event": events[0],
            "event_url": f"/console/intake/eventrecord/{events[0].number}/change/",
        }
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


def _explain(event: Event, user: User) -> dict[str, Any]:
    world = World(known.catalogue())
    world.directory = known.partners()
    person = known.person(user, world.directory)
    for mute in preferences.mutes_of(person.id).values():
        world.book.put_mute(mute)
    return explain(event, person, world, known.now())
