"""`/sign-in/with`: to the other service and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from django.conf import settings
from django.http import Http404
from django.views.decorators.http import require_GET
from requests import RequestException

from callboard.web.accounts.sign_on import PROVIDER, Exchange, refused

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

logger = structlog.get_logger(__name__)


@require_GET
def begin(request: HttpRequest) -> HttpResponse:
    """Lead to the other service."""
    return _answer(OAuth2LoginView, request)


@require_GET
def done(request: HttpRequest) -> HttpResponse:
    """Take what the other service says."""
    return _answer(OAuth2CallbackView, request)


def _answer(view: type[OAuth2LoginView | OAuth2CallbackView], request: HttpRequest) -> HttpResponse:
    if settings.CONFIG.oidc is None:
        raise Http404("no such service")
    try:
        response: HttpResponse = view.adapter_view(Exchange(request, PROVIDER))(request)  # type: ignore[no-untyped-call]
    except (OAuth2Error, RequestException) as exc:
        return refused(request, "failed", exc)
    return response
