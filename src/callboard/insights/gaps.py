"""Gaps of coverage are told to the Masters, each once until it closes: nightly, by hand, and as soon as one opens.

The settings change through many doors: panel, API, mail link, import, team page, SCIM, bounces.
None of them looks for gaps. A worker sees every change by its revision, so it looks, at those
partners alone for whom somebody's account or settings changed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import structlog
from django.db import transaction

from callboard.base.config import Config
from callboard.base.instants import format_instant, to_us
from callboard.catalogue.values import COVERAGE_GAP, Catalogue, PartnerKind
from callboard.insights import store
from callboard.insights.coverage import Circle, Line, State, coverage, is_critical
from callboard.insights.foresight import circle_of
from callboard.intake import store as log
from callboard.intake.cloudevents import OWN_SOURCE, Draft, read_event
from callboard.people.access import CONCERNS_BY
from callboard.people.values import Person
from callboard.preferences.values import Kind, Mute, Notification
from callboard.preferences.world import World

PIECE = 2_000
"""People and notifications that one look of a worker weighs, some hundredths of a second: mails wait meanwhile."""

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Checked:
    """What a look for gaps found: how many there are, were told now, and have closed."""

    gaps: int
    opened: int
    closed: int


def prepare_coverage(config: Config, catalogue: Catalogue, now: datetime) -> Callable[[], Checked]:
    """Look for gaps everywhere, in a world of its own; return what tells those that are found: the nightly check."""
    del config
    world = World(catalogue)
    world.refresh()
    circle = circle_of(world, now)
    return partial(_settle, coverage(circle), circle)


def check_coverage(config: Config, catalogue: Catalogue, now: datetime) -> Checked:
    """Look for gaps everywhere and tell them: the check by hand."""
    return prepare_coverage(config, catalogue, now)()


def tell_gaps(circle: Circle, partners: Collection[str] | None = None, *, quietly: bool = False) -> Checked:
    """Tell the Masters of gaps that opened at some partners, or of all untold ones; forget those that closed.

    `quietly` the gaps become known, and are told by the next look at all that is not.
    """
    return _settle(coverage(circle, partners), circle, partners, quietly=quietly)


def _settle(
    lines: Collection[Line], circle: Circle, partners: Collection[str] | None = None, *, quietly: bool = False
) -> Checked:
    """Write what lines say: what was told and the events that tell it are one transaction."""
    gaps = {one.key: one for one in lines if one.is_gap}
    hearing = {one.partner.id for one in lines if one.event_type.id == COVERAGE_GAP and one.state is State.COVERED}
    with transaction.atomic():
        known = {key: told for key, told in store.known_gaps().items() if partners is None or key[0] in partners}
        closed = known.keys() - gaps.keys()
        store.drop_gaps(closed)
        settled = known if quietly or partners is not None else {key for key, told in known.items() if told}
        numbers = store.note_gaps(sorted(gaps.keys() - settled), to_us(circle.now), told=not quietly)
        drafts = [
            draft
            for key, number in ({} if quietly else numbers).items()
            for draft in _drafts(gaps[key], number, circle, no_master=key[0] not in hearing)
        ]
        if drafts:
            log.enter_fence()
            log.add_events(drafts, circle.now)
    if numbers or closed:
        logger.info("coverage changed", opened=len(numbers), closed=len(closed), gaps=len(gaps))
    return Checked(gaps=len(gaps), opened=len(numbers), closed=len(closed))


def _drafts(line: Line, number: int, circle: Circle, *, no_master: bool) -> Iterator[Draft]:
    """Yield the event that tells a gap. Where no Master hears of it, the studio does."""
    if COVERAGE_GAP not in circle.catalogue.event_types:
        return
    scopes = CONCERNS_BY.get(line.partner.kind, ())
    found = read_event(
        {
            "specversion": "1.0",
            "id": f"coverage-gap-{number}",
            "source": OWN_SOURCE,
            "type": COVERAGE_GAP,
            "subject": line.partner.name,
            "time": format_instant(circle.now),
            "data": {
                "covered_type": line.event_type.label,
                "no_master": no_master,
                **dict.fromkeys(scopes[:1], line.partner.id),
            },
        },
        circle.catalogue,
    )
    if isinstance(found, list):
        # A catalogue of one's own may give the fields other types; the gap shows on the pages all the same.
        logger.error("a gap of coverage cannot be told", partner=line.partner.id, faults=[str(one) for one in found])
    else:
        yield found


class Watch:
    """Sees what may open or close gaps, in the world of a worker, and looks at those partners alone.

    What is much, as after an import, is looked at in pieces, one with each look. The first time a
    partner is only learned; what changed while nobody watched is told by the nightly check.
    """

    def __init__(self, world: World, piece: int = PIECE) -> None:
        self._world = world
        self._piece = piece
        self._is_new = True
        self._touched: set[str] = set()
        self._studio = False
        self._unlearned: dict[str, None] = {}
        self._due: dict[str, None] = {}
        self._unreachable: frozenset[str] = frozenset()
        self._standing_in: frozenset[tuple[int, int]] = frozenset()
        world.directory.watchers.append(self._changed)
        world.book.watchers.append(self._asked)
        world.book.mute_watchers.append(self._muted)

    def look(self, now: datetime) -> Checked | None:
        """Tell of gaps that opened since the last look; None when nothing changed that could open one."""
        self._world.refresh()
        circle = circle_of(self._world, now)
        self._follow_what_has_no_revision(circle)
        if self._is_new:
            self._unlearned = dict.fromkeys(sorted(circle.directory.partners))
        elif self._touched or self._studio:
            self._due |= dict.fromkeys(sorted(self._partners(circle) - self._unlearned.keys()))
        self._is_new = self._studio = False
        self._touched.clear()
        waiting = self._due or self._unlearned
        if not waiting:
            return None
        piece = _first(waiting, circle, self._piece)
        found = tell_gaps(circle, piece, quietly=waiting is self._unlearned)
        for one in piece:
            del waiting[one]
        return found

    def _follow_what_has_no_revision(self, circle: Circle) -> None:
        """Touch those whose address is refused now, or no longer, and those whose stand-in began or ended."""
        directory = circle.directory
        for key in circle.unreachable ^ self._unreachable:
            self._touch(directory.by_email(key))
        self._unreachable = circle.unreachable
        found = frozenset(
            (one.person_id, one.delegate_id)
            for person_id in directory.away
            for one in directory.stand_ins_for(person_id, circle.now)
        )
        for pair in found ^ self._standing_in:
            for user_id in pair:
                self._touch(directory.persons.get(user_id))
        self._standing_in = found

    def _partners(self, circle: Circle) -> set[str]:
        """Return the partners of which somebody may be a receiver who changed: those below count too (A3)."""
        directory = circle.directory
        return {
            one.id
            for one in directory.partners.values()
            if (self._studio and one.kind is PartnerKind.STUDIO)
            or not self._touched.isdisjoint(directory.ancestors(one.id))
        }

    def _touch(self, person: Person | None) -> None:
        if person and person.kind is PartnerKind.STUDIO:
            self._studio = True
        elif person and person.partner:
            self._touched.add(person.partner)

    def _changed(self, old: Person | None, new: Person) -> None:
        told = ("partner", "kind", "roles", "active", "email")
        if old is None or any(getattr(old, name) != getattr(new, name) for name in told):
            self._touch(old)
            self._touch(new)

    def _asked(self, old: Notification | None, new: Notification | None) -> None:
        for one in (old, new):
            if one and self._matters(one.event_type):
                self._touch(self._world.directory.persons.get(one.user_id or 0))

    def _muted(self, mute: Mute) -> None:
        found = self._world.catalogue.defaults if mute.ref.kind is Kind.DEFAULT else self._world.book.customs
        one = found.get(mute.ref.id)
        if one and self._matters(one.event_type):
            self._touch(self._world.directory.persons.get(mute.user_id))

    def _matters(self, event_type: str) -> bool:
        found = self._world.catalogue.event_types.get(event_type)
        return found is not None and is_critical(found)


def _first(partners: Iterable[str], circle: Circle, most: int) -> list[str]:
    """Return the first partners with that many people and notifications at most; at least one partner."""
    directory, by_user = circle.directory, circle.book.by_user
    found: list[str] = []
    weight = 0
    for partner in partners:
        people = {each for role in circle.catalogue.roles for each in directory.holders(role, {partner})}
        weight += 1 + sum(1 + len(by_user.get(one, ())) for one in people)
        if found and weight > most:
            break
        found.append(partner)
    return found
