"""Who actively receives what is critical, for each partner and event type. Plain: no clock, no I/O.

A line says `covered` only when somebody gets every critical event of the type that names the
partner, by the same rules that decide (A1–A4, M1, D2, P4). Who causes an event knows of it, so
own actions (D4) make no gap. What can not be proven from the settings alone says `partly`.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from operator import itemgetter

from callboard.base.reasons import Frequency, Importance
from callboard.catalogue.conditions import holds
from callboard.catalogue.values import MENTIONS_ME, Catalogue, Condition, EventType, PartnerKind
from callboard.insights.cells import bare_event
from callboard.people.access import CONCERNS_BY, valid_roles
from callboard.people.values import Directory, Partner, Person, is_test_address
from callboard.preferences.values import Book, Kind, Notification, Ref, from_default


class State(StrEnum):
    """Whether what is critical reaches somebody."""

    COVERED = "covered"
    PARTLY = "partly"
    """Only notifications with conditions ask for it."""
    GAP = "gap"


@dataclass(frozen=True, kw_only=True)
class Circle:
    """The people and settings that coverage looks at.

    `unreachable` are the keys of addresses to which not even critical mails leave (P4); `without`
    are notifications, each with whose it is, that count for nothing.
    """

    catalogue: Catalogue
    directory: Directory
    book: Book
    now: datetime
    unreachable: frozenset[str] = frozenset()
    without: frozenset[tuple[int, Ref]] = frozenset()

    def as_if(self, person: Person) -> Circle:
        """Return the circle as it would be with this person, somebody new or changed."""
        return replace(self, directory=self.directory.as_if(person))

    def notifications(self, person: Person, types: Container[str] | None = None) -> Iterator[Notification]:
        """Yield the person's notifications that count now: active, of a type that the roles see, not muted (A4, D2).

        With `types` those of these event types alone.
        """
        roles = valid_roles(person, self.catalogue)
        if not person.active:
            return
        if roles not in self._defaults:
            self._defaults[roles] = tuple(self._defaults_of(roles))
        for one in self._defaults[roles]:
            if (types is None or one.event_type in types) and self._counts(one, person):
                yield one
        for one in self.book.by_user.get(person.id, {}).values():
            if types is not None and one.event_type not in types:
                continue
            sees = not one.inactive and self.catalogue.may_see_type(roles, one.event_type)
            if sees and self._counts(one, person):
                yield one

    @cached_property
    def _defaults(self) -> dict[tuple[str, ...], tuple[Notification, ...]]:
        """Hold the Defaults of roles that these see: of thousands of people most have the same."""
        return {}

    def _defaults_of(self, roles: tuple[str, ...]) -> Iterator[Notification]:
        for default in (each for role in roles for each in self.catalogue.defaults_by_role.get(role, ())):
            if self.catalogue.may_see_type(roles, default.event_type):
                yield from_default(default, self.catalogue.event_types[default.event_type].label)

    def _counts(self, one: Notification, person: Person) -> bool:
        return (person.id, one.ref) not in self.without and not self.book.is_muted(person.id, one.ref, self.now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """A person who gets critical events of a type: the strongest notification that asks for them.

    `conditions` are those that an event may fail: none means every one is received.
    """

    person: Person
    notification: Notification
    conditions: tuple[Condition, ...]
    standing_in_for: Person | None = None

    @property
    def frequency(self) -> Frequency:
        """Return how fast."""
        return self.notification.frequency


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One partner and one critical event type. `expected`: the catalogue means people of that kind to be told."""

    partner: Partner
    event_type: EventType
    expected: bool
    receivers: tuple[Receiver, ...]

    @property
    def state(self) -> State:
        """Return whether every critical event reaches somebody."""
        if not self.receivers:
            return State.GAP
        return State.PARTLY if all(one.conditions for one in self.receivers) else State.COVERED

    @property
    def is_gap(self) -> bool:
        """Return whether nobody is told who should be."""
        return self.expected and self.state is State.GAP

    @property
    def key(self) -> tuple[str, str]:
        """Return the ids of partner and event type."""
        return self.partner.id, self.event_type.id


def is_critical(event_type: EventType) -> bool:
    """Return whether some events of the type are critical."""
    return event_type.importance is Importance.CRITICAL or bool(event_type.critical_when)


