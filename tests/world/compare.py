"""What the product did beside what the reference says: every difference in a readable line."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any

from tests.world.reference import instant

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from tests.world.reference import Event, EventKey, Json, Mail, Reference, Row
    from tests.world.sink import Received

BASE_URL = "http://127.0.0.1:8000"
SENDER = "notifications@callboard.example"
MARKER = re.compile(r"Mk\d{6}x")
ITEM_LINK = re.compile(re.escape(BASE_URL) + r"/items/([A-Za-z0-9_.~-]+)")
LONGEST_LINE = 998
WHOLE_TITLE = 200
CUT_HTML = 90_000
"""C1: HTML above 100 KB may end early; what is left is then not much less than that."""

RowKey = tuple[str, str, str]


@dataclass(frozen=True)
class Delivered:
    """A mail that arrived, with the step during which it did."""

    step: int
    now: datetime
    received: Received

    def parsed(self) -> EmailMessage:
        message = message_from_bytes(self.received.data, policy=policy.default)
        assert isinstance(message, EmailMessage)
        return message


# The ledger


def bare_id(message_id: str) -> str:
    """A Message-ID without its brackets."""
    return message_id.strip().removeprefix("<").removesuffix(">")


def row_key(line: Json) -> RowKey:
    return (line["source"], line["event"], line["user"].lower())


def expected_line(row: Row) -> Json:
    """A row of the reference, as far as the export can be foretold."""
    return {
        "event_type": row.event.type,
        "outcome": row.outcome,
        "reason": row.reason,
        "notifications": sorted((held.id, held.kind) for held in row.notifications),
        "frequency": row.frequency,
        "due_at": row.due_at,
        "state": row.state,
    }


def actual_line(line: Json) -> Json:
    return {
        "event_type": line["event_type"],
        "outcome": line["outcome"],
        "reason": line["reason"],
        "notifications": sorted((one["id"], one["kind"]) for one in line["notifications"]),
        "frequency": line["frequency"],
        "due_at": instant(line["due_at"]) if line["due_at"] else None,
        "state": line["state"],
    }


def show(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else repr(value)


def ledger_differences(reference: Reference, lines: list[Json]) -> list[str]:
    """Pair by pair: rows that are missing, too many, doubled or other than expected."""
    actual: dict[RowKey, Json] = {}
    found = []
    for line in lines:
        if row_key(line) in actual:
            found.append(f"{row_key(line)} stands twice")
        actual[row_key(line)] = line
    for key, row in reference.rows.items():
        if key not in actual:
            found.append(f"{key} is missing; expected {expected_line(row)}")
        else:
            found += line_differences(key, row, actual[key])
    found += [f"{key} is too many: {actual[key]}" for key in actual.keys() - reference.rows.keys()]
    return found


def line_differences(key: RowKey, row: Row, line: Json) -> Iterator[str]:
    expected, actual = expected_line(row), actual_line(line)
    wrong = [name for name in expected if expected[name] != actual[name]]
    if wrong:
        told = ", ".join(f"{name} is {show(actual[name])} instead of {show(expected[name])}" for name in wrong)
        yield f"{key} accepted {row.event.accepted.isoformat()}: {told}"
    if (row.state == "sent") and not line["message_id"]:
        yield f"{key} is sent without a message_id"
    if row.outcome == "skip" and line["message_id"]:
        yield f"{key} is skipped and has a message_id"


# The mails

MailKey = tuple[int, str, frozenset["EventKey"]]


def mail_differences(reference: Reference, lines: list[Json], delivered: list[Delivered]) -> list[str]:
    """Every expected mail once, nothing else, and each as rules C1, C2 and C4 say."""
    claimed = claims(lines)
    expected: dict[MailKey, Mail] = {(mail.step, mail.user, frozenset(mail.events)): mail for mail in reference.mails}
    found: list[str] = []
    seen: dict[MailKey, Delivered] = {}
    threads: Threads = Threads()
    links: dict[str, set[EventKey]] = {}
    for one in delivered:
        message = one.parsed()
        name = bare_id(str(message["Message-ID"]))
        user = one.received.recipients[0].lower()
        key = (one.step, user, frozenset(claimed.get((name, user), set())))
        if key in seen:
            found.append(f"the mail {name} to {user} came twice at step {one.step}")
        seen[key] = one
        if key not in expected:
            found.append(unexpected(key, name, reference))
            continue
        about = f"mail {name} to {user} at step {one.step}: "
        mail = expected[key]
        found += [about + fault for fault in mail_faults(mail, one, message)]
        found += [about + fault for fault in threads.faults(mail, str(message["References"]))]
        found += [about + fault for fault in link_faults(mail, message, links)]
    found += [missing(expected[key]) for key in expected.keys() - seen.keys()]
    return found


def claims(lines: Iterable[Json]) -> dict[tuple[str, str], set[EventKey]]:
    """Which events each mail carries, as the ledger says: by Message-ID and user."""
    found: dict[tuple[str, str], set[EventKey]] = defaultdict(set)
    for line in lines:
        if line["message_id"] and line["state"] != "withdrawn":
            key = (bare_id(line["message_id"]), line["user"].lower())
            found[key].add((line["source"], line["event"]))
    return found


def unexpected(key: MailKey, name: str, reference: Reference) -> str:
    step, user, events = key
    told = f"unexpected mail {name} at step {step} to {user} with {sorted(events)}"
    near = [
        f"step {mail.step} {sorted(mail.events)}"
        for mail in reference.mails
        if mail.user == user and mail.events & events
    ]
    return f"{told}; expected were {near}"


def missing(mail: Mail) -> str:
    return (
        f"missing mail at step {mail.step} to {mail.user}, {mail.frequency}, "
        f"due {mail.due_at.isoformat()}, with {sorted(mail.events)}"
    )


@dataclass
class Threads:
    """C2: one thread root per (user, subject) or per (user, List-Id), and no root for two."""

    def __post_init__(self) -> None:
        self.roots: dict[tuple[str, str, str], str] = {}
        self.owners: dict[str, tuple[str, str, str]] = {}

    def faults(self, mail: Mail, root: str) -> Iterator[str]:
        if mail.thread is None:
            return
        if self.roots.setdefault(mail.thread, root) != root:
            yield f"References {root} instead of {self.roots[mail.thread]} for {mail.thread}"
        if self.owners.setdefault(root, mail.thread) != mail.thread:
            yield f"References {root} serve both {mail.thread} and {self.owners[root]}"


def mail_faults(mail: Mail, one: Delivered, message: EmailMessage) -> Iterator[str]:
    yield from envelope_faults(mail, one, message)
    yield from header_faults(mail, one, message)
    yield from form_faults(one, message)
    if message.get_content_type() == "multipart/alternative":
        yield from body_faults(mail, message)


def envelope_faults(mail: Mail, one: Delivered, message: EmailMessage) -> Iterator[str]:
    """C4: one recipient per transaction, and it is the one the mail names."""
    if len(one.received.recipients) != 1:
        yield f"{len(one.received.recipients)} recipients"
    to = addresses(message, "To")
    if to != [mail.user]:
        yield f"To names {to}"
    sender = addresses(message, "From")
    if sender != [SENDER]:
        yield f"From names {sender}"


def addresses(message: EmailMessage, name: str) -> list[str]:
    """The bare addresses in a header, in lower case."""
    return [one.addr_spec.lower() for header in message.get_all(name, []) for one in header.addresses]


def words(value: str) -> list[str]:
    return sorted(part.strip() for part in value.split(","))


def header_faults(mail: Mail, one: Delivered, message: EmailMessage) -> Iterator[str]:
    """C2, and the Date that CALLBOARD_NOW gives."""
    found = {name: str(message[name]) for name in HEADERS}
    for name in HEADERS:
        if (times := len(message.get_all(name, []))) != 1:
            yield f"{name} stands {times} times"
    yield from value_faults(mail, found)
    dates = [header.datetime for header in message.get_all("Date", [])]
    if dates != [one.now.replace(microsecond=0)]:
        yield f"Date is {found['Date']!r} instead of {one.now.isoformat()}"


def value_faults(mail: Mail, found: dict[str, str]) -> Iterator[str]:
    """Which headers say something else than the mail's items ask for."""
    for name, value in plain_headers(mail).items():
        if found[name] != value:
            yield f"{name} is {found[name]!r} instead of {value!r}"
    for name, form in header_forms(mail).items():
        if not re.fullmatch(form, found[name]):
            yield f"{name} is {found[name]!r}, not like {form}"
    if words(found["X-Callboard-Event-Type"]) != sorted(mail.event_types):
        yield f"X-Callboard-Event-Type is {found['X-Callboard-Event-Type']!r}"


