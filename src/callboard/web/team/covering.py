"""Who is told of each critical event at a Master's partners, in words."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from callboard.base.reasons import Frequency
from callboard.base.texts import shown
from callboard.insights.coverage import State, coverage, critical_types
from callboard.insights.foresight import load_circle, load_gaps
from callboard.web.words import plural

if TYPE_CHECKING:
    from callboard.insights.coverage import Line, Receiver
    from callboard.web.team.master import Master

NAMED = 4
"""Receivers that a line names; more are counted."""
_STATES = {
    State.COVERED: ("Told", "ok"),
    State.PARTLY: ("Told in part", "brass"),
    State.GAP: ("Nobody", "critical"),
}


@dataclass(frozen=True, slots=True)
class Who:
    """One receiver: name, how fast, and the way to the person's page."""

    name: str
    how: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One critical event type at one partner."""

    label: str
    state: str
    tone: str
    is_gap: bool
    receivers: tuple[Who, ...]
    others: str
    note: str


@dataclass(frozen=True, slots=True)
class Section:
    """One partner: its critical event types, and how many of them reach nobody."""

    partner: str
    gaps: str
    lines: tuple[Told, ...]


def count_gaps(master: Master) -> int:
    """Return how many critical kinds of events would reach nobody at the Master's partners."""
    return len(load_gaps(master.partner_ids, master.viewer.catalogue, master.viewer.now))


def sections_of(master: Master) -> list[Section]:
    """Return the Master's partners with their critical event types, the own partner first."""
    catalogue = master.viewer.catalogue
    circle = load_circle(master.partner_ids, catalogue, master.viewer.now, critical_types(catalogue))
    lines = coverage(circle, master.partner_ids)
    found = []
    for partner in master.partners:
        told = [_told(one, master) for one in lines if one.partner.id == partner.id]
        gaps = sum(one.is_gap for one in told)
        words = f"{plural(gaps, 'gap')}" if gaps else ""
        found.append(Section(shown(partner.name), words, tuple(sorted(told, key=lambda one: not one.is_gap))))
    return found


def _told(line: Line, master: Master) -> Told:
    state, tone = _STATES[line.state]
    if line.state is State.GAP and not line.expected:
        state, tone = "Nobody asks", "quiet"
    named = tuple(islice((one for one in line.receivers if one.person.partner in master.partner_ids), NAMED))
    rest = len(line.receivers) - len(named)
    return Told(
        label=shown(line.event_type.label),
        state=state,
        tone=tone,
        is_gap=line.is_gap,
        receivers=tuple(_who(one, master) for one in named),
        others=plural(rest, "other person", "other people") if rest else "",
        note=_note(line),
    )


def _note(line: Line) -> str:
    if line.is_gap:
        return "Unmute it for somebody, give somebody the role, or make a notification of your own."
    if line.state is State.GAP:
        return "No role at this partner comes with it."
    if line.state is State.PARTLY:
        return "Only under conditions: some events would reach nobody."
    return ""


def _who(one: Receiver, master: Master) -> Who:
    pace = "at once" if one.frequency is Frequency.IMMEDIATELY else one.frequency.value
    lender = one.standing_in_for
    if lender:
        name = shown(lender.name) if lender.partner in master.partner_ids else "somebody of another partner account"
        pace = f"{pace}, standing in for {name}"
    return Who(shown(one.person.name), pace, f"/team/people/{one.person.id}")
