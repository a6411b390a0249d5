"""`/settings/stand-in`: name a colleague who gets one's mails for a time, see for whom one stands in, end either."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from callboard.base.errors import Fault, RejectedError
from callboard.base.instants import parse_date
from callboard.base.texts import shown
from callboard.mail.letters.stand_in import tell_ended, tell_named
from callboard.mail.render import STAND_IN_PATH
from callboard.people import standing
from callboard.web.accounts.limits import may_name_stand_in
from callboard.web.gates import same_person, signed_in
from callboard.web.standing import lines_of
from callboard.web.viewer import viewer_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from callboard.web.viewer import Viewer

OFFERED = 12
"""Colleagues that are listed at a time; a search finds the others."""
_NOTICE = "notice"
_BACK = (STAND_IN_PATH, "/settings")
_LABELS = {"/delegate": "This colleague", "/from": "The first day", "/until": "The last day"}
_HEADLESS = ("q", "delegate", "from", "until")


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody on offer."""

    email: str
    name: str
    partner: str


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
@same_person
def stand_in(request: HttpRequest) -> HttpResponse:
    """Show the person's stand-ins, search for a colleague, name one, or end one."""
    viewer = viewer_of(request)
    if request.method != "POST":
        return _page(request, viewer, {})
    wish, _, key = request.POST.get("do", "").partition(" ")
    sent = {key: request.POST.get(key, "")[:200].replace("\0", "") for key in _HEADLESS}
    if wish == "search":
        return _page(request, viewer, sent)
    if wish == "name":
        return _name(request, viewer, sent)
    if wish == "end" and key.isascii() and key.isdecimal() and len(key) < 19:  # noqa: PLR2004 - a number of the table
        return _end(request, viewer, int(key))
    raise Http404("there is nothing like that to do")


def _name(request: HttpRequest, viewer: Viewer, sent: Mapping[str, str]) -> HttpResponse:
    try:
        starts_at, ends_at = _span(sent, viewer)
        with transaction.atomic():
            made = standing.name_delegate(
                viewer.person, sent["delegate"], viewer.directory, viewer.now, starts_at=starts_at, ends_at=ends_at
            )
            _count_naming(request)
            tell_named(made, viewer.catalogue, viewer.directory, viewer.now)
    except RejectedError as exc:
        response = _page(request, viewer, sent, faults=exc.faults, status=429 if exc.type == "too-often" else 422)
        if response.status_code == 429:  # noqa: PLR2004 - HTTP's own number
            response["Retry-After"] = str(standing.LIMIT_S)
        return response
    says = f"Saved: {shown(made.delegate.name)} stands in for you until {viewer.narrator().until(ends_at)}."
    request.session[_NOTICE] = {"says": says, "undo": ""}
    return redirect(STAND_IN_PATH)


def _count_naming(request: HttpRequest) -> None:
    if not may_name_stand_in(request):
        raise RejectedError(standing.TOO_OFTEN, type="too-often")


def _end(request: HttpRequest, viewer: Viewer, stand_in_id: int) -> HttpResponse:
    back = request.POST.get("back", "")
    says = "Nothing to end: it is over already."
    try:
        with transaction.atomic():
            ended = standing.end(viewer.person, stand_in_id, viewer.directory, viewer.now)
            tell_ended(ended, viewer.person, viewer.now)
        is_mine = ended.person.id == viewer.person.id
        says = (
            f"Ended: {shown(ended.delegate.name)} no longer stands in for you."
            if is_mine
            else f"Ended: you no longer stand in for {shown(ended.person.name)}."
        )
    except RejectedError as exc:
        if exc.type != "not-found":
            raise
    request.session[_NOTICE] = {"says": says, "undo": ""}
    return redirect(back if back in _BACK else STAND_IN_PATH)


def _span(sent: Mapping[str, str], viewer: Viewer) -> tuple[datetime, datetime]:
    """Return the begin of the first day and the end of the last one, on the person's clock.

    Raises:
        RejectedError: one of the two is no date.
    """
    faults, found = [], []
    for key, days in (("from", 0), ("until", 1)):
        try:
            day = parse_date(sent[key]) + timedelta(days=days)
            found.append(datetime.combine(day, time(), viewer.narrator().zone).astimezone(UTC))
        except (ValueError, OverflowError):
            faults.append(Fault(f"/{key}", "must be a date, like 2026-12-04"))
    if faults:
        raise RejectedError(faults)
    return found[0], found[1]


def _page(
    request: HttpRequest, viewer: Viewer, sent: Mapping[str, str], *, faults: Iterable[Fault] = (), status: int = 200
) -> HttpResponse:
    person, directory, today = viewer.person, viewer.directory, viewer.narrator().today
    found = standing.colleagues(person, directory, sent.get("q", ""), OFFERED + 1)
    lines = lines_of(viewer)
    page = {
        "viewer": viewer,
        "standing_in": [one for one in lines if one.is_delegate],
        "mine": [one for one in lines if not one.is_delegate],
        "colleagues": [
            Colleague(one.email, shown(one.name), shown(directory.partner_name(one.partner or "")))
            for one in found[:OFFERED]
        ],
        "has_more": len(found) > OFFERED,
        "sent": {"from": today.isoformat(), **{key: value for key, value in sent.items() if value}},
        "today": today.isoformat(),
        "latest": (today + timedelta(days=standing.MAX_DAYS - 1)).isoformat(),
        "zone": viewer.narrator().zone_name,
        "faults": [_sentence(one) for one in faults],
        "notice": request.session.pop(_NOTICE, None) if request.method == "GET" else None,
    }
    is_part = request.headers.get("HX-Request") == "true" and status == 200  # noqa: PLR2004 - what a search gives
    return render(request, "web/stand_in_colleagues.html" if is_part else "web/stand_in.html", page, status=status)


def _sentence(fault: Fault) -> str:
    said = f"{_LABELS.get(fault.pointer, fault.pointer)} {shown(fault.message)}.".lstrip()
    return said[0].upper() + said[1:]
