"""The forms of signing in: allauth's, asking for an address as Callboard takes it."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import (
    ChangePasswordForm,
    ConfirmLoginCodeForm,
    LoginForm,
    RequestLoginCodeForm,
    SetPasswordForm,
)
from allauth.core import context
from django import forms
from django.contrib.auth import forms as django_forms
from django.contrib.auth.base_user import AbstractBaseUser

from callboard.web.accounts.addresses import AddressField, find_person
from callboard.web.accounts.limits import TOO_MANY, may_ask

LONGEST_CODE = 40
"""Characters that may be typed as a code: six, and what people put between them."""


class AddressForm(RequestLoginCodeForm):
    """Asks for the address that a code is sent to."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"] = AddressField()

    def clean_email(self) -> str:
        """Count the try, then look the person up; an unknown address is as good as a known one.

        Raises:
            ValidationError: a limit is reached.
        """
        email: str = self.cleaned_data["email"]
        if not may_ask(context.request, email):
            raise get_adapter().validation_error(TOO_MANY)
        self._user = find_person(email)
        return email


class PasswordForm(LoginForm):
    """Asks for address and password; the address is called `email`, as in the other form."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        address, password = AddressField(), self.fields["password"]
        self.fields["login"] = address
        _without_placeholders(self)
        password.error_messages["required"] = "Enter your password."
        if self.data.get("email") or self.initial.get("login"):
            password.widget.attrs["autofocus"] = address.widget.attrs.pop("autofocus")

    def add_prefix(self, field_name: str) -> str:
        """Return the name of a field in the page."""
        return "email" if field_name == "login" else super().add_prefix(field_name)


class BlankInput(forms.TextInput):
    """A field that never shows what was typed wrong: the next code would be typed in front of it."""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Return what the field is written from."""
        del value
        return super().get_context(name, None, attrs)


class CodeForm(ConfirmLoginCodeForm):
    """Asks for the code of the mail."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        attrs = {
            "autofocus": True, "autocomplete": "one-time-code", "autocapitalize": "characters",
            "spellcheck": "false", "maxlength": LONGEST_CODE,
        }  # fmt: skip
        messages = {"required": "Enter the code from the mail."}
        self.fields["code"] = forms.CharField(widget=BlankInput(attrs), error_messages=messages)


class FirstPasswordForm(SetPasswordForm):
    """Asks a signed-in person who has no password for one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _without_placeholders(self)


class NewPasswordForm(ChangePasswordForm):
    """Asks a signed-in person for the present password and a new one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _without_placeholders(self)


class LinkPasswordForm(django_forms.SetPasswordForm):  # type: ignore[type-arg] # not generic when it runs
    """Asks for the password that an operator's link sets."""

    def save(self, commit: bool = True) -> AbstractBaseUser:  # noqa: FBT001, FBT002 - Django's form
        """Store the password and nothing else: the portal may change the person at the same moment."""
        del commit
        user: AbstractBaseUser = self.user
        get_adapter().set_password(user, self.cleaned_data["new_password1"])
        return user


def _without_placeholders(form: Any) -> None:
    """Take allauth's grey words out of the fields: each has its label, and they would read as values."""
    for field in form.fields.values():
        field.widget.attrs.pop("placeholder", None)
