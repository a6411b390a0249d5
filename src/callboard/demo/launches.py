"""Launches: hundreds of requests of one season, assigned with one click."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from callboard.demo.lives import Life
from callboard.demo.orders import LANGUAGES, Request, pick_sub
from callboard.demo.titles import Show, Work, shows

if TYPE_CHECKING:
    from callboard.demo.stage import Stage

EPISODES = 10
_BASE = ("AV (Muxed)", "Audio Print Master", "Audio M&E", "Dialogue List", "SDH/CC")
_SUBTITLES, _DUBS = 30, 12
PER_EPISODE = len(_BASE) + _SUBTITLES + _DUBS
"""Requests of one episode: the 47 of the noise arithmetic. Source: domain.md 4."""
FIRST_DUE = timedelta(days=26)
_NEXT_DUE = timedelta(days=70)


def season(stage: Stage) -> tuple[Show, tuple[Work, ...]]:
    """Return a season of ten episodes and its show."""
    found = [(show, one) for show in shows() for one in show.seasons if len(one) == EPISODES]
    return stage.dice.choice(found)


def requests_of(stage: Stage, at: datetime, house: str) -> list[Request]:
    """Return a season's requests, all for one house.

    The first episode is due in a month, the others from ten weeks on, a week apart.
    """
    show, works = season(stage)
    asked: list[Request] = []
    for place, work in enumerate(works):
        due = at.date() + (FIRST_DUE if place == 0 else _NEXT_DUE + timedelta(weeks=place))
        for source_type, language in _deliverables(show):
            asked.append(
                Request(
                    subject=stage.next_subject(),
                    show=show,
                    work=work,
                    source_type=source_type,
                    language=language,
                    fulfillment_partner=house,
                    sub_assignee=pick_sub(stage, source_type, house) if place % 2 else None,
                    due=due,
                    tags=("UHD",) if source_type == "AV (Muxed)" else (),
                )
            )
    return asked


def launch(stage: Stage, at: datetime, house: str, share: float = 1.0) -> list[Life]:
    """Return the requests of one bulk assignment, `share` of the first episode's at work."""
    lives = assign_all(stage, at, house)
    for life in lives[: round(PER_EPISODE * share)]:
        life.work(at)
    return lives


def assign_all(stage: Stage, at: datetime, house: str, count: int | None = None) -> list[Life]:
    """Return the requests of one bulk assignment, or its first `count`, nothing else done."""
    lives = [Life(stage, request) for request in requests_of(stage, at, house)[:count]]
    actor = stage.person(lives[0].request.show.content_partner)
    for life in lives:
        life.assign(at, actor)
    return lives


def _deliverables(show: Show) -> list[tuple[str, str]]:
    """Return source type and language of each of the 47 requests of an episode."""
    others = [one for one in LANGUAGES if one != show.language]
    return [
        *((source_type, show.language) for source_type in _BASE),
        *(("Subtitle", language) for language in others[:_SUBTITLES]),
        *(("Secondary Audio", language) for language in others[:_DUBS]),
    ]