def plain_headers(mail: Mail) -> dict[str, str]:
    """Headers of which every character is foretold."""
    return {
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Auto-Submitted": "auto-generated",
        "X-Callboard-Kind": mail.kinds,
        "X-Callboard-Importance": mail.importance,
        "X-Callboard-Partner": mail.partner,
        "X-Callboard-Frequency": mail.frequency,
    }


def header_forms(mail: Mail) -> dict[str, str]:
    """Headers of which the form is foretold."""
    return {
        "Message-ID": r"<[^\s<>@]+@[^\s<>@]+>",
        "References": r"<[^\s<>@]+@[^\s<>@]+>",
        "List-Id": rf"(.* )?<{re.escape(mail.list_id)}>",
        "List-Unsubscribe": rf"<{re.escape(BASE_URL)}/\S+>",
    }


HEADERS = [
    "Message-ID",
    "Date",
    "From",
    "To",
    "Subject",
    "List-Id",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "Auto-Submitted",
    "References",
    "X-Callboard-Event-Type",
    "X-Callboard-Kind",
    "X-Callboard-Importance",
    "X-Callboard-Partner",
    "X-Callboard-Frequency",
]


def form_faults(one: Delivered, message: EmailMessage) -> Iterator[str]:
    """A mail without defects: text and HTML, lines that SMTP allows, a subject."""
    for part in message.walk():
        yield from defects(part)
    types = [part.get_content_type() for part in message.iter_parts()]
    if message.get_content_type() != "multipart/alternative" or types != PARTS:
        yield f"{message.get_content_type()} of {types}"
    if not str(message["Subject"]).strip():
        yield "an empty subject"
    lines = one.received.data.split(b"\r\n")
    if any(len(line) > LONGEST_LINE for line in lines):
        yield "a line is too long for SMTP"
    if any(b"\n" in line or b"\r" in line for line in lines):
        yield "a bare CR or LF"


