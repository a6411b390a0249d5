"""Signing in with more than one thing, or with a passkey: allauth.mfa's views in our looks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from allauth.account.utils import get_next_redirect_url, passthrough_next_redirect_url
from allauth.mfa.base.views import AuthenticateView
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal.auth import begin_authentication
from allauth.mfa.webauthn.views import LoginWebAuthnView
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect

from callboard.web.accounts.addresses import may_sign_in
from callboard.web.accounts.limits import TOO_MANY
from callboard.web.views.signing import SIGN_IN, too_many

if TYPE_CHECKING:
    from django.forms import Form
    from django.http import HttpRequest

NO_PASSKEY = f"{SIGN_IN}?passkey=no"


def had_too_many(form: Form) -> bool:
    """Return whether a form is refused because it was tried too often."""
    return any(error.code == TOO_MANY for faults in form.errors.as_data().values() for error in faults)


class SecondFactor(AuthenticateView):
    """`/sign-in/second`: the code of an app, a recovery code or a passkey, after a code by mail or a password."""

    template_name = "web/second.html"

    def form_invalid(self, form: Form) -> HttpResponse:
        """Say what is wrong, with 429 when it was tried too often."""
        if had_too_many(form):
            return too_many(self.request)
        response: HttpResponse = super().form_invalid(form)
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add which kinds the person has, and what a passkey is asked with."""
        found: dict[str, Any] = super().get_context_data(**kwargs)
        kinds = set(Authenticator.objects.filter(user=self.stage.login.user).values_list("type", flat=True))
        return found | {
            "has_app": Authenticator.Type.TOTP in kinds,
            "has_passkey": Authenticator.Type.WEBAUTHN in kinds,
            "options": json.dumps(found["js_data"]["request_options"]),
            "back": passthrough_next_redirect_url(self.request, SIGN_IN, "next"),
        }


class ByPasskey(LoginWebAuthnView):
    """`/sign-in/passkey`: what a passkey is asked with, and its answer."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Return what a passkey is asked with."""
        del request, args, kwargs
        return JsonResponse(begin_authentication(None))

    def form_valid(self, form: Form) -> HttpResponse:
        """Sign in, as somebody who may; lead to where the person wanted to go."""
        authenticator = form.cleaned_data["credential"]
        if not may_sign_in(authenticator.user):
            return redirect(NO_PASSKEY)
        response: HttpResponse = super().form_valid(form)
        wanted = get_next_redirect_url(self.request)
        return redirect(wanted) if wanted and self.request.user.is_authenticated else response

    def form_invalid(self, form: Form) -> HttpResponse:
        """Lead back to where to sign in, and say that it did not work."""
        del form
        return redirect(passthrough_next_redirect_url(self.request, NO_PASSKEY, "next"))
