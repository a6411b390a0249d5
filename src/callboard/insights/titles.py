"""Titles by name: an episode, a season or a show, told apart by what is above it. Plain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from callboard.base.texts import shown

BETWEEN = " · "


@dataclass(frozen=True, slots=True)
class Title:
    """One title. `show` is the id at the top of its hierarchy (M7).

    `name` is its id when the event does not name it; `short` adds the show's name, as in
    `S1 E4 · The Salt Cartographers`, and `whole` every name in between.
    """

    id: str
    show: str
    name: str
    short: str
    whole: str


def read_titles(ids: tuple[Any, ...], names: tuple[Any, ...]) -> tuple[Title, ...]:
    """Return the titles of one event, from its `title_id` and `title_names` (M7, 4.3)."""
    said = [shown(one).strip() if isinstance(one, str) else "" for one in names[: len(ids)]]
    said += [""] * (len(ids) - len(said))
    return tuple(_title(one, ids[-1], said[place:]) for place, one in enumerate(ids) if isinstance(one, str))


def _title(title_id: str, show: Any, names: list[str]) -> Title:
    name = names[0] or title_id
    above = [one for one in names[1:] if one]
    short, whole = ((name, *above[-1:]), (name, *above))
    return Title(title_id, str(show), name, BETWEEN.join(dict.fromkeys(short)), BETWEEN.join(dict.fromkeys(whole)))


def by_newest_name(used: Iterable[Title]) -> dict[str, Title]:
    """Return id -> title in the order of first appearance, from titles as events named them, the newest first."""
    found: dict[str, Title] = {}
    for one in used:
        known = found.setdefault(one.id, one)
        if known.name == one.id != one.name:  # the newest event left the name out
            found[one.id] = one
    return found


def labelled(titles: Mapping[str, Title]) -> Iterator[tuple[str, str]]:
    """Yield id and label of each title; no two labels are equal.

    Where all are of one show, its name would tell nothing apart.
    """
    with_show = len({one.show for one in titles.values()}) > 1
    labels = {one.id: one.short if with_show else one.name for one in titles.values()}
    count = Counter(labels.values())
    labels = {key: label if count[label] == 1 else titles[key].whole for key, label in labels.items()}
    count = Counter(labels.values())
    for key, label in labels.items():
        yield key, label if count[label] == 1 else f"{label} ({key})"
