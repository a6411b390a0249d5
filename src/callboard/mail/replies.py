"""What an SMTP server's answer means for the mail and for the address (P4). Plain; no I/O."""

from __future__ import annotations

import re
from datetime import timedelta
from enum import StrEnum
from typing import NamedTuple

from callboard.base.reasons import Importance
from callboard.base.texts import ascii_address, shown

FIRST_RETRY = timedelta(minutes=5)
LONGEST_RETRY = timedelta(minutes=70)
"""Retries go from 5 to 70 minutes. Source: interfaces P4, Postfix's defaults 300 s and 4,000 s."""
JITTER = 0.4
"""Part of a delay by which it may be longer, so that a cohort does not come back at one instant."""
EXPIRY = {
    Importance.CRITICAL: timedelta(days=5),
    Importance.STANDARD: timedelta(days=2),
    Importance.INFO: timedelta(days=2),
}
"""How long a mail is tried. Source: interfaces P4; RFC 5321 4.5.4.1 gives 4–5 days."""
BREAKER_RECIPIENTS = 20
BREAKER_WITHIN = timedelta(minutes=10)
BREAKER_PAUSE = timedelta(hours=1)
"""When over half of at least 20 recipients of a domain get 5.1.1 within 10 minutes, it pauses (P4)."""
POLICY_RECIPIENTS = 3
"""When over half of at least so many recipients of a domain get 5.7.x within those minutes, it pauses too:
a policy that meets several people is about us, not about them."""
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(minutes=30)
"""A domain in trouble is paused, twice as long each time. Source: Postfix doubles 300 s up to 4,000 s."""
FIRST_HOP_PAUSE = timedelta(seconds=30)
LONGEST_HOP_PAUSE = timedelta(minutes=5)
"""The next hop is everybody's way out, so it is tried again sooner."""
FORGOTTEN_AFTER = timedelta(hours=1)
"""A pause that ended longer ago does not make the next one longer."""

TAKEN = 250
_GREYLIST = re.compile(r"gr[ea]y-?list", re.IGNORECASE)
_ENHANCED = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})\b")


class Fate(StrEnum):
    """What to do with the mail after a try."""

    SENT = "sent"
    RETRY = "retry"
    FAILED = "failed"
    POLICY = "policy"
    NO_SUCH_ADDRESS = "no-such-address"
    IN_DOUBT = "in-doubt"


class Reply(NamedTuple):
    """The server's last word on one mail. `code` 0: there was none, `text` says what happened."""

    fate: Fate
    code: int
    text: str
    of_hop: bool = False
    """Said to MAIL or to the connection: it is about the next hop and us, not about the recipient."""

    @property
    def line(self) -> str:
        """Return code and text as one line for people."""
        return f"{self.code} {self.text}".strip() if self.code else self.text


def read_reply(code: int, text: str) -> Reply:
    """Return what a final reply to a transaction means.

    250 alone says that the mail was taken (C4), another 2xx answers something else; 5.1.1 says the
    address does not exist; 5.7.x refuses us by policy; every other 5xx fails this mail and never
    counts against the address; 4xx, and what is no final reply at all, is retried.
    Source: RFC 3463, RFC 5321 4.2.1, 4.3.2.
    """
    said = plain_words(text)
    if code == TAKEN:
        return Reply(Fate.SENT, code, said)
    found = _ENHANCED.match(text)
    enhanced = found[1] if found else ""
    if 200 <= code < 300:  # noqa: PLR2004 - RFC 5321 4.2.1
        return Reply(Fate.IN_DOUBT, code, said)
    if not 500 <= code < 600 or enhanced.startswith("4."):  # noqa: PLR2004
        return Reply(Fate.RETRY, code, said)
    if enhanced == "5.1.1":
        return Reply(Fate.NO_SUCH_ADDRESS, code, said)
    if enhanced.startswith("5.7."):
        return Reply(Fate.POLICY, code, said)
    return Reply(Fate.FAILED, code, said)


def is_trouble(reply: Reply) -> bool:
    """Return whether a reply asks us to come slower: 421, 4.7.x but for greylisting, or no answer at all."""
    if reply.fate not in (Fate.RETRY, Fate.IN_DOUBT):
        return False
    throttled = reply.text.startswith("4.7.") and not _GREYLIST.search(reply.text)
    return reply.code in (0, 421) or throttled


def retry_delay(attempts: int, chance: float) -> timedelta:
    """Return the pause after so many attempts; `chance` in [0, 1) spreads it by the jitter."""
    doubled: timedelta = FIRST_RETRY * (1 << max(0, min(attempts - 1, 10)))
    return min(doubled, LONGEST_RETRY / (1 + JITTER)) * (1 + JITTER * chance)


def pause_after(previous: timedelta, first: timedelta, longest: timedelta) -> timedelta:
    """Return how long to pause after a pause that did not help; `previous` is zero for the first."""
    return min(max(first, previous * 2), longest)


def domain_of(email: str) -> str:
    """Return the domain an address is delivered to, in lower case and ASCII where possible."""
    return (ascii_address(email) or email).rpartition("@")[2].lower()


def envelope_address(email: str) -> str:
    """Return the address as it goes into MAIL and RCPT: its domain in ASCII. Source: RFC 5891."""
    return ascii_address(email) or email


def plain_words(text: str) -> str:
    """Return a server's words as one short line that can be stored anywhere: no control characters, valid UTF-8."""
    return " ".join(shown(text).split())[:500]
