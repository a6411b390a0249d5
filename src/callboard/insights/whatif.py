"""What would change if a person's account did: a preview from the rules that then decide.

It covers a change of roles, of partner, a deactivation, a return, and somebody new, invented
colleagues included.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from callboard.catalogue.values import Catalogue, Default, PartnerKind
from callboard.insights.coverage import Circle, Line, concerned_by, coverage
from callboard.insights.preview import Surroundings
from callboard.insights.weekly import Asking, mails_a_week
from callboard.people.access import valid_roles
from callboard.people.values import Directory, Person
from callboard.preferences.values import Notification

_T = TypeVar("_T", str, Default)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A person before, None for somebody new, and as the person would be.

    `sessions` and `keys` of the person are those in force: they end with the account.
    """

    before: Person | None
    after: Person
    sessions: int = 0
    keys: int = 0

    @property
    def ends(self) -> bool:
        """Return whether it is a deactivation."""
        return self.before is not None and self.before.active and not self.after.active


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """What a change would bring: what is lost and gained, in the catalogue's order.

    Attributes:
        types_lost: ids of event types that the person would see no more (A2).
        partners_lost: ids of partners whose events the person would see no more (A3).
        inactive: Custom notifications that would send nothing any more (A4); `active` those that would again.
        mails_before: a week, from the last 30 days; `approximate` when estimated from the newest events.
        leaves: critical lines that the person receives today and would not then, with who else does: perhaps nobody.
        opened: lines that would become gaps; `closed` those that would be none any more.
        sessions: sign-ins that end; `keys` API keys that do.
    """

    change: Change
    types_lost: tuple[str, ...]
    types_gained: tuple[str, ...]
    partners_lost: tuple[str, ...]
    partners_gained: tuple[str, ...]
    defaults_lost: tuple[Default, ...]
    defaults_gained: tuple[Default, ...]
    inactive: tuple[Notification, ...]
    active: tuple[Notification, ...]
    mails_before: float
    mails_after: float
    approximate: bool
    leaves: tuple[Line, ...]
    opened: tuple[Line, ...]
    closed: tuple[Line, ...]
    sessions: int
    keys: int


def what_if(change: Change, circle: Circle, collapse_s: float) -> WhatIf:
    """Return what a change would bring.

    The circle must hold everybody who counts at the partners that the person concerns, before or
    after (see `coverage`); and its book what the person has.
    """
    before, after = change.before, change.after
    catalogue, directory = circle.catalogue, circle.directory
    then = circle.as_if(after)
    touched = concerned_by(before, directory) | concerned_by(after, directory)
    lines, lines_then = coverage(circle, touched), coverage(then, touched)
    gaps, gaps_then = ({one.key for one in each if one.is_gap} for each in (lines, lines_then))
    received = {one.key for one in lines if before and _receives(before, one)}
    customs = circle.book.by_user.get(after.id, {}).values() if before else ()
    active, active_then = ({one.id for one in customs if _is_active(one, who, catalogue)} for who in (before, after))
    types, types_then = (types_seen(one, catalogue) for one in (before, after))
    partners, partners_then = (partners_seen(one, directory) for one in (before, after))
    defaults, defaults_then = (defaults_of(one, catalogue) for one in (before, after))
    weekly = mails_a_week(
        [
            Asking(after if one is None else one, _counting(one, each))
            for one, each in ((before, circle), (after, then))
        ],
        Surroundings(catalogue, directory, circle.now, collapse_s),
    )
    return WhatIf(
        change=change,
        types_lost=_without(types, types_then),
        types_gained=_without(types_then, types),
        partners_lost=_without(partners, partners_then),
        partners_gained=_without(partners_then, partners),
        defaults_lost=_without(defaults, defaults_then),
        defaults_gained=_without(defaults_then, defaults),
        inactive=tuple(one for one in customs if one.id in active - active_then),
        active=tuple(one for one in customs if one.id in active_then - active),
        mails_before=weekly.mails[0],
        mails_after=weekly.mails[1],
        approximate=weekly.approximate,
        leaves=tuple(one for one in lines_then if one.key in received and not _receives(after, one)),
        opened=tuple(one for one in lines_then if one.key in gaps_then - gaps),
        closed=tuple(one for one in lines_then if one.key in gaps - gaps_then),
        sessions=change.sessions if change.ends else 0,
        keys=change.keys if change.ends else 0,
    )


def types_seen(person: Person | None, catalogue: Catalogue) -> tuple[str, ...]:
    """Return the event types that a person's roles see (A1, A2)."""
    if person is None or not person.active:
        return ()
    roles = valid_roles(person, catalogue)
    return tuple(one for one in catalogue.event_types if catalogue.may_see_type(roles, one))


def partners_seen(person: Person | None, directory: Directory) -> tuple[str, ...]:
    """Return the partners whose events a person may see (A3), sorted; for studio people every one."""
    if person is None or not person.active or person.kind is None:
        return ()
    if person.kind is PartnerKind.STUDIO:
        return tuple(sorted(directory.partners))
    return tuple(sorted(concerned_by(person, directory)))


def defaults_of(person: Person | None, catalogue: Catalogue) -> tuple[Default, ...]:
    """Return the Defaults that reach a person: those of the roles, of types that the roles see."""
    roles = valid_roles(person, catalogue) if person and person.active else ()
    return tuple(
        one
        for one in catalogue.defaults.values()
        if one.role in roles and catalogue.may_see_type(roles, one.event_type)
    )


def _counting(person: Person | None, circle: Circle) -> list[Notification]:
    return list(circle.notifications(person)) if person else []


def _is_active(one: Notification, person: Person | None, catalogue: Catalogue) -> bool:
    return not one.inactive and one.event_type in types_seen(person, catalogue)


def _receives(person: Person, line: Line) -> bool:
    return any(one.person.id == person.id for one in line.receivers)


def _without(some: Iterable[_T], others: Iterable[_T]) -> tuple[_T, ...]:
    known = set(others)
    return tuple(one for one in some if one not in known)
