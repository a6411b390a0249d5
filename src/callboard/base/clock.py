"""The clock of business time. Take it, never ask for it: steps receive `now` as a value."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells business time: acceptance, decisions, windows, mutes, retries, the mail's Date."""

    def now(self) -> datetime:
        """Return the current instant, aware UTC."""
        ...


@dataclass(frozen=True, slots=True)
class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the machine's current instant, aware UTC."""
        return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class FixedClock:
    """A clock that stands at one instant (`CALLBOARD_NOW`), for simulations and tests."""

    at: datetime

    def now(self) -> datetime:
        """Return the fixed instant, aware UTC."""
        return self.at


@dataclass(slots=True)
class SetClock:
    """A clock that is set by hand, for playing history."""

    at: datetime

    def now(self) -> datetime:
        """Return the instant it is set to, aware UTC."""
        return self.at
