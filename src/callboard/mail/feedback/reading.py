"""Reading a report: a DSN (RFC 3464), a complaint (RFC 5965), what other servers write instead, an auto-reply.

Plain: no Django, no I/O. Whatever comes, nothing but `Unreadable` is raised.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from email import message_from_string
from email.message import Message
from email.utils import getaddresses
from itertools import islice

from flufl.bounce import all_failures

from callboard.base.errors import RejectedError
from callboard.base.texts import address_key
from callboard.mail.feedback.report import Kind, Report, Said
from callboard.mail.replies import plain_words

READ_BYTES = 128 * 1024
"""How much of a report is read: what it says and the original's headers stand before the original's body."""
MOST_BOUNDARIES = 40
LONGEST_TYPE = 4_096
"""Characters of a Content-Type; the standard library reads its parameters in quadratic time."""
MOST_PARTS = 100
MOST_STATEMENTS = 200
MOST_IDS = 20
ADDRESS_GONE = frozenset({"5.1.1", "5.1.10", "5.2.1"})
"""The address does not exist, or its mailbox is closed for good. Source: RFC 3463; 5.1.10 is what Exchange says."""

_IDS = re.compile(rb"^[> ]*(?:message-id|in-reply-to):\s*(<[^<>\x00-\x20\x7f]{3,320}>)", re.IGNORECASE | re.MULTILINE)
_TYPES = re.compile(rb"^content-type:[^\n]*(?:\n[ \t][^\n]*)*", re.IGNORECASE | re.MULTILINE)
_STATUS = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_REPLIED = re.compile(r"\s*#?(?:\d{3}[- ]\s*)?#?([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_TOLD = re.compile(r"(?<![\d.])([45]\.\d{1,3}\.\d{1,3})(?![\d.])")
_XTEXT = re.compile(r"\+([0-9A-F]{2})")
_BLANK_LINE = re.compile(r"\r?\n[ \t]*\r?\n")
_AWAY = re.compile(r"out of (the )?office|automatic reply|auto(matic)?[- ]?(reply|response)|on vacation", re.IGNORECASE)
_DAEMON = re.compile(r"mailer-daemon|postmaster|mail delivery|mail-daemon", re.IGNORECASE)
_NOBODY: frozenset[bytes] = frozenset()
_ACTIONS = (
    (("fail", "error"), Kind.FAILED),
    (("delay",), Kind.DELAYED),
    (("deliver", "relay", "expand"), Kind.DELIVERED),
)
_BY_CLASS = {"5": Kind.FAILED, "4": Kind.DELAYED, "2": Kind.DELIVERED}
_COMPLAINTS = frozenset({"abuse", "fraud", "opt-out", "opt-out-list", "other", "virus"})
"""Source: RFC 5965 7.3. `not-spam` takes one back, `auth-failure` (RFC 6591) is about us."""

logging.getLogger("flufl.bounce").addHandler(logging.NullHandler())  # what it raises is told by `Unreadable`


class Unreadable(RejectedError):  # noqa: N818 - what the report is, not a fault of ours
    """The bytes are no mail that can be read; the message says why."""


def read_report(raw: bytes) -> Report:
    """Return what a report says.

    Raises:
        Unreadable: it is empty, made to be costly, or breaks a parser.
    """
    head = raw[:READ_BYTES]
    if not head.strip():
        raise Unreadable("the report is empty")
    if head.lower().count(b"boundary=") > MOST_BOUNDARIES:
        raise Unreadable("the report has too many parts")
    if any(len(one[0]) > LONGEST_TYPE for one in _TYPES.finditer(head)):
        raise Unreadable("the report has a Content-Type that is too long")
    try:
        # As text: the parser's own way with bytes gives headers that are no strings, which others' code stumbles over
        message = message_from_string(head.decode("utf-8", "replace"))
        said = tuple(islice(_said(message), MOST_STATEMENTS)) or (_without_status(message),)
    except Exception as exc:  # the parsers are others', the input is anybody's: it may not end the reader
        raise Unreadable(f"the report breaks the parser: {type(exc).__name__}") from exc
    ids = dict.fromkeys(one[1].decode("ascii", "replace") for one in islice(_IDS.finditer(head), MOST_IDS))
    return Report(said, tuple(ids))


def _said(message: Message) -> Iterator[Said]:
    """Yield what a report in a standard form says; nothing for others."""
    for part in islice(message.walk(), MOST_PARTS):
        kind = part.get_content_type()
        if kind == "message/feedback-report":
            yield _complaint(part)
        elif kind in ("message/delivery-status", "message/global-delivery-status"):
            yield from filter(None, map(_status, _blocks(part)))


def _complaint(part: Message) -> Said:
    fields = next(_messages(part), Message())
    what = plain_words(_text(fields, "Feedback-Type")).lower()
    who = plain_words(_text(fields, "Reporting-MTA").rpartition(";")[2] or _text(fields, "User-Agent"))[:100]
    words = f"reported as unwanted ({what or 'abuse'}){f' by {who}' if who else ''}"
    recipients = frozenset({_address(_text(fields, "Original-Rcpt-To"))} - {""})
    return Said(Kind.COMPLAINT if not what or what in _COMPLAINTS else Kind.OTHER, words, recipients)


def _messages(part: Message) -> Iterator[Message]:
    """Yield the messages, or blocks of fields, that a part consists of."""
    payload = part.get_payload()
    if isinstance(payload, list):
        yield from (one for one in payload if isinstance(one, Message))


def _blocks(part: Message) -> Iterator[Message]:
    """Yield the blocks of fields of a delivery status; the parser leaves those of a `global` one as text."""
    for block in _messages(part):
        yield block
        rest = block.get_payload()
        if isinstance(rest, str) and rest.strip():
            yield from (message_from_string(one.lstrip()) for one in _BLANK_LINE.split(rest))


def _status(block: Message) -> Said | None:
    """Return what one block says of its recipient; None for the one about the report itself."""
    told = _text(block, "Diagnostic-Code")
    words = plain_words(told.partition(";")[2] or told)
    replied, status = _REPLIED.match(words), _STATUS.match(_text(block, "Status"))
    # The remote server's own code says more than what the reporting one made of it
    code = replied[1] if replied else status[1] if status else ""
    kind = _kind(_text(block, "Action").strip().lower(), code)
    if kind is None:
        return None
    recipients = {_address(_text(block, name)) for name in ("Original-Recipient", "Final-Recipient")} - {""}
    said = words if not code or code in words else f"{code} {words}".strip()
    return Said(kind, said, frozenset(recipients))


def _kind(action: str, code: str) -> Kind | None:
    named = (kind for beginnings, kind in _ACTIONS if action.startswith(beginnings))
    found = next(named, None) if action else _BY_CLASS.get(code[:1])
    return Kind.NO_SUCH_ADDRESS if found is Kind.FAILED and code in ADDRESS_GONE else found


def _address(field: str) -> str:
    """Return the key of the address in `rfc822; ana@x.example`, decoded where it came as xtext (RFC 3461 4)."""
    address = plain_words(field.rpartition(";")[2]).strip("<> ")
    plain = _XTEXT.sub(lambda found: chr(int(found[1], 16)), address)
    return address_key(plain) if "@" in plain else ""


def _text(message: Message, name: str) -> str:
    found = message[name]
    return "" if found is None else str(found)


def _without_status(message: Message) -> Said:
    """Return what a mail says that is no standard report."""
    is_automatic = _is_automatic(message)
    if is_automatic and not _is_from_daemon(message):
        return Said(Kind.AUTO_REPLY)
    sender = getaddresses([_text(message, "From")])
    temporary, permanent = all_failures(message) if sender else (_NOBODY, _NOBODY)  # it needs a sender
    for addresses, kind in ((permanent, Kind.FAILED), (temporary, Kind.DELAYED)):
        keys = sorted(address_key(one.decode("ascii", "replace")) for one in addresses)
        if keys:
            return _told_in_words(message, keys, kind)
    return Said(Kind.AUTO_REPLY if is_automatic else Kind.OTHER, plain_words(_text(message, "Subject")))


def _is_automatic(message: Message) -> bool:
    """Return whether a program answered. Source: RFC 3834 5, and what was used before."""
    submitted = _text(message, "Auto-Submitted").strip().lower()
    if submitted and not submitted.startswith("no"):
        return True
    if any(message[name] is not None for name in ("X-Autoreply", "X-Autorespond", "X-Auto-Reply-From")):
        return True
    precedence = _text(message, "Precedence").strip().lower()
    return precedence == "auto_reply" or bool(_AWAY.search(plain_words(_text(message, "Subject"))))


def _is_from_daemon(message: Message) -> bool:
    return message["X-Failed-Recipients"] is not None or bool(_DAEMON.search(_text(message, "From")))


def _told_in_words(message: Message, keys: list[str], kind: Kind) -> Said:
    """Return a bounce that is told in prose: the words after the address, and the code among them."""
    text = _prose(message)
    place = text.casefold().find(keys[0])
    paragraph = _BLANK_LINE.split(text[place + len(keys[0]) :], 1)[0] if place >= 0 else ""
    words = plain_words(paragraph.lstrip(">: \t\r\n"))
    code = _TOLD.search(words)
    if kind is Kind.FAILED and len(keys) == 1 and code and code[1] in ADDRESS_GONE:
        kind = Kind.NO_SUCH_ADDRESS
    return Said(kind, words or plain_words(_text(message, "Subject")), frozenset(keys))


def _prose(message: Message) -> str:
    """Return the first text part."""
    for part in islice(message.walk(), MOST_PARTS):
        if part.get_content_type() == "text/plain":
            if part["Content-Transfer-Encoding"] is None:
                return str(part.get_payload())
            payload = part.get_payload(decode=True)
            return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
    return ""
