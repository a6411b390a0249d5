"""The catalogue as it is in force, read-only: types, fields, roles, Defaults, and what uses each type."""

from __future__ import annotations

from datetime import timedelta

from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from callboard.base.instants import to_us
from callboard.catalogue.values import Catalogue, Default, Field
from callboard.console import store
from callboard.console.known import catalogue, now
from callboard.console.operators import console
from callboard.preferences.naming import sentence
from callboard.preferences.values import from_default

DAYS = 30
MOST_COUNTED = 100_000
"""Events of one type that are counted; more is "over 100,000"."""


@require_safe
def types(request: HttpRequest) -> HttpResponse:
    """Show every event type with what uses it."""
    known = catalogue()
    since_us = to_us(now() - timedelta(days=DAYS))
    customs = store.customs_by_type()
    events = store.events_by_type(list(known.event_types), since_us, MOST_COUNTED)
    groups: dict[str, list[dict[str, object]]] = {}
    for one in known.event_types.values():
        groups.setdefault(one.group, []).append(
            {
                "type": one,
                "defaults": len(known.defaults_by_type.get(one.id, ())),
                "customs": customs.get(one.id, 0),
                "events": _counted(events.get(one.id, 0)),
            }
        )
    unknown = sorted((one, count) for one, count in customs.items() if one not in known.event_types)
    context = {
        **console.each_context(request),
        "title": "Catalogue",
        "section": "catalogue",
        "groups": list(groups.items()),
        "roles": [(one, _defaults_of(known, one.id)) for one in known.roles.values()],
        "fields": [(one, _users_of(known, one)) for one in known.fields.values()],
        "unknown": unknown,
        "days": DAYS,
    }
    return TemplateResponse(request, "console/catalogue.html", context)


def _counted(count: int) -> str:
    return f"over {count:,}" if count >= MOST_COUNTED else f"{count:,}"


def _defaults_of(known: Catalogue, role: str) -> int:
    return sum(one.role == role for one in known.defaults.values())


def _users_of(known: Catalogue, field: Field) -> int:
    return sum(field.key in one.fields for one in known.event_types.values())


@require_safe
def event_type(request: HttpRequest, type_id: str) -> HttpResponse:
    """Show one event type.

    Raises:
        Http404: the catalogue has no such type.
    """
    known = catalogue()
    found = known.event_types.get(type_id)
    if found is None:
        raise Http404("no such type")
    since_us = to_us(now() - timedelta(days=DAYS))
    context = {
        **console.each_context(request),
        "title": found.label,
        "section": "catalogue",
        "type": found,
        "fields": [known.fields[key] for key in found.fields],
        "defaults": [
            (one, known.roles[one.role].label, _said(one, known)) for one in known.defaults_by_type.get(type_id, ())
        ],
        "roles": [one for one in known.roles.values() if one.sees_type(type_id)],
        "customs": store.customs_by_type().get(type_id, 0),
        "events": _counted(store.events_by_type([type_id], since_us, MOST_COUNTED).get(type_id, 0)),
        "days": DAYS,
    }
    return TemplateResponse(request, "console/event_type.html", context)


def _said(one: Default, known: Catalogue) -> str:
    """Return what a Default asks for, as a sentence."""
    return sentence(from_default(one, known.event_types[one.event_type].label), known, _as_code)


def _as_code(partner: str) -> str:
    return partner
