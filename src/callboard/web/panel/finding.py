"""What a person looks for in the list: words and a kind; which rows that leaves, and what the page says of it."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode, urlsplit

from callboard.web.words import plural

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from django.http import HttpRequest

    from callboard.preferences.values import Ref
    from callboard.web.panel.rows import Row

PAGE = "/settings"
MAX_QUERY = 200
"""Characters of a search; more is not a search."""
SHOWN: Mapping[str, tuple[str, Callable[[Row], bool]]] = {
    "": ("All", lambda _: True),
    "default": ("Default", lambda row: not row.is_custom),
    "custom": ("Custom", lambda row: row.is_custom),
    "muted": ("Muted", lambda row: row.is_muted),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the list is narrowed to."""

    query: str = ""
    show: str = ""

    @property
    def kept(self) -> dict[str, str]:
        """Return what addresses and forms carry on."""
        return {name: value for name, value in (("q", self.query), ("show", self.show)) if value}

    @property
    def url(self) -> str:
        """Return the address of the list as it is narrowed."""
        return f"{PAGE}?{urlencode(self.kept)}" if self.kept else PAGE


def wanted_by(request: HttpRequest) -> Wanted:
    """Return what a request asks for; one that htmx sends from the list, what the list shows then."""
    if request.method in ("GET", "HEAD"):
        return _wanted(request.GET.get("q", ""), request.GET.get("show", ""))
    at = urlsplit(request.headers.get("HX-Current-URL", ""))
    if at.path == PAGE:
        asked = parse_qs(at.query)
        return _wanted(asked.get("q", [""])[0], asked.get("show", [""])[0])
    return _wanted(request.POST.get("q", ""), request.POST.get("show", ""))


def _wanted(query: str, show: str) -> Wanted:
    return Wanted(query.replace("\0", "").strip()[:MAX_QUERY], show if show in SHOWN else "")


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


@dataclass(frozen=True, slots=True)
class Tab:
    """One kind to show, with how many the words leave of it."""

    key: str
    label: str
    count: int
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class Found:
    """The rows that are left, and those of every kind that hold the words."""

    wanted: Wanted
    rows: tuple[Row, ...]
    of_words: tuple[Row, ...]
    total: int

    @property
    def groups(self) -> list[Group]:
        """Return the rows by event type, in their order."""
        found: dict[str, list[Row]] = {}
        for row in self.rows:
            found.setdefault(row.event_type, []).append(row)
        return [Group(rows[0].label, any(row.critical for row in rows), tuple(rows)) for rows in found.values()]

    @property
    def tabs(self) -> list[Tab]:
        """Return the kinds, each with its count and its address."""
        return [
            Tab(
                key,
                label,
                sum(map(belongs, self.of_words)),
                replace(self.wanted, show=key).url,
                key == self.wanted.show,
            )
            for key, (label, belongs) in SHOWN.items()
        ]

    def _tab(self, key: str) -> Tab:
        label, belongs = SHOWN[key]
        count = sum(map(belongs, self.of_words))
        return Tab(key, label, count, replace(self.wanted, show=key).url, current=key == self.wanted.show)

    @property
    def count(self) -> str:
        """Return "14 notifications", or "5 of 14 notifications" when narrowed."""
        if not self.wanted.kept:
            return plural(self.total, "notification")
        return f"{len(self.rows):,} of {plural(self.total, 'notification')}"

    @property
    def nothing(self) -> str:
        """Return why there is no row, for a person who has some."""
        among = {"default": "Defaults", "custom": "Customs", "muted": "muted notifications"}.get(self.wanted.show, "")
        if not self.wanted.query:
            return {"default": "Your roles bring no Defaults.", "custom": "You have made none yet."}.get(
                self.wanted.show, "None of your notifications is muted."
            )
        if among and self.of_words:
            return f"No match for “{self.wanted.query}” among your {among}."
        return f"No notification of yours says “{self.wanted.query}”."


def find(rows: Sequence[Row], wanted: Wanted) -> Found:
    """Return the rows that hold every word and are of the kind."""
    words = searchable(wanted.query).split()
    of_words = tuple(row for row in rows if all(word in row.searchable for word in words)) if words else tuple(rows)
    belongs = SHOWN[wanted.show][1]
    return Found(wanted, tuple(filter(belongs, of_words)), of_words, len(rows))


def searchable(text: str) -> str:
    """Return a text without what a person who searches may leave out: letter case, accents, the form of letters."""
    if text.isascii():
        return text.lower()
    bare = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in bare if not unicodedata.combining(letter))


def has(rows: Iterable[Row], ref: Ref) -> bool:
    """Return whether a notification is among the rows."""
    return any(row.ref == ref for row in rows)
