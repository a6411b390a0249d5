"""Signing in and out, and setting a password from an operator's link."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView, PasswordResetConfirmView
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from callboard.web import limits, store
from callboard.web.gates import is_demo, require_demo
from callboard.web.people import samples

TOO_MANY = "Too many tries. Wait ten minutes, then try again."
_WRONG = "This address and this password do not belong together. Check both and try again."


class SignInForm(AuthenticationForm):
    """Address and password. The answer is the same for an unknown address and a wrong password."""

    username = forms.CharField(
        label="E-mail address",
        max_length=254,
        widget=forms.EmailInput(attrs={"autofocus": True, "autocomplete": "username", "spellcheck": "false"}),
    )
    error_messages = {"invalid_login": _WRONG, "inactive": _WRONG}  # noqa: RUF012 - Django's form

    def clean(self) -> dict[str, Any]:
        """Count the try before the password is looked at."""
        email = str(self.cleaned_data.get("username") or "")
        if self.request is not None and email and not limits.may_try(self.request, email):
            raise forms.ValidationError(TOO_MANY, code="too-many")
        return super().clean()

    def confirm_login_allowed(self, user: Any) -> None:
        """Let active users in, and start their count again."""
        super().confirm_login_allowed(user)
        limits.forget(str(self.cleaned_data["username"]))


class SignIn(LoginView):
    """`/sign-in`."""

    template_name = "web/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = False

    def get_default_redirect_url(self) -> str:
        """Return the settings: what people come for."""
        return "/settings"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the sample people in the demo."""
        found = super().get_context_data(**kwargs)
        found["is_set"] = "set" in self.request.GET
        found["samples"] = samples() if is_demo(self.request) else []
        return found

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        """Say what is wrong, with 429 when it was tried too often."""
        response = super().form_invalid(form)
        if form.has_error("__all__", "too-many"):
            response.status_code = 429
            response["Retry-After"] = str(int(limits.WITHIN_S))
        return response


class SignOut(LogoutView):
    """`/sign-out`, by POST only."""

    next_page = "/"
    http_method_names = ("post", "options")


class SetPassword(PasswordResetConfirmView):
    """`/set-password/<uidb64>/<token>/`, the link that `callboard operator create` prints."""

    template_name = "web/set_password.html"
    success_url = "/sign-in?set=1"
    post_reset_login = False


@require_POST
def sign_in_as(request: HttpRequest) -> HttpResponse:
    """Sign in as a sample person with one click: in the demo, on this machine only."""
    require_demo(request)
    user = store.find_active_user(request.POST.get("email", ""))
    if user is None or user.is_staff:
        raise Http404("no such sample person")
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    return redirect(_next_of(request) or "/settings")


def _next_of(request: HttpRequest) -> str:
    wanted = request.POST.get("next", "")
    secure = settings.SESSION_COOKIE_SECURE
    return wanted if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=secure) else ""
