"""`/settings/me`: the person's time zone, digests and own actions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from callboard.base.reasons import Frequency
from callboard.base.texts import shown
from callboard.decisions.windows import next_digest
from callboard.mail.wording import zone_of
from callboard.people.rules import read_own_settings
from callboard.people.store import save_own_settings
from callboard.people.zones import is_same_zone, zones
from callboard.web import store
from callboard.web.gates import same_person, signed_in
from callboard.web.viewer import viewer_of
from callboard.web.words import WEEKDAY_NAMES, leaves, offset_words, plural

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime

    from callboard.base.errors import Fault
    from callboard.people.values import Person
    from callboard.people.zones import Zone
    from callboard.web.viewer import Viewer

KEPT_COOKIE = "kept_zones"
KEPT_ZONES = 8
"""Zones that a browser remembers not to ask about again."""
_KEPT_S = 365 * 86_400
_NOTICE = "notice"
_PATHS = ("/settings", "/settings/me")
"""Pages with the note about the time zone, to which its buttons lead back."""
_REGIONS = {"Atlantic": "Atlantic Ocean", "Indian": "Indian Ocean", "Pacific": "Pacific Ocean"}
_STUCK = timedelta(days=7)
"""How long after its end a window is still told of; by then mail is stuck, which the console tells."""
_DIGESTS = (Frequency.HOURLY, Frequency.DAILY, Frequency.WEEKLY)


@dataclass(frozen=True, slots=True)
class Follows:
    """What settings bring: when the next digests leave, and what is already collecting.

    `waiting` holds "6 items" and "daily digest, today, 08:00".
    """

    zone: str
    clock: str
    digests: tuple[tuple[str, str], ...]
    waiting: tuple[tuple[str, str], ...]
    saved: bool


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
@same_person
def me(request: HttpRequest) -> HttpResponse:
    """Show and change the person's own settings."""
    viewer = viewer_of(request)
    if request.method != "POST":
        return _page(request, viewer, viewer.person)
    answer = _WISHES.get(request.POST.get("do", "save"))
    if answer is None:
        raise Http404("there is nothing like that to do")
    return answer(request, viewer)


