"""Signing in by a code or a password, signing out, setting a password: allauth's views, at Callboard's addresses."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, cast

from allauth.account.internal.stagekit import LOGIN_SESSION_KEY
from allauth.account.stages import LoginByCodeStage
from allauth.account.utils import get_next_redirect_url, passthrough_next_redirect_url
from allauth.account.views import (
    ConfirmLoginCodeView,
    LoginView,
    LogoutView,
    PasswordChangeView,
    PasswordSetView,
    RequestLoginCodeView,
)
from allauth.mfa.stages import AuthenticateStage
from django.conf import settings
from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from callboard.people.models import User
from callboard.web import store
from callboard.web.accounts.adapter import CODE_ENDED, Adapter
from callboard.web.accounts.forms import PasswordForm
from callboard.web.accounts.freshness import freshly_signed_in
from callboard.web.accounts.limits import TOO_MANY, WAIT_S, may_ask, may_enter
from callboard.web.gates import is_demo, require_demo, signed_in
from callboard.web.people import samples

if TYPE_CHECKING:
    from allauth.account.stages import LoginStage
    from django.forms import BaseForm
    from django.http import HttpResponseBase

SIGN_IN, ENTER_CODE = "/sign-in", "/sign-in/code"


def sign_in(request: HttpRequest) -> HttpResponseBase:
    """`/sign-in`: an address for a code, or an address and a password; without JavaScript."""
    way = request.POST.get("way") or request.GET.get("way")
    view = ByPassword if way == "password" else ByCode
    return view.as_view()(request)


def too_many(request: HttpRequest) -> HttpResponse:
    """Answer to too many tries, of whatever kind."""
    response = render(request, "web/too_many.html", status=429)
    response["Retry-After"] = str(WAIT_S)
    return response


class _Entrance:
    """What both ways to sign in share: one page, and the answer to too many tries."""

    request: HttpRequest

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer, as slowly for a pending nobody as for a pending person."""
        _look_up_nobody(request)
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)  # type: ignore[misc]
        return response

    def _redirect_to_pending_stage(self, request: HttpRequest, stage: LoginStage) -> HttpResponseRedirect | None:
        """Let who waits for a code, or is asked for a second factor, begin again, for another address too."""
        if isinstance(stage, (LoginByCodeStage, AuthenticateStage)):
            return None
        response: HttpResponseRedirect = super()._redirect_to_pending_stage(request, stage)  # type: ignore[misc]
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add what led here, and the sample people in the demo."""
        found: dict[str, Any] = super().get_context_data(**kwargs)  # type: ignore[misc]
        found |= {name: name in self.request.GET for name in ("set", "ended")}
        found["no_passkey"] = "passkey" in self.request.GET
        found["sign_on"] = settings.CONFIG.oidc.name if settings.CONFIG.oidc else ""
        found["next"] = get_next_redirect_url(self.request) or ""
        found["samples"] = samples() if is_demo(self.request) else []
        return found

    def form_invalid(self, form: BaseForm) -> HttpResponse:
        """Say what is wrong, with 429 when it was tried too often."""
        errors = (error for faults in form.errors.as_data().values() for error in faults)
        if any(error.code == TOO_MANY for error in errors):
            return too_many(self.request)
        response: HttpResponse = super().form_invalid(form)  # type: ignore[misc]
        return response


class ByCode(_Entrance, RequestLoginCodeView):
    """Asks for the address that a code is sent to."""

    template_name = "web/sign_in.html"
    extra_context = {"by_password": False}  # noqa: RUF012 - Django's form

    def form_valid(self, form: Any) -> HttpResponse:
        """Send a code, and lead to where it is entered; an unknown address is led there too."""
        if form._user is None:  # noqa: SLF001 - allauth's form hands the person over so
            Adapter().send_code_to_nobody(form.cleaned_data["email"])
        response: HttpResponse = super().form_valid(form)
        return response


class ByPassword(_Entrance, LoginView):
    """Asks for address and password."""

    template_name = "web/sign_in.html"
    extra_context = {"by_password": True}  # noqa: RUF012 - Django's form

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Sign in; without a password, as from the other form, ask for it."""
        if "password" in request.POST:
            response: HttpResponse = super().post(request, *args, **kwargs)
            return response
        form = PasswordForm(request=request, initial={"login": request.POST.get("email", "")})
        asked: HttpResponse = self.render_to_response(self.get_context_data(form=form))
        return asked


