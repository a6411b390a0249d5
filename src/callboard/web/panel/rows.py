"""The rows of the settings page: each notification as a sentence, with its frequency and state."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

from callboard.base.reasons import Frequency, Importance
from callboard.base.texts import shown
from callboard.decisions.windows import next_digest
from callboard.preferences import actions
from callboard.preferences import store as preferences
from callboard.preferences.values import Kind, Mute, MutedBy, Notification, Ref
from callboard.web import store, titles
from callboard.web.panel.finding import searchable
from callboard.web.panel.said import Said, said_of
from callboard.web.panel.sentences import LONGEST_TITLE, parts_html, title_ids
from callboard.web.words import FREQUENCY_ICONS, next_words, rhythm

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from django.utils.safestring import SafeString

    from callboard.mail.wording import Narrator
    from callboard.web.viewer import Viewer

COUNTED = timedelta(days=7)
NOISY_MAILS, NOISY_SHARE = 20, 1 / 3
"""A top source of noise: so many mails in `COUNTED` name it, and this share of all that the person got."""
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One notification as the page shows it. All texts are plain.

    Attributes:
        id: the notification's, as addresses take it.
        mails: mails of the last days that named it, `of_all` of them.
    """

    ref: Ref
    id: str
    event_type: str
    label: str
    said: Said
    name: str
    origin: str
    frequency: Frequency
    rhythm: str
    next: str
    muted: str
    inactive: str
    mails: int
    of_all: int
    critical: bool

    @property
    def anchor(self) -> str:
        """Return the row's id in the page, as the footer of a mail names it."""
        return f"n-{self.id}"

    @property
    def is_custom(self) -> bool:
        """Return whether the person made it."""
        return self.ref.kind is Kind.CUSTOM

    @property
    def is_muted(self) -> bool:
        """Return whether it is muted now."""
        return bool(self.muted)

    @property
    def is_noisy(self) -> bool:
        """Return whether it is a top source of the person's mail."""
        return self.mails >= NOISY_MAILS and self.mails >= self.of_all * NOISY_SHARE

    @property
    def icon(self) -> str:
        """Return the picture of the frequency."""
        return FREQUENCY_ICONS[self.frequency]

    @property
    def key(self) -> str:
        """Return the row's part of the addresses of its menu and its window."""
        return f"{self.ref.kind.value}/{self.id}"

    @property
    def target(self) -> str:
        """Return how forms name the row."""
        return f"{self.ref.kind.value} {self.ref.id}"

    @property
    def fixed(self) -> str:
        """Return why a Default can not be changed."""
        role = self.origin[:1].lower() + self.origin[1:]
        return f"Comes {role}. It can be muted or duplicated, not changed."

    @property
    def whole(self) -> SafeString:
        """Return the sentence with nothing folded away."""
        return parts_html(self.said.parts)

    @property
    def title(self) -> str:
        """Return its name, or the beginning of its sentence: what a screen reader calls the row."""
        return self.name[:LONGEST_TITLE] or self.said.title

    @property
    def searchable(self) -> str:
        """Return everything that a search looks through, in the form in which words are compared."""
        kind, pace = self.ref.kind.value, f"{self.frequency.value} {self.rhythm}"
        state = self.inactive and f"inactive {self.inactive}"
        own = searchable(f"{self.label} {self.name} {kind} {pace} {self.origin} {self.muted} {state}")
        return f"{self.said.searchable} {own}"


def anchor_of(ref: Ref) -> str:
    """Return the id of a notification's row, as mails and pages link to it."""
    return f"n-{quote(ref.id, safe='')}"


class Rows:
    """Makes the rows of one person's page."""

    def __init__(self, viewer: Viewer) -> None:
        self.viewer = viewer
        self.narrator = viewer.narrator()
        self._next: dict[Frequency, str] = {}
        self._sees: dict[str, bool] = {}
        self._names: Mapping[str, str] = {}

    def all(self) -> list[Row]:
        """Return every notification of the person as a row, by event type; in each, Customs above Defaults."""
        viewer = self.viewer
        order = {key: place for place, key in enumerate(viewer.catalogue.event_types)}
        mine = actions.own(viewer.person, viewer.catalogue)
        mine.sort(key=lambda one: (order.get(one.event_type, len(order)), one.event_type, one.kind is Kind.DEFAULT))
        return self._rows(mine)

    def one(self, ref: Ref) -> Row:
        """Return one notification of the person as a row.

        Raises:
            RejectedError: `not-found`.
        """
        return self._rows([actions.find_own(self.viewer.person, ref, self.viewer.catalogue)])[0]

    def _rows(self, notifications: list[Notification]) -> list[Row]:
        person = self.viewer.person
        mutes = preferences.mutes_of(person.id)
        counts, of_all = store.mails_by_ref(person.id, self.viewer.now - COUNTED)
        self._names = titles.names_of(title_ids(notifications), self.viewer)
        return [self._row(one, mutes.get(one.ref), counts[one.ref], of_all) for one in notifications]

    def _row(self, one: Notification, mute: Mute | None, mails: int, of_all: int) -> Row:
        event_type = self.viewer.catalogue.event_types.get(one.event_type)
        return Row(
            ref=one.ref,
            id=quote(one.id, safe=""),
            event_type=one.event_type,
            label=shown(event_type.label if event_type else one.event_type),
            said=said_of(one, self.viewer, self._names),
            name=shown(one.name).strip() if one.kind is Kind.CUSTOM else "",
            origin=self._origin(one),
            frequency=one.frequency,
            rhythm=rhythm(one.frequency, self.viewer.person),
            next=self._leaves(one.frequency),
            muted=muted_words(mute, self.viewer, self.narrator),
            inactive=self._inactive(one),
            mails=mails,
            of_all=of_all,
            critical=event_type is not None and event_type.importance is Importance.CRITICAL,
        )

    def _origin(self, one: Notification) -> str:
        if one.kind is Kind.DEFAULT:
            role = self.viewer.catalogue.roles.get(one.role or "")
            at = f" at {shown(self.viewer.partner_name)}" if self.viewer.partner_name else ""
            return f"From your role {shown(role.label if role else one.role or '')}{at}"
        if one.created_at is None:
            return "Made for you"
        return f"Made by you {self._made(self.narrator.local(one.created_at).date())}"

    def _made(self, on: date) -> str:
        near = self.narrator.relative(on)
        if near in ("today", "yesterday"):
            return near
        said = f"on {on.day} {MONTHS[on.month - 1]}"
        return said if on.year == self.narrator.today.year else f"{said} {on.year}"

    def _leaves(self, frequency: Frequency) -> str:
        if frequency is Frequency.IMMEDIATELY:
            return "Leaves within seconds"
        known = self._next.get(frequency)
        if known is None:
            at = next_digest(self.viewer.person, frequency, self.viewer.now)
            known = self._next[frequency] = next_words(self.narrator, at, frequency).capitalize()
        return known

    def _inactive(self, one: Notification) -> str:
        """Return why a notification sends nothing, and what to do about it."""
        if one.inactive:
            return "what it asks for is no longer on offer here. Edit it, or delete it"
        if one.event_type not in self._sees:
            roles = self.viewer.person.roles
            self._sees[one.event_type] = self.viewer.catalogue.may_see_type(roles, one.event_type)
        if not self._sees[one.event_type]:
            return "your roles no longer see this event type. Delete it, or ask who manages your roles"
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
    return f"{narrator.day(local.date())}, {local:%H:%M}" if local.hour or local.minute else narrator.day(local.date())
