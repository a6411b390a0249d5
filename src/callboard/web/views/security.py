"""`/settings/security`: how somebody signs in. An authenticator app, passkeys, recovery codes: allauth.mfa's views."""

from __future__ import annotations

import json
from datetime import UTC
from typing import TYPE_CHECKING, Any, cast

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.views import GenerateRecoveryCodesView, ViewRecoveryCodesView
from allauth.mfa.totp.views import ActivateTOTPView, DeactivateTOTPView
from allauth.mfa.webauthn.internal.auth import begin_registration
from allauth.mfa.webauthn.views import AddWebAuthnView, EditWebAuthnView, RemoveWebAuthnView
from django.conf import settings
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.generic.edit import FormView

from callboard.base.texts import shown
from callboard.mail.wording import WEEKDAYS, zone_of
from callboard.preferences.naming import MONTHS
from callboard.web.accounts.freshness import freshly_signed_in
from callboard.web.gates import signed_in
from callboard.web.views.second import had_too_many
from callboard.web.views.signing import too_many

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from django.forms import Form
    from django.http import HttpRequest, HttpResponse
    from django.http.response import HttpResponseBase

    from callboard.people.models import User

SECURITY = "/settings/security"
DONE = {
    "app": "The app is set up. From now on, signing in asks for a code from it.",
    "app-gone": "The app is removed.",
    "passkey": "The passkey is added. You can sign in with it from now on.",
    "passkey-gone": "The passkey is removed.",
    "renamed": "The passkey has its new name.",
}
"""What a page says after a change, by the word in its address."""


@signed_in
def overview(request: HttpRequest) -> HttpResponse:
    """Show every way to sign in that the person has."""
    user = cast("User", request.user)
    found = list(Authenticator.objects.filter(user=user).order_by("id"))
    of_kind = {kind: [_told(one, user) for one in found if one.type == kind] for kind in Authenticator.Type}
    codes = [one for one in found if one.type == Authenticator.Type.RECOVERY_CODES]
    shows = {
        "app": next(iter(of_kind[Authenticator.Type.TOTP]), None),
        "passkeys": of_kind[Authenticator.Type.WEBAUTHN],
        "has_codes": bool(codes),
        "codes_left": len(codes[0].wrap().get_unused_codes()) if codes else 0,
        "says": DONE.get(request.GET.get("done", ""), ""),
        "must": settings.CONFIG.operator_mfa and user.is_staff and not found,
    }
    return render(request, "web/security.html", shows)


def _told(one: Authenticator, user: User) -> dict[str, Any]:
    return {
        "id": one.pk,
        "name": shown(str(one)),
        "added": _day(one.created_at, user),
        "used": _day(one.last_used_at, user) if one.last_used_at else "",
    }


def _day(at: datetime, user: User) -> str:
    """Return the day of an instant on the person's clock: "Mon 23 Nov 2026"."""
    local = at.astimezone(UTC).astimezone(zone_of(user.time_zone)[0])
    return f"{WEEKDAYS[local.weekday()]} {local.day} {MONTHS[local.month - 1]} {local.year}"


class AddApp(ActivateTOTPView):
    """Shows the secret as a picture and in letters, and asks for the first code."""

    template_name = "web/security_app.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer; there is one app at a time."""
        if Authenticator.objects.filter(user=cast("User", request.user), type=Authenticator.Type.TOTP).exists():
            return redirect(SECURITY)
        return super().dispatch(request, *args, **kwargs)

    def form_invalid(self, form: Form) -> HttpResponse:
        """Say what is wrong, with 429 when it was tried too often."""
        if had_too_many(form):
            return too_many(self.request)
        return super().form_invalid(form)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the secret in groups of four letters, for who types it."""
        found: dict[str, Any] = super().get_context_data(**kwargs)
        secret = found["form"].secret
        return found | {"secret": " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))}

    def get_success_url(self) -> str:
        """Return where the recovery codes are, if they are new."""
        return f"{SECURITY}/codes" if self.did_generate_recovery_codes else f"{SECURITY}?done=app"


class RemoveApp(DeactivateTOTPView):
    """Asks before the app is removed."""

    template_name = "web/security_remove.html"
    success_url: Any = f"{SECURITY}?done=app-gone"
    extra_context = {"what": "the authenticator app", "is_app": True}  # noqa: RUF012 - Django's form


class Codes(ViewRecoveryCodesView):
    """Shows the recovery codes, once."""

    template_name = "web/security_codes.html"


class NewCodes(GenerateRecoveryCodesView):
    """Asks before new recovery codes take the place of the old ones."""

    template_name = "web/security_codes_new.html"
    success_url: Any = f"{SECURITY}/codes"


class AddPasskey(AddWebAuthnView):
    """Asks the browser for a passkey that signs in without anything else."""

    template_name = "web/security_passkey.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add what the browser is asked with."""
        found: dict[str, Any] = FormView.get_context_data(self, **kwargs)
        return found | {"options": json.dumps(begin_registration(cast("User", self.request.user), True))}

    def get_success_url(self) -> str:
        """Return where the recovery codes are, if they are new."""
        return f"{SECURITY}/codes" if self.did_generate_recovery_codes else f"{SECURITY}?done=passkey"


class RenamePasskey(EditWebAuthnView):
    """Asks for another name."""

    template_name = "web/security_rename.html"
    success_url: Any = f"{SECURITY}?done=renamed"


class RemovePasskey(RemoveWebAuthnView):
    """Asks before a passkey is removed."""

    template_name = "web/security_remove.html"
    success_url: Any = f"{SECURITY}?done=passkey-gone"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add which passkey it is."""
        found: dict[str, Any] = super().get_context_data(**kwargs)  # type: ignore[no-untyped-call]
        return found | {"what": f"the passkey “{shown(str(self.object))}”"}


def _change(view: type[Any]) -> Callable[..., HttpResponse]:
    """Return a page that changes how the person signs in, for who has just shown who it is; kept nowhere."""
    return never_cache(freshly_signed_in(view.as_view()))


add_app, remove_app = _change(AddApp), _change(RemoveApp)
codes, new_codes = _change(Codes), _change(NewCodes)
add_passkey, rename_passkey, remove_passkey = map(_change, (AddPasskey, RenamePasskey, RemovePasskey))
