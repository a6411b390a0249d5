"""Render a letter: subject, text part and HTML part."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from callboard.base.reasons import Frequency, Importance
from callboard.base.texts import shown
from callboard.catalogue.values import PartnerKind
from callboard.mail.templates import MANY_HTML, MANY_TEXT, ONE_HTML, ONE_TEXT
from callboard.mail.templates.rows import first_items, sections_of
from callboard.mail.templates.words import clipped
from callboard.mail.wording import Narrator, subject_of
from callboard.preferences.naming import title_of
from callboard.preferences.values import Kind

if TYPE_CHECKING:
    from datetime import datetime

    from callboard.catalogue.values import Catalogue
    from callboard.mail.letter import Item, Letter
    from callboard.mail.templates.rows import Section
    from callboard.mail.wording import Lines, Told
    from callboard.people.values import Directory
    from callboard.preferences.values import Notification, Ref

MAX_HTML_BYTES = 100_000
"""Bytes of UTF-8 an HTML part may have; Gmail clips at 102 KB. Source: rule C1."""
LONGEST_DAY = timedelta(hours=25)
"""The day on which clocks go back."""
STAND_IN_PATH = "/settings/stand-in"
"""The page on which a stand-in is seen and ended."""
MAX_ASKED = 80
"""Characters of a nameless notification beside an item; the footer has it whole."""
MAX_LONG_TEXT = 4_000
"""Characters that stay of a text in an HTML part that would be too large."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """What one mail says: one line, and two bodies with LF line ends."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Why:
    """One notification in the footer: its name, "Custom, daily", and the way to its row."""

    name: str
    how: str
    url: str
    count: int


class _Writer:
    """Everything that the parts of one mail share."""

    def __init__(
        self, letter: Letter, catalogue: Catalogue, directory: Directory, base_url: str, lines: Lines | None
    ) -> None:
        self.letter = letter
        self.catalogue = catalogue
        self.directory = directory
        self.base_url = base_url
        self.narrator = Narrator(catalogue, directory, letter.person, letter.dated_at, lines)
        self._asked: dict[tuple[Ref, ...], str] = {}
        is_short = letter.ends_at - letter.starts_at <= LONGEST_DAY
        self._clear_from = letter.ends_at - timedelta(hours=24) if is_short else None
        """From when on a time says by itself which day is meant; None where none does."""

    def item_url(self, item: Item) -> str:
        """Return the way to one item."""
        return f"{self.base_url}/items/{quote(item.event.key, safe='')}"

    def asked(self, notifications: tuple[Notification, ...]) -> str:
        """Return the names of the notifications that asked for an item, in short."""
        key = tuple(one.ref for one in notifications)
        known = self._asked.get(key)
        if known is None:
            known = self._asked[key] = ", ".join(dict.fromkeys(map(self._asked_by, notifications)))
        return known

    def _asked_by(self, one: Notification) -> str:
        name = "Default" if one.kind is Kind.DEFAULT else self.name(one, MAX_ASKED)
        return f"{name} (for {self.person_name(one.of)})" if one.of else name

    def person_name(self, person_id: int) -> str:
        """Return what somebody is called for whom the reader stands in."""
        return shown(self.directory.persons[person_id].name).strip()

    def standing_in(self) -> list[str]:
        """Return for whom the reader stands in, a sentence each."""
        letter = self.letter
        return [
            f"You {'are standing' if letter.dated_at < one.ends_at else 'stood'} in for"
            f" {self.person_name(one.person_id)} until {self.narrator.until(one.ends_at)}."
            for one in letter.standing_in
        ]

    def name(self, notification: Notification, length: int | None = None) -> str:
        """Return a notification's name or sentence; a sentence in at most `length` characters."""
        called = self._partner_in_line if notification.of else self.directory.partner_name
        name = title_of(notification, self.catalogue, called)
        return name if length is None or notification.name else clipped(name, length)

    def _partner_in_line(self, partner_id: str) -> str:
        """Return a partner's name where the reader may know it by the own account, else its code (A4).

        What somebody else's notification asks for may name partners that are none of the reader's.
        """
        own = self.letter.person.partner
        line = own is not None and (
            own in self.directory.ancestors(partner_id) or partner_id in self.directory.ancestors(own)
        )
        is_known = line or self.letter.person.kind is PartnerKind.STUDIO
        return self.directory.partner_name(partner_id) if is_known else partner_id

    def why(self) -> list[Why]:
        """Return the notifications that asked for the mail, in order of appearance (C1)."""
        counts: dict[Any, list[Any]] = {}
        for item in self.letter.items:
            for one in item.notifications:
                counts.setdefault(one.ref, [one, 0])[1] += 1
        return [
            Why(
                self.name(one),
                self._how(one),
                f"{self.base_url}{STAND_IN_PATH if one.of else '/settings#n-' + quote(one.id, safe='')}",
                count,
            )
            for one, count in counts.values()
        ]

    def _how(self, notification: Notification) -> str:
        of = f" of {self.person_name(notification.of)}" if notification.of else ""
        if notification.kind is Kind.CUSTOM:
            return f"Custom{of}, {notification.frequency.value}"
        role = self.catalogue.roles.get(notification.role or "")
        whose = "the" if of else "your"
        return f"Default{of}, from {whose} role {shown(role.label if role else notification.role or '')}"

    def clock(self, at: datetime) -> str:
        """Return when an item happened: the time alone where the window is a day or less."""
        local = self.narrator.local(at)
        time = f"{local.hour:02}:{local.minute:02}"
        if self._clear_from is not None and self._clear_from <= at <= self.letter.ends_at:
            return time
        return f"{self.narrator.day(local.date())} {time}"


