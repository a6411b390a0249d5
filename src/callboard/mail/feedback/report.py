"""What a report says of a mail. Frozen values; no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What became of a mail, the gravest first; the last two say nothing of a mail."""

    NO_SUCH_ADDRESS = "no-such-address"
    FAILED = "failed"
    COMPLAINT = "complaint"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    AUTO_REPLY = "auto-reply"
    OTHER = "other"


GRAVEST_FIRST = tuple(Kind)
OF_A_MAIL = frozenset(GRAVEST_FIRST) - {Kind.AUTO_REPLY, Kind.OTHER}
BOUNCES = frozenset({Kind.NO_SUCH_ADDRESS, Kind.FAILED})


@dataclass(frozen=True, slots=True)
class Said:
    """One statement of a report: `words` are the remote server's, `recipients` keys of the addresses it is about."""

    kind: Kind
    words: str = ""
    recipients: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Report:
    """Everything a report says, and the Message-IDs it names. Never without a statement."""

    said: tuple[Said, ...]
    message_ids: tuple[str, ...] = ()

    def of(self, address_key: str) -> Said:
        """Return what is said of an address: the gravest of what names it, else of everything.

        Where only others are named, the mail was passed on there: that one of them does not exist
        says nothing about the address itself, behind which others may read.
        """
        named = [one for one in self.said if address_key in one.recipients]
        gravest = min(named or self.said, key=lambda one: GRAVEST_FIRST.index(one.kind))
        if gravest.kind is Kind.NO_SUCH_ADDRESS and gravest.recipients and not named:
            return Said(Kind.FAILED, gravest.words, gravest.recipients)
        return gravest
