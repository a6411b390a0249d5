"""Texts from outside: which names are taken, and how hostile characters are shown."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Any

MAX_NAME = 200
"""Characters of a name or id. Source: interfaces 4.1."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
# Direction marks can make a text read as another one; lone surrogates cannot be encoded.
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")  # RFC 5322 3.2.3
_LABELS = re.compile(
    r"(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*"
)
_UNSHOWN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def shown(text: str) -> str:
    """Return `text` as it may be shown in a line: control characters are spaces (4.3)."""
    return text if text.isprintable() else _UNSHOWN.sub(" ", text)


def folded(text: str) -> str:
    """Return `text` as M5 compares it: Unicode NFC, then case folding."""
    return text.lower() if text.isascii() else unicodedata.normalize("NFC", text).casefold()


def address_key(address: str) -> str:
    """Return the form in which e-mail addresses are compared (4.1: case-insensitively)."""
    if address.isascii():
        return address.strip().lower()
    return unicodedata.normalize("NFC", address.strip()).casefold()


def name_fault(value: Any) -> str | None:
    """Return what is wrong with a name or id (4.1), or None when it is fine."""
    if not isinstance(value, str):
        return f"must be a text, not {kind_of(value)}"
    if not value.strip():
        return "must not be empty"
    if len(value) > MAX_NAME:
        return f"has {len(value)} characters; at most {MAX_NAME} are allowed"
    if _CONTROL.search(value):
        return "holds a control character (such as a line break); remove it"
    return None


def address_fault(value: Any) -> str | None:
    """Return what is wrong with an e-mail address, or None when it is fine.

    Source: RFC 5321 4.5.3.1 (64 octets before the @, 254 in all).
    """
    fault = name_fault(value)
    if fault:
        return fault
    if ascii_address(value) is None:
        return f"{shown(value)!r} is not an e-mail address like ana@copperglass.example"
    return None


def usual_address(address: str) -> str:
    """Return an address with its domain as people write it; one that can not be written stays as it is.

    Wide letters, other dots and the ASCII form of a domain all lead to the same mailbox.
    """
    local, at, domain = (ascii_address(address) or address).rpartition("@")
    try:
        return f"{local}{at}{domain.encode('ascii').decode('idna')}"
    except UnicodeError:
        return address


@lru_cache(maxsize=65_536)
def ascii_address(address: str) -> str | None:
    """Return an address as SMTP writes it, its domain in ASCII, or None when it can not be written.

    Letters outside ASCII are taken in the domain, not before the @: few servers take those.
    Source: RFC 5321 4.1.2 and 4.5.3.1.1 (64 octets before the @), RFC 3490 (domains).
    """
    local, _, domain = address.rpartition("@")
    try:
        ascii_domain = domain if domain.isascii() else domain.encode("idna").decode()
    except UnicodeError:
        return None
    if len(local) > 64 or not _LOCAL.fullmatch(local) or not _LABELS.fullmatch(ascii_domain):  # noqa: PLR2004
        return None
    return f"{local}@{ascii_domain}"


def kind_of(value: Any) -> str:
    """Return the JSON word for the type of `value`, with its article."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true/false"
    names: dict[type, str] = {str: "a text", int: "a number", float: "a number", list: "a list", dict: "an object"}
    return names.get(type(value), type(value).__name__)
