"""Every refusal of the API as one kind of document: problem+json (RFC 9457).

`type` is `urn:callboard:problem:WORD` with a word of `TYPES`; programs may rely on it.
`errors` lists each fault with the JSON pointer of what is wrong (RFC 6901) and, in a batch,
the event's index; a fault of the query names its `parameter`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import structlog
from django.db.utils import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from callboard.base.errors import Fault, RejectedError, TransientError

URN = "urn:callboard:problem:"
MEDIA_TYPE = "application/problem+json"
MAX_FAULTS = 100
"""Faults of one answer; who sent a thousand wrong events needs to see the first ones."""
RETRY_AFTER_S = 5

TYPES: Mapping[str, tuple[int, str]] = {
    "malformed": (400, "The request can not be read"),
    "unauthorized": (401, "Nobody is signed in, or the key is not valid"),
    "forbidden": (403, "This is not allowed"),
    "csrf": (403, "The CSRF token is missing or wrong"),
    "default-fixed": (403, "A Default can be muted or duplicated only"),
    "not-found": (404, "There is no such thing"),
    "method-not-allowed": (405, "The address does not take this method"),
    "conflict": (409, "It was changed meanwhile"),
    "too-large": (413, "The body is too large"),
    "unsupported-media-type": (415, "The body is of a type that is not taken here"),
    "invalid": (422, "The request says something that can not be"),
    "too-often": (429, "You have done this too often; wait"),
    "internal": (500, "The fault is on our side"),
    "unavailable": (503, "Not available now; try again"),
}
"""Word of the type -> status and title. Closed: a new kind of refusal gets a new word."""

logger = structlog.get_logger(__name__)


class Problem(Exception):  # noqa: N818 - RFC 9457's word
    """A refusal on its way out."""

    def __init__(
        self,
        word: str,
        detail: str,
        faults: Iterable[Mapping[str, Any]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.word = word
        self.detail = detail
        self.faults = tuple(faults)
        self.headers = dict(headers or {})
        super().__init__(detail)


def problem_of(faults: Iterable[Fault], word: str = "invalid") -> Problem:
    """Return the problem that lists these faults."""
    listed = list(faults)
    detail = str(listed[0]) if len(listed) == 1 else f"{len(listed)} faults; the first: {listed[0]}"
    return Problem(word, detail, [fault_json(one) for one in listed[:MAX_FAULTS]])


def fault_json(fault: Fault) -> dict[str, Any]:
    """Return a fault in the form of `errors`."""
    found: dict[str, Any] = {"pointer": fault.pointer, "detail": fault.message}
    return found if fault.index is None else found | {"index": fault.index}


def respond(problem: Problem) -> HttpResponse:
    """Return the answer for a problem."""
    status, title = TYPES[problem.word]
    body: dict[str, Any] = {"type": URN + problem.word, "title": title, "status": status, "detail": problem.detail}
    if problem.faults:
        body["errors"] = list(problem.faults)
    response = HttpResponse(json.dumps(body), status=status, content_type=MEDIA_TYPE)
    response["Cache-Control"] = "no-store"
    for name, value in problem.headers.items():
        response[name] = value
    return response


def unavailable() -> Problem:
    """Return the problem of a database that does not answer."""
    return Problem("unavailable", "the database does not answer", headers={"Retry-After": str(RETRY_AFTER_S)})


def handle_exceptions(api: NinjaAPI) -> None:
    """Have an API answer every exception with a problem."""
    for kind in (Exception, Http404, HttpError, ValidationError):
        api.add_exception_handler(kind, _answer)


def _answer(request: HttpRequest, exc: Any) -> HttpResponse:
    del request
    return respond(problem_for(exc))


def problem_for(exc: Exception) -> Problem:
    """Return an exception as a problem; what nobody expected is logged and says nothing of itself."""
    match exc:
        case Problem():
            return exc
        case RejectedError():
            return problem_of(exc.faults, exc.type if exc.type in TYPES else "invalid")
        case ValidationError():
            return Problem("invalid", "a parameter is wrong", [_parameter_fault(one) for one in exc.errors])
        case AuthenticationError():
            return Problem("unauthorized", "sign in first")
        case Http404():
            return Problem("not-found", "there is no such address")
        case OperationalError() | InterfaceError() | TransientError():
            logger.warning("database not available", error=str(exc))
            return unavailable()
        case _:
            logger.error("request failed", exc_info=exc)
            return Problem("internal", "the request could not be answered; it is logged")


def _parameter_fault(error: Mapping[str, Any]) -> dict[str, Any]:
    """Return a fault of ninja's check of path or query in the form of `errors`."""
    name = str(error["loc"][-1]) if error.get("loc") else ""
    return {"pointer": "", "parameter": name, "detail": str(error.get("msg", "is wrong"))}
