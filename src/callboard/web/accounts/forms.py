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
from allauth.mfa.adapter import get_adapter as mfa_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm, EditWebAuthnForm
from django import forms
from django.contrib.auth import forms as django_forms
from django.contrib.auth.base_user import AbstractBaseUser

from callboard.web.accounts.addresses import AddressField, find_person
from callboard.web.accounts.factors import take_code
from callboard.web.accounts.limits import TOO_MANY, may_ask, may_reset

LONGEST_CODE = 40
"""Characters that may be typed as a code: six, and what people put between them."""
LONGEST_NAME = 60
_CODE_ATTRS = {
    "autofocus": True, "autocomplete": "one-time-code", "inputmode": "numeric", "spellcheck": "false",
    "maxlength": LONGEST_CODE,
}  # fmt: skip


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


class ResetForm(forms.Form):
    """Asks for the address that a link for a new password is sent to; whoever it belongs to."""

    email = AddressField()

    def clean_email(self) -> str:
        """Count the try.

        Raises:
            ValidationError: a limit is reached.
        """
        email: str = self.cleaned_data["email"]
        if not may_reset(context.request, email):
            raise get_adapter().validation_error(TOO_MANY)
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


class CodeField(forms.CharField):
    """A code of a mail."""

    def __init__(self) -> None:
        attrs = {
            "autofocus": True, "autocomplete": "one-time-code", "autocapitalize": "characters",
            "spellcheck": "false", "maxlength": LONGEST_CODE,
        }  # fmt: skip
        super().__init__(widget=BlankInput(attrs), error_messages={"required": "Enter the code from the mail."})


class CodeForm(ConfirmLoginCodeForm):
    """Asks for the code of the mail."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"] = CodeField()


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


class FactorForm(AuthenticateForm):
    """Asks for the code of an authenticator app, or a recovery code."""

    code = forms.CharField(widget=BlankInput(_CODE_ATTRS), error_messages={"required": "Enter the code."})

    def clean_code(self) -> str:
        """Check the code; one of an app is taken once.

        Raises:
            ValidationError: it is wrong, was used before, or there were too many tries.
        """
        code = str(super().clean_code())
        if self.authenticator.type == Authenticator.Type.TOTP and not take_code(self.user.pk, code):
            raise mfa_adapter().validation_error("incorrect_code")
        return code


class FactorAgainForm(FactorForm, ReauthenticateForm):
    """The same of who is signed in."""


class AppForm(ActivateTOTPForm):
    """Asks for the first code of an authenticator app."""

    code = forms.CharField(widget=BlankInput(_CODE_ATTRS), error_messages={"required": "Enter the code of the app."})

    def clean_code(self) -> str:
        """Check the code; it does not sign in as well.

        Raises:
            ValidationError: it is wrong, or there were too many tries.
        """
        code = str(super().clean_code())
        take_code(self.user.pk, code)
        return code


class PasskeyForm(AddWebAuthnForm):
    """Takes a new passkey; it signs in without anything else, so it has to ask its holder for a PIN or the like."""

    name = forms.CharField(required=False, max_length=LONGEST_NAME)


class PasskeyNameForm(EditWebAuthnForm):
    """Takes a passkey's new name."""

    name = forms.CharField(max_length=LONGEST_NAME, error_messages={"required": "Enter a name."})


def _without_placeholders(form: Any) -> None:
    """Take allauth's grey words out of the fields: each has its label, and they would read as values."""
    for field in form.fields.values():
        field.widget.attrs.pop("placeholder", None)
