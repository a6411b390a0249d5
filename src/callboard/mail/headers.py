"""Header lines of RFC 5322: folded, encoded where they are not plain ASCII, never with a line break in a value."""

from __future__ import annotations

import re
from base64 import b64encode
from email.utils import parseaddr
from functools import lru_cache

from callboard.base.errors import PermanentError
from callboard.base.texts import ascii_address, shown

LINE = 78
"""Characters a header line should have at most. Source: RFC 5322 2.1.1."""
MAX_LINE = 998
"""Characters a header line must have at most. Source: RFC 5322 2.1.1."""
ENCODED_WORD = 75
"""Characters of one encoded word. Source: RFC 2047 2."""
MAX_PHRASE = 60
"""Characters of a display name that is written as one quoted string."""

_FORBIDDEN = re.compile(r"[\r\n\x00]")
_SPACES = re.compile(r" +")
_PHRASE = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")  # RFC 5322 3.2.3, atoms and spaces
_TOKEN = re.compile(r"<?[\x21-\x3b\x3d\x3f-\x7e]+>?")


def unstructured(name: str, value: str) -> str:
    """Return a header of free text, folded; as encoded words where it is not plain ASCII."""
    if _FORBIDDEN.search(value):
        raise PermanentError(f"the header {name} would hold a line break or NUL")
    value = shown(value)
    if _is_plain(value, LINE - len(name) - 2):
        return folded(name, value)
    return f"{name}: {_encoded(value, len(name) + 2)}"


def _is_plain(value: str, longest: int) -> bool:
    """Return whether ASCII can say it so that folding changes nothing.

    Not with what looks like an encoded word, and not with spaces that a reader would drop.
    """
    if not value.isascii() or "=?" in value or "  " in value or value != value.strip(" "):
        return False
    return len(value) <= longest or max(map(len, value.split(" "))) <= longest


def _encoded(value: str, used: int) -> str:
    """Return encoded words, one a line; `used` characters stand before the first one.

    Source: RFC 2047 2 (75 characters a word), 5 (no character is split between two words).
    """
    room = (min(ENCODED_WORD, LINE - used) - len("=?utf-8?b??=")) // 4 * 3
    words, start, size = [], 0, 0
    for position, character in enumerate(value):
        width = len(character.encode())
        if size + width > room:
            words.append(value[start:position])
            start, size = position, 0
        size += width
    words.append(value[start:])
    return "\r\n ".join(f"=?utf-8?b?{b64encode(word.encode()).decode()}?=" for word in words)


def folded(name: str, value: str) -> str:
    """Return `name: value`, folded at spaces where it is longer than `LINE`.

    Source: RFC 5322 2.2.3.
    """
    if len(name) + len(value) + 2 <= LINE or "\r\n" in value:
        return f"{name}: {value}"
    lines = [f"{name}:"]
    for word in value.split(" "):
        if len(lines[-1]) + 1 + len(word) > LINE and lines[-1] != f"{name}:":
            lines.append("")
        lines[-1] += f" {word}"
    if max(map(len, lines)) > MAX_LINE:
        raise PermanentError(f"the header {name} can not be folded into lines")
    return "\r\n".join(lines)


@lru_cache(maxsize=16)
def sender_of(sender: str) -> str:
    """Return CALLBOARD_FROM as the value of From."""
    name, address = parseaddr(sender)
    return mailbox(name, address, len("From: "))


def mailbox(name: str, address: str, used: int) -> str:
    """Return `name <address>`, the name quoted or encoded as it needs. Source: RFC 5322 3.4."""
    spec = _address(address)
    if _FORBIDDEN.search(name):
        raise PermanentError("a display name holds a line break or NUL")
    name = _SPACES.sub(" ", shown(name)).strip(" ")
    if not name:
        return spec
    if len(name) > MAX_PHRASE or not name.isascii() or "=?" in name:
        words = _encoded(name, used)
        by = " " if len(words.rpartition("\n")[2]) + len(spec) + used + 3 <= LINE else "\r\n "
        return f"{words}{by}<{spec}>"
    if not _PHRASE.fullmatch(name):
        name = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"{name} <{spec}>"


def _address(address: str) -> str:
    found = ascii_address(address)
    if found is None:
        raise PermanentError("the address can not be written without SMTPUTF8 (RFC 6531)")
    return found


def token(what: str, value: str) -> str:
    """Return a value of visible ASCII without spaces as it is."""
    if not _TOKEN.fullmatch(value):
        raise PermanentError(f"the {what} is empty or holds a space, a line break or non-ASCII")
    return value
