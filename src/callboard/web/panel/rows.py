"""The rows of the settings page: each notification as a sentence, with its frequency and state."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

from django.utils.safestring import SafeString

from callboard.base.instants import from_us
from callboard.base.reasons import Frequency, Importance
from callboard.base.texts import folded, shown
from callboard.decisions.windows import next_digest
from callboard.preferences import actions
from callboard.preferences import store as preferences
from callboard.preferences.values import Kind, Mute, MutedBy, Notification, Ref
from callboard.web import store
from callboard.web.panel.sentences import Part, parts_html, sentence_parts
from callboard.web.words import FREQUENCY_ICONS, next_words, plural, rhythm, upcoming

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable

    from callboard.mail.wording import Narrator
    from callboard.web.viewer import Viewer

COUNTED = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One notification as the page shows it. All texts are plain."""

    ref: Ref
    anchor: str
    label: str
    sentence: tuple[Part, ...]
    name: str
    origin: str
    rhythm: str
    icon: str
    next: str
    muted: str
    inactive: str
    count: int
    critical: bool

    @property
    def is_custom(self) -> bool:
        """Return whether the person made it."""
        return self.ref.kind is Kind.CUSTOM

    @property
    def html(self) -> SafeString:
        """Return the sentence with what matters in bold."""
        return parts_html(self.sentence)

    @property
    def target(self) -> str:
        """Return how the page's form names the row."""
        return f"{self.ref.kind.value} {self.ref.id}"

    @property
    def is_muted(self) -> bool:
        """Return whether it is muted now."""
        return bool(self.muted)

    @property
    def title(self) -> str:
        """Return its name, or the whole sentence: what a screen reader calls the row."""
        return self.name or "".join(part.text for part in self.sentence)

    def says(self, words: Iterable[str]) -> bool:
        """Return whether each of the folded words occurs in what the row shows."""
        text = folded(
            " ".join((self.title, *(part.text for part in self.sentence), self.origin, self.rhythm, self.muted))
        )
        return all(word in text for word in words)


@dataclass(frozen=True, slots=True)
class Group:
    """The notifications of one event type."""

    label: str
    critical: bool
    rows: tuple[Row, ...]

    @property
    def count(self) -> str:
        """Return "3 notifications"."""
        return plural(len(self.rows), "notification")


class Rows:
    """Makes the rows of one person's page."""

    def __init__(self, viewer: Viewer) -> None:
        self.viewer = viewer
        self.narrator = viewer.narrator()
        self._next: dict[Frequency, str] = {}

    def all(self) -> list[Row]:
        """Return every notification of the person as a row: Customs above Defaults, in catalogue order."""
        viewer = self.viewer
        mutes = preferences.mutes_of(viewer.person.id)
        counts = store.counts_by_ref(viewer.person.id, viewer.now - COUNTED)
        order = {key: place for place, key in enumerate(viewer.catalogue.event_types)}
        mine = actions.own(viewer.person, viewer.catalogue)
        mine.sort(key=lambda one: (order.get(one.event_type, len(order)), one.kind is Kind.DEFAULT))
        return [self._row(one, mutes.get(one.ref), counts) for one in mine]

    def _row(self, one: Notification, mute: Mute | None, counts: Counter[Ref]) -> Row:
        event_type = self.viewer.catalogue.event_types.get(one.event_type)
        return Row(
            ref=one.ref,
            anchor=f"n-{quote(one.id, safe='')}",
            label=shown(event_type.label if event_type else one.event_type),
            sentence=tuple(sentence_parts(one, self.viewer)),
            name=shown(one.name).strip() if one.kind is Kind.CUSTOM else "",
            origin=self._origin(one),
            rhythm=rhythm(one.frequency, self.viewer.person),
            icon=FREQUENCY_ICONS[one.frequency],
            next=self._leaves(one.frequency),
            muted=muted_words(mute, self.viewer, self.narrator),
            inactive=self._inactive(one),
            count=counts[one.ref],
            critical=event_type is not None and event_type.importance is Importance.CRITICAL,
        )

    def _origin(self, one: Notification) -> str:
        if one.kind is Kind.DEFAULT:
            role = self.viewer.catalogue.roles.get(one.role or "")
            return f"From your role {shown(role.label if role else one.role or '')}"
        if one.created_at is None:
            return "Made for you"
        return f"Made {self.narrator.relative(self.narrator.local(one.created_at).date(), 'on ')}"

    def _leaves(self, frequency: Frequency) -> str:
        if frequency is Frequency.IMMEDIATELY:
            return "within seconds"
        known = self._next.get(frequency)
        if known is None:
            at = next_digest(self.viewer.person, frequency, self.viewer.now)
            known = self._next[frequency] = next_words(self.narrator, at, frequency)
        return known

    def _inactive(self, one: Notification) -> str:
        if one.inactive:
            return "what it asks for is no longer in the catalogue"
        catalogue = self.viewer.catalogue
        if not catalogue.may_see_type(self.viewer.person.roles, one.event_type):
            return "your roles no longer see this event type"
        return ""


def muted_words(mute: Mute | None, viewer: Viewer, narrator: Narrator) -> str:
    """Return until when a notification is muted and by which door, or ""."""
    if mute is None or not mute.is_muted(viewer.now):
        return ""
    until = f"Muted until {_until(mute, narrator)}" if mute.until else "Muted until you unmute it"
    return f"{until}, by mail link" if mute.by is MutedBy.MAIL_LINK else until


def _until(mute: Mute, narrator: Narrator) -> str:
    assert mute.until is not None  # noqa: S101 - asked by the only caller
    local = narrator.local(mute.until)
    return f"{narrator.day(local.date())}, {local:%H:%M}"


def grouped(rows: Iterable[Row]) -> list[Group]:
    """Return rows by event type, in the order in which the types first appear."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row.label, []).append(row)
    return [Group(label, any(row.critical for row in members), tuple(members)) for label, members in found.items()]


def waiting_words(viewer: Viewer, narrator: Narrator) -> list[str]:
    """Return what is collecting now: "daily digest tomorrow, Tue 24 Nov, at 08:00: 6 items"."""
    by_end: dict[tuple[Frequency, int], int] = {}
    for one in store.waiting_of(viewer.person.id):
        key = (one.frequency, round(one.ends_at.timestamp()))
        by_end[key] = by_end.get(key, 0) + one.items
    return [
        f"{'immediate mail' if frequency is Frequency.IMMEDIATELY else f'{frequency.value} digest'} "
        f"{upcoming(narrator, from_us(ends_s * 1_000_000))}, {plural(items, 'item')}"
        for (frequency, ends_s), items in sorted(by_end.items(), key=lambda entry: entry[0][1])
    ]
