"""The window's preview: what the settings being written would have brought in the last 30 days."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django.conf import settings

from callboard.base.instants import parse_instant
from callboard.base.reasons import FREQUENCIES, Frequency
from callboard.base.texts import shown
from callboard.catalogue.conditions import read_condition
from callboard.catalogue.values import Condition
from callboard.insights.columns import Patience
from callboard.insights.preview import READING, Surroundings, preview
from callboard.intake import store as log
from callboard.intake.cloudevents import event_key
from callboard.people.access import valid_roles
from callboard.preferences import actions
from callboard.preferences import store as preferences
from callboard.preferences.naming import either
from callboard.preferences.values import Kind, Notification, Ref
from callboard.web.panel.draft import Draft, fitting_frequency, row_as_raw
from callboard.web.panel.draft_words import wrongs
from callboard.web.panel.sentences import condition_parts
from callboard.web.words import plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from callboard.mail.wording import Narrator
    from callboard.web.viewer import Viewer

MAX_NAMED = 3
"""Notifications that ask for the same, by name; more are counted."""
MAX_LOOSENED = 6
"""Conditions that are tried alone when nothing matches."""

NO_MORE = Patience(0, 0)
"""The events that the answer itself has read are enough to say which condition is too narrow."""


@dataclass(frozen=True, slots=True)
class Sketch:
    """What can be tried of a draft: its finished conditions, and how many are not."""

    asked: Notification
    unfinished: int


@dataclass(frozen=True, slots=True)
class Bar:
    """Mails a week at one frequency; `width` in percent of the widest."""

    label: str
    width: int
    mails: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Sample:
    """One of the latest events that match."""

    title: str
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """The preview as the template shows it.

    Attributes:
        says: the sum in one short sentence, for who hears the page.
        loosen: what to change when nothing matches.
        counting: the numbers are still growing; ask again in a moment.
    """

    matching: str
    total: str
    says: str
    bars: tuple[Bar, ...]
    overlap: tuple[str, ...]
    samples: tuple[Sample, ...]
    more: str
    unfinished: str
    loosen: str
    approximate: bool
    counting: bool
    nothing: bool


def sketched(draft: Draft, viewer: Viewer) -> Sketch | None:
    """Return what can be tried of a draft; None before there is an event type that the person may see (A2)."""
    catalogue = viewer.catalogue
    event_type = catalogue.event_types.get(draft.event_type)
    if event_type is None or not catalogue.may_see_type(valid_roles(viewer.person, catalogue), event_type.id):
        return None
    unfinished = {one.at for one in wrongs(draft, viewer)}
    where = []
    for row in draft.rows:
        read = read_condition(row_as_raw(row, catalogue), event_type, catalogue.fields, "")
        if row.key not in unfinished and isinstance(read, Condition):
            where.append(read)
    asked = Notification(
        id=draft.id,
        kind=Kind.CUSTOM,
        user_id=viewer.person.id,
        name=draft.name,
        event_type=event_type.id,
        where=tuple(where),
        frequency=Frequency(fitting_frequency(draft.frequency, event_type)),
    )
    return Sketch(asked, len(draft.rows) - len(where))


def forecast(draft: Draft, viewer: Viewer) -> Forecast | None:
    """Return what the draft would have brought; None before an event type is chosen."""
    sketch = sketched(draft, viewer)
    if sketch is None:
        return None
    asked = sketch.asked
    muted = Ref(draft.copied, Kind.DEFAULT) if draft.mute_copied else None
    others = [one for one in actions.own(viewer.person, viewer.catalogue) if one.ref != muted]
    found = _tried(asked, others, viewer)
    matching, total = int(found["matching"]), int(found["total"])
    match = "matches" if matching == 1 else "match"
    return Forecast(
        matching=f"{matching:,}",
        total=f"{'event' if matching == 1 else 'events'} of {total:,} {match}" if total else "events of this kind",
        says=f"{matching:,} of {plural(total, 'event')} of the last 30 days {match}.",
        bars=tuple(_bars(found["mails_per_week"], asked.frequency)),
        overlap=tuple(_overlap(found["overlaps"], asked.frequency)),
        samples=tuple(_samples(found["samples"], viewer)),
        more="" if matching <= len(found["samples"]) else f"The latest {len(found['samples'])}",
        unfinished=_unfinished(sketch.unfinished),
        loosen="" if matching or not total or found["counting"] else _loosen(asked, viewer),
        approximate=bool(found["approximate"]),
        counting=bool(found["counting"]),
        nothing=not matching,
    )


def _tried(
    asked: Notification, others: Iterable[Notification], viewer: Viewer, reading: Patience = READING
) -> dict[str, Any]:
    muted = frozenset(ref for ref, one in preferences.mutes_of(viewer.person.id).items() if one.is_muted(viewer.now))
    around = Surroundings(viewer.catalogue, viewer.directory, viewer.now, settings.CONFIG.collapse_s, muted)
    return preview(asked, viewer.person, others, around, reading)


def _unfinished(count: int) -> str:
    if not count:
        return ""
    return f"Without the {'condition that is' if count == 1 else f'{count} conditions that are'} not finished."


def _bars(mails_per_week: dict[str, float], chosen: Frequency) -> Iterable[Bar]:
    widest = max(mails_per_week.values(), default=0.0)
    for one in FREQUENCIES:
        if one.value in mails_per_week:
            mails = mails_per_week[one.value]
            width = max(2, round(100 * mails / widest)) if mails else 0
            yield Bar(one.value.capitalize(), width, f"{mails:,.1f}" if mails else "0", one is chosen)


def _overlap(overlaps: Sequence[dict[str, Any]], chosen: Frequency) -> Iterable[str]:
    """Yield what asks for the same already, and that it will be one mail still (D1, D3)."""
    heard = [one for one in overlaps if not one["muted"]]
    silent = [one for one in overlaps if one["muted"]]
    if heard:
        how = "Already" if any(one["covers"] for one in heard) else "Partly"
        fastest = min([chosen, *(Frequency(one["frequency"]) for one in heard)], key=lambda one: one.rank)
        when = "" if fastest is chosen else f", {fastest.value}"
        yield f"{how} covered by {_named(heard)}. You would still get one mail per event{when}."
    if silent:
        does = "asks for some of the same, but is" if len(silent) == 1 else "ask for some of the same, but are"
        said = _named(silent)
        yield f"{said[:1].upper()}{said[1:]} {does} muted."


def _named(overlaps: Sequence[dict[str, Any]]) -> str:
    said = [
        f"your {one['kind'].capitalize()} “{shown(one['label'])}”, {one['frequency']}" for one in overlaps[:MAX_NAMED]
    ]
    if len(overlaps) > MAX_NAMED:
        said.append(f"{len(overlaps) - MAX_NAMED} more")
    return said[0] if len(said) == 1 else f"{'; '.join(said[:-1])}; and {said[-1]}"


def _samples(samples: Sequence[dict[str, Any]], viewer: Viewer) -> Iterable[Sample]:
    narrator = viewer.narrator()
    for one in samples:
        event = log.find_event(key=event_key(one["source"], one["event"]))
        if event is None:  # an old one can be tidied away while we look
            continue
        line = narrator.line(event)
        says = ", ".join(part for part in (line.what, line.detail) if part)
        when = _moment(narrator, one["time"])
        yield Sample(line.title or shown(one["subject"] or one["says"]), f"{says} · {when}" if says else when)


def _moment(narrator: Narrator, time: str) -> str:
    """Return when an event was: "today 09:14", "Fri 20 Nov 11:02"."""
    local = narrator.local(parse_instant(time))
    return f"{narrator.relative(local.date())} {local:%H:%M}"


def _loosen(asked: Notification, viewer: Viewer) -> str:
    """Return which conditions match nothing even alone, or that only together they do not."""
    tried = asked.where[:MAX_LOOSENED]
    if len(asked.where) == 1:
        return ""
    alone = [one for one in tried if not _tried(replace(asked, where=(one,)), (), viewer, NO_MORE)["matching"]]
    if not alone:
        return "Each condition matches something by itself, but no event has all of them. Remove one."
    words = [f"“{''.join(part.text for part in condition_parts(one, viewer))}”" for one in alone]
    does = "matches" if len(words) == 1 else "match"
    return f"{either(words, 'and')} {does} nothing even alone. Change that first."
