"""`/console/people/N/account`: an operator tries a change of an account, then makes it, for a reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods

from callboard.base.errors import RejectedError
from callboard.base.texts import shown
from callboard.changing import By, Door, change_person
from callboard.console import store
from callboard.console.acting import LONGEST_REASON, SHORTEST_REASON
from callboard.console.known import catalogue, config, now
from callboard.console.operators import console
from callboard.console.people_tables import user_url
from callboard.insights.foresight import foresee, load_circle_for
from callboard.insights.whatif_words import Reader, Tone, sentences
from callboard.people.models import Partner, User
from callboard.people.sequences import hold_changes

_TONES = {Tone.PLAIN: "plain", Tone.LESS: "brass", Tone.MORE: "ok", Tone.WARNING: "critical"}
_CHANGED = "This account was changed meanwhile. See once more what would change."


@require_http_methods(["GET", "HEAD", "POST"])
def account(request: HttpRequest, user_id: int) -> HttpResponse:
    """Show an account's partner, roles and state; try a change of them, or make the one that was tried.

    Raises:
        Http404: there is no such person at a partner account.
    """
    person = User.objects.select_related("partner").filter(pk=user_id, partner__isnull=False).first()
    operator = request.user
    if person is None or not isinstance(operator, User):
        raise Http404("no such person")
    if request.method != "POST":
        return _page(request, person, {})
    wanted = {
        "roles": request.POST.getlist("role")[:100],
        "partner": request.POST.get("partner", person.partner_id or ""),
        "active": request.POST.get("active") == "on",
    }
    says: list[tuple[str, str]] = []
    try:
        says = _foreseen(person, wanted)
        if request.POST.get("do") == "make":
            _make(request, person, operator, wanted)
            return HttpResponseRedirect(user_url(person))
    except RejectedError as exc:
        faults = [shown(str(one)) for one in exc.faults]
        return _page(request, person, {"wanted": wanted, "faults": faults, "says": says})
    return _page(request, person, {"wanted": wanted, "says": says})


def _foreseen(person: User, wanted: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what a change would bring, sentence by sentence with its tone.

    Raises:
        RejectedError: with every fault.
    """
    circle = load_circle_for(person.email, wanted, catalogue(), now())
    found = foresee(person.email, wanted, circle, config().collapse_s)
    reader = Reader(catalogue(), circle.directory, circle.directory.partner_name)
    return [(_TONES[one.tone], f"{shown(one.text)}.") for one in sentences(found, reader)]


def _make(request: HttpRequest, person: User, operator: User, wanted: Mapping[str, Any]) -> None:
    """Make the change, written down with its reason.

    Raises:
        RejectedError: no reason, the own account would end, or the account is not as when the change was tried.
    """
    reason = " ".join(shown(request.POST.get("reason", "")).split())
    if not SHORTEST_REASON <= len(reason) <= LONGEST_REASON:
        raise RejectedError(f"Give a reason of {SHORTEST_REASON} to {LONGEST_REASON} characters: the Masters read it.")
    if person.pk == operator.pk and not wanted["active"]:
        raise RejectedError("You can not deactivate yourself. Ask another operator.")
    with transaction.atomic():
        hold_changes()
        if request.POST.get("seen") != _seen(User.objects.get(pk=person.pk)):
            raise RejectedError(_CHANGED)
        change_person(person.pk, wanted, catalogue(), By(operator.pk, Door.CONSOLE, reason), now())
        store.record(operator.pk, [(person, shown(person.email))], f"Account changed: {reason}")


def _seen(person: User) -> str:
    return f"{person.partner_id} {person.is_active} {person.roles}"


def _page(request: HttpRequest, person: User, extra: Mapping[str, Any]) -> HttpResponse:
    wanted = extra.get("wanted") or {
        "roles": person.roles.split(),
        "partner": person.partner_id,
        "active": person.is_active,
    }
    kind = person.partner.kind if person.partner else ""
    context: dict[str, Any] = {
        **console.each_context(request),
        "title": f"Account of {shown(person.name)}",
        "section": "people",
        "person": person,
        "back": user_url(person),
        "seen": _seen(person),
        "roles": [
            (one.id, shown(one.label), one.id in wanted["roles"])
            for one in catalogue().roles.values()
            if one.kind == kind
        ],
        "partners": [
            (one.pk, shown(one.name), one.pk == wanted["partner"])
            for one in Partner.objects.filter(kind=kind).order_by("name", "id")
        ],
        "wanted": wanted,
        "says": extra.get("says"),
        "faults": extra.get("faults", ()),
        "reason": shown(request.POST.get("reason", "")),
    }
    status = 400 if context["faults"] else 200
    return TemplateResponse(request, "console/account.html", context, status=status)
