"""What allauth asks: who is who, where a request comes from, what is said and what is mailed."""

from __future__ import annotations

from functools import partial
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.stagekit import clear_login
from allauth.core.internal.httpkit import clean_client_ip
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils.http import url_has_allowed_host_and_scheme

from callboard.base.texts import shown
from callboard.mail.direct import send_soon
from callboard.mail.wording import WEEKDAYS, zone_of
from callboard.people.links import RESET
from callboard.people.models import User
from callboard.preferences.naming import MONTHS
from callboard.web.accounts.addresses import find_person, may_sign_in
from callboard.web.accounts.freshness import is_fresh
from callboard.web.accounts.limits import counted_as
from callboard.web.gates import client_address
from callboard.web.viewer import business_now

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from django.contrib.auth.base_user import AbstractBaseUser
    from django.http import HttpRequest, HttpResponse

SIGN_IN_CODE = "account/email/login_code"
"""The mail with a code; allauth's name for it."""
RESET_LETTER = "account/email/reset"
CODE_ENDED = "/sign-in?ended=1"
UNKNOWN = "unknown"


class Adapter(DefaultAccountAdapter):
    """allauth's adapter for Callboard."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": "This address and this password do not belong together. Check both and try again.",
        "incorrect_code": "This is not the code of the newest mail. Check it and try again.",
        "enter_current_password": "This is not your current password. Try again.",
    }

    # What is mailed

    def send_mail(self, template_prefix: str, email: str, context: Mapping[str, Any]) -> None:
        """Write to the active person with this address, in the background; to nobody else.

        The mail goes to the stored address, not to the typed one, which may be another mailbox
        that compares as equal. For an unknown address a mail is written and goes nowhere.
        """
        person = find_person(email)
        words = {
            "code": context.get("code", ""),
            "url": context.get("url", ""),
            "asked": _when(business_now(), person),
            "place": self._place(),
            "base_url": settings.CONFIG.base_url,
        }
        to = person.email if person else email
        send_soon(partial(_letter, template_prefix, to, words), deliver=person is not None)

    def send_code_to_nobody(self, email: str) -> None:
        """Do the work of mailing a code where there is nobody to mail it to."""
        self.send_mail(SIGN_IN_CODE, email, {"code": self.generate_login_code()})

    def send_reset(self, email: str) -> None:
        """Mail a link that sets a new password; the same work is done where there is nobody to mail it to."""
        user = find_person(email) or User(pk=0, email=email)
        self.send_mail(RESET_LETTER, email, {"url": RESET.url(user, settings.CONFIG.base_url)})

    def _place(self) -> str:
        """Return where the request came from, in words that whoever asks can not choose."""
        place = self.get_client_ip(self.request)
        return "an unknown address" if place == UNKNOWN else f"the address {place}"

    # Who and where

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the IP address a request comes from, or one word for all that have none."""
        place = clean_client_ip(client_address(request))
        if place is None:
            return UNKNOWN
        # As a server that listens on IPv6 sees IPv4; allauth would count all of them as one network.
        mapped = getattr(ip_address(place), "ipv4_mapped", None)
        return str(mapped or place)

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Return what tries are counted under; allauth's own has the host in it, which whoever asks can choose."""
        del request
        return counted_as(str(credentials.get("email", "")))

    def set_password(self, user: AbstractBaseUser, password: str) -> None:
        """Store a password and nothing else: the portal may change the person at the same moment."""
        user.set_password(password)
        user.save(update_fields=["password"])

    def pre_login(self, request: HttpRequest, user: AbstractBaseUser, **kwargs: Any) -> HttpResponse | None:
        """Let nobody in whom no door lets in: who was deactivated meanwhile, and test users."""
        if not may_sign_in(user):
            clear_login(request)
            return self.respond_user_inactive(request, user)
        response: HttpResponse | None = super().pre_login(request, user, **kwargs)
        return response

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Return whether the person has to show again who it is: not right after signing in."""
        del app, kwargs
        return not is_fresh(self.request)

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Return that nobody signs up: people come from the portal."""
        del request
        return False

    # What is answered

    def is_safe_url(self, url: str) -> bool:
        """Return whether one may be led there after signing in: to a path here, nowhere else."""
        return url.startswith("/") and url_has_allowed_host_and_scheme(url, allowed_hosts=None)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Return where a new password is confirmed."""
        del request
        return "/settings/password?set=1"

    def respond_user_inactive(self, request: HttpRequest, user: AbstractBaseUser) -> HttpResponse:
        """Answer to a person who was deactivated after the code was sent as if the code had ended (A1)."""
        del request, user
        return redirect(CODE_ENDED)

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Say nothing from one page to the next: each says itself what happened."""

    def is_ajax(self, request: HttpRequest) -> bool:
        """Return that answers are pages, whatever is asked for."""
        del request
        return False


def _letter(template_prefix: str, to: str, words: dict[str, str]) -> EmailMultiAlternatives:
    subject = render_to_string(f"{template_prefix}_subject.txt", words).strip()
    text = render_to_string(f"{template_prefix}_message.txt", words)
    letter = EmailMultiAlternatives(subject, text, to=[to])
    letter.attach_alternative(
        render_to_string(f"{template_prefix}_message.html", words | {"subject": subject}), "text/html"
    )
    return letter


def _when(at: datetime, person: User | None) -> str:
    """Return an instant on the person's clock: "Mon 23 Nov at 11:00 (Europe/Madrid)"."""
    zone, name = zone_of(person.time_zone if person else "UTC")
    local = at.astimezone(zone)
    return f"{WEEKDAYS[local.weekday()]} {local.day} {MONTHS[local.month - 1]} at {local:%H:%M} ({shown(name)})"
