"""A change is tried before it is made: what it would bring, in sentences, and why it can not be made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings

from callboard.base.errors import Fault, RejectedError
from callboard.base.texts import shown
from callboard.insights.foresight import foresee, load_circle
from callboard.insights.whatif_words import Reader, Tone, sentences
from callboard.people.access import masters_of
from callboard.people.rules import read_people

if TYPE_CHECKING:
    from collections.abc import Mapping

    from callboard.insights.coverage import Circle
    from callboard.people.values import Directory, Person
    from callboard.web.team.master import Master

_TONES = {Tone.PLAIN: "plain", Tone.LESS: "brass", Tone.MORE: "ok", Tone.WARNING: "critical"}
_ELSEWHERE = "can not be invited here; ask an operator, if it is the right one"


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


def person_after(raw: Mapping[str, Any], person: Person | None, master: Master, known: Directory) -> Person:
    """Return a person as a change would leave it, checked as every people file is.

    `raw` is in the words of 4.1; of somebody who is known it may leave out what stays. Nobody becomes
    a known person by a new name: an address that is taken is a fault.

    Raises:
        RejectedError: with every fault.
    """
    asked = dict(raw) if person is None else {"email": person.email, **raw}
    taken = known.by_email(str(asked.get("email", "")))
    if person is None and taken:
        there = "is already the account of one of your people" if taken.partner in master.partner_ids else _ELSEWHERE
        raise RejectedError(Fault("/email", there))
    found = read_people({"users": [asked]}, known, master.viewer.catalogue)
    if isinstance(found, list):
        raise RejectedError(found)
    return found.persons[0]


def refusal(person: Person, after: Person, master: Master, known: Directory) -> str:
    """Return why a change of somebody may not be made by a Master, or ""."""
    catalogue = master.viewer.catalogue
    if person.id == master.viewer.person.id and not after.active:
        return "You can not deactivate yourself. Ask another Master, or an operator."
    others = [one for one in masters_of(person.partner or "", catalogue, known) if one.id != person.id]
    stays = after.active and after.partner == person.partner and any(map(catalogue.is_master, after.roles))
    is_master = person.active and any(map(catalogue.is_master, person.roles))
    if is_master and not stays and not others:
        name = shown(known.partner_name(person.partner or ""))
        return f"{shown(person.name)} is the last Master of {name}. Make somebody else one first, or ask an operator."
    return ""


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
        lambda partner: shown(circle.directory.partner_name(partner)),
        may_name=lambda person: person.partner in master.partner_ids,
    )