def critical_types(catalogue: Catalogue) -> list[str]:
    """Return the ids of the event types of which some events are critical."""
    return [one.id for one in catalogue.event_types.values() if is_critical(one)]


def coverage(circle: Circle, partners: Iterable[str] | None = None, types: Iterable[str] | None = None) -> list[Line]:
    """Return the lines of these partners and event types, or of all, by partner, types in the catalogue's order.

    The circle must hold everybody whose partner is one of them or an ancestor; all studio people
    for a partner of the studio.
    """
    known, catalogue = circle.directory.partners, circle.catalogue
    wanted = sorted(known if partners is None else {one for one in partners if one in known})
    asked = set(catalogue.event_types if types is None else types)
    critical = [one for one in catalogue.event_types.values() if one.id in asked and is_critical(one)]
    gathered = _Gathered(circle, wanted, {one.id for one in critical})
    return [
        Line(
            partner=known[partner],
            event_type=event_type,
            expected=_is_expected(event_type, known[partner].kind, catalogue),
            receivers=gathered.receivers(event_type, known[partner]),
        )
        for partner in wanted
        for event_type in critical
        if _is_visible(event_type, known[partner].kind, catalogue)
    ]


def concerned_by(person: Person | None, directory: Directory) -> set[str]:
    """Return the partners at which a person counts: the own one and its descendants; each of the studio's (A3)."""
    if person is None or person.kind is None:
        return set()
    if person.kind is PartnerKind.STUDIO:
        return {one.id for one in directory.partners.values() if one.kind is PartnerKind.STUDIO}
    return {one for one in directory.partners if person.partner in directory.ancestors(one)}


def gaps_opened_by(
    circle: Circle, *, change: Person | None = None, without: Iterable[tuple[int, Ref]] = ()
) -> list[Line]:
    """Return the lines that become gaps when a person changes, or when notifications are muted or deleted.

    `without` names them with whose they are. Faces warn with this before the act.
    """
    gone = frozenset(without)
    ids = {user_id for user_id, _ in gone} | ({change.id} if change else set())
    who = [change, *(circle.directory.persons.get(one) for one in ids)]
    touched = {partner for one in who for partner in concerned_by(one, circle.directory)}
    types = None if change else {_type_of(ref, circle) for _, ref in gone}
    before = {one.key for one in coverage(circle, touched, types) if one.is_gap}
    then = replace(circle.as_if(change) if change else circle, without=circle.without | gone)
    after = coverage(then, touched, types)
    return [one for one in after if one.is_gap and one.key not in before]


def _type_of(ref: Ref, circle: Circle) -> str:
    found = (circle.catalogue.defaults if ref.kind is Kind.DEFAULT else circle.book.customs).get(ref.id)
    return found.event_type if found else ""


_Asked = tuple[Person, Person, Notification]
"""Who receives, whose notification asks, and the notification."""
_Desk = tuple[str | None, str]
"""Partner of the receiver, None for all studio people, and event type."""
_Order = tuple[bool, int, bool]
"""Whether under conditions, how fast, whether standing in: the smaller the better."""
_Ranked = tuple[tuple[bool, int, bool, str], Receiver]
"""A receiver behind what sorts it: the order, and the address."""


