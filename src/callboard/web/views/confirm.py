"""`/settings/security/confirm`: shows again who it is, before the ways to sign in change.

Who has a second factor is asked for it, who has a password for that, anybody else for a code by
mail: what a stolen session alone does not have.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, cast

from allauth.account.adapter import get_adapter
from allauth.account.forms import ReauthenticateForm
from allauth.account.internal.flows.login import record_authentication
from allauth.account.utils import get_next_redirect_url
from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import ReauthenticateWebAuthnForm
from allauth.mfa.webauthn.internal.auth import begin_authentication
from django import forms
from django.conf import settings
from django.shortcuts import redirect
from django.views.generic import TemplateView

from callboard.web.accounts.adapter import SIGN_IN_CODE, Adapter
from callboard.web.accounts.forms import CodeField, FactorAgainForm
from callboard.web.accounts.limits import may_ask, may_enter
from callboard.web.gates import signed_in
from callboard.web.views.second import had_too_many
from callboard.web.views.signing import too_many

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse
    from django.http.response import HttpResponseBase

    from callboard.people.models import User

_MAILED = "confirm_code"
SECURITY = "/settings/security"


class MailedCodeForm(forms.Form):
    """Asks for the code of a mail that this session asked for; it works once, for ten minutes and five tries."""

    mailed = CodeField()

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request

    def clean_mailed(self) -> str:
        """Count the try, and compare.

        Raises:
            ValidationError: it is wrong, or has ended.
        """
        code = str(self.cleaned_data["mailed"])
        known = self.request.session.get(_MAILED) or {"code": "", "at": 0.0}
        in_time = time.time() - known["at"] < settings.ACCOUNT_LOGIN_BY_CODE_TIMEOUT
        if not in_time or not may_enter(self.request, known["at"]):
            self.request.session.pop(_MAILED, None)
            raise forms.ValidationError("This code has ended. Ask for a new one.", code="ended")
        if not compare_user_code(actual=code, expected=known["code"]):
            raise get_adapter().validation_error("incorrect_code")
        del self.request.session[_MAILED]
        return code

    def save(self) -> None:
        """Write down that the person has shown who it is."""
        record_authentication(self.request, cast("User", self.request.user), "code", reauthenticated=True)


class PasswordAgainForm(ReauthenticateForm):
    """Asks for the password."""

    def save(self) -> None:
        """Write down that the person has shown who it is."""
        record_authentication(get_adapter().request, self.user, "password", reauthenticated=True)


class Confirm(TemplateView):
    """Asks in the one way that fits the person."""

    template_name = "web/confirm.html"
    user: User

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Find out how the person may show who it is."""
        self.user = cast("User", request.user)
        kinds = set(Authenticator.objects.filter(user=self.user).values_list("type", flat=True))
        self.has_app = Authenticator.Type.TOTP in kinds
        self.has_passkey = Authenticator.Type.WEBAUTHN in kinds
        self.by_factor = self.has_app or self.has_passkey
        self.by_password = not self.by_factor and self.user.has_usable_password()
        return super().dispatch(request, *args, **kwargs)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Send a code, or take what was asked for."""
        if request.POST.get("way") == "mail" and not (self.by_factor or self.by_password):
            return self._send_code()
        form = self._form()
        if form.is_valid():
            form.save()
            return redirect(get_next_redirect_url(request) or SECURITY)
        if had_too_many(form):
            return too_many(request)
        return self.render_to_response(self.get_context_data(form=form))

    def _form(self) -> Any:
        """Return the form that fits the person, whatever was sent."""
        data = self.request.POST
        if self.has_passkey and "credential" in data:
            return ReauthenticateWebAuthnForm(data, user=self.user)
        if self.by_factor:
            return FactorAgainForm(data, user=self.user)
        if self.by_password:
            return PasswordAgainForm(data, user=self.user)
        return MailedCodeForm(data, request=self.request)

    def _send_code(self) -> HttpResponse:
        if not may_ask(self.request, self.user.email):
            return too_many(self.request)
        adapter = Adapter(self.request)
        code = adapter.generate_login_code()
        self.request.session[_MAILED] = {"code": code, "at": time.time()}
        adapter.send_mail(SIGN_IN_CODE, self.user.email, {"code": code})
        return self.render_to_response(self.get_context_data())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return how to ask."""
        found: dict[str, Any] = super().get_context_data(**kwargs)
        return found | {
            "next": get_next_redirect_url(self.request) or "",
            "has_app": self.has_app,
            "by_factor": self.by_factor,
            "by_password": self.by_password,
            "is_sent": _MAILED in self.request.session,
            "options": json.dumps(dict(begin_authentication(self.user))) if self.has_passkey else "",
        }


@signed_in
def confirm(request: HttpRequest) -> HttpResponse:
    """Answer who is signed in."""
    return Confirm.as_view()(request)
