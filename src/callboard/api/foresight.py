"""What Masters ask before they change an account: what would it bring? Within their own accounts alone."""

from __future__ import annotations

from typing import Any

from ninja import Router

from callboard.api import process
from callboard.api.access import SESSION, PersonRequest, Viewer
from callboard.api.bodies import read_object, unknown_keys
from callboard.api.described import json_body, problems
from callboard.api.problems import Problem, problem_of
from callboard.api.schemas import WhatIfOut
from callboard.base.errors import Fault
from callboard.base.texts import address_fault
from callboard.insights.foresight import foresee, load_circle_for
from callboard.insights.whatif_words import Reader, whatif_json
from callboard.people.access import governs
from callboard.people.values import TEST_HOST, is_test_address

CHANGES = ("roles", "partner", "active")
NEWCOMER = "somebody-new"
"""Who is new has this name before the @, so that no answer tells whether an address is known elsewhere."""
_NEW_HOST = "new.invalid"

router = Router(tags=["Accounts"], auth=SESSION)


@router.post(
    "/whatif",
    response=WhatIfOut,
    operation_id="whatIf",
    summary="Try a change of an account",
    openapi_extra={
        "requestBody": json_body("WhatIfIn"),
        "responses": problems(400, 401, 403, 404, 413, 415, 422, 500, 503),
    },
)
def what_if(request: PersonRequest) -> dict[str, Any]:
    """Return what a change of roles, of partner or of `active` would bring; nothing is changed.

    For Masters, about people of their own partner and of those below it. An address that is not
    among these is somebody new, who needs `partner` and `roles`.
    """
    viewer = request.auth
    raw = read_object(request)
    faults = unknown_keys(raw, ("email", *CHANGES))
    fault = address_fault(raw["email"]) if "email" in raw else "is missing"
    if fault:
        faults.append(Fault("/email", fault))
    if faults:
        raise problem_of(faults)
    email, changes = str(raw["email"]), {key: raw[key] for key in CHANGES if key in raw}
    if not (viewer.person.partner and _governs(viewer, viewer.person.partner)):
        raise Problem("not-found", "there is no account that is yours to change")
    partner = changes.get("partner")
    if isinstance(partner, str) and not _governs(viewer, partner):
        raise problem_of([Fault("/partner", f"{partner!r} is not a partner")])
    circle = load_circle_for(email, changes, viewer.catalogue, viewer.now)
    person = circle.directory.by_email(email)
    if person is None or not _governs(viewer, person.partner):
        if not {"partner", "roles"} <= changes.keys():
            raise Problem("not-found", "there is no such user; somebody new needs partner and roles")
        changes["name"] = NEWCOMER
        asked = f"{NEWCOMER}@{TEST_HOST if is_test_address(email) else _NEW_HOST}"
    else:
        asked = email
    found = foresee(asked, changes, circle, process.config().collapse_s)
    reader = Reader(
        viewer.catalogue, viewer.directory, viewer.partner_called, lambda one: _governs(viewer, one.partner)
    )
    return whatif_json(found, reader) | {"user": email}


def _governs(viewer: Viewer, partner: str | None) -> bool:
    return partner is not None and governs(viewer.person, partner, viewer.catalogue, viewer.directory)