def render(
    letter: Letter, catalogue: Catalogue, directory: Directory, base_url: str, lines: Lines | None = None
) -> Rendered:
    """Return the letter in words; `base_url` is without a final slash, `lines` are those of earlier letters.

    One item is told with all its facts; several are told as a digest, or as one bulk action
    when they came together.
    """
    writer = _Writer(letter, catalogue, directory, base_url, lines)
    return _one(writer) if len(letter.items) == 1 else _many(writer)


def _frame(writer: _Writer) -> dict[str, Any]:
    """Return what both kinds of mail need around their content."""
    letter = writer.letter
    corner = shown(letter.partner_name)
    if letter.frequency is not Frequency.IMMEDIATELY:
        local = writer.narrator.local(letter.ends_at)
        day = writer.narrator.day(local.date())
        corner = f"{letter.frequency.value.capitalize()} digest · {day}, {local:%H:%M}"
    return {
        "corner": corner,
        "why": writer.why(),
        "standing_in": writer.standing_in(),
        "stand_in_url": f"{writer.base_url}{STAND_IN_PATH}",
        "is_own": any(not one.of for item in letter.items for one in item.notifications),
        "settings_url": f"{writer.base_url}/settings",
        "mute_url": letter.mute_url,
        "help_url": f"{writer.base_url}/support/new?about={quote(letter.items[0].event.key, safe='')}&from=mail",
    }


def _one(writer: _Writer) -> Rendered:
    item = writer.letter.items[0]
    told = writer.narrator.told(item.event)
    page = _frame(writer) | {
        "subject": subject_of(told.phrase, told.where),
        "listed": False,
        "told": told,
        "critical": item.importance is Importance.CRITICAL,
        "url": writer.item_url(item),
    }
    text = ONE_TEXT.render(page)
    html = ONE_HTML.render(page)
    if len(html) * 4 > MAX_HTML_BYTES and len(html.encode()) > MAX_HTML_BYTES:
        html = ONE_HTML.render(page | {"told": _abridged(told)})
    return Rendered(page["subject"], text, html)


