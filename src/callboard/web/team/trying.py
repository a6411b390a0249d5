"""A change is tried before it is made: what it would bring, in sentences, and why it can not be made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings

from callboard.base.texts import shown
from callboard.insights.foresight import foresee, load_circle
from callboard.insights.whatif_words import Reader, Tone, sentences

if TYPE_CHECKING:
    from collections.abc import Mapping

    from callboard.insights.coverage import Circle
    from callboard.web.team.master import Master

_TONES = {Tone.PLAIN: "plain", Tone.LESS: "brass", Tone.MORE: "ok", Tone.WARNING: "critical"}


@dataclass(frozen=True, slots=True)
class Says:
    """One sentence about what would change."""

    tone: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What a change would bring. Without `do` it can not be made."""

    title: str
    says: tuple[Says, ...]
    do: str = ""
    verb: str = ""
    kept: tuple[tuple[str, str], ...] = ()
    is_critical: bool = False


def try_change(email: str, changes: Mapping[str, Any], master: Master) -> tuple[Says, ...]:
    """Return what a change of somebody, or a new person, would bring.

    Raises:
        RejectedError: with every fault.
    """
    circle = circle_of(master)
    found = foresee(email, changes, circle, settings.CONFIG.collapse_s)
    return tuple(Says(_TONES[one.tone], f"{shown(one.text)}.") for one in sentences(found, reader_of(master, circle)))


def circle_of(master: Master) -> Circle:
    """Return everybody who counts at the Master's partners, as committed now."""
    return load_circle(master.partner_ids, master.viewer.catalogue, master.viewer.now)


def reader_of(master: Master, circle: Circle) -> Reader:
    """Return the Master as whom a change is told: other partners' people are counted, not named."""
    return Reader(
        circle.catalogue,
        circle.directory,
        lambda partner: shown(master.viewer.partner_called(partner)),
        may_name=lambda person: person.partner in master.partner_ids,
    )
