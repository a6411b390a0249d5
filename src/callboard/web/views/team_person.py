"""`/team/people/N`: one of a Master's people; every change is tried before it is made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from callboard.base.errors import RejectedError
from callboard.base.instants import from_us
from callboard.base.texts import shown
from callboard.changing import Door, change_as_master
from callboard.insights.open_items import open_items
from callboard.insights.team import store
from callboard.mail.letters.invitation import invitations_of
from callboard.mail.letters.invitation import invite as post_invitation
from callboard.mail.models import MailState
from callboard.people import store as people
from callboard.people.governing import read_change, refusal
from callboard.people.values import is_test_address
from callboard.web.team.form import (
    fault_words,
    faults_part,
    is_part,
    kept_by,
    partner_choices,
    role_choices,
    seen_as,
    wanted_by,
)
from callboard.web.team.mailed import mails_of
from callboard.web.team.master import Master, masters_only
from callboard.web.team.past import told_changes
from callboard.web.team.roster import lines_of, settings_words
from callboard.web.team.trying import Says, Tried, try_change
from callboard.web.viewer import business_now
from callboard.web.views.mailbox import when_words
from callboard.web.words import leaves

if TYPE_CHECKING:
    from collections.abc import Mapping

    from callboard.insights.team.store import Account
    from callboard.people.values import Person

NOTICE = "notice"
AGAIN_AFTER = timedelta(minutes=10)
CHANGES, MAILS, OPEN = 8, 50, 100
UNTRIED = "Choose other roles, then look here first: nothing changes before you have seen what it brings."


@require_http_methods(["GET", "HEAD", "POST"])
@masters_only
def person(request: HttpRequest, master: Master, user_id: int) -> HttpResponse:
    """Show one person; try a change, or make the one that was tried."""
    found = master.find(user_id)
    if request.method != "POST":
        return _page(request, master, found)
    do = request.POST.get("do", "")
    if do == "invite-again":
        return _invite_again(request, master, found)
    if do.startswith("try"):
        return _try(request, master, found, _changes(do.removeprefix("try-"), request))
    return _make(request, master, found, _changes(do, request))


def _changes(do: str, request: HttpRequest) -> dict[str, Any]:
    """Return what is asked for, in the words of 4.1.

    Raises:
        Http404: there is nothing like that to do.
    """
    if do in {"try", "change"}:
        wanted = wanted_by(request)
        return {key: wanted[key] for key in ("roles", "partner") if key in wanted}
    if do in {"deactivate", "reactivate"}:
        return {"active": do == "reactivate"}
    raise Http404("there is nothing like that to do")


# Trying


def _try(request: HttpRequest, master: Master, found: Person, changes: Mapping[str, Any]) -> HttpResponse:
    """Show what a change would bring, and change nothing."""
    viewer = master.viewer
    try:
        asked = read_change(changes, found, master.partner_ids, viewer.directory, viewer.catalogue)
        after = asked.persons[0]
        is_operator = people.is_operator(found.id)
        refused = refusal(found, after, viewer.person, viewer.catalogue, viewer.directory, is_operator=is_operator)
        tried = Tried(title="Not possible here", says=(Says("critical", refused),))
        if not refused:
            tried = _tried(found, after, changes, master)
    except RejectedError as exc:
        return _refused(request, master, found, fault_words(exc.faults))
    if is_part(request):
        return render(request, "web/team/tried.html", {"tried": tried, "action": request.path, "untried": UNTRIED})
    return _page(request, master, found, Shown(wanted=after, tried=tried))


def _tried(before: Person, after: Person, changes: Mapping[str, Any], master: Master) -> Tried:
    if after == before:
        return Tried(title="Nothing would change", says=())
    says = try_change(before.email, changes, master)
    name, seen = shown(before.name), ("seen", seen_as(before))
    if before.active and not after.active:
        title, verb = f"If {name} is deactivated", f"Deactivate {name}"
        return Tried(title=title, says=says, do="deactivate", verb=verb, kept=(seen,), is_critical=True)
    if after.active and not before.active:
        return Tried(
            title=f"If {name} is reactivated", says=says, do="reactivate", verb=f"Reactivate {name}", kept=(seen,)
        )
    kept = (*kept_by({"partner": after.partner, "roles": after.roles}), seen)
    return Tried(title="What would change", says=says, do="change", verb="Make this change", kept=kept)


# Making


def _make(request: HttpRequest, master: Master, found: Person, changes: Mapping[str, Any]) -> HttpResponse:
    """Make a change that was tried, unless the person changed since."""
    viewer, seen = master.viewer, request.POST.get("seen", "")
    try:
        change_as_master(
            viewer.person.id,
            found.id,
            changes,
            viewer.catalogue,
            Door.TEAM,
            viewer.now,
            is_as_seen=lambda person: seen_as(person) == seen,
        )
    except RejectedError as exc:
        return _refused(request, master, found, fault_words(exc.faults))
    request.session[NOTICE] = {"says": _done_words(found, changes)}
    return redirect(request.path)


def _done_words(found: Person, changes: Mapping[str, Any]) -> str:
    name = shown(found.name)
    if "active" in changes:
        return f"{name} is {'active again' if changes['active'] else 'deactivated: no mail leaves any more'}."
    return f"Saved. {name} sees and gets what the roles bring from now on."


def _refused(request: HttpRequest, master: Master, found: Person, faults: list[str]) -> HttpResponse:
    return faults_part(request, faults) or _page(request, master, found, Shown(faults=tuple(faults)))


def _invite_again(request: HttpRequest, master: Master, found: Person) -> HttpResponse:
    """Post the invitation once more to somebody who has never been here."""
    if not _may_be_invited(store.account(found.id)):
        return _refused(
            request, master, found, [f"{shown(found.name)} has an account in use: no invitation is needed."]
        )
    last = invitations_of([found.id]).get(found.id)
    if last and master.viewer.now - last.at < AGAIN_AFTER:
        wait = "An invitation was posted less than ten minutes ago. Give it a little time, then send another."
        return _refused(request, master, found, [wait])
    with transaction.atomic():
        post_invitation(found.id, master.viewer.person, master.viewer.now)
    request.session[NOTICE] = {"says": f"{shown(found.name)} is invited: the mail is on its way."}
    if is_part(request):
        return HttpResponse(status=204, headers={"HX-Redirect": request.path})
    return redirect(request.path)


def _invited_words(account: Account, master: Master) -> str:
    """Return what became of somebody's newest invitation, or ""."""
    last = invitations_of([account.id]).get(account.id)
    if last is None:
        return ""
    narrator = master.viewer.narrator()
    at = leaves(narrator, last.sent_at or last.at)
    if last.sent_at:
        return f"Mailed {at}"
    if last.state in (MailState.FAILED, MailState.BOUNCED):
        return f"Did not arrive: {shown(last.words)}"
    return f"On its way since {at}"


