"""A Master's people: list, add and change them. What is not the Master's answers like what does not exist."""

from __future__ import annotations

from typing import Annotated, Any

from django.db import transaction
from django.http import HttpResponse
from ninja import Query, Router
from ninja.responses import Status

from callboard.api.access import SESSION, PersonRequest, Viewer
from callboard.api.bodies import read_object, unknown_keys
from callboard.api.described import json_body, problems
from callboard.api.problems import Problem, problem_of
from callboard.api.schemas import CoverageLineOut, MemberOut
from callboard.base.errors import Fault
from callboard.base.instants import format_instant
from callboard.base.texts import folded, shown
from callboard.changing import Door, change_as_master
from callboard.insights.coverage import coverage, critical_types
from callboard.insights.foresight import load_circle
from callboard.insights.team import store
from callboard.insights.team.store import Account
from callboard.insights.whatif_words import Reader, line_json
from callboard.mail.letters.invitation import invite
from callboard.people.governing import governed_partners
from callboard.people.values import is_test_address

CHANGES = ("roles", "partner", "active")
NEW = ("email", "name", "partner", "roles")
MOST = 1_000
MOST_LISTED = 100
"""Receivers of a critical event type that are listed; the others are counted."""

Search = Annotated[str, Query(description="words that name, address or role hold", max_length=200)]
State = Annotated[str, Query(description="which people", pattern="^(active|deactivated|test)$")]
OfPartner = Annotated[str | None, Query(description="the id of one of your partners", max_length=200)]

router = Router(tags=["Team"], auth=SESSION)


@router.get(
    "/team",
    response=list[MemberOut],
    operation_id="listTeam",
    summary="List your people",
    openapi_extra={"responses": problems(401, 404, 422, 500, 503)},
)
def list_team(request: PersonRequest, q: Search = "", state: State = "active") -> list[dict[str, Any]]:
    """Return a Master's people by name, at most 1,000 of them."""
    partners = _partners(request.auth)
    tab = "" if state == "active" else state
    return [_json(one) for one in store.accounts(partners, tab, folded(shown(q)).split(), MOST)]


@router.post(
    "/team",
    response={201: MemberOut},
    operation_id="invitePerson",
    summary="Invite a person",
    openapi_extra={
        "requestBody": json_body("InviteIn"),
        "responses": problems(400, 401, 403, 404, 413, 415, 422, 500, 503),
    },
)
def invite_person(request: PersonRequest, response: HttpResponse) -> Status[Any]:
    """Add somebody new at one of the Master's partners, and post the invitation."""
    viewer = request.auth
    _partners(viewer)
    raw = read_object(request)
    faults = unknown_keys(raw, NEW)
    if isinstance(raw.get("email"), str) and is_test_address(raw["email"]):
        faults.append(Fault("/email", "is a test user's: begin a test on the team page"))
    if faults:
        raise problem_of(faults)
    with transaction.atomic():
        (new_id,) = change_as_master(viewer.person.id, None, raw, viewer.catalogue, Door.API, viewer.now).ids
        invite(new_id, viewer.person, viewer.now)
    response["Location"] = f"/api/v1/team/{new_id}"
    return Status(201, _json(store.account(new_id)))


@router.get(
    "/team/{int:user_id}",
    response=MemberOut,
    operation_id="getPerson",
    summary="Get one of your people",
    openapi_extra={"responses": problems(401, 404, 500, 503)},
)
def get_person(request: PersonRequest, user_id: int) -> dict[str, Any]:
    """Return one of the Master's people."""
    return _json(_find(request.auth, user_id))


@router.patch(
    "/team/{int:user_id}",
    response=MemberOut,
    operation_id="changePerson",
    summary="Change roles, partner or state of one of your people",
    openapi_extra={
        "requestBody": json_body("MemberIn"),
        "responses": problems(400, 401, 403, 404, 413, 415, 422, 500, 503),
    },
)
def change_member(request: PersonRequest, user_id: int) -> dict[str, Any]:
    """Change somebody; keys that are absent stay. Try it first with `/whatif`.

    With `active` false nothing is mailed any more, what was on its way is withdrawn, sessions and keys end.
    """
    viewer = request.auth
    _find(viewer, user_id)
    raw = read_object(request)
    faults = unknown_keys(raw, CHANGES)
    if faults:
        raise problem_of(faults)
    change_as_master(viewer.person.id, user_id, raw, viewer.catalogue, Door.API, viewer.now)
    return _json(store.account(user_id))


@router.get(
    "/coverage",
    response=list[CoverageLineOut],
    operation_id="getCoverage",
    summary="Who is told what is critical",
    openapi_extra={"responses": problems(401, 404, 422, 500, 503)},
)
def get_coverage(request: PersonRequest, partner: OfPartner = None) -> list[dict[str, Any]]:
    """Return each critical event type at each of the Master's partners: how many are told of it now, and how soon.

    With `partner` of that one alone, and who is told: at most 100 people for each type.
    """
    viewer = request.auth
    mine = _partners(viewer)
    if partner is not None and partner not in mine:
        raise Problem("not-found", "there is no such partner among yours")
    partners = mine if partner is None else [partner]
    circle = load_circle(partners, viewer.catalogue, viewer.now, critical_types(viewer.catalogue))
    reader = Reader(viewer.catalogue, circle.directory, viewer.partner_called, lambda one: one.partner in mine)
    most = 0 if partner is None else MOST_LISTED
    return [line_json(one, reader, most) for one in coverage(circle, partners)]


def _partners(viewer: Viewer) -> list[str]:
    """Return the partners that the viewer looks after.

    Raises:
        Problem: the viewer is no Master.
    """
    found = [one.id for one in governed_partners(viewer.person, viewer.catalogue, viewer.directory)]
    if not found:
        raise Problem("not-found", "there is no team that is yours")
    return found


def _find(viewer: Viewer, user_id: int) -> Account:
    found = store.find_account(user_id, _partners(viewer))
    if found is None:
        raise Problem("not-found", "there is no such person among your people")
    return found


def _json(one: Account) -> dict[str, Any]:
    return {
        "id": one.id,
        "email": one.email,
        "name": one.name,
        "partner": one.partner,
        "roles": list(one.roles),
        "active": one.is_active,
        "created_at": format_instant(one.created_at),
        "seen_at": None if one.seen_at is None else format_instant(one.seen_at),
    }
