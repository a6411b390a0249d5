"""The door of the API: every answer that leaves is whole, of a known kind, and kept by no cache."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from callboard.api.bodies import discard_rest
from callboard.api.problems import MEDIA_TYPE, Problem, problem_for, respond

NOT_ALLOWED = 405


def answers_with_problems(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Return the view with its failures as problems."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            response = view(request, *args, **kwargs)
        except Exception as exc:  # noqa: BLE001 - nothing but a problem leaves; `problem_for` logs what is ours
            response = respond(problem_for(exc))
        if response.status_code == NOT_ALLOWED and response.headers.get("Content-Type") != MEDIA_TYPE:
            allow = ", ".join(sorted(response["Allow"].replace(" ", "").split(",")))
            response = respond(_not_there(request, allow))
        if response.status_code >= 400:  # noqa: PLR2004 - refused, perhaps before the body was read
            discard_rest(request)
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    # The session checks CSRF itself, keys need none
    answer.csrf_exempt = True  # type: ignore[attr-defined]
    return answer


def _not_there(request: HttpRequest, allow: str) -> Problem:
    """Return what a method answers that an address does not take.

    `…/notifications/preview` looks like a notification, and nothing of that id can be read or changed.
    """
    if request.path.endswith("/notifications/preview") and request.method in {"GET", "HEAD", "PATCH", "DELETE"}:
        return Problem("not-found", "there is no such notification")
    return Problem("method-not-allowed", f"use {allow}", headers={"Allow": allow})
