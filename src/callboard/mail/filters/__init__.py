"""Rules for the receiving side: Sieve, Gmail and Outlook, made from a person's notifications. Plain; no I/O."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from callboard.mail.filters.gmail import write_gmail
from callboard.mail.filters.outlook import write_outlook
from callboard.mail.filters.plan import Plan
from callboard.mail.filters.sieve import write_sieve


class Format(StrEnum):
    """For which mail program."""

    SIEVE = "sieve"
    GMAIL = "gmail"
    OUTLOOK = "outlook"


@dataclass(frozen=True, slots=True)
class Form:
    """How a plan is written for one kind of mail program."""

    write: Callable[[Plan], str]
    file_name: str
    media_type: str


FORMS = {
    Format.SIEVE: Form(write_sieve, "callboard.sieve", "application/sieve"),  # RFC 5228 6.1
    Format.GMAIL: Form(write_gmail, "mailFilters.xml", "application/atom+xml"),
    Format.OUTLOOK: Form(write_outlook, "callboard-outlook.txt", "text/plain"),
}
