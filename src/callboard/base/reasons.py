"""The closed lists of outcomes, reasons and states that the ledger shows (interfaces 4.4)."""

from __future__ import annotations

from enum import StrEnum
from functools import cached_property


class Outcome(StrEnum):
    """What was decided for one person and one event."""

    NOTIFY = "notify"
    SKIP = "skip"


class Reason(StrEnum):
    """Why. `matched` goes with notify; the next two with skip; the rest with withdrawn rows."""

    MATCHED = "matched"
    OWN_ACTION = "own-action"
    MUTED = "muted"
    DEACTIVATED = "deactivated"
    NO_ACCESS = "no-access"
    DELETED = "deleted"


class Access(StrEnum):
    """The answer of A1–A3 to "may this person see this event?"."""

    ALLOWED = "allowed"
    DEACTIVATED = "deactivated"
    ROLE_DOES_NOT_SEE = "role-does-not-see"
    OTHER_PARTNER = "other-partner"


class State(StrEnum):
    """Where a mail is. `scheduled` collects; `queued` waits for its turn or its retry."""

    SCHEDULED = "scheduled"
    QUEUED = "queued"
    SENT = "sent"
    BOUNCED = "bounced"
    FAILED = "failed"
    HELD = "held"
    WITHDRAWN = "withdrawn"


class Importance(StrEnum):
    """How much an event matters, from the catalogue."""

    INFO = "info"
    STANDARD = "standard"
    CRITICAL = "critical"

    @cached_property
    def rank(self) -> int:
        """Return 0 for critical, 1 for standard, 2 for info: smaller goes first."""
        return {"critical": 0, "standard": 1, "info": 2}[self.value]


class Frequency(StrEnum):
    """How soon a notification's mail leaves; the strongest comes first (D3)."""

    IMMEDIATELY = "immediately"
    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"

    @cached_property
    def rank(self) -> int:
        """Return 0 for the strongest frequency, 3 for the weakest."""
        return FREQUENCIES.index(self)


FREQUENCIES: tuple[Frequency, ...] = tuple(Frequency)
