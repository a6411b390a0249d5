"""When an account that nobody uses ends: warned, reminded, then deactivated. Plain: no Django, no I/O, no clock."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

WARNING = timedelta(days=30)
"""How long before its end an account's person is warned, at least."""
REMINDER = timedelta(days=7)
"""How long before its end the person is warned again."""


class Step(StrEnum):
    """What is done about an account: `keep` is for the last Master of a partner, which an operator has to settle."""

    WARN = "warn"
    REMIND = "remind"
    END = "end"
    KEEP = "keep"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An active account: last used at `used_at`, warned at `warned_at` or never, and reminded since then or not.

    `master_of` is the partner whose Master the person is; None for others.
    """

    person_id: int
    used_at: datetime
    warned_at: datetime | None = None
    reminded: bool = False
    master_of: str | None = None

    @property
    def is_warned(self) -> bool:
        """Return whether the person was warned since the account was last used."""
        return self.warned_at is not None and self.warned_at >= self.used_at

    def ends_at(self, months: int) -> datetime:
        """Return when the account ends: after so many months without use, and never without 30 days' warning."""
        unused = months_after(self.used_at, months)
        return max(unused, self.warned_at + WARNING) if self.warned_at and self.is_warned else unused


@dataclass(frozen=True, slots=True)
class Due:
    """A step that is due for an account, and when the account ends."""

    account: Account
    step: Step
    ends_at: datetime


def may_be_due(used_at: datetime, months: int, now: datetime) -> bool:
    """Return whether anything can be due for an account that was last used then, and so for those used later."""
    return months > 0 and now >= months_after(used_at, months) - WARNING


def due_steps(accounts: Iterable[Account], months: int, now: datetime) -> list[Due]:
    """Return what is to be done now, longest unused first; nothing when `months` is 0.

    Each partner keeps one active Master: where all are unused, the one whose account was used last.
    """
    if not months:
        return []
    known = sorted(accounts, key=lambda one: (one.used_at, one.person_id))
    last = {one.master_of: one.person_id for one in known if one.master_of}
    return [found for one in known if (found := _due(one, months, now, last.values()))]


def _due(account: Account, months: int, now: datetime, kept: Collection[int]) -> Due | None:
    ends_at = account.ends_at(months)
    if now < ends_at - WARNING:
        return None
    if account.person_id in kept:
        return Due(account, Step.KEEP, ends_at) if now >= ends_at else None
    if not account.is_warned:
        return Due(account, Step.WARN, max(ends_at, now + WARNING))
    if now >= ends_at:
        return Due(account, Step.END, ends_at)
    if now >= ends_at - REMINDER and not account.reminded:
        return Due(account, Step.REMIND, ends_at)
    return None


def months_after(at: datetime, months: int) -> datetime:
    """Return the same day and time so many months later; the month's last day when it has no such day."""
    year, month = divmod(at.month - 1 + months, 12)
    year, month = at.year + year, month + 1
    return at.replace(year=year, month=month, day=min(at.day, monthrange(year, month)[1]))
