"""`/console/audit`: who did what, and why.

Each kind of record is one entry of `RECORDS`; further kinds are added there.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.admin.models import LogEntry
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from callboard.base.texts import shown
from callboard.changing import Door
from callboard.console.known import instant, instant_s, instant_us
from callboard.console.models import Act, Acting
from callboard.console.operators import console
from callboard.console.people_tables import partner_url, user_url
from callboard.people.models import PartnerChange, PersonChange

SHOWN = 50


@dataclass(frozen=True, slots=True)
class Line:
    """One record: when, who, what it was done to, what was done; `details` are its parts, each a `unit`."""

    number: int
    at: str
    who: str
    what: str
    to: str
    url: str = ""
    details: tuple[str, ...] = ()
    unit: str = "request"


_DOORS: dict[str, str] = {
    Door.TEAM: "on the team page",
    Door.CONSOLE: "in the console",
    Door.API: "over the API",
    Door.SCIM: "by the sign-on system",
    Door.IMPORT: "by an import",
    Door.NIGHTLY: "by the nightly check",
    Door.COMMAND: "by a command",
}

Reader = Callable[[int, int], list[Line]]
"""Takes the number before which to begin and how many are wanted; returns the records, newest first."""


def _deeds(before: int, limit: int) -> list[Line]:
    rows = LogEntry.objects.filter(id__lt=before).select_related("user").order_by("-id")[:limit]
    return [
        Line(one.pk, instant(one.action_time), shown(one.user.email), shown(one.change_message), shown(one.object_repr))
        for one in rows
    ]


def _actings(before: int, limit: int) -> list[Line]:
    rows = list(Acting.objects.filter(id__lt=before).select_related("operator", "person").order_by("-id")[:limit])
    acts: dict[int, list[str]] = {}
    for act in Act.objects.filter(acting__in=rows).order_by("id")[: SHOWN * 20]:
        acts.setdefault(act.acting_id, []).append(_act_words(act))
    return [
        Line(
            one.pk, instant_s(one.began_s), shown(one.operator.email), shown(one.reason), shown(one.person.email),
            user_url(one.person), tuple(acts.get(one.pk, ())),
        )
        for one in rows
    ]  # fmt: skip


def _person_changes(before: int, limit: int) -> list[Line]:
    rows = PersonChange.objects.filter(id__lt=before).select_related("by", "person").order_by("-id")[:limit]
    return [_line(one, "Account", one.person.email, user_url(one.person)) for one in rows]


def _partner_changes(before: int, limit: int) -> list[Line]:
    rows = PartnerChange.objects.filter(id__lt=before).select_related("by", "partner").order_by("-id")[:limit]
    return [_line(one, "Partner account", one.partner.name, partner_url(one.partner)) for one in rows]


def _line(change: PersonChange | PartnerChange, noun: str, to: str, url: str) -> Line:
    door = _DOORS.get(change.door, change.door)
    what = f"{noun} created" if change.before_json == "null" else f"{noun} changed"
    return Line(
        number=change.pk,
        at=instant_us(change.at_us),
        who=f"{shown(change.by.email)} {door}" if change.by else door,
        what=f"{what} ({shown(change.note)})" if change.note else what,
        to=shown(to),
        url=url,
        details=tuple(_differences(change.before_json, change.after_json)),
        unit="difference",
    )


def _differences(before: str, after: str) -> Iterator[str]:
    """Yield what of a record is other than before, in the words of 4.1."""
    old, new = json.loads(before) or {}, json.loads(after)
    for key, value in new.items():
        if key not in old:
            yield f"{key}: {shown(json.dumps(value, ensure_ascii=False))}"
        elif old[key] != value:
            was, is_now = (shown(json.dumps(one, ensure_ascii=False)) for one in (old[key], value))
            yield f"{key}: {was} → {is_now}"


def _act_words(act: Act) -> str:
    said = f" {shown(act.said)}" if act.said else ""
    answered = "" if act.status is None else f", answered {act.status}"
    return f"{instant_s(act.at_s)}: {act.method} {shown(act.path)}{said}{answered}"


RECORDS: dict[str, tuple[str, Reader]] = {
    "deeds": ("Deeds of operators", _deeds),
    "acting": ("Acting for people", _actings),
    "people": ("Changes of people", _person_changes),
    "partners": ("Changes of partners", _partner_changes),
}


@require_safe
def audit(request: HttpRequest) -> HttpResponse:
    """Show one kind of record.

    Raises:
        Http404: there is no such kind.
    """
    kind = request.GET.get("kind", "deeds")
    if kind not in RECORDS:
        raise Http404("no such kind of record")
    text = request.GET.get("before", "")
    before = int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else 2**62  # noqa: PLR2004 - 64 bits
    lines = RECORDS[kind][1](before, SHOWN + 1)
    context: dict[str, Any] = {
        **console.each_context(request),
        "title": "Audit",
        "section": "audit",
        "tabs": [(title, f"/console/audit?kind={key}") for key, (title, _) in RECORDS.items()],
        "here": f"/console/audit?kind={kind}",
        "lines": lines[:SHOWN],
        "older": f"/console/audit?kind={kind}&before={lines[SHOWN - 1].number}" if len(lines) > SHOWN else "",
    }
    return TemplateResponse(request, "console/audit.html", context)