class EnterCode(ConfirmLoginCodeView):
    """`/sign-in/code`: the code of the mail; a new one; the way back."""

    template_name = "web/sign_in_code.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer; where no code is waited for, lead to where one is asked for, and say why."""
        _look_up_nobody(request)
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        if isinstance(response, HttpResponseRedirect) and response.url == SIGN_IN:
            return redirect(passthrough_next_redirect_url(request, CODE_ENDED, "next"))
        return response

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Try the code, or send a new one; the tries of one sign-in end however many are made at once."""
        if self._action == "verify" and not may_enter(request, self.stage.login.initiated_at):
            self._process.abort()
            return redirect(SIGN_IN)
        response: HttpResponse = super().post(request, *args, **kwargs)
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add how many tries are left, and the way back."""
        found: dict[str, Any] = super().get_context_data(**kwargs)
        found["tries_left"] = self._process.max_attempts - self._process.state["failed_attempts"]
        found["next"] = get_next_redirect_url(self.request) or ""
        found["back"] = passthrough_next_redirect_url(self.request, SIGN_IN, "next")
        found["by_password"] = passthrough_next_redirect_url(self.request, f"{SIGN_IN}?way=password", "next")
        found["again"] = "again" in self.request.GET
        return found

    def _resend_form_valid(self, form: BaseForm) -> HttpResponse:
        """Send a new code, valid for ten minutes from now, within the limits of asking for one."""
        del form
        email = self._process.state["email"]
        if not may_ask(self.request, email):
            return too_many(self.request)
        self._process.state["at"] = time.time()
        if self._process.user is None:
            Adapter().send_code_to_nobody(email)
        self._process.resend()
        return redirect(passthrough_next_redirect_url(self.request, f"{ENTER_CODE}?again=1", "next"))


def _look_up_nobody(request: HttpRequest) -> None:
    """Ask the database for a pending nobody as allauth asks it for a pending person.

    Else the time of an answer would tell whether a code was sent.
    """
    pending = request.session.get(LOGIN_SESSION_KEY)
    if isinstance(pending, dict) and pending.get("user_pk") is None:
        store.find_active_user("")


class SignOut(LogoutView):
    """`/sign-out`, by POST only."""

    http_method_names = ("post", "options")


class _OwnPassword:
    """What setting and changing one's password share."""

    request: HttpRequest

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add whether the password was just set."""
        found: dict[str, Any] = super().get_context_data(**kwargs)  # type: ignore[misc]
        return found | {"is_set": "set" in self.request.GET}


class _Set(_OwnPassword, PasswordSetView):
    """Asks for a first password."""

    template_name = "web/password.html"


class _Change(_OwnPassword, PasswordChangeView):
    """Asks for the present password and a new one."""

    template_name = "web/password.html"


@signed_in
def password(request: HttpRequest) -> HttpResponse:
    """`/settings/password`: set a first password, or change it."""
    if isinstance(request.user, User) and request.user.has_usable_password():
        return cast("HttpResponse", _Change.as_view()(request))
    return freshly_signed_in(_Set.as_view())(request)


@require_POST
def sign_in_as(request: HttpRequest) -> HttpResponse:
    """Sign in as a sample person with one click: in the demo, on this machine only."""
    require_demo(request)
    user = store.find_active_user(request.POST.get("email", ""))
    if user is None or user.is_staff:
        raise Http404("no such sample person")
    login(request, user)
    return redirect(get_next_redirect_url(request) or "/settings")
