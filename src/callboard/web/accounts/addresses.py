"""The address that somebody types to sign in, and the person it belongs to."""

from __future__ import annotations

from django import forms

from callboard.base.texts import address_fault, address_key, ascii_address
from callboard.people.models import User
from callboard.people.values import is_test_address
from callboard.web import store

LONGEST = 254
"""Characters of an address. Source: RFC 5321 4.5.3.1.3, as errata 1690 read it."""


def may_sign_in(user: object) -> bool:
    """Return whether this is a person who may sign in: active (A1), and no test user."""
    return isinstance(user, User) and user.is_active and not is_test_address(user.email)


def find_person(typed: str) -> User | None:
    """Return who may sign in with this address, compared as 4.1 says.

    Browsers send a domain outside ASCII in its ASCII form, so each way to write it is looked
    for. Every way is asked for: the number of queries tells nothing about who exists.
    """
    found = [store.find_active_user(one) for one in _spellings(typed)]
    return next((user for user in found if user is not None), None)


def address_in_unicode(typed: str) -> str:
    """Return an address with its domain as people write it."""
    local, at, domain = typed.rpartition("@")
    try:
        return f"{local}{at}{domain.encode('ascii').decode('idna')}"
    except UnicodeError:
        return typed


def _spellings(typed: str) -> list[str]:
    every = (typed, address_in_unicode(typed), ascii_address(typed) or typed)
    return list({address_key(one): one for one in reversed(every)}.values())[::-1]


class AddressField(forms.CharField):
    """An e-mail address, taken as the people file takes it: also one whose domain is not ASCII."""

    default_error_messages = {  # noqa: RUF012 - Django's form
        "required": "Enter your e-mail address.",
        "invalid": "Enter your e-mail address, such as ana@copperglass.example.",
    }

    def __init__(self) -> None:
        attrs = {"autofocus": True, "autocomplete": "username", "autocapitalize": "off", "spellcheck": "false"}
        super().__init__(label="E-mail address", max_length=LONGEST, widget=forms.EmailInput(attrs=attrs))

    def clean(self, value: str | None) -> str:
        """Return the address as people write it.

        Raises:
            ValidationError: it is none.
        """
        typed = address_in_unicode(str(super().clean(value)))
        if address_fault(typed):
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return typed
