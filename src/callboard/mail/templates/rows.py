"""What a digest's templates lay out: sections of groups of rows, with items alike folded (S4).

Pure values and their order; words come from a `Narrator`, names and links from a `Teller`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from callboard.base.reasons import Importance
from callboard.base.texts import folded, shown
from callboard.mail.templates.words import counted, plain, unit_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from callboard.mail.letter import Item, Letter
    from callboard.mail.wording import Line, Narrator
    from callboard.preferences.values import Notification

_EPISODE = re.compile(r"(S[0-9]{1,4}) ?(E([0-9]{1,5}))")
_Parts = re.Match[str] | None
"""Season, episode and its number, where a title's rest is one of both."""
_DIGITS = re.compile(r"([0-9]{1,9})")


class Teller(Protocol):
    """What the rows of one mail share."""

    letter: Letter
    narrator: Narrator

    def item_url(self, item: Item) -> str:
        """Return the way to one item."""
        ...

    def asked(self, notifications: tuple[Notification, ...]) -> str:
        """Return the names of the notifications that asked for an item, in short."""
        ...

    def clock(self, at: datetime) -> str:
        """Return when an item happened, in short."""
        ...


class Link(NamedTuple):
    """A way to one item. `title` is the item's whole title (C1), however short the label."""

    label: str
    title: str
    url: str

    @property
    def name(self) -> str:
        """Return what tells the item from all others, in words: the whole title, and the label beside it."""
        if not self.title or self.label in self.title:
            return self.title or self.label
        return f"{self.title}, {self.label}"


class Row(NamedTuple):
    """One line of a digest: one item, or several alike. `links` has one link for each item.

    `about` says what it is about, in parts that may each run in another direction; `detail` the
    rest, `meta` time and who asked. `is_fold`: it stands for several items.
    """

    about: tuple[str, ...]
    detail: str
    notes: tuple[str, ...]
    meta: str
    critical: bool
    is_fold: bool
    links: tuple[Link, ...]

    @property
    def title(self) -> str:
        """Return what the row is about in one text."""
        return " · ".join(self.about)


@dataclass(frozen=True, slots=True)
class Group:
    """The rows of one title; `name` is "" for events that name none."""

    name: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """The groups of one event type. `critical`: all of its items are."""

    label: str
    said: str
    count: int
    critical: bool
    groups: tuple[Group, ...]

    @property
    def heading(self) -> str:
        """Return the section's name and numbers for the text part."""
        return f"{self.label} ({self.count:,}{', critical' if self.critical else ''})"


def first_items(sections: tuple[Section, ...], count: int) -> tuple[Section, ...]:
    """Return the sections with only their first `count` items; their own counts stay whole."""
    found = []
    for section in sections:
        groups = []
        for group in section.groups:
            rows = []
            for row in group.rows:
                if count > 0:
                    rows.append(row._replace(links=row.links[:count]))
                    count -= len(row.links)
            if rows:
                groups.append(Group(group.name, tuple(rows)))
        if groups:
            found.append(replace(section, groups=tuple(groups)))
    return tuple(found)


def sections_of(teller: Teller) -> tuple[Section, ...]:
    """Return the letter's items by event type (critical first), title and line (S4)."""
    by_type: dict[str, list[Item]] = {}
    for item in teller.letter.items:
        by_type.setdefault(item.event.type, []).append(item)
    order = {key: place for place, key in enumerate(teller.narrator.catalogue.event_types)}

    def place(entry: tuple[str, list[Item]]) -> tuple[bool, int, str]:
        key, items = entry
        critical = any(item.importance is Importance.CRITICAL for item in items)
        return not critical, order.get(key, len(order)), key

    return tuple(_section(teller, items) for _, items in sorted(by_type.items(), key=place))


def _section(teller: Teller, items: list[Item]) -> Section:
    event_type = teller.narrator.type_of(items[0].event)
    critical = all(item.importance is Importance.CRITICAL for item in items)
    by_show: dict[str, list[tuple[Line, Item]]] = {}
    for item in items:
        line = teller.narrator.line(item.event)
        by_show.setdefault(line.show, []).append((line, item))
    return Section(
        label=shown(event_type.label),
        said=counted(event_type, len(items)),
        count=len(items),
        critical=critical,
        groups=tuple(
            Group(show, tuple(_rows(teller, by_show[show], marked=not critical)))
            for show in sorted(by_show, key=lambda name: (folded(name), name))
        ),
    )


def _rows(teller: Teller, told: list[tuple[Line, Item]], *, marked: bool) -> Iterable[Row]:
    """Return the rows of one title by episode; items alike but for it and the time are one row."""
    alike: dict[Any, list[tuple[Line, Item]]] = {}
    for line, item in sorted(told, key=lambda pair: natural(pair[0].episode)):
        asked = teller.asked(item.notifications)
        key = (line.what, line.detail, line.notes, asked, item.importance)
        alike.setdefault(key, []).append((line, item))
    for (what, detail, notes, asked, importance), same in alike.items():
        found = [_EPISODE.fullmatch(line.episode) for line, _ in same]
        links = tuple(_links(teller, same, found))
        about = tuple(filter(None, (_episodes([line.episode for line, _ in same], found), what)))
        more = f"{len(same):,} {unit_of(same[0][1].event.type)}" if len(same) > 1 else ""
        yield Row(
            about=about or (more or links[0].label,),
            detail=" · ".join(filter(None, (detail, more if about else ""))),
            notes=notes,
            meta=f"{_span(teller, [item.event.time_at for _, item in same])} · {asked}",
            critical=marked and importance is Importance.CRITICAL,
            is_fold=len(same) > 1,
            links=links,
        )


def _span(teller: Teller, times: list[datetime]) -> str:
    """Return when items happened: from the first to the last, or once what is the same for both."""
    first, last = teller.clock(min(times)), teller.clock(max(times)) if len(times) > 1 else ""
    return f"{first}–{last}" if last and last != first else first


def _links(teller: Teller, same: list[tuple[Line, Item]], found: list[_Parts]) -> Iterable[Link]:
    """Yield one link an item: its episode, with the subject where that is not enough."""
    episodes = {line.episode for line, _ in same}
    clear = len(episodes) == len(same)
    one_season = all(found) and len({one[1] for one in found if one}) == 1
    for place, (match, (line, item)) in enumerate(zip(found, same, strict=True), start=1):
        label = match[2] if match and one_season else line.episode
        if not clear or not label:
            subject = plain(item.event.subject)
            label = " ".join(filter(None, (label if len(episodes) > 1 else "", subject)))
        yield Link(label or str(place), line.title, teller.item_url(item))


def _episodes(names: list[str], parts: list[_Parts]) -> str:
    """Return sorted episodes in short, "S1 E1–E6, E8, S2 E1"; other names joined by commas."""
    runs: list[list[Any]] = []
    season = ""
    for name, found in dict(zip(names, parts, strict=True)).items():
        if not name:
            continue
        if not found:
            runs.append([name, "", None])
            continue
        number = int(found[3])
        if found[1] == season and runs[-1][2] == number - 1:
            runs[-1][1:] = [f"–{found[2]}", number]
        else:
            runs.append([found[2] if found[1] == season else name, "", number])
        season = found[1]
    return ", ".join(f"{start}{end}" for start, end, _ in runs)


def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """Return a key that sorts E2 before E10."""
    parts = _DIGITS.split(folded(text))
    return tuple((0, int(p), "") if n % 2 else (1, 0, p) for n, p in enumerate(parts) if p)
