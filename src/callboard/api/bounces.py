"""Reports over HTTP: a mail server, or who reads a mailbox, posts each as it came."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router

from callboard.api import process
from callboard.api.access import BOUNCES_KEY
from callboard.api.bodies import media_type, read_bounded
from callboard.api.described import problems
from callboard.api.problems import Problem
from callboard.api.schemas import ReportOut
from callboard.mail.feedback.taking import MAX_REPORT_BYTES, Result, take_report

MAIL_TYPES = ("message/rfc822", "message/global")
BODY: dict[str, Any] = {
    "required": True,
    "description": "A bounce, a delivery status or a complaint as it came, headers and all; at most 10 MiB.",
    "content": {"message/rfc822": {}},
}

Recipient = Annotated[str, Query(description="the recipient in the envelope, where it is known")]

router = Router(tags=["Bounces"])


@router.post(
    "/bounces",
    auth=BOUNCES_KEY,
    response=ReportOut,
    operation_id="sendReport",
    summary="Send a report about a mail",
    openapi_extra={"requestBody": BODY, "responses": problems(401, 413, 415, 422, 500, 503)},
)
def send_report(request: HttpRequest, recipient: Recipient = "") -> dict[str, str]:
    """Take a report; after the answer what follows is durable, and sending it again is harmless.

    It is about a mail of ours when it came to the mail's signed return path, or names its Message-ID.
    """
    if media_type(request) not in MAIL_TYPES:
        raise Problem("unsupported-media-type", "send the report as message/rfc822", headers={"Accept": MAIL_TYPES[0]})
    raw = read_bounded(request, MAX_REPORT_BYTES)
    taken = take_report(raw, [recipient] if recipient else (), process.config(), process.now())
    if taken.result is Result.UNREADABLE:
        raise Problem("invalid", taken.words)
    return {"result": taken.result.value}
