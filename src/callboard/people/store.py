"""Every query of the room. Callers open the transaction."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import BigIntegerField, Min, Q, Value
from django.db.models.functions import Coalesce, Greatest

from callboard.base.instants import from_us, to_us
from callboard.base.texts import address_key, shown
from callboard.catalogue.values import PartnerKind
from callboard.people.models import NightlyCheck, PartnerChange, PersonChange, User
from callboard.people.models import Partner as PartnerRow
from callboard.people.models import StandIn as StandInRow
from callboard.people.rules import PeopleFile, write_partner, write_person
from callboard.people.sequences import next_revision
from callboard.people.values import Directory, Partner, Person, StandIn

_PERSON_COLUMNS = (
    "id", "email", "name", "partner_id", "roles", "is_active", "time_zone", "locale",
    "digest_hour", "digest_weekday", "notify_own_actions",
)  # fmt: skip
_ROWS = 500
"""Ids of one statement, under the bound on variables."""


_USED = Greatest("created_us", Coalesce("seen_us", Value(0)), output_field=BigIntegerField())
SEEN_EVERY = timedelta(hours=1)
"""How exactly it is known when an account was used."""


def apply_changes(directory: Directory, since: int) -> None:
    """Bring a directory up to date with every change after revision `since`."""
    partners = PartnerRow.objects.filter(revision__gt=since).values_list("id", "name", "kind", "parent_id")
    for id_, name, kind, parent in partners.iterator():
        directory.put_partner(Partner(id=id_, name=name, kind=PartnerKind(kind), parent=parent))
    for row in User.objects.filter(revision__gt=since).values_list(*_PERSON_COLUMNS).iterator():
        directory.put_person(_person(row, directory))
    for one in StandInRow.objects.filter(revision__gt=since).order_by("id").iterator():
        directory.put_stand_in(_stand_in(one))


def _stand_in(row: StandInRow) -> StandIn:
    return StandIn(
        id=row.id,
        person_id=row.person_id,
        delegate_id=row.delegate_id,
        starts_at=from_us(row.from_us),
        ends_at=from_us(row.until_us),
        ended_at=None if row.ended_us is None else from_us(row.ended_us),
    )


def _person(row: tuple[Any, ...], directory: Directory) -> Person:
    id_, email, name, partner_id, roles, active, time_zone, locale, digest_hour, digest_weekday, own_actions = row
    partner = directory.partners.get(partner_id or "")
    return Person(
        id=id_,
        email=email,
        name=name,
        partner=partner.id if partner else None,
        kind=partner.kind if partner else None,
        roles=tuple(roles.split()),
        active=active,
        time_zone=time_zone,
        locale=locale,
        digest_hour=digest_hour,
        digest_weekday=digest_weekday,
        notify_own_actions=own_actions,
    )


def person_of(user: User, directory: Directory) -> Person:
    """Return a user as the rules see the person, as stored now; the partner comes from the directory."""
    return _person(tuple(getattr(user, column) for column in _PERSON_COLUMNS), directory)


def is_operator(user_id: int) -> bool:
    """Return whether somebody has the operators' console."""
    return User.objects.filter(id=user_id, is_staff=True).exists()


def addresses_of(user_ids: Sequence[int]) -> dict[int, str]:
    """Return id -> e-mail address."""
    return dict(User.objects.filter(id__in=user_ids).values_list("id", "email"))


def find_person(email: str, directory: Directory) -> Person | None:
    """Return the person with this address, as committed now; the partner comes from the directory."""
    row = User.objects.filter(email_key=address_key(email)).values_list(*_PERSON_COLUMNS).first()
    return _person(row, directory) if row else None


def persons_by_id(user_ids: Sequence[int], directory: Directory) -> dict[int, Person]:
    """Return persons by id, as committed now; partners come from the directory."""
    rows = User.objects.filter(id__in=user_ids).values_list(*_PERSON_COLUMNS)
    return {row[0]: _person(row, directory) for row in rows}


def search_active(partners: Iterable[str], text: str, limit: int, directory: Directory) -> list[Person]:
    """Return active people of these partners in whose name or address every word occurs, by name."""
    rows = User.objects.filter(partner_id__in=list(partners), is_active=True)
    for word in shown(text).split()[:8]:  # PostgreSQL takes no U+0000
        rows = rows.filter(Q(name__icontains=word) | Q(email__icontains=word))
    return [_person(row, directory) for row in rows.order_by("name", "id").values_list(*_PERSON_COLUMNS)[:limit]]


