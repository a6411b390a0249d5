"""What is asked for: source requests, alone or several of one title at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from callboard.demo.titles import Show, Work, shows

if TYPE_CHECKING:
    from callboard.demo.stage import Stage

HOUSES: dict[str, tuple[str, ...]] = {
    "copperglass": ("AV (Muxed)", "Video & Audio", "Audio Print Master", "Audio M&E",
                    "Primary Video", "Secondary Audio", "Subtitle", "Trailer AV"),
    "lexiloom": ("Subtitle", "Subtitle", "Subtitle", "SDH/CC", "Forced Sub", "Dialogue List"),
    "voxalder": ("Secondary Audio", "Secondary Audio", "As-Recorded Dub Script",
                 "Audio Description"),
    "hanoktidal": ("Subtitle", "Secondary Audio"),
    "reelwright": ("AV (Muxed)", "Secondary AV (Muxed)", "Artwork", "Production Locked Proxy"),
}  # fmt: skip
"""Fulfillment partners, the busiest first, with what they deliver."""

SITES = {
    "copperglass": ("copperglass", "copperglass", "copperglass-burbank", "copperglass-leeds"),
    "lexiloom": ("lexiloom", "lexiloom", "lexiloom-warszawa", "lexiloom-bogota"),
    "voxalder": ("voxalder", "voxalder", "voxalder-beirut"),
    "hanoktidal": ("hanoktidal", "hanoktidal", "hanoktidal-busan"),
    "reelwright": ("reelwright",),
}
LANGUAGES = (
    "es-419", "pt-BR", "fr", "de", "ja", "ko", "it", "es-ES", "en", "pl", "tr", "ar", "th", "id",
    "nl", "hi", "zh-Hans", "zh-Hant", "sv", "da", "nb", "fi", "pt-PT", "cs", "hu", "ro", "el",
    "uk", "vi", "he", "ta", "te", "fr-CA", "fil",
)  # fmt: skip
"""The most asked for first."""
ASIAN = ("ja", "ko", "th", "vi", "id", "zh-Hans", "zh-Hant", "fil")
TRANSLATED = {"Subtitle", "Forced Sub", "Secondary Audio", "As-Recorded Dub Script"}
TERRITORIES = (
    "US", "GB", "MX", "BR", "FR", "DE", "JP", "KR", "IT", "ES", "IN", "PL", "TR", "CA", "SA",
    "TW", "TH", "ID", "AU", "NG", "ZA",
)  # fmt: skip
_DUBBERS = ("voxalder", "voxalder-beirut", "hanoktidal")
_WRITERS = ("lexiloom", "lexiloom-bogota", "lexiloom-warszawa", "hanoktidal-busan")
_TAGS = (("UHD",), ("UHD", "HDR"), ("Atmos",), ("Auto Ident",), ("Textless",), ("Rush",), ("Hold",))
_CADENCES = ("Day of Broadcast", "Day After Broadcast")


@dataclass(slots=True, kw_only=True)
class Request:
    """One source request: a deliverable of a work, with its way through the portal."""

    subject: str
    show: Show
    work: Work
    source_type: str
    language: str
    fulfillment_partner: str
    due: date
    sub_assignee: str | None = None
    tags: tuple[str, ...] = ()
    cadence: str = "Standard"
    status: str = "Open"

    @property
    def doer(self) -> str:
        """Return the partner whose people do the work."""
        return self.sub_assignee or self.fulfillment_partner

    def scope(self, *, assigned: bool = True) -> dict[str, Any]:
        """Return the fields of every event about the request; before assignment, no house."""
        said: dict[str, Any] = {
            "content_type": self.show.content_type,
            "source_type": self.source_type,
            "language": self.language,
            "title_id": list(self.work.title_id),
            "title_names": list(self.work.title_names),
            "title": self.work.title,
            "package_id": self.work.package_id,
            "content_partner": self.show.content_partner,
            "cadence": self.cadence,
        }
        if self.tags:
            said["tags"] = list(self.tags)
        if assigned:
            said["fulfillment_partner"] = self.fulfillment_partner
            if self.sub_assignee:
                said["sub_assignee"] = self.sub_assignee
        return said


@cache
def zipf(count: int) -> tuple[float, ...]:
    """Return weights 1, 1/2, 1/3 … of `count` ranks."""
    return tuple(1 / rank for rank in range(1, count + 1))


def pick_show(stage: Stage) -> Show:
    """Return a show: the first of the table most often, the last seldom."""
    return stage.dice.choices(shows(), zipf(len(shows())))[0]


def pick_house(stage: Stage) -> str:
    """Return a fulfillment partner, by Zipf."""
    return stage.dice.choices(tuple(HOUSES), zipf(len(HOUSES)))[0]


def pick_language(stage: Stage, show: Show, source_type: str, house: str) -> str:
    """Return what the deliverable is in: a translation, or the show's own language."""
    if source_type not in TRANSLATED:
        return show.language
    offered = ASIAN if house == "hanoktidal" else LANGUAGES
    others = tuple(one for one in offered if one != show.language)
    return stage.dice.choices(others, zipf(len(others)))[0]


def pick_sub(stage: Stage, source_type: str, house: str) -> str | None:
    """Return to whom the house may hand the work on, or None: pictures stay in the house."""
    if "Audio" in source_type or "Dub" in source_type:
        return stage.dice.choice([one for one in _DUBBERS if not one.startswith(house)])
    if any(word in source_type for word in ("Sub", "SDH", "List")):
        return stage.dice.choice([one for one in _WRITERS if not one.startswith(house)])
    return None


def place_order(stage: Stage, created_on: date) -> list[Request]:
    """Return one to eight requests of one work for one house, opened together."""
    dice = stage.dice
    show = pick_show(stage)
    work = dice.choice(dice.choice(show.seasons))
    house = pick_house(stage)
    site = dice.choice(SITES[house])
    due = created_on + timedelta(days=dice.randint(16, 38))
    tags = dice.choice(_TAGS) if stage.chance(0.35) else ()
    cadence = dice.choice(_CADENCES) if stage.chance(0.08) else "Standard"
    (size,) = dice.choices((1, 2, 3, 5, 8), (45, 25, 15, 10, 5))
    found: dict[tuple[str, str], Request] = {}
    for _ in range(size):
        source_type = dice.choice(HOUSES[house])
        language = pick_language(stage, show, source_type, house)
        if (source_type, language) not in found:
            found[source_type, language] = Request(
                subject=stage.next_subject(),
                show=show,
                work=work,
                source_type=source_type,
                language=language,
                fulfillment_partner=site,
                sub_assignee=pick_sub(stage, source_type, house) if stage.chance(0.07) else None,
                due=due,
                tags=tags,
                cadence=cadence,
            )
    return list(found.values())
