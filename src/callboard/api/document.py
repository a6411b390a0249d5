"""The OpenAPI 3.1 document, and the page that shows it."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from callboard.api import process
from callboard.api.application import API, PREFIX
from callboard.api.described import problem_responses, schemas

_UNSAFE = ("post", "put", "patch", "delete")
_METHODS = ("get", *_UNSAFE)


@cache
def openapi_text() -> str:
    """Return the document as JSON text; it is the same for everybody and as long as the process lives."""
    document: dict[str, Any] = json.loads(json.dumps(API.get_openapi_schema(path_prefix=PREFIX)))
    document["servers"] = [{"url": "/"}]
    components = document["components"]
    components["schemas"].update(schemas(process.catalogue()))
    components["responses"] = problem_responses()
    components["securitySchemes"]["CsrfToken"] = {
        "type": "apiKey",
        "in": "header",
        "name": "X-CSRFToken",
        "description": "The CSRF token of the session's page; the session's methods that change something need it.",
    }
    for path in document["paths"].values():
        for method, operation in path.items():
            _complete(method, operation)
    document["paths"] |= _operation_paths()
    return json.dumps(document)


def _complete(method: str, operation: dict[str, Any]) -> None:
    """Add what holds for every operation: the CSRF token, and how pages of a list are linked."""
    if method in _UNSAFE:
        for requirement in operation.get("security", ()):
            if "Session" in requirement:
                requirement["CsrfToken"] = []
    headers = operation["responses"].get("200", {}) if operation["operationId"] == "readLedger" else {}
    if headers:
        headers["headers"] = {"Link": {"description": "the next page", "schema": {"type": "string"}}}
    made = operation["responses"].get("201")
    if made:
        made["headers"] = {"Location": {"required": True, "schema": {"type": "string"}}}


def _operation_paths() -> dict[str, Any]:
    """Return what operators ask: alive, ready, metrics."""
    text = {"text/plain": {"schema": {"type": "string"}}}
    check = {
        "type": "object",
        "required": ["name", "passed", "says"],
        "properties": {"name": {"type": "string"}, "passed": {"type": "boolean"}, "says": {"type": "string"}},
    }
    ready = {
        "type": "object",
        "required": ["status", "reasons", "checks", "oldest_undecided_s", "oldest_due_mail_s"],
        "properties": {
            "status": {"enum": ["ready", "not-ready"]},
            "reasons": {"type": "array", "items": {"type": "string"}},
            "checks": {"type": "array", "items": check},
            "oldest_undecided_s": {"type": ["number", "null"], "description": "age of the oldest undecided event"},
            "oldest_due_mail_s": {"type": ["number", "null"], "description": "how long the oldest mail is due"},
        },
    }
    answer = {"application/json": {"schema": ready}}
    refused = {"$ref": "#/components/responses/Problem403"}
    unavailable = {"$ref": "#/components/responses/Problem503"}
    return {
        "/healthz": _read("isAlive", "Is the process alive?", {"200": {"description": "It is.", "content": text}}),
        "/readyz": _read(
            "isReady",
            "Can it work?",
            {"200": {"description": "Yes.", "content": answer}, "503": {"description": "No.", "content": answer}},
        ),
        "/metrics": _read(
            "readMetrics",
            "Prometheus metrics: on loopback, or with a key",
            {"200": {"description": "The metrics.", "content": text}, "403": refused, "503": unavailable},
        ),
    }


def _read(operation_id: str, summary: str, responses: dict[str, Any]) -> dict[str, Any]:
    return {"get": {"operationId": operation_id, "summary": summary, "tags": ["Operation"], "responses": responses}}


@require_GET
def openapi(request: HttpRequest) -> HttpResponse:
    """Answer with the OpenAPI document."""
    del request
    return HttpResponse(openapi_text(), content_type="application/json")


@require_GET
def docs(request: HttpRequest) -> HttpResponse:
    """Answer with the page that shows the document: Swagger UI from our own host, without inline scripts."""
    settings = {"url": reverse("callboard-openapi"), "layout": "BaseLayout", "deepLinking": True}
    return render(
        request,
        "ninja/swagger.html",
        {"swagger_settings": json.dumps(settings), "api": API, "add_csrf": True},
    )
