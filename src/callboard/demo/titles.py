"""The demo studio's titles: shows, their seasons and their episodes, with fixed ids."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from callboard.demo.title_table import SHOWS

FIRST_ID = 90_000_000
_SHOW_STEP, _SEASON_STEP = 1_000, 100
_FIRST_PACKAGE = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What is delivered: an episode, or a show without episodes.

    `title_id` leads from the work up to its show (M7); `title_names` is parallel to it.
    """

    title_id: tuple[str, ...]
    title_names: tuple[str, ...]
    title: str

    @property
    def package_id(self) -> str:
        """Return the id of the work's one package."""
        return f"PKG-{int(self.title_id[0]) - FIRST_ID + _FIRST_PACKAGE:07d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Show:
    """A show as its content partner owns it. `seasons` holds one season for a single work."""

    id: str
    name: str
    content_partner: str
    language: str
    content_type: str
    seasons: tuple[tuple[Work, ...], ...]


@cache
def shows() -> tuple[Show, ...]:
    """Return all shows; a show keeps its ids as long as its line keeps its place."""
    lines = SHOWS.strip().splitlines()
    return tuple(_show(FIRST_ID + place * _SHOW_STEP, line) for place, line in enumerate(lines, 1))


def _show(number: int, line: str) -> Show:
    name, partner, language, content_type, episodes = (part.strip() for part in line.split("|"))
    counts = [int(count) for count in episodes.split()]
    seasons = tuple(
        tuple(_episode(number, name, season, episode) for episode in range(1, count + 1))
        for season, count in enumerate(counts, 1)
    )
    alone = Work(title_id=(str(number),), title_names=(name,), title=name)
    return Show(
        id=str(number),
        name=name,
        content_partner=partner,
        language=language,
        content_type=content_type,
        seasons=seasons or ((alone,),),
    )


def _episode(number: int, name: str, season: int, episode: int) -> Work:
    season_id = number + season * _SEASON_STEP
    label = f"S{season} E{episode}"
    return Work(
        title_id=(str(season_id + episode), str(season_id), str(number)),
        title_names=(label, f"Season {season}", name),
        title=f"{name}, {label}",
    )
