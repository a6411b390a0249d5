"""What automated inspection finds: bursts of failures, by what is delivered."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from callboard.demo.phrases import FINDINGS, phrase

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from callboard.demo.orders import Request

_TEXTS = ("Sub", "SDH", "List", "Script")
_SOUNDS = ("Audio", "Secondary Audio")
_PICTURES = ("Video", "Delivery Package", "Synced Events", "Audio")


def kind_of_work(request: Request) -> str:
    """Return whether a deliverable is text, sound or picture."""
    if any(word in request.source_type for word in _TEXTS):
        return "text"
    return "sound" if request.source_type.startswith(_SOUNDS) else "picture"


def category_of(dice: Random, request: Request) -> str:
    """Return the QC category of a finding on such a deliverable."""
    if request.source_type == "Artwork":
        return "Artwork"
    if dice.random() < 0.12:  # noqa: PLR2004 - paperwork goes wrong everywhere
        return "Metadata"
    kind = kind_of_work(request)
    if kind == "picture":
        return dice.choice(_PICTURES)
    return "Timed Text" if kind == "text" else "Audio"


def inspection_failures(dice: Random, at: datetime, request: Request) -> Iterator[tuple[datetime, dict[str, Any]]]:
    """Yield the instants and fields of one burst: two to six findings within some minutes."""
    for _ in range(dice.randint(2, 6)):
        at += timedelta(seconds=dice.randint(5, 240))
        category = category_of(dice, request)
        yield (
            at,
            {
                "transfer_state": "Failed",
                "error_overridable": dice.random() < 0.4,  # noqa: PLR2004 - a share
                "qc_category": category,
                "note": phrase(dice, FINDINGS[category]),
            },
        )