def _may_be_invited(account: Account) -> bool:
    return account.is_active and account.seen_at is None and not is_test_address(account.email)


# The page


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the page shows besides the person: what was wished for, what it would bring, what is wrong with it."""

    wanted: Person | None = None
    tried: Tried | None = None
    faults: tuple[str, ...] = ()


def _page(request: HttpRequest, master: Master, found: Person, extra: Shown = Shown()) -> HttpResponse:
    wanted = extra.wanted or found
    account = store.account(found.id)
    (line,) = lines_of([account], master)
    page = {
        "master": master,
        "line": line,
        "can_invite": _may_be_invited(account),
        "invited": _invited_words(account, master) if account.seen_at is None else "",
        "action": request.path,
        "wanted": wanted,
        "partner_name": master.called(found.partner),
        "partners": partner_choices(master),
        "roles": role_choices(master, wanted.roles),
        "tried": extra.tried,
        "untried": UNTRIED,
        "faults": extra.faults,
        "open_items": [] if found.active else _open_items(found, master),
        "settings_words": settings_words(found, master),
        "mails": _mails(found, master),
        "changes": told_changes(store.changes(master.partner_ids, person_id=found.id, limit=CHANGES), master),
        "notice": request.session.pop(NOTICE, None) if request.method == "GET" else None,
    }
    return render(request, "web/team/person.html", page, status=422 if extra.faults else 200)


def _open_items(found: Person, master: Master) -> list[dict[str, str]]:
    """Return what may still be open of somebody who left, as far as the Master may see it (A1–A4)."""
    viewer, narrator = master.viewer, master.viewer.narrator()
    return [
        {
            "key": one.key,
            "headline": narrator.told(one).headline,
            "at": leaves(narrator, one.accepted_at),
        }
        for one in open_items(found.id, viewer.catalogue, viewer.directory, viewer.now)
        if viewer.may_see(one)
    ][:OPEN]


def _mails(found: Person, master: Master) -> list[dict[str, Any]]:
    """Return a test user's mails, newest first."""
    return [
        {"id": one.id, "subject": one.subject, "importance": one.importance,
         "when": when_words(from_us(one.received_us), business_now())}
        for one in mails_of(found, master, MAILS)
    ]  # fmt: skip
