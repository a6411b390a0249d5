"""Links that let one person set a password: signed, ended by time or by the first sign-in or password after them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.utils.encoding import force_bytes
from django.utils.http import base36_to_int, urlsafe_base64_encode

if TYPE_CHECKING:
    from callboard.people.models import User


class Link(PasswordResetTokenGenerator):
    """Makes and checks the links of one purpose; those of another purpose are none.

    What is signed holds the password and the last sign-in, so that either ends the link. Time is
    the real one, as for sessions. Django ends every link after `PASSWORD_RESET_TIMEOUT`.
    """

    def __init__(self, path: str, lasts: timedelta) -> None:
        super().__init__()
        self.key_salt = f"callboard.people.links.{path}"
        self.path = path
        self.lasts = lasts

    def url(self, user: User, base_url: str) -> str:
        """Return the whole address for a person."""
        code = urlsafe_base64_encode(force_bytes(user.pk))
        return f"{base_url}/{self.path}/{code}/{self.make_token(user)}/"

    def check_token(self, user: Any, token: str | None) -> bool:
        """Return whether a token is this person's, of this purpose, and has not ended."""
        if not token or not super().check_token(user, token):
            return False
        made_s = base36_to_int(token.partition("-")[0])
        return self._num_seconds(self._now()) - made_s <= self.lasts.total_seconds()


INVITATION = Link("welcome", timedelta(days=7))
RESET = Link("reset-password", timedelta(hours=1))
OPERATOR = Link("set-password", timedelta(days=3))