class _Gathered:
    """Who asks for what, by desk; partners below one another mostly share their receivers, worked out once."""

    def __init__(self, circle: Circle, partners: Iterable[str], types: set[str]) -> None:
        self._circle = circle
        self._asking: dict[_Desk, list[_Asked]] = {}
        self._own: set[_Desk] = set()
        self._known: dict[_Desk, list[_Ranked]] = {}
        for owner in _counting_at(partners, circle):
            told = [one for one in _told(owner, circle) if _is_reached(one, circle)]
            for one in circle.notifications(owner, types) if told else ():
                self._add(owner, told, one)

    def _add(self, owner: Person, told: Iterable[Person], one: Notification) -> None:
        scopes = CONCERNS_BY.get(owner.kind, ()) if owner.kind else ()
        for receiver in told:
            if receiver is owner or _sees(receiver, one.event_type, self._circle.catalogue):
                desk = _desk(receiver), one.event_type
                self._asking.setdefault(desk, []).append((receiver, owner, one))
                if receiver is not owner or any((each.field,) == scopes for each in one.where):
                    self._own.add(desk)  # what it comes to depends on the very partner

    def receivers(self, event_type: EventType, partner: Partner) -> tuple[Receiver, ...]:
        """Return one receiver per person, those of every event first, then the fastest."""
        ancestors = self._circle.directory.ancestors(partner.id)
        places: Sequence[str | None] = (None,) if partner.kind is PartnerKind.STUDIO else ancestors
        ranked: list[_Ranked] = []  # nobody sits at two desks
        for desk in ((one, event_type.id) for one in places):
            if desk in self._own:
                ranked += self._rank(desk, event_type, partner, places)
            elif desk in self._asking:
                if desk not in self._known:
                    self._known[desk] = self._rank(desk, event_type, partner, places)
                ranked += self._known[desk]
        return tuple(one for _, one in sorted(ranked, key=itemgetter(0)))

    def _rank(
        self, desk: _Desk, event_type: EventType, partner: Partner, places: Sequence[str | None]
    ) -> list[_Ranked]:
        best: dict[int, tuple[_Order, Receiver]] = {}
        for person, owner, one in self._asking[desk]:
            if _desk(owner) not in places:  # who stands in gets what the other may see as well
                continue
            conditions = tuple(each for each in one.where if not _is_sure(each, event_type, partner, self._circle))
            order = bool(conditions), one.frequency.rank, owner is not person
            if person.id not in best or order < best[person.id][0]:
                lender = None if owner is person else owner
                found = Receiver(person=person, notification=one, conditions=conditions, standing_in_for=lender)
                best[person.id] = order, found
        return sorted((((*order, one.person.key), one) for order, one in best.values()), key=itemgetter(0))


def _counting_at(partners: Iterable[str], circle: Circle) -> Iterator[Person]:
    """Yield who may count at one of these partners, in the order of their numbers: of thousands mostly a few."""
    directory = circle.directory
    wanted = [directory.partners[one] for one in partners]
    places = {each for one in wanted for each in directory.ancestors(one.id)}
    if any(one.kind is PartnerKind.STUDIO for one in wanted):
        places |= {one.id for one in directory.partners.values() if one.kind is PartnerKind.STUDIO}
    found = {each for role in circle.catalogue.roles for each in directory.holders(role, places)}
    for one in sorted(found):
        yield directory.persons[one]


def _told(owner: Person, circle: Circle) -> Iterator[Person]:
    """Yield who is told what a person's notification asks for: the person, and who stands in."""
    yield owner
    for one in circle.directory.stand_ins_for(owner.id, circle.now):
        yield circle.directory.persons[one.delegate_id]


def _is_reached(person: Person, circle: Circle) -> bool:
    """Return whether critical mails reach a person, whatever they are about (A1, P4)."""
    return person.active and not is_test_address(person.email) and person.key not in circle.unreachable


def _sees(person: Person, event_type: str, catalogue: Catalogue) -> bool:
    return catalogue.may_see_type(valid_roles(person, catalogue), event_type)


def _desk(person: Person) -> str | None:
    return None if person.kind is PartnerKind.STUDIO else person.partner


def _is_sure(condition: Condition, event_type: EventType, partner: Partner, circle: Circle) -> bool:
    """Return whether a condition holds for every critical event of the type that names the partner."""
    if condition.field == MENTIONS_ME:
        return False
    if event_type.importance is not Importance.CRITICAL and any(
        _implies(one, condition) for one in event_type.critical_when
    ):
        return True
    scopes = CONCERNS_BY.get(partner.kind, ())
    if scopes != (condition.field,):  # with two fields an event may name the partner in the other one
        return False
    event = replace(bare_event(event_type.id), data={condition.field: partner.id})
    field = circle.catalogue.fields[condition.field]
    return holds(condition, field, event, viewer="", ancestors=circle.directory.ancestors)


def _implies(given: Condition, condition: Condition) -> bool:
    if given.field != condition.field or given.op != condition.op:
        return False
    return given == condition or (given.op == "any_of" and set(given.value) <= set(condition.value))


def _is_visible(event_type: EventType, kind: PartnerKind, catalogue: Catalogue) -> bool:
    return any(one.kind is kind and one.sees_type(event_type.id) for one in catalogue.roles.values())


def _is_expected(event_type: EventType, kind: PartnerKind, catalogue: Catalogue) -> bool:
    return any(catalogue.roles[one.role].kind is kind for one in catalogue.defaults_by_type.get(event_type.id, ()))
