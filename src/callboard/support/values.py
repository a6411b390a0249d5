"""What a request for help is made of. Frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Category(StrEnum):
    """What a request is about, in the person's own choice."""

    UNWANTED = "unwanted"
    MISSING = "missing"
    TOO_MANY = "too-many"
    ACCESS = "access"
    BROKEN = "broken"
    OTHER = "other"


CATEGORY_WORDS: Mapping[str, str] = {
    Category.UNWANTED: "I got a mail I should not get",
    Category.MISSING: "I did not get a mail",
    Category.TOO_MANY: "Too many mails",
    Category.ACCESS: "My access or roles",
    Category.BROKEN: "Something does not work",
    Category.OTHER: "Something else",
}


class TicketState(StrEnum):
    """Where a request stands: it waits for the operators, or for the person, or for nobody."""

    OPEN = "open"
    ANSWERED = "answered"
    CLOSED = "closed"


STATE_WORDS: Mapping[str, str] = {
    TicketState.OPEN: "Open",
    TicketState.ANSWERED: "Answered",
    TicketState.CLOSED: "Closed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What somebody typed; `key` was made with the page, so that the same form sent twice is one post."""

    key: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What led a person to ask, as the page before said it; all of it may be empty.

    Attributes:
        key: an event's opaque key, as links carry it.
        is_mail: whether that stands for the mail that told of the event.
        named: an event's id or a source request, as the person typed it.
        page: the path of the page before.
        error: what the page that broke was called.
    """

    key: str = ""
    is_mail: bool = False
    named: str = ""
    page: str = ""
    error: str = ""