def _save(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Save the form and say what changed; the last save wins."""
    changes = read_own_settings(_wanted(request), viewer.person)
    if isinstance(changes, list):
        return _refusal(request, viewer, changes)
    save_own_settings(viewer.person.id, changes)
    if changes or _NOTICE not in request.session:  # the second click of a double one has nothing to add
        request.session[_NOTICE] = {"says": _saved_words(changes), "undo": ""}
    return _onward(request, _way_back(request))


def _preview(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Show what the form would bring, and save nothing."""
    changes = read_own_settings(_wanted(request), viewer.person)
    if isinstance(changes, list):
        return _refusal(request, viewer, changes)
    wanted = replace(viewer.person, **changes)
    if request.headers.get("HX-Request") == "true":
        return render(request, "web/me_follows.html", {"follows": _follows(viewer, wanted)})
    return _page(request, viewer, wanted)


def _keep_zone(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Remember in this browser that the person keeps the stored zone although the browser is in another."""
    fault = read_own_settings({"time_zone": request.POST.get("time_zone", "")}, viewer.person)
    if isinstance(fault, list):
        return _refusal(request, viewer, fault)
    whose = f"{viewer.person.id}~{viewer.person.time_zone}"
    known = request.COOKIES.get(KEPT_COOKIE, "")
    kept = known[len(whose) + 1 :].split("~") if known.startswith(f"{whose}~") else []
    zone = request.POST["time_zone"]
    kept = [*(one for one in kept if one and one != zone), zone][-KEPT_ZONES:]
    response = _onward(request, _way_back(request))
    response.set_cookie(
        KEPT_COOKIE, "~".join([whose, *kept]), max_age=_KEPT_S, path="/settings",
        secure=request.is_secure(), httponly=True, samesite="Lax",
    )  # fmt: skip
    return response


_WISHES: Mapping[str, Callable[[HttpRequest, Viewer], HttpResponse]] = {
    "save": _save,
    "preview": _preview,
    "use-zone": _save,
    "keep-zone": _keep_zone,
}


def _wanted(request: HttpRequest) -> dict[str, Any]:
    """Return the settings that a form names. Only the whole form says no by leaving its tick out."""
    sent = request.POST
    wanted: dict[str, Any] = {key: sent[key] for key in ("time_zone", "digest_weekday") if key in sent}
    if "digest_hour" in sent:
        hour = sent["digest_hour"]
        wanted["digest_hour"] = int(hour) if hour.isascii() and hour.isdigit() and len(hour) <= 2 else hour  # noqa: PLR2004 - "23"
        wanted["notify_own_actions"] = sent.get("notify_own_actions") == "on"
    return wanted


_LABELS = {
    "/time_zone": "Time zone",
    "/digest_hour": "Digest hour",
    "/digest_weekday": "Weekly digest",
    "/notify_own_actions": "Own actions",
}


def _refusal(request: HttpRequest, viewer: Viewer, faults: list[Fault]) -> HttpResponse:
    said = [f"{_LABELS.get(one.pointer, one.pointer)} {shown(one.message)}." for one in faults]
    if request.headers.get("HX-Request") == "true":
        return render(request, "web/me_faults.html", {"faults": said}, status=422)
    return _page(request, viewer, viewer.person, faults=said, status=422)


def _onward(request: HttpRequest, path: str) -> HttpResponse:
    """Lead on to a page: what was sent by a script is answered with the way, so that it loads whole."""
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(status=204, headers={"HX-Redirect": path})
    return redirect(path)


def _way_back(request: HttpRequest) -> str:
    back = request.POST.get("back", "")
    return back if back in _PATHS else "/settings/me"


def _saved_words(changes: Mapping[str, Any]) -> str:
    if not changes:
        return "Nothing to save: these are your settings already."
    said = []
    if "time_zone" in changes:
        said.append(f"your time zone is {changes['time_zone']}")
    if "digest_hour" in changes:
        said.append(f"daily and weekly digests leave at {changes['digest_hour']:02}:00")
    if "digest_weekday" in changes:
        said.append(f"weekly digests leave on {WEEKDAY_NAMES[changes['digest_weekday']]}")
    if "notify_own_actions" in changes:
        said.append(f"your own actions are {'' if changes['notify_own_actions'] else 'not '}mailed to you")
    return f"Saved: {'; '.join(said)}."


def _page(
    request: HttpRequest, viewer: Viewer, wanted: Person, *, faults: Iterable[str] = (), status: int = 200
) -> HttpResponse:
    page = {
        "viewer": viewer,
        "wanted": wanted,
        "regions": list(_regions(wanted, viewer.now)),
        "hours": [(hour, f"{hour:02}:00") for hour in range(24)],
        "weekdays": WEEKDAY_NAMES.items(),
        "follows": _follows(viewer, wanted),
        "faults": list(faults),
        "notice": request.session.pop(_NOTICE, None) if request.method == "GET" else None,
    }
    return render(request, "web/me.html", page, status=status)


def _regions(person: Person, now: datetime) -> Iterator[tuple[str, list[tuple[str, str, str, bool]]]]:
    """Yield region -> (name, label, words to find it by, whether it is set) of its zones."""
    for region, members in groupby(zones(), key=lambda one: one.region):
        yield (
            _REGIONS.get(region, region),
            [
                (one.name, _label(one, now), " ".join((one.name, *one.also)), is_same_zone(one.name, person.time_zone))
                for one in members
            ],
        )
    if not any(is_same_zone(one.name, person.time_zone) for one in zones()):
        label = _label_of(person.time_zone, shown(person.time_zone), now)
        yield "Set for you", [(person.time_zone, label, "", True)]


def _label(zone: Zone, now: datetime) -> str:
    return _label_of(zone.name, zone.label, now)


def _label_of(name: str, label: str, now: datetime) -> str:
    local = now.astimezone(zone_of(name)[0])
    offset = offset_words(local)
    return f"{label} (now {local:%H:%M})" if offset == label else f"{label} ({offset}, now {local:%H:%M})"


def _follows(viewer: Viewer, wanted: Person) -> Follows:
    """Return what settings bring, told by the clock they set."""
    narrator = replace(viewer, person=wanted).narrator()
    digests = tuple(
        (f"Next {one.value} digest", leaves(narrator, next_digest(wanted, one, viewer.now))) for one in _DIGESTS
    )
    waiting = tuple(
        (plural(one.items, "item"), f"{_kind(one.frequency)}: {leaves(narrator, one.ends_at)}")
        for one in store.waiting_of(viewer.person.id, viewer.now - _STUCK)
    )
    return Follows(
        zone=narrator.zone_name,
        clock=f"{narrator.local(viewer.now):%H:%M}",
        digests=digests,
        waiting=waiting,
        saved=wanted == viewer.person,
    )


def _kind(frequency: Frequency) -> str:
    return "mail" if frequency is Frequency.IMMEDIATELY else f"{frequency.value} digest"