def stand_ins_of(user_id: int, now: datetime) -> list[StandIn]:
    """Return the stand-ins of which a person is one of the two, neither ended nor over at `now`, earliest first."""
    rows = StandInRow.objects.filter(Q(person_id=user_id) | Q(delegate_id=user_id), ended_us=None)
    return [_stand_in(one) for one in rows.filter(until_us__gt=to_us(now)).order_by("from_us", "id")]


def lenders_of(delegate_id: int, at: datetime, also: Iterable[int]) -> list[StandIn]:
    """Return one stand-in for each person for whom somebody stood in at an instant, and for those named."""
    rows = StandInRow.objects.filter(delegate_id=delegate_id).order_by("id")
    wanted = set(also)
    found = {one.person_id: one for one in map(_stand_in, rows) if one.is_in_force(at) or one.person_id in wanted}
    return sorted(found.values(), key=lambda one: one.id)


def add_stand_in(person_id: int, delegate_id: int, starts_at: datetime, ends_at: datetime) -> StandIn:
    """Store a stand-in."""
    row = StandInRow.objects.create(
        person_id=person_id,
        delegate_id=delegate_id,
        from_us=to_us(starts_at),
        until_us=to_us(ends_at),
        revision=next_revision(),
    )
    return _stand_in(row)


def end_stand_in(stand_in_id: int, now: datetime) -> None:
    """Mark a stand-in as ended."""
    StandInRow.objects.filter(id=stand_in_id).update(ended_us=to_us(now), revision=next_revision())


def load_directory() -> Directory:
    """Return a directory of everybody, as committed now."""
    directory = Directory()
    apply_changes(directory, -1)
    return directory


def load_lines(partners: Iterable[str]) -> Directory:
    """Return a directory of all partners and of the people in line with some: of these, those above and below.

    All studio people are in line with each other.
    """
    directory = Directory()
    for id_, name, kind, parent in PartnerRow.objects.values_list("id", "name", "kind", "parent_id"):
        directory.put_partner(Partner(id=id_, name=name, kind=PartnerKind(kind), parent=parent))
    known = directory.partners
    asked = {one for one in partners if one in known}
    above = {one for each in asked for one in directory.ancestors(each)}
    wanted = {one for one in known if one in above or not asked.isdisjoint(directory.ancestors(one))}
    if any(known[one].kind is PartnerKind.STUDIO for one in wanted):
        wanted |= {one.id for one in known.values() if one.kind is PartnerKind.STUDIO}
    listed = sorted(wanted)
    for start in range(0, len(listed), _ROWS):
        part = listed[start : start + _ROWS]
        for row in User.objects.filter(partner_id__in=part).values_list(*_PERSON_COLUMNS).iterator():
            directory.put_person(_person(row, directory))
        for one in StandInRow.objects.filter(person__partner_id__in=part).order_by("id").iterator():
            directory.put_stand_in(_stand_in(one))
    return directory


def partner_of(email: str) -> str | None:
    """Return the partner of the person with this address; None when there is none."""
    return User.objects.filter(email_key=address_key(email)).values_list("partner_id", flat=True).first()


def save_people(file: PeopleFile, known: Directory, now: datetime) -> list[tuple[Person | None, Person]]:
    """Write what a checked people file changes; return each person that changes, as before and as now.

    What is already so is not written and gets no new revision.
    """
    partners = [after for _, after in file.changed_partners(known)]
    persons = [one for one in file.persons if not one.id or known.persons[one.id] != one]
    kinds_changed = {
        one.id for one in partners if one.id in known.partners and known.partners[one.id].kind is not one.kind
    }
    moved = [one for one in known.persons.values() if one.partner in kinds_changed]
    if not partners and not persons:
        return []
    revision = next_revision()
    # Parents are written before children, and links last: a file may turn a hierarchy around.
    for one in partners:
        values: dict[str, Any] = {"name": one.name, "kind": one.kind.value, "revision": revision}
        PartnerRow.objects.update_or_create(id=one.id, defaults=values)
    for one in partners:
        PartnerRow.objects.filter(id=one.id).update(parent_id=one.parent)
    User.objects.filter(id__in=[one.id for one in moved]).update(revision=revision)
    return _save_persons(persons, known, revision, now)


def _save_persons(
    persons: Sequence[Person], known: Directory, revision: int, now: datetime
) -> list[tuple[Person | None, Person]]:
    fresh = [one for one in persons if not one.id]
    rows = [User(**_row(one, revision), created_us=to_us(now), password=make_password(None)) for one in fresh]
    User.objects.bulk_create(rows, batch_size=500)
    changed: list[tuple[Person | None, Person]] = [
        (None, replace(one, id=row.pk)) for one, row in zip(fresh, rows, strict=True)
    ]
    for one in persons:
        if one.id:
            before = known.persons[one.id]
            # Who comes back is as fresh as who is new: the time before counts for no inactivity. And SCIM,
            # which may have deleted the account, finds it again: it must be able to end it again.
            came_back = one.active and not before.active
            back = {"created_us": to_us(now), "dormant_warned_us": None, "removed_us": None} if came_back else {}
            User.objects.filter(id=one.id).update(**_row(one, revision), **back)
            changed.append((before, one))
    return changed


