"""Links that came by mail or from an operator, and set a password: an invitation, a new password, the console."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.core import ratelimit
from django.contrib.auth.views import PasswordResetConfirmView
from django.views.generic.edit import FormView

from callboard.people.links import INVITATION, OPERATOR, RESET
from callboard.web.accounts.adapter import Adapter
from callboard.web.accounts.addresses import may_sign_in
from callboard.web.accounts.forms import LinkPasswordForm, ResetForm
from callboard.web.accounts.limits import TOO_MANY, counted_as
from callboard.web.views.signing import too_many

if TYPE_CHECKING:
    from django.http import HttpResponse

    from callboard.people.links import Link
    from callboard.people.models import User


class SetPassword(PasswordResetConfirmView):
    """`/set-password/<uidb64>/<token>/`, the link that `callboard operator create` prints.

    Opening the link changes nothing, so that programs may look at it before its reader does.
    """

    template_name = "web/set_password.html"
    form_class = LinkPasswordForm
    success_url = "/sign-in?way=password&set=1"
    post_reset_login = False
    token_generator: Link = OPERATOR
    extra_context = {"purpose": "operator"}  # noqa: RUF012 - Django's form

    def get_user(self, uidb64: str) -> User | None:
        """Return whose link it is; nobody who may not sign in."""
        user = super().get_user(uidb64)
        return user if may_sign_in(user) else None

    def form_valid(self, form: Any) -> HttpResponse:
        """Store the password, tell the person so, and forget the failed tries before it."""
        response: HttpResponse = super().form_valid(form)
        user = form.user
        Adapter(self.request).send_notification_mail("account/email/password_set", user, email=user.email)
        ratelimit.clear(self.request, action="login_failed", key=counted_as(user.email))
        return response


class Welcome(SetPassword):
    """`/welcome/<uidb64>/<token>/`, the link of an invitation: a password, or a code as everybody else."""

    template_name = "web/welcome.html"
    token_generator = INVITATION


class ResetPassword(SetPassword):
    """`/reset-password/<uidb64>/<token>/`, the link of a mail that was asked for."""

    token_generator = RESET
    extra_context = {"purpose": "reset"}  # noqa: RUF012 - Django's form


class AskReset(FormView):  # type: ignore[type-arg] # not generic when it runs
    """`/sign-in/reset`: asks for the address that a link is sent to; says the same of every address."""

    template_name = "web/reset.html"
    form_class = ResetForm

    def get_initial(self) -> dict[str, Any]:
        """Begin with the address that was typed elsewhere."""
        return {"email": self.request.GET.get("email", "")}

    def form_valid(self, form: ResetForm) -> HttpResponse:
        """Send the link."""
        email = form.cleaned_data["email"]
        Adapter(self.request).send_reset(email)
        return self.render_to_response(self.get_context_data(form=form, sent=True, email=email))

    def form_invalid(self, form: ResetForm) -> HttpResponse:
        """Say what is wrong, with 429 when it was asked for too often."""
        if any(error.code == TOO_MANY for error in form.errors.as_data().get("email", [])):
            return too_many(self.request)
        return super().form_invalid(form)
