"""Intake over HTTP: the CloudEvents binding in its structured, batched and binary forms (4.3).

Source: CloudEvents HTTP binding 1.0.2 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest
from ninja import Router
from ninja.responses import Status

from callboard.api import process
from callboard.api.access import KEY
from callboard.api.bodies import media_type, read_bounded
from callboard.api.counters import REJECTED, count_received
from callboard.api.described import EVENT_BODIES, problems
from callboard.api.problems import MAX_FAULTS, Problem, problem_of
from callboard.api.schemas import ReceiptOut
from callboard.base import strict_json
from callboard.base.errors import Fault
from callboard.intake.cloudevents import (
    MAX_BODY_BYTES,
    MAX_EVENT_BYTES,
    Draft,
    read_batch,
    read_binary,
    read_line,
)

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
BINARY = ("application/json", "")
TAKEN = f"{STRUCTURED}, {BATCH}, application/json"

router = Router(tags=["Events"])


@router.post(
    "/events",
    auth=KEY,
    response={202: ReceiptOut},
    operation_id="sendEvents",
    summary="Send events",
    openapi_extra={"requestBody": EVENT_BODIES, "responses": problems(400, 401, 413, 415, 422, 500, 503)},
)
def send_events(request: HttpRequest) -> Status[Any]:
    """Store CloudEvents, all or nothing; after the answer they are durable, and sending them again is harmless.

    `conflicts` counts events whose (source, id) is known with other content; they are not applied.
    """
    try:
        drafts = _read(request)
    except Problem as problem:
        REJECTED.labels(problem.word).inc()
        raise
    receipt = process.pipeline().accept(drafts)
    count_received(drafts, receipt, process.catalogue(), process.partners())
    return Status(
        202, {"accepted": receipt.accepted, "duplicates": receipt.duplicates, "conflicts": len(receipt.conflicts)}
    )


def _read(request: HttpRequest) -> Sequence[Draft]:
    kind = media_type(request)
    if kind not in (STRUCTURED, BATCH, *BINARY):
        raise Problem("unsupported-media-type", f"events come as {TAKEN} (with ce- headers)", headers={"Accept": TAKEN})
    body = read_bounded(request, MAX_BODY_BYTES)
    catalogue = process.catalogue()
    if kind == BATCH:
        found: Sequence[Draft] | Draft | list[Fault] = read_batch(body, catalogue)
    elif len(body) > MAX_EVENT_BYTES:
        raise Problem("too-large", f"the event has {len(body)} bytes; an event may have {MAX_EVENT_BYTES}")
    elif kind == STRUCTURED:
        found = read_line(body, catalogue)
    else:
        found = _read_binary(request, body)
    if isinstance(found, Draft):
        return [found]
    drafts = [one for one in found if isinstance(one, Draft)]
    faults = [one for one in found if isinstance(one, Fault)]
    if faults:
        # In binary mode no body is no data, and what is wrong stands in the headers
        raise _refusal(faults, body if body or kind not in BINARY else None)
    return drafts


def _read_binary(request: HttpRequest, body: bytes) -> Draft | list[Fault]:
    headers = list(request.headers.items())
    if not any(name.lower().startswith("ce-") for name, _ in headers):
        raise Problem(
            "unsupported-media-type",
            f"there are no ce- headers, so this is not a CloudEvent in binary mode; send {STRUCTURED}",
            headers={"Accept": TAKEN},
        )
    if body.strip() == b"null":
        return [Fault("/data", "must be an object, not null; without data, send no body")]
    return read_binary(headers, body, process.catalogue())


def _refusal(faults: list[Fault], body: bytes | None) -> Problem:
    """Return `malformed` when there is a body that is not JSON, else `invalid` with every fault."""
    if len(faults) == 1 and body is not None:
        try:
            strict_json.loads(body)
        except strict_json.StrictJSONError:
            return problem_of(faults, "malformed")
    problem = problem_of(faults)
    if len(faults) > MAX_FAULTS:
        problem.detail += f" ({MAX_FAULTS} are listed)"
    return problem
