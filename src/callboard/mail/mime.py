"""Write a letter as one complete RFC 5322 message, ready for SMTP DATA.

Headers are built by hand and bodies are quoted-printable from C, because the standard
library's generator takes over a millisecond for a mail; every line here is covered by tests
that read the bytes back with `email.policy.default`.

What is the same for everybody who is told the same things is written once, as a `Form`; to
fill it in for one person takes some ten microseconds.
"""

from __future__ import annotations

import re
from binascii import b2a_qp
from dataclasses import dataclass, replace
from email.utils import format_datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from callboard.mail.headers import folded, mailbox, sender_of, token, unstructured
from callboard.mail.render import render
from callboard.mail.templates import STYLE
from callboard.mail.wire import Clean, is_clean, whole

if TYPE_CHECKING:
    from datetime import datetime

    from callboard.catalogue.values import Catalogue
    from callboard.mail.dkim import Seal
    from callboard.mail.letter import Item, Letter
    from callboard.mail.wire import Written
    from callboard.mail.wording import Lines
    from callboard.people.values import Directory, Person

BOUNDARY = "=_callboard"
"""Between the parts. `=_` can not occur in quoted-printable. Source: RFC 2045 6.7."""
MUTE_PLACE = "\x1amute\x1a"
"""Stands for the mute link in a form; no text of an event can hold it, for control characters are not shown."""

_OVERLONG = re.compile(rb"^([^\r\n]{74,75})(=20\r)", re.MULTILINE)
_PLAIN = re.compile(r"[!-\-/-<>-~][!-<>-~]{0,74}")
"""One line of visible ASCII that needs no sign of quoted-printable: no equals sign, no dot first."""
_DOTTED = re.compile(rb"\n\.([^\r\n]*)")
_ROOM = 76 - len("=2E")
_PLACE = b"\x1a"
"""Stands for the link among quoted bytes, which hold no control characters."""

_MIDDLE = f"--{BOUNDARY}\r\nContent-Type: text/%s; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
_TEXT_PART = (_MIDDLE % "plain").encode()
_HTML_PART = b"\r\n" + (_MIDDLE % "html").encode()
_END = f"\r\n--{BOUNDARY}--\r\n".encode()


@dataclass(frozen=True, slots=True)
class Form:
    """A message in which the person, the instant and the ids are still to be filled in.

    The mute link comes between the parts of `body`. `is_clean` says that SMTP takes these bytes
    as they are, without an extension too, so that nobody looks again for each mail.
    """

    sender: bytes
    subject: bytes
    list_id: bytes
    rest: bytes
    body: tuple[bytes, ...]
    is_clean: bool

    def fill(
        self,
        person: Person,
        dated_at: datetime,
        message_id: str,
        thread_root: str,
        mute_url: str,
        seal: Seal | None = None,
    ) -> Written:
        """Return the whole message, signed with the seal of this form's body.

        Raises:
            PermanentError: a header value can not be written (line break, NUL, an address that
                needs SMTPUTF8); a retry would end the same.
        """
        root = token("thread root", thread_root)
        mute = token("mute link", mute_url)
        to = folded("To", mailbox(person.name, person.email, len("To: "))).encode("ascii")
        ids = (
            f"Date: {_date(dated_at)}\r\nMessage-ID: {token('Message-ID', message_id)}\r\n"
            f"In-Reply-To: {root}\r\nReferences: {root}\r\n"
        ).encode("ascii")
        unsubscribe = f"List-Unsubscribe: <{mute}>\r\n".encode("ascii")
        link = _open_ended(mute)
        head = b"".join([self.sender, to, b"\r\n", self.subject, ids, self.list_id, unsubscribe, self.rest])
        signature = seal.signature(head, link) if seal else b""
        pieces = [signature + head]
        for one in self.body:
            pieces += (one, link)
        del pieces[-1]
        return Clean(pieces) if self.is_clean and b"\n." not in link else b"".join(pieces)


def write_mail(
    letter: Letter, catalogue: Catalogue, directory: Directory, *, base_url: str, sender: str, host: str
) -> bytes:
    """Return the whole message: every header of C2, the text part, the HTML part; CRLF lines.

    `sender` is CALLBOARD_FROM, `host` its domain in ASCII, `base_url` without a final slash.

    Raises:
        PermanentError: as `Form.fill`.
    """
    form = make_form(letter, catalogue, directory, base_url=base_url, sender=sender, host=host)
    return whole(form.fill(letter.person, letter.dated_at, letter.message_id, letter.thread_root, letter.mute_url))