def _abridged(told: Told) -> Told:
    """Return what is told with its long texts cut, each with the number of the rest."""
    room = max(60, MAX_LONG_TEXT // (1 + len(told.facts) // 10))
    return replace(
        told,
        lead=_cut(told.lead, room),
        notes=tuple(_cut(one, room) for one in told.notes[:5]),
        facts=tuple((_cut(label, 80), _cut(value, room)) for label, value in told.facts[:100]),
    )


def _cut(text: str, length: int) -> str:
    rest = len(text) - length
    return text if rest <= 0 else f"{text[:length]}… ({rest:,} more characters in the text part)"


def _many(writer: _Writer) -> Rendered:
    letter = writer.letter
    sections = sections_of(writer)
    bulk = letter.frequency is Frequency.IMMEDIATELY and len(sections) == 1
    words = _bulk_words if bulk else _digest_words
    heading, lead, subject = words(writer, sections)
    critical = sum(item.importance is Importance.CRITICAL for item in letter.items)
    page = _frame(writer) | {
        "subject": subject,
        "listed": True,
        "heading": heading,
        "lead": lead,
        "action": f"{critical:,} need{'s' if critical == 1 else ''} action." if critical else "",
        "preheader": ", ".join(section.said for section in sections),
        "bulk": bulk,
        "sections": sections,
        "rest": 0,
        "history_url": f"{writer.base_url}/history",
    }
    text = MANY_TEXT.render(page)
    return Rendered(subject, text, _fitting(page, sections, len(letter.items)))


def _fitting(page: dict[str, Any], sections: tuple[Section, ...], count: int) -> str:
    """Return the HTML with the items that fit into `MAX_HTML_BYTES`, and the number of the rest."""
    kept, floor = count, MAX_HTML_BYTES // 100  # no item takes under 100 bytes
    while True:
        kept = min(kept, floor)
        page |= {
            "sections": sections if kept == count else first_items(sections, kept),
            "rest": count - kept,
        }
        html = MANY_HTML.render(page)
        size = len(html.encode())
        if size <= MAX_HTML_BYTES or kept == 0:
            return html
        kept = min(kept * MAX_HTML_BYTES * 97 // (size * 100), kept - 1)


def _bulk_words(writer: _Writer, sections: tuple[Section, ...]) -> tuple[str, str, str]:
    """Return heading, lead and subject of items of one type that came together."""
    narrator, said = writer.narrator, sections[0].said
    times = sorted(item.event.time_at for item in writer.letter.items)
    first, last = narrator.moment(times[0]), narrator.moment(times[-1])
    span = first if first == last else f"{first} to {last}"
    lead = f"{span[:1].upper()}{span[1:]} ({narrator.zone_name})."
    return said, lead, subject_of(said, _titles(sections))


def _digest_words(writer: _Writer, sections: tuple[Section, ...]) -> tuple[str, str, str]:
    """Return heading, lead and subject of a digest."""
    letter, narrator = writer.letter, writer.narrator
    count = len(letter.items)
    partner = shown(letter.partner_name)
    heading = f"{count:,} updates for {partner}" if partner else f"{count:,} updates"
    start = narrator.local(letter.starts_at)
    day = narrator.relative(start.date())
    lead = f"Since {'' if day == 'today' else f'{day} '}{start:%H:%M} ({narrator.zone_name})."
    said = sections[0].said
    if len(sections) == 2:  # noqa: PLR2004 - two are named, more are counted
        said = f"{said}, {sections[1].said}"
    elif len(sections) > 1:
        said = f"{said} and {count - sections[0].count:,} more updates"
    if letter.frequency is not Frequency.IMMEDIATELY:
        said = f"{letter.frequency.value.capitalize()} digest: {said}"
    return heading, lead, subject_of(said, _titles(sections), " · ")


def _titles(sections: tuple[Section, ...]) -> str:
    """Return the first title of a mail, and how many more there are."""
    names = list(dict.fromkeys(g.name for one in sections for g in one.groups if g.name))
    if len(names) < 2:  # noqa: PLR2004 - a single title stands alone
        return "".join(names)
    more = f" and {len(names) - 1:,} more title{'' if len(names) == 2 else 's'}"  # noqa: PLR2004
    return clipped(names[0], 80) + more
