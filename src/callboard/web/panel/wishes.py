"""What a person wishes for one notification of the list, and the wish that would undo it.

A wish is a text of a form: what to do, the notification's kind, its id. What to do may carry
an instant or a version: `mute@2026-11-30T00:00:00Z custom n-17` mutes until then, `delete@1
custom n-17` deletes what nobody changed since. So undoing needs no memory of the server's but
for an edit, whose former content the session keeps.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from callboard.base.errors import RejectedError
from callboard.base.instants import format_instant, parse_instant
from callboard.preferences import actions
from callboard.preferences import store as preferences
from callboard.preferences.values import Kind, Ref

if TYPE_CHECKING:
    from collections.abc import Mapping

    from callboard.web.viewer import Viewer

LONGEST_MUTE = timedelta(days=3_660)
"""Beyond this a date is a slip; "until I unmute" is what it means."""
REFUSED = "refused"
TOO_LATE = "That edit is too long ago to be undone here. Open the notification to change it."
FIXED = "A Default comes with your role: it can be muted or duplicated, not changed or deleted."
_SPANS: Mapping[str, tuple[timedelta, str]] = {
    "mute-day": (timedelta(days=1), "Muted for a day."),
    "mute-week": (timedelta(days=7), "Muted for a week."),
}


@dataclass(frozen=True, slots=True)
class Wish:
    """What to do with which notification. `at` is the instant or version it carries; `until` the day of the form."""

    do: str
    ref: Ref
    at: str = ""
    until: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """What to say of a wish that came true, and the wish that would undo it, or ""."""

    says: str
    undo: str = ""
    is_fresh: bool = False


def read_wish(said: str, until: str = "") -> Wish:
    """Return the wish of a form.

    Raises:
        RejectedError: `not-found`: it is none.
    """
    do, kind, notification_id = [*said.split(" ", 2), "", ""][:3]
    if kind not in tuple(Kind) or not notification_id:
        raise RejectedError("there is nothing like that to do", type="not-found")
    do, _, at = do.partition("@")
    return Wish(do, Ref(notification_id, Kind(kind)), at, until)


def fulfil(wish: Wish, viewer: Viewer, before: Any = None) -> Done:
    """Do what a person wishes. `before` is what the session keeps of the last edit.

    Raises:
        RejectedError: `not-found`: the notification is not the person's, or the wish is unknown.
            `refused`: it does not work out as it is said; the text says what to do.
    """
    if wish.do == "mute" or wish.do in _SPANS or wish.do == "mute-until":
        return _mute(wish, viewer)
    if wish.do == "unmute":
        return _unmute(wish, viewer)
    if wish.do in _OF_CUSTOMS:
        if wish.ref.kind is Kind.DEFAULT:
            actions.find_own(viewer.person, wish.ref, viewer.catalogue)
            raise RejectedError(FIXED, type=REFUSED)
        return _OF_CUSTOMS[wish.do](wish, viewer, before)
    raise RejectedError("there is nothing like that to do", type="not-found")


def _mute(wish: Wish, viewer: Viewer) -> Done:
    until, says = _end_of(wish, viewer)
    undo = _state(wish.ref, viewer)
    _set(wish.ref, viewer, muted=True, until=until)
    return Done(says, undo)


def _unmute(wish: Wish, viewer: Viewer) -> Done:
    undo = _state(wish.ref, viewer)
    _set(wish.ref, viewer, muted=False)
    return Done("Unmuted. It counts from the next event on.", "" if undo.startswith("unmute") else undo)


def _end_of(wish: Wish, viewer: Viewer) -> tuple[datetime | None, str]:
    """Return until when a wish mutes, and how to say so."""
    narrator = viewer.narrator()
    if wish.do in _SPANS:
        span, says = _SPANS[wish.do]
        return viewer.now + span, says
    if wish.do == "mute-until":
        until = datetime.combine(_day(wish.until, narrator.today), time(), narrator.zone)
        local = narrator.local(until.astimezone(UTC))  # a midnight that clocks skip is an hour later
        return until, f"Muted until {narrator.day(local.date())}, {local:%H:%M}."
    if not wish.at:
        return None, "Muted until you unmute it."
    try:
        until = parse_instant(wish.at)
    except ValueError as exc:
        raise RejectedError("there is nothing like that to do", type="not-found") from exc
    if until <= viewer.now:
        raise RejectedError("That mute has ended meanwhile, so it stays unmuted.", type=REFUSED)
    return until, f"Muted again, until {narrator.day(narrator.local(until).date())}."


def _day(said: str, today: date) -> date:
    """Return the day that a form says: one to come, not too far off."""
    tomorrow = today + timedelta(days=1)
    try:
        day = date.fromisoformat(said)
    except ValueError:
        raise RejectedError(f"Choose a day, such as {tomorrow.isoformat()}.", type=REFUSED) from None
    if day <= today:
        raise RejectedError("Choose a day after today.", type=REFUSED)
    if day > today + LONGEST_MUTE:
        raise RejectedError("Choose a day within ten years, or mute until you unmute it.", type=REFUSED)
    return day


def _state(ref: Ref, viewer: Viewer) -> str:
    """Return the wish that brings the mute back as it is now."""
    mute = preferences.mutes_of(viewer.person.id).get(ref)
    if mute is None or not mute.is_muted(viewer.now):
        return f"unmute {ref.kind.value} {ref.id}"
    until = f"@{format_instant(mute.until)}" if mute.until else ""
    return f"mute{until} {ref.kind.value} {ref.id}"


def _set(ref: Ref, viewer: Viewer, *, muted: bool, until: datetime | None = None) -> None:
    actions.set_mute(viewer.person, ref, viewer.catalogue, viewer.now, muted=muted, until=until)


def _delete(wish: Wish, viewer: Viewer, _: Any) -> Done:
    known = actions.find_own(viewer.person, wish.ref, viewer.catalogue)
    if wish.at and wish.at != str(known.version):
        raise RejectedError("It was changed since, so it stays. Delete it from its menu.", type=REFUSED)
    actions.delete(viewer.person, wish.ref.id, viewer.catalogue, viewer.now)
    return Done("Deleted. It can be brought back for 30 days.", f"bring-back custom {wish.ref.id}")


def _take_back(wish: Wish, viewer: Viewer, before: Any) -> Done:
    """Undo the making of a Default's copy: the original, muted with it, counts again."""
    done = _delete(wish, viewer, before)
    if not isinstance(before, dict) or before.get("copy") != wish.ref.id:
        return done
    _set(Ref(before["unmute"], Kind.DEFAULT), viewer, muted=False)
    return Done("Deleted, and the original Default counts again.", done.undo)


def _bring_back(wish: Wish, viewer: Viewer, _: Any) -> Done:
    actions.bring_back(viewer.person, wish.ref.id, viewer.now)
    return Done("Brought back, as it was.", is_fresh=True)


def _put_back(wish: Wish, viewer: Viewer, before: Any) -> Done:
    """Undo the last edit, unless the notification was changed since."""
    actions.find_own(viewer.person, wish.ref, viewer.catalogue)
    if not isinstance(before, dict) or before.get("id") != wish.ref.id or str(before["version"]) != wish.at:
        raise RejectedError(TOO_LATE, type=REFUSED)
    raw, version = before["raw"], before["version"]
    try:
        actions.edit(viewer.person, wish.ref.id, raw, viewer.catalogue, viewer.now, version=version)
    except RejectedError as exc:
        if exc.type == "not-found":
            raise
        said = "It was changed since" if exc.type == "conflict" else "What it said before is no longer on offer"
        raise RejectedError(
            f"{said}, so the edit was not undone. Open the notification to change it.", type=REFUSED
        ) from exc
    return Done("The edit is undone.", is_fresh=True)


_OF_CUSTOMS = {"delete": _delete, "take-back": _take_back, "bring-back": _bring_back, "put-back": _put_back}
