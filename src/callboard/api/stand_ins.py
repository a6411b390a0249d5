"""Stand-ins: who gets the person's mails for a time, and for whom the person stands in."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from allauth.core import ratelimit
from django.db import transaction
from django.http import HttpResponse
from ninja import Router
from ninja.responses import Status

from callboard.api.access import SESSION, PersonRequest, Viewer
from callboard.api.bodies import read_object, unknown_keys
from callboard.api.described import json_body, problems
from callboard.api.problems import Problem, problem_of
from callboard.api.schemas import StandInOut
from callboard.base.errors import Fault
from callboard.base.instants import format_instant, parse_instant
from callboard.base.texts import kind_of
from callboard.mail.letters.stand_in import tell_ended, tell_named
from callboard.people import standing
from callboard.people.standing import Standing

ASKED = ("delegate", "from", "until")

router = Router(tags=["Stand-ins"], auth=SESSION)


@router.get(
    "/stand-ins",
    response=list[StandInOut],
    operation_id="listStandIns",
    summary="List your stand-ins",
    by_alias=True,
    openapi_extra={"responses": problems(401, 500, 503)},
)
def list_stand_ins(request: PersonRequest) -> list[dict[str, Any]]:
    """Return the stand-ins that are not over in which the person is away or the delegate, the earliest first."""
    viewer = request.auth
    return [_json(one, viewer) for one in standing.current(viewer.person, viewer.directory, viewer.now)]


@router.post(
    "/stand-ins",
    response={201: StandInOut},
    operation_id="nameStandIn",
    summary="Name a stand-in",
    by_alias=True,
    openapi_extra={
        "requestBody": json_body("StandInIn"),
        "responses": problems(400, 401, 403, 409, 413, 415, 422, 429, 500, 503),
    },
)
def name_stand_in(request: PersonRequest, response: HttpResponse) -> Status[Any]:
    """Let an active colleague of the own partner, or of one above or below, get what the person asked for.

    As far as both may see it, from now or from a later instant on, for at most a year. Both get a mail.
    A person may do so ten times an hour.
    """
    viewer = request.auth
    raw = read_object(request)
    faults = unknown_keys(raw, ASKED)
    starts_at, ends_at = _instant(raw, "from", faults), _instant(raw, "until", faults)
    email = raw.get("delegate")
    if not isinstance(email, str):
        faults.append(Fault("/delegate", f"must be an e-mail address, not {kind_of(email)}"))
    if "until" not in raw or raw["until"] is None:
        faults.append(Fault("/until", "is missing"))
    if faults or ends_at is None:
        raise problem_of(faults)
    with transaction.atomic():
        made = standing.name_delegate(
            viewer.person,
            str(email),
            viewer.directory,
            viewer.now,
            starts_at=starts_at,
            ends_at=ends_at,
        )
        if not ratelimit.consume(request, action="name_stand_in"):
            raise Problem("too-often", standing.TOO_OFTEN, headers={"Retry-After": str(standing.LIMIT_S)})
        tell_named(made, viewer.catalogue, viewer.directory, viewer.now)
    response["Location"] = f"/api/v1/stand-ins/{made.about.id}"
    return Status(201, _json(made, viewer))


@router.delete(
    "/stand-ins/{int:stand_in_id}",
    response={204: None},
    operation_id="endStandIn",
    summary="End a stand-in",
    openapi_extra={"responses": problems(401, 403, 404, 415, 500, 503)},
)
def end_stand_in(request: PersonRequest, stand_in_id: int) -> Status[Any]:
    """End it at once; either of the two may. What it brought and has not left yet is withdrawn when it is due."""
    viewer = request.auth
    with transaction.atomic():
        ended = standing.end(viewer.person, stand_in_id, viewer.directory, viewer.now)
        tell_ended(ended, viewer.person, viewer.now)
    return Status(204, None)


def _json(one: Standing, viewer: Viewer) -> dict[str, Any]:
    about = one.about
    return {
        "id": about.id,
        "person": one.person.email,
        "person_name": one.person.name,
        "delegate": one.delegate.email,
        "delegate_name": one.delegate.name,
        "from": format_instant(about.starts_at),
        "until": format_instant(about.ends_at),
        "in_force": about.is_in_force(viewer.now),
    }


def _instant(raw: dict[str, Any], key: str, faults: list[Fault]) -> datetime | None:
    said = raw.get(key)
    if said is None:
        return None
    if not isinstance(said, str):
        faults.append(Fault(f"/{key}", f"must be an instant like 2026-11-30T08:00:00Z, not {kind_of(said)}"))
        return None
    try:
        return parse_instant(said)
    except ValueError as exc:
        faults.append(Fault(f"/{key}", str(exc)))
        return None
