"""The person's own ledger as pages: filtered, searched, bulk actions as one entry. A1–A4 hold for each event."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from callboard.base.instants import from_us
from callboard.base.reasons import Frequency
from callboard.base.texts import folded, shown
from callboard.insights import store as insights
from callboard.insights.ledger import state_of
from callboard.intake import store as log
from callboard.web.words import lent_words, plural, state_detail, state_words

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from callboard.catalogue.values import Event
    from callboard.mail.wording import Narrator
    from callboard.web.viewer import Viewer

ENTRIES = 50
"""Entries of a page; one entry holds all of a bulk action."""
READ_MOST = 3_000
"""Ledger rows that one page reads at most; what it left unread it says."""
_FIRST, _NEXT = 120, 600
"""Rows of the first read, which most pages need, and of each one after it."""
_SAME = (
    "event_type",
    "accepted_us",
    "mail_id",
    "ends_us",
    "outcome",
    "reason",
    "withdrawn_reason",
    "mail_state",
    "lenders",
)
_WHY = {"sent": "Why did I get this?", "scheduled": "Why will I get this?", "queued": "Why will I get this?"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a person looks for: `kept` is a kind of row, `words` are folded, `mail_id` is one mail's."""

    before: int | None = None
    kept: str = ""
    words: tuple[str, ...] = ()
    mail_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One event, or one bulk action, and what became of it."""

    day: str
    time: str
    key: str
    phrase: str
    where: str
    what: str
    state: str
    tone: str
    detail: str
    lent: str
    mail_id: int | None
    why: str
    others: tuple[tuple[str, str], ...]

    @property
    def headline(self) -> str:
        """Return "Redelivery requested: The Salt Cartographers, S1 E4"."""
        return f"{self.phrase}: {self.where}" if self.where else self.phrase

    @property
    def others_words(self) -> str:
        """Return "and 469 more events", or ""."""
        return f"and {plural(len(self.others), 'more event')}" if self.others else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """One page: its entries, where the next one begins, and how far it looked when that was not all."""

    entries: tuple[Entry, ...]
    more: int | None
    read: int
    read_back_to: str


def read_past(viewer: Viewer, wish: Wish) -> Past:
    """Return a page of the person's own ledger, as far as the person may see the events now."""
    narrator = viewer.narrator()
    reader = _Reader(viewer, narrator, wish)
    entries: list[Entry] = []
    last = more = None
    for _, members in groupby(reader.found(), key=lambda one: [one[0][name] for name in _SAME]):
        group = list(members)
        if len(entries) == ENTRIES:
            more = last
            break
        row = group[0][0]
        lent = lent_words(row, [shown(viewer.directory.persons[one].name) for one in row["lenders"]])
        entries.append(_entry(row, [event for _, event in group], narrator, lent))
        last = group[-1][0]["id"]
    is_bounded = more is None and not reader.is_done
    return Past(
        entries=tuple(entries),
        more=reader.last if is_bounded else more,
        read=reader.read if is_bounded else 0,
        read_back_to=narrator.relative(narrator.local(reader.back_to).date()) if is_bounded and reader.back_to else "",
    )


class _Reader:
    """Reads rows newest first until enough was found, or `READ_MOST` were read."""

    def __init__(self, viewer: Viewer, narrator: Narrator, wish: Wish) -> None:
        self.viewer = viewer
        self.narrator = narrator
        self.wish = wish
        self.last = wish.before
        self.read = 0
        self.back_to: datetime | None = None
        self.is_done = False

    def found(self) -> Iterator[tuple[dict[str, Any], Event]]:
        """Yield row and event of what the person looks for and may see."""
        while not self.is_done and self.read < READ_MOST:
            limit = min(_NEXT if self.read else _FIRST, READ_MOST - self.read)
            rows = insights.own_rows(
                self.viewer.person.id, before=self.last, limit=limit, kept=self.wish.kept, mail_id=self.wish.mail_id
            )
            events = log.load_events(row["event_number"] for row in rows)
            self.read += len(rows)
            self.is_done = len(rows) < limit
            for row in rows:
                self.last, self.back_to = row["id"], from_us(row["accepted_us"])
                event = events[row["event_number"]]
                if self.viewer.may_see(event) and self._says(event):
                    yield row, event

    def _says(self, event: Event) -> bool:
        """Return whether each word occurs in what the event is, is about, or is called."""
        if not self.wish.words:
            return True
        names = (one for key in ("title", "title_names", "title_id") for one in event.values(key))
        texts = [
            self.narrator.type_of(event).label, self.narrator.told(event).headline, event.type,
            event.subject or "", event.id, *(one for one in names if isinstance(one, str)),
        ]  # fmt: skip
        text = folded(" ".join(texts))
        return all(word in text for word in self.wish.words)


def _entry(row: dict[str, Any], events: list[Event], narrator: Narrator, lent: str) -> Entry:
    told = narrator.told(events[0])
    at = narrator.local(from_us(row["accepted_us"]))
    state, tone = state_words(row)
    is_digest = row["frequency"] not in (None, Frequency.IMMEDIATELY.value)
    return Entry(
        day=narrator.relative(at.date()),
        time=f"{at:%H:%M}",
        key=events[0].key,
        phrase=told.phrase,
        where=told.where,
        what=narrator.line(events[0]).what,
        state=state,
        tone=tone,
        detail=state_detail(row, narrator),
        lent=lent,
        mail_id=row["mail_id"] if is_digest and not row["withdrawn_reason"] else None,
        why=_WHY.get(state_of(row) or "", "Why did I not get this?"),
        others=tuple((event.key, _brief(event, narrator)) for event in events[1:]),
    )


def _brief(event: Event, narrator: Narrator) -> str:
    """Return what tells an event from the others of a bulk action: episode, asset, subject."""
    line = narrator.line(event)
    parts = (line.episode or line.show, line.what, shown(event.subject or ""))
    return " · ".join(part for part in parts if part) or narrator.told(event).phrase