def defects(part: EmailMessage) -> Iterator[str]:
    """What the parser found wrong with a part and its headers."""
    if part.defects:
        yield f"defects {part.defects}"
    for name, value in part.items():
        if getattr(value, "defects", ()):
            yield f"{name} has defects {value.defects}"


PARTS = ["text/plain", "text/html"]


def plain(text: str) -> str:
    """A text in NFC with its white space evened out, as wrapping may change that."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def marked(event: Event) -> str | None:
    """The marker of an event, where its type shows titles."""
    if event.type.startswith("account."):
        return None
    found = MARKER.search(event.data.get("title") or "")
    return found[0] if found else None


def body_faults(mail: Mail, message: EmailMessage) -> Iterator[str]:
    """C1: every item in both parts, with its whole title; nobody else's."""
    events = [row.event for row in mail.rows]
    allowed = {found for event in events for found in MARKER.findall(str(event.data.get("title") or ""))}
    wanted = {found for event in events if (found := marked(event))}
    for part in message.iter_parts():
        assert isinstance(part, EmailMessage)
        text = plain(part.get_content())
        kind = part.get_content_type()
        markers = set(MARKER.findall(text))
        cut = kind == "text/html" and len(part.get_content().encode()) > CUT_HTML
        if wanted - markers and not cut:
            yield f"{kind} lacks {sorted(wanted - markers)}"
        if markers - allowed:
            yield f"{kind} shows {sorted(markers - allowed)} of other events"
        if kind == "text/plain":
            yield from title_faults(events, text)


def title_faults(events: list[Event], text: str) -> Iterator[str]:
    """C1: titles up to 200 characters are whole, longer ones keep at least 60."""
    for event in events:
        title = event.data.get("title")
        if event.type.startswith("account.") or not title or not title.isprintable():
            continue
        kept = plain(title if len(title) <= WHOLE_TITLE else title[:60])
        if kept not in text:
            yield f"the text lacks the title {title!r}"


def link_faults(mail: Mail, message: EmailMessage, links: dict[str, set[EventKey]]) -> Iterator[str]:
    """C1: each item has its link, and one link never stands for two events."""
    body = message.get_body(("plain",))
    if body is None:
        return
    text = str(body.get_content())
    found = set(ITEM_LINK.findall(text))
    least = max(1, sum(marked(row.event) is not None for row in mail.rows))
    if not least <= len(found) <= len(mail.rows):
        yield f"{len(found)} item links for {len(mail.rows)} events, {least} of them with a title"
    for link in found:
        links[link] = links.get(link, mail.events) & mail.events
        if not links[link]:
            yield f"the item link {link} stands for two events"
