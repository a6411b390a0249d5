"""Instants, states and people in the words of the pages."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from callboard.base.instants import from_us
from callboard.base.reasons import Frequency
from callboard.insights.ledger import state_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from callboard.mail.wording import Narrator
    from callboard.people.values import Person

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
MINUS = "\N{MINUS SIGN}"
FREQUENCY_ICONS: Mapping[Frequency, str] = {
    Frequency.IMMEDIATELY: "bolt",
    Frequency.HOURLY: "clock",
    Frequency.DAILY: "calendar",
    Frequency.WEEKLY: "calendar",
}
WEEKDAY_NAMES: Mapping[str, str] = {
    "monday": "Monday", "tuesday": "Tuesday", "wednesday": "Wednesday", "thursday": "Thursday",
    "friday": "Friday", "saturday": "Saturday", "sunday": "Sunday",
}  # fmt: skip


def plural(count: int, noun: str, nouns: str = "") -> str:
    """Return "1 mail", "1,204 mails"."""
    return f"{count:,} {noun if count == 1 else nouns or noun + 's'}"


def ago(at: datetime, now: datetime) -> str:
    """Return how long ago an instant was: "just now", "12 s ago", "3 min ago", "5 h ago", "2 days ago"."""
    seconds = int((now - at) / timedelta(seconds=1))
    if seconds < 2:  # noqa: PLR2004 - not worth a number
        return "just now"
    if seconds < _MINUTE:
        return f"{seconds} s ago"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE} min ago"
    if seconds < _DAY:
        return f"{seconds // _HOUR} h ago"
    return f"{plural(seconds // _DAY, 'day')} ago"


def upcoming(narrator: Narrator, at: datetime) -> str:
    """Return an instant to come: "today at 15:00", "tomorrow, Tue 24 Nov, at 08:00", "Mon 30 Nov at 08:00"."""
    local = narrator.local(at)
    distance = (local.date() - narrator.today).days
    day = {0: "today", 1: f"tomorrow, {narrator.day(local.date())},"}.get(distance) or narrator.day(local.date())
    return f"{day} at {local:%H:%M}"


def next_words(narrator: Narrator, at: datetime, frequency: Frequency) -> str:
    """Return when a digest leaves next, beside its rhythm: "next at 15:00", "next tomorrow", "next Mon 30 Nov"."""
    local = narrator.local(at)
    if frequency is Frequency.HOURLY:
        return f"next at {local:%H:%M}"
    distance = (local.date() - narrator.today).days
    return f"next {({0: 'today', 1: 'tomorrow'}).get(distance) or narrator.day(local.date())}"


def leaves(narrator: Narrator, at: datetime) -> str:
    """Return when a mail leaves, for a list: "today, 15:00", "tomorrow, Tue 24 Nov, 08:00", "Mon 30 Nov, 08:00"."""
    return upcoming(narrator, at).replace(", at ", ", ").replace(" at ", ", ")


def offset_words(at: datetime) -> str:
    """Return the distance from UTC of an instant in its zone: "UTC+1", "UTC-3:30", "UTC"; the minus is a real one."""
    minutes = round((at.utcoffset() or timedelta()) / timedelta(minutes=1))
    if not minutes:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'+' if minutes > 0 else MINUS}{hours}{f':{rest:02}' if rest else ''}"


def exact(narrator: Narrator, at: datetime) -> str:
    """Return an instant to the second: "Mon 23 Nov, 10:14:05"."""
    local = narrator.local(at)
    return f"{narrator.day(local.date())}, {local:%H:%M:%S}"


def rhythm(frequency: Frequency, person: Person) -> str:
    """Return a frequency as the person has set it: "Daily, 08:00", "Weekly, Monday 08:00"."""
    at = f"{person.digest_hour:02}:00"
    if frequency is Frequency.DAILY:
        return f"Daily, {at}"
    if frequency is Frequency.WEEKLY:
        return f"Weekly, {WEEKDAY_NAMES.get(person.digest_weekday, person.digest_weekday)} {at}"
    return frequency.value.capitalize()


_STATES: Mapping[str, tuple[str, str]] = {
    "scheduled": ("Collecting", "brass"),
    "queued": ("On its way", "brass"),
    "sent": ("Mailed", "ok"),
    "bounced": ("Came back", "critical"),
    "failed": ("Not delivered", "critical"),
    "held": ("Held", "critical"),
    "withdrawn": ("Withdrawn", "quiet"),
}
_SKIPPED: Mapping[str, str] = {"own-action": "Your own action", "muted": "Muted"}
_WITHDRAWN: Mapping[str, str] = {
    "deactivated": "the account was deactivated",
    "no-access": "it left your area before the mail did",
    "deleted": "the notification was deleted before the mail left",
    "muted": "the notification was muted before the mail left",
}


def state_words(row: dict[str, Any]) -> tuple[str, str]:
    """Return where a ledger row stands, in a word or two, and its tone."""
    state = state_of(row)
    if state is None:
        return _SKIPPED.get(row["reason"], row["reason"]), "quiet"
    return _STATES.get(state, (state, "quiet"))


def state_detail(row: dict[str, Any], narrator: Narrator) -> str:
    """Return what there is to add to the state of a ledger row, as half a sentence."""
    state = state_of(row)
    if state is None:
        return "not mailed, as you did it" if row["reason"] == "own-action" else "all that matched was muted"
    frequency = {"immediately": "at once"}.get(row["frequency"] or "", f"{row['frequency']} digest")
    if state == "withdrawn":
        return _WITHDRAWN.get(row["withdrawn_reason"], row["withdrawn_reason"])
    if state == "scheduled":
        due = upcoming(narrator, from_us(row["ends_us"]))
        return f"leaves {due}" if frequency == "at once" else f"{frequency}, leaves {due}"
    if state != "sent" or row["finished_us"] is None:
        return frequency
    return f"{frequency}, {_left(row, narrator)}"


def _left(row: dict[str, Any], narrator: Narrator) -> str:
    """Return when a mail left; without the day when that is the day of the event."""
    at, told = (narrator.local(from_us(row[name])) for name in ("finished_us", "accepted_us"))
    return f"{at:%H:%M}" if at.date() == told.date() else f"{narrator.relative(at.date())}, {at:%H:%M}"


def initials(name: str) -> str:
    """Return up to two letters for a person."""
    parts = name.split()
    letters = [part[0] for part in (parts[:1] + parts[1:][-1:]) if part]
    return "".join(letters).upper()


def listed(names: Sequence[str]) -> str:
    """Return "Ana, Ben and Cara"."""
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def lent_words(row: Mapping[str, Any], names: Sequence[str]) -> str:
    """Return for whom the person stood in where that brought a ledger row; "also" beside own notifications; or ""."""
    if not names:
        return ""
    return f"{'also ' if any(not ref.of for ref in row['refs']) else ''}for {listed(names)}"
