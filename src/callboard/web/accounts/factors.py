"""Second factors and passkeys: what allauth.mfa is told. Its table holds them; their secrets are encrypted in it."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from functools import lru_cache
from typing import TYPE_CHECKING

from allauth.core.internal.cryptokit import normalize_user_code
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet
from django.conf import settings
from django.core.cache import cache

from callboard.base.keyed import keyed_hash

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

USED_S = 120
"""Seconds for which a code of an app is remembered as used: longer than it is accepted."""


class Adapter(DefaultMFAAdapter):
    """allauth's adapter for second factors."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": "This did not work. Check that the code is the newest one, and try again.",
    }

    def encrypt(self, text: str) -> str:
        """Return a secret as it is stored: who reads the database alone can make no codes."""
        return _box(settings.SECRET_KEY).encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Return a secret as it was before."""
        return _box(settings.SECRET_KEY).decrypt(encrypted_text.encode()).decode()

    def generate_authenticator_name(self, user: AbstractBaseUser, type: Authenticator.Type) -> str:  # noqa: A002 - allauth's name
        """Return what a passkey is called before its person names it."""
        count = Authenticator.objects.filter(user_id=user.pk, type=type).count()
        return "Passkey" if count == 0 else f"Passkey {count + 1}"

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Return for which site passkeys are made."""
        return super().get_public_key_credential_rp_entity() | {"name": "Callboard"}


def take_code(user_id: int, code: str) -> bool:
    """Note that a code of an app was used; return whether it was for the first time.

    allauth remembers it for one period, and accepts it for three.
    """
    key = keyed_hash(settings.SECRET_KEY, "app-code", user_id, normalize_user_code(code))
    return bool(cache.add(f"app-code-{key}", "used", timeout=USED_S))


@lru_cache(maxsize=2)
def _box(secret_key: str) -> Fernet:
    key = bytes.fromhex(keyed_hash(secret_key, "second-factors", length=64))
    return Fernet(urlsafe_b64encode(key))
