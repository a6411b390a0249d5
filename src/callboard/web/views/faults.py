"""What is answered when a page of ours breaks: an error to name, and the way to tell the operators of it."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import structlog
from django.http import HttpResponseServerError
from django.template import loader

if TYPE_CHECKING:
    from django.http import HttpRequest

logger = structlog.get_logger(__name__)


def broken(request: HttpRequest) -> HttpResponseServerError:
    """Answer 500 with what the error is called in the log; without the database, which may be what broke."""
    error = secrets.token_hex(4)
    logger.error("a page broke", error=error, path=request.path)
    page = {"error": error, "page": request.path}
    return HttpResponseServerError(loader.get_template("500.html").render(page))
