"""Addresses of the API, of its description, and of what operators ask."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, path, re_path

from callboard.api.application import API, PREFIX
from callboard.api.document import docs, openapi
from callboard.api.door import answers_with_problems
from callboard.api.health import is_alive, is_ready
from callboard.api.metrics import metrics


def _nothing_here(request: HttpRequest) -> HttpResponse:
    raise Http404(request.path)


def _api_paths() -> list[URLPattern]:
    """Return the API's addresses, each answering with problems; ninja's own root page is left out."""
    found: list[URLPattern] = []
    for one in API.urls[0]:
        if isinstance(one, URLPattern) and one.name != "api-root":
            one.callback = answers_with_problems(one.callback)
            found.append(one)
    return found


_BASE = PREFIX.lstrip("/")

urlpatterns: list[URLPattern | URLResolver] = [
    path(_BASE, (_api_paths(), "ninja", "callboard-api")),
    path("api/openapi.json", answers_with_problems(openapi), name="callboard-openapi"),
    path("api/docs", docs, name="callboard-docs"),
    re_path(r"^api/", answers_with_problems(_nothing_here)),
    path("healthz", answers_with_problems(is_alive), name="callboard-alive"),
    path("readyz", answers_with_problems(is_ready), name="callboard-ready"),
    path("metrics", answers_with_problems(metrics), name="callboard-metrics"),
]