def make_form(
    letter: Letter,
    catalogue: Catalogue,
    directory: Directory,
    *,
    base_url: str,
    sender: str,
    host: str,
    lines: Lines | None = None,
) -> Form:
    """Return the message without what is one person's and one mail's own; `lines` are those of earlier ones.

    Raises:
        PermanentError: a header value can not be written.
    """
    told = render(replace(letter, mute_url=MUTE_PLACE), catalogue, directory, base_url, lines)
    types = list(dict.fromkeys(item.event.type for item in letter.items))
    kinds = {one.kind.value for item in letter.items for one in item.notifications}
    importance = min((item.importance for item in letter.items), key=lambda one: one.rank)
    rest = [
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        "Auto-Submitted: auto-generated",
        folded("X-Callboard-Event-Type", ", ".join(token("event type", one) for one in types)),
        f"X-Callboard-Kind: {', '.join(sorted(kinds, reverse=True))}",
        f"X-Callboard-Importance: {importance.value}",
        f"X-Callboard-Frequency: {letter.frequency.value}",
    ]
    if letter.person.partner is not None:
        rest.append(unstructured("X-Callboard-Partner", letter.person.partner))
    rest += ["MIME-Version: 1.0", f'Content-Type: multipart/alternative; boundary="{BOUNDARY}"', ""]
    body = (_TEXT_PART + _with_places(told.text) + _HTML_PART + _with_places(told.html) + _END).split(_PLACE)
    return Form(
        sender=_lines(folded("From", sender_of(sender))),
        subject=_lines(unstructured("Subject", told.subject)),
        list_id=_lines(f"List-Id: {token('List-Id', list_id(letter, host))}"),
        rest=_lines(*rest),
        body=tuple(body),
        is_clean=all(one.isascii() and is_clean(one) for one in body),
    )


def thread_key(items: tuple[Item, ...]) -> str | None:
    """Return the subject that all items are about, or None when there are several or none (C2)."""
    subjects = {item.event.subject for item in items}
    return subjects.pop() if len(subjects) == 1 else None


def list_id(letter: Letter, host: str) -> str:
    """Return the List-Id of C2, with its angle brackets."""
    types = {item.event.type for item in letter.items}
    name = types.pop() if len(types) == 1 else f"digest.{letter.frequency.value}"
    return f"<{name}.{host}>"


def _lines(*lines: str) -> bytes:
    return "".join(f"{line}\r\n" for line in lines).encode("ascii")


@lru_cache(maxsize=256)
def _date(at: datetime) -> str:
    return format_datetime(at)


def _with_places(text: str) -> bytes:
    """Return a body in quoted-printable with a place wherever the link comes, which begins a line and ends one."""
    *before, last = text.split(MUTE_PLACE)
    return _PLACE.join([*map(_open_ended, before), _body(last)])


def _open_ended(text: str) -> bytes:
    """Return a text in quoted-printable whose last line goes on in the next; the sign keeps room for the break."""
    if _PLAIN.fullmatch(text):
        return text.encode() + b"=\r\n"
    return _body(f"{text}=\n").removesuffix(b"=3D\r\n") + b"=\r\n"


def _body(text: str) -> bytes:
    """Return lines in quoted-printable with CRLF; the last one ends, too. Source: RFC 2045 6.7."""
    head, style, rest = text.partition(STYLE)
    if style:
        return _quoted(head) + _QUOTED_STYLE + _quoted(rest)
    return _quoted(text)


def _quoted(text: str) -> bytes:
    """Return lines; one at least is whole, for `b2a_qp` takes its line ends from the first."""
    quoted = b2a_qp(text.replace("\n", "\r\n").encode(), istext=True)
    if b"=20\r" in quoted:  # a space at a line's end grows by two after its length was checked
        quoted = _OVERLONG.sub(rb"\1=\r\n\2", quoted)
    return _DOTTED.sub(_undotted, b"\n" + quoted)[1:]


def _undotted(line: re.Match[bytes]) -> bytes:
    """Return a line without a dot at its begin, which SMTP would have to double. Source: RFC 2049 3."""
    return b"\n=2E" + (b"" if len(line[1]) <= _ROOM else b"=\r\n") + line[1]


_QUOTED_STYLE = _quoted(STYLE)