def add_changes(
    persons: Iterable[tuple[Person | None, Person]],
    partners: Iterable[tuple[Partner | None, Partner]] = (),
    *,
    by_id: int | None,
    door: str,
    note: str,
    now: datetime,
) -> tuple[list[int], list[int]]:
    """Write the audit of a change, as before and as now; return its numbers for persons and partners, in order."""
    made: dict[str, Any] = {"at_us": to_us(now), "by_id": by_id, "door": door, "note": note}
    of_persons = [
        PersonChange(person_id=after.id, **_said(write_person(before) if before else None, write_person(after)), **made)
        for before, after in persons
    ]
    of_partners = [
        PartnerChange(
            partner_id=after.id, **_said(write_partner(before) if before else None, write_partner(after)), **made
        )
        for before, after in partners
    ]
    PersonChange.objects.bulk_create(of_persons, batch_size=500)
    PartnerChange.objects.bulk_create(of_partners, batch_size=500)
    return [one.pk for one in of_persons], [one.pk for one in of_partners]


def _said(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> dict[str, str]:
    """Return the audit's columns of a record in 4.1's keys."""
    return {
        "before_json": json.dumps(before, ensure_ascii=False),
        "after_json": json.dumps(after, ensure_ascii=False),
    }


def note_seen(user_id: int, now: datetime) -> None:
    """Note that a person uses the account; once an hour is enough, and most looks write nothing."""
    rows = User.objects.filter(id=user_id).filter(Q(seen_us=None) | Q(seen_us__lt=to_us(now - SEEN_EVERY)))
    if rows.exists():
        rows.update(seen_us=to_us(now))


def unused_since() -> list[tuple[int, int, int | None]]:
    """Return (person, last used, warned or null) of the active people at partners who are no operators."""
    rows = User.objects.filter(is_active=True, is_staff=False, partner__isnull=False)
    return list(rows.annotate(used_us=_USED).values_list("id", "used_us", "dormant_warned_us"))


def longest_unused_us() -> int | None:
    """Return when the account that is unused for longest was last used, be it whose it may; None without accounts."""
    found: int | None = User.objects.filter(is_active=True).aggregate(first=Min(_USED))["first"]
    return found


def note_warned(user_ids: Iterable[int], now: datetime) -> None:
    """Note that these people were told that their accounts end."""
    User.objects.filter(id__in=list(user_ids)).update(dormant_warned_us=to_us(now))


def is_night_due(name: str, night: date, due_at: datetime) -> bool:
    """Return whether a check is still to be done this night.

    A night that was due before anybody was here is not caught up on.
    """
    done = NightlyCheck.objects.filter(name=name).values_list("night", flat=True).first()
    if done is None:
        is_first = not User.objects.filter(created_us__lt=to_us(due_at)).exists()
        row, _ = NightlyCheck.objects.get_or_create(name=name, defaults={"night": night if is_first else date.min})
        done = row.night
    return done < night


def claim_night(name: str, night: date) -> bool:
    """Return whether nobody else does a check that is due; whoever is told so does it in this transaction."""
    return NightlyCheck.objects.filter(name=name, night__lt=night).update(night=night) == 1


def save_own_settings(user_id: int, changes: Mapping[str, Any]) -> None:
    """Write what a person changed among the own settings, under a new revision; nothing for no change."""
    if changes:
        with transaction.atomic():
            User.objects.filter(id=user_id).update(**changes, revision=next_revision())


def make_operator(email: str) -> User:
    """Give the person with this address the operators' console; a new one has no partner and no password yet."""
    with transaction.atomic():
        user = User.objects.filter(email_key=address_key(email)).first()
        if user is None:
            user = User(email=email, name=email.partition("@")[0])
            user.set_unusable_password()
        user.is_staff = user.is_superuser = True
        user.revision = next_revision()
        user.save()
    return user


def _row(one: Person, revision: int) -> dict[str, Any]:
    return {
        "email": one.email,
        "email_key": address_key(one.email),
        "name": one.name,
        "partner_id": one.partner,
        "roles": " ".join(one.roles),
        "is_active": one.active,
        "time_zone": one.time_zone,
        "locale": one.locale,
        "digest_hour": one.digest_hour,
        "digest_weekday": one.digest_weekday,
        "notify_own_actions": one.notify_own_actions,
        "revision": revision,
    }
