"""`/team/invite` and `/team/test`: a new colleague, and an invented one with whom roles are tried."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from callboard.base.errors import RejectedError
from callboard.base.texts import shown
from callboard.changing import Door, change_as_master
from callboard.insights.team import store
from callboard.mail.letters.invitation import invite as post_invitation
from callboard.people.governing import read_change
from callboard.people.sequences import hold_changes
from callboard.people.values import TEST_HOST, is_test_address
from callboard.web.team.form import fault_words, faults_part, is_part, kept_by, partner_choices, role_choices, wanted_by
from callboard.web.team.master import Master, masters_only
from callboard.web.team.roster import lines_of
from callboard.web.team.trying import Tried, try_change

if TYPE_CHECKING:
    from collections.abc import Mapping

NOTICE = "notice"
MOST_TESTS = 20
"""Test users of one Master's partners at a time: they are decided and mailed like everybody."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What the two pages say differently."""

    path: str
    title: str
    lead: str
    untried: str
    tried: str
    verb: str
    is_test: bool


INVITE = Kind(
    path="/team/invite",
    title="Invite a person",
    lead="The person gets a mail with the way in. Roles can be changed at any time.",
    untried="Choose roles, and see here what they bring before anybody is invited.",
    tried="What would follow",
    verb="Send the invitation",
    is_test=False,
)
TEST = Kind(
    path="/team/test",
    title="Try roles",
    lead="An invented colleague gets exactly what a real one with these roles would get, on a page here"
    " instead of by mail. Nobody can sign in as a test user, and none counts where somebody must be told.",
    untried="Choose roles, and see here what they bring.",
    tried="What the test would bring",
    verb="Begin the test",
    is_test=True,
)


@require_http_methods(["GET", "HEAD", "POST"])
@masters_only
def invite(request: HttpRequest, master: Master) -> HttpResponse:
    """Ask for a colleague, show what would follow, then make the account and send the invitation."""
    return _answer(request, master, INVITE)


@require_http_methods(["GET", "HEAD", "POST"])
@masters_only
def test(request: HttpRequest, master: Master) -> HttpResponse:
    """Ask for roles, show what they bring, then make the invented colleague."""
    return _answer(request, master, TEST)


def _answer(request: HttpRequest, master: Master, kind: Kind) -> HttpResponse:
    if request.method != "POST":
        return _page(request, master, kind, Shown({"roles": (), "partner": master.partner_ids[0]}))
    wanted = {"partner": master.partner_ids[0], **wanted_by(request)}
    if kind.is_test:
        wanted["email"] = f"try-{secrets.token_hex(8)}@{TEST_HOST}"
    elif is_test_address(str(wanted.get("email", ""))):
        return _refused(request, master, kind, wanted, ["Such an address is a test user's: begin a test instead."])
    if request.POST.get("do") == "make":
        return _make(request, master, kind, wanted)
    try:
        read_change(wanted, None, master.partner_ids, master.viewer.directory, master.viewer.catalogue)
        says = try_change(str(wanted["email"]), wanted, master)
    except RejectedError as exc:
        return _refused(request, master, kind, wanted, fault_words(exc.faults))
    kept = tuple(one for one in kept_by(wanted) if one[0] != "email" or not kind.is_test)
    tried = Tried(title=kind.tried, says=says, do="make", verb=kind.verb, kept=kept)
    if is_part(request):
        return render(request, "web/team/tried.html", {"tried": tried, "action": kind.path, "untried": kind.untried})
    return _page(request, master, kind, Shown(wanted, tried=tried))


def _make(request: HttpRequest, master: Master, kind: Kind, wanted: dict[str, Any]) -> HttpResponse:
    """Add the person and, to a real one, post the invitation: both or neither."""
    viewer = master.viewer
    try:
        with transaction.atomic():
            if kind.is_test:
                hold_changes()
                _check_room(master)
            (new_id,) = change_as_master(viewer.person.id, None, wanted, viewer.catalogue, Door.TEAM, viewer.now).ids
            if not kind.is_test:
                post_invitation(new_id, viewer.person, viewer.now)
    except RejectedError as exc:
        return _refused(request, master, kind, wanted, fault_words(exc.faults))
    name = shown(str(wanted["name"]))
    begun = f"{name} gets from now on what a colleague with these roles would get."
    request.session[NOTICE] = {"says": begun if kind.is_test else f"{name} is invited: the mail is on its way."}
    return redirect(f"/team/people/{new_id}")


def _check_room(master: Master) -> None:
    """Check that there is room for one more test user.

    Raises:
        RejectedError: there is none.
    """
    if store.count_accounts(master.partner_ids)["test"] >= MOST_TESTS:
        raise RejectedError(f"There are {MOST_TESTS} test users already. End one of them first")


def _refused(
    request: HttpRequest, master: Master, kind: Kind, wanted: Mapping[str, Any], faults: list[str]
) -> HttpResponse:
    return faults_part(request, faults) or _page(request, master, kind, Shown(wanted, faults=tuple(faults)))


@dataclass(frozen=True, slots=True)
class Shown:
    """What the form holds, what it would bring, and what is wrong with it."""

    wanted: Mapping[str, Any]
    tried: Tried | None = None
    faults: tuple[str, ...] = ()


def _page(request: HttpRequest, master: Master, kind: Kind, shown_as: Shown) -> HttpResponse:
    tests = store.accounts(master.partner_ids, "test", (), MOST_TESTS) if kind.is_test else []
    page = {
        "master": master,
        "title": kind.title,
        "lead": kind.lead,
        "is_test": kind.is_test,
        "action": kind.path,
        "wanted": shown_as.wanted,
        "with_name": True,
        "with_email": not kind.is_test,
        "partners": partner_choices(master),
        "roles": role_choices(master, tuple(shown_as.wanted["roles"])),
        "tried": shown_as.tried,
        "untried": kind.untried,
        "faults": shown_as.faults,
        "tests": lines_of(tests, master),
    }
    return render(request, "web/team/invite.html", page, status=422 if shown_as.faults else 200)
