"""Addresses of all pages and of the API."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from callboard.console.admin import console

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("callboard.api.urls")),
    path("scim/v2/", include("callboard.api.scim.urls")),
    path("", include("callboard.web.urls")),
    path("console/", console.urls),
]
handler500 = "callboard.web.views.faults.broken"
handler429 = "callboard.web.views.signing.too_many"
"""Where allauth looks for the answer to too many tries."""
