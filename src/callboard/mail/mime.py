"""Write a letter as one complete RFC 5322 message, ready for SMTP DATA.

Headers are built by hand and bodies are quoted-printable from C, because the standard
library's generator takes over a millisecond for a mail; every line here is covered by tests
that read the bytes back with `email.policy.default`.
"""

from __future__ import annotations

import re
from base64 import b64encode
from binascii import b2a_qp
from email.utils import format_datetime, parseaddr
from functools import lru_cache
from typing import TYPE_CHECKING

from callboard.base.errors import PermanentError
from callboard.base.texts import ascii_address, shown
from callboard.mail.render import render
from callboard.mail.templates import STYLE

if TYPE_CHECKING:
    from callboard.catalogue.values import Catalogue
    from callboard.mail.letter import Item, Letter
    from callboard.people.values import Directory

LINE = 78
"""Characters a header line should have at most. Source: RFC 5322 2.1.1."""
MAX_LINE = 998
"""Characters a header line must have at most. Source: RFC 5322 2.1.1."""
ENCODED_WORD = 75
"""Characters of one encoded word. Source: RFC 2047 2."""
BOUNDARY = "=_callboard"
"""Between the parts. `=_` can not occur in quoted-printable. Source: RFC 2045 6.7."""
MAX_PHRASE = 60
"""Characters of a display name that is written as one quoted string."""

_FORBIDDEN = re.compile(r"[\r\n\x00]")
_SPACES = re.compile(r" +")
_PHRASE = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")  # RFC 5322 3.2.3, atoms and spaces
_OVERLONG = re.compile(rb"^([^\r\n]{74,75})(=20\r)", re.MULTILINE)
_TOKEN = re.compile(r"<?[\x21-\x3b\x3d\x3f-\x7e]+>?")

_MIDDLE = f"--{BOUNDARY}\r\nContent-Type: text/%s; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
_TEXT_PART = (_MIDDLE % "plain").encode()
_HTML_PART = b"\r\n" + (_MIDDLE % "html").encode()
_END = f"\r\n--{BOUNDARY}--\r\n".encode()


def write_mail(
    letter: Letter,
    catalogue: Catalogue,
    directory: Directory,
    *,
    base_url: str,
    sender: str,
    host: str,
) -> bytes:
    """Return the whole message: every header of C2, the text part, the HTML part; CRLF lines.

    `sender` is CALLBOARD_FROM, `host` its domain in ASCII, `base_url` without a final slash.

    Raises:
        PermanentError: a header value can not be written (line break, NUL, an address that
            needs SMTPUTF8); a retry would end the same.
    """
    told = render(letter, catalogue, directory, base_url)
    head = "\r\n".join([*_headers(letter, told.subject, sender, host), "", ""])
    return b"".join([head.encode("ascii"), _TEXT_PART, _body(told.text), _HTML_PART, _body(told.html), _END])


def thread_key(items: tuple[Item, ...]) -> str | None:
    """Return the subject that all items are about, or None when there are several or none (C2)."""
    subjects = {item.event.subject for item in items}
    return subjects.pop() if len(subjects) == 1 else None


def list_id(letter: Letter, host: str) -> str:
    """Return the List-Id of C2, with its angle brackets."""
    types = {item.event.type for item in letter.items}
    name = types.pop() if len(types) == 1 else f"digest.{letter.frequency.value}"
    return f"<{name}.{host}>"


def _headers(letter: Letter, subject: str, sender: str, host: str) -> list[str]:
    """Return the header lines, folded, without line ends between headers."""
    person = letter.person
    root = _token("thread root", letter.thread_root)
    types = list(dict.fromkeys(item.event.type for item in letter.items))
    kinds = {one.kind.value for item in letter.items for one in item.notifications}
    importance = min((item.importance for item in letter.items), key=lambda one: one.rank)
    lines = [
        _folded("From", _sender(sender)),
        _folded("To", _mailbox(person.name, person.email, len("To: "))),
        _unstructured("Subject", subject),
        f"Date: {format_datetime(letter.dated_at)}",
        f"Message-ID: {_token('Message-ID', letter.message_id)}",
        f"In-Reply-To: {root}",
        f"References: {root}",
        f"List-Id: {_token('List-Id', list_id(letter, host))}",
        f"List-Unsubscribe: <{_token('mute link', letter.mute_url)}>",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        "Auto-Submitted: auto-generated",
        _folded("X-Callboard-Event-Type", ", ".join(_token("event type", one) for one in types)),
        f"X-Callboard-Kind: {', '.join(sorted(kinds, reverse=True))}",
        f"X-Callboard-Importance: {importance.value}",
        f"X-Callboard-Frequency: {letter.frequency.value}",
    ]
    if person.partner is not None:
        lines.append(_unstructured("X-Callboard-Partner", person.partner))
    lines += [
        "MIME-Version: 1.0",
        f'Content-Type: multipart/alternative; boundary="{BOUNDARY}"',
    ]
    return lines


def _body(text: str) -> bytes:
    """Return a body in quoted-printable with CRLF. Source: RFC 2045 6.7.

    Every piece begins and ends with a whole line: `b2a_qp` takes its line end from the first.
    """
    head, style, rest = text.partition(STYLE)
    if style:
        return _quoted(head) + _QUOTED_STYLE + _quoted(rest)
    return _quoted(text)


def _quoted(text: str) -> bytes:
    quoted = b2a_qp(text.replace("\n", "\r\n").encode(), istext=True)
    if b"=20\r" in quoted:  # a space at a line's end grows by two after its length was checked
        quoted = _OVERLONG.sub(rb"\1=\r\n\2", quoted)
    return quoted


_QUOTED_STYLE = _quoted(STYLE)


def _unstructured(name: str, value: str) -> str:
    """Return a header of free text, folded; as encoded words where it is not plain ASCII."""
    if _FORBIDDEN.search(value):
        raise PermanentError(f"the header {name} would hold a line break or NUL")
    value = shown(value)
    if _is_plain(value, LINE - len(name) - 2):
        return _folded(name, value)
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


def _folded(name: str, value: str) -> str:
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
def _sender(sender: str) -> str:
    name, address = parseaddr(sender)
    return _mailbox(name, address, len("From: "))


def _mailbox(name: str, address: str, used: int) -> str:
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


@lru_cache(maxsize=65_536)
def _address(address: str) -> str:
    found = ascii_address(address)
    if found is None:
        raise PermanentError("the address can not be written without SMTPUTF8 (RFC 6531)")
    return found


def _token(what: str, value: str) -> str:
    """Return a value of visible ASCII without spaces as it is."""
    if not _TOKEN.fullmatch(value):
        raise PermanentError(f"the {what} is empty or holds a space, a line break or non-ASCII")
    return value
