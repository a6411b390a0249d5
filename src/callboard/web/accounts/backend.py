"""Whether an address and a password belong together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.backends import ModelBackend

from callboard.web.accounts.addresses import find_person, may_sign_in

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser
    from django.http import HttpRequest

    from callboard.people.models import User


class AddressBackend(ModelBackend):
    """Finds people by the compared form of their address; allauth's own backend looks for it as it was typed.

    Django's backend hashes once whoever is asked for, and ends the session of a deactivated
    person with the next request (A1).
    """

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **credentials: Any
    ) -> User | None:
        """Return the active person with this address and password; allauth calls the address `email`."""
        typed = username or credentials.get("email")
        if not typed or password is None:
            return None
        person = find_person(typed)
        return super().authenticate(request, username=person.email if person else typed, password=password)

    def user_can_authenticate(self, user: User | AnonymousUser | None) -> bool:
        """Return whether this account may sign in and stay so: an active one, and no test user's."""
        return may_sign_in(user)
