"""From decisions to windows: which mail each item will leave in (S1–S4)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from callboard.base.instants import to_us
from callboard.base.reasons import Frequency, Outcome
from callboard.catalogue.values import Event
from callboard.decisions import store
from callboard.decisions.rules import Decision
from callboard.decisions.store import OpenWindow, Scheduled
from callboard.decisions.windows import Span, WindowCache

Slot = tuple[int, str]


class Pending(NamedTuple):
    """A decision that has no window yet. `late`: the event was parked, its own window may be gone."""

    event: Event
    decision: Decision
    late: bool


class Scheduler:
    """Finds or opens the window of each item of a batch. Used inside the deciding transaction."""

    def __init__(self, collapse: timedelta, cache: WindowCache) -> None:
        self.collapse = collapse
        self.cache = cache

    def schedule(self, batch: Sequence[Pending], now: datetime) -> list[Scheduled]:
        """Return one row per pending decision, in order; open windows as needed."""
        new: dict[Slot, OpenWindow] = {}
        digests = [one for one in batch if one.decision.frequency not in (None, Frequency.IMMEDIATELY)]
        known = store.windows_by_slot(slot for one in digests for slot in self._digest_slots(one, now))
        immediate = _Immediate(self.collapse, [one for one in batch if one.decision.frequency is Frequency.IMMEDIATELY])
        places: list[Slot | int | None] = []
        for one in batch:
            if one.decision.outcome is Outcome.SKIP:
                places.append(None)
            elif one.decision.frequency is Frequency.IMMEDIATELY:
                places.append(immediate.place(one, now, new))
            else:
                places.append(self._place_digest(one, now, known, new))
        ids = dict(zip(new, store.add_windows(list(new.values())), strict=True))
        return [
            Scheduled(one.event.number, one.decision, ids[place] if isinstance(place, tuple) else place)
            for one, place in zip(batch, places, strict=True)
        ]

    def _digest_slots(self, one: Pending, now: datetime) -> Iterable[Slot]:
        for at in (one.event.accepted_at, now):
            yield one.decision.person.id, _slot(_frequency(one), self._span(one, at))

    def _span(self, one: Pending, at: datetime) -> Span:
        return self.cache.digest_window(one.decision.person, _frequency(one), at)

    def _place_digest(
        self, one: Pending, now: datetime, known: dict[Slot, OpenWindow], new: dict[Slot, OpenWindow]
    ) -> Slot | int:
        """Return the window that holds the acceptance; the next one when that is gone (S3)."""
        span = self._span(one, one.event.accepted_at)
        if one.late and span.ends_at <= now:
            span = self._span(one, now)
        while True:
            slot = (one.decision.person.id, _slot(_frequency(one), span))
            if slot not in known and slot not in new:
                known |= store.windows_by_slot([slot]) if span.ends_at > now else {}
            if slot not in known:
                new.setdefault(slot, _window(slot, _frequency(one), span))
                return slot
            if not known[slot].closed:
                return known[slot].id
            span = self._span(one, max(now, span.ends_at))


class _Immediate:
    """Places immediate items: into the open window of (user, event type), or into a new one (S1)."""

    def __init__(self, collapse: timedelta, items: Sequence[Pending]) -> None:
        self.collapse = collapse
        self.open: dict[tuple[int, str], list[tuple[Span, Slot | int]]] = {}
        if items and collapse:
            earliest = min(one.event.accepted_at for one in items)
            for window in store.open_immediate({one.event.type for one in items}, earliest):
                key = (window.user_id, window.slot.split(":")[1])
                self.open.setdefault(key, []).append((window.span, window.id))

    def place(self, one: Pending, now: datetime, new: dict[Slot, OpenWindow]) -> Slot | int:
        """Return the item's window; open one at its acceptance, or now when that one is gone."""
        user_id, event = one.decision.person.id, one.event
        accepted_at = now if one.late and event.accepted_at + self.collapse <= now else event.accepted_at
        key = (user_id, event.type)
        for span, place in reversed(self.open.get(key, ())):
            if span.holds(accepted_at):
                return place
            if span.ends_at <= accepted_at:
                break  # the older ones ended earlier still
        span = Span(accepted_at, accepted_at + self.collapse)
        slot = (user_id, f"{Frequency.IMMEDIATELY}:{event.type}:{event.number}")
        new[slot] = _window(slot, Frequency.IMMEDIATELY, span)
        self.open.setdefault(key, []).append((span, slot))
        return slot


def _frequency(one: Pending) -> Frequency:
    if one.decision.frequency is None:
        raise ValueError("a skipped item has no window")
    return one.decision.frequency


def _slot(frequency: Frequency, span: Span) -> str:
    return f"{frequency}:{to_us(span.starts_at)}"


def _window(slot: Slot, frequency: Frequency, span: Span) -> OpenWindow:
    return OpenWindow(id=0, user_id=slot[0], slot=slot[1], frequency=frequency, span=span, closed=False)
