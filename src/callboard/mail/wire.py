"""A mail as it follows DATA: CRLF lines, dots doubled, the final dot. Source: RFC 5321 4.5.2."""

from __future__ import annotations

import re
from typing import NamedTuple, TypeAlias

import numpy as np

_BARE = re.compile(rb"\r(?!\n)|(?<!\r)\n")
_LF, _CR, _DOT = b"\n\r."
_SHORT_BYTES = 1_000


class Clean(tuple[bytes, ...]):
    """A mail in pieces of which is known that all is ASCII, every line ends with CRLF and none begins with a dot.

    Whoever makes one vouches for it: the final dot is all that `wire_form` adds. A piece that many
    mails share is the same object in all of them, and nobody copies it before the kernel does.
    """

    __slots__ = ()


Written: TypeAlias = bytes | Clean
"""A whole mail, ready to be handed over."""


class MailObject(NamedTuple):
    """An envelope and its content. Source: RFC 5321 2.3.1."""

    sender: str
    recipient: str
    content: Written


def whole(mail: Written) -> bytes:
    """Return a mail in one piece."""
    return b"".join(mail) if isinstance(mail, Clean) else mail


def wire_form(mail: Written) -> tuple[bytes, ...]:
    """Return a mail as it follows DATA, in pieces.

    A bare CR or LF would be read as a line's end by some servers and not by others, so it
    becomes one for all.
    """
    if isinstance(mail, Clean):
        return (*mail, b".\r\n")
    if is_clean(mail):
        return mail, b".\r\n"
    raw = _BARE.sub(b"\r\n", mail)
    if raw.startswith(b"."):
        raw = b"." + raw
    raw = raw.replace(b"\r\n.", b"\r\n..")
    return raw, b".\r\n" if raw.endswith(b"\r\n") else b"\r\n.\r\n"


def is_clean(raw: bytes) -> bool:
    """Return whether every line ends with CRLF and none begins with a dot."""
    if not raw.endswith(b"\r\n") or raw.startswith(b"."):
        return False
    if len(raw) < _SHORT_BYTES:
        return raw.count(b"\n") == raw.count(b"\r") == raw.count(b"\r\n") and b"\n." not in raw
    octets = np.frombuffer(raw, np.uint8)  # searching for two bytes in a row takes ten times as long
    feeds = octets == _LF
    paired = not feeds[0] and feeds[1:].tobytes() == (octets[:-1] == _CR).tobytes()
    return paired and not (feeds[:-1] & (octets[1:] == _DOT)).any()
