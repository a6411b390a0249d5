"""Every query of the room. Callers open the transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import BigIntegerField, Q, Value
from django.db.models.functions import Coalesce, Greatest

from callboard.base.instants import to_us
from callboard.base.texts import address_key
from callboard.catalogue.values import PartnerKind
from callboard.people.models import NightlyCheck, PersonChange, User
from callboard.people.models import Partner as PartnerRow
from callboard.people.rules import PeopleFile
from callboard.people.sequences import next_revision
from callboard.people.values import Directory, Partner, Person

_PERSON_COLUMNS = (
    "id", "email", "name", "partner_id", "roles", "is_active", "time_zone", "locale",
    "digest_hour", "digest_weekday", "notify_own_actions",
)  # fmt: skip


SEEN_EVERY = timedelta(hours=1)
"""How exactly it is known when an account was used."""


def apply_changes(directory: Directory, since: int) -> None:
    """Bring a directory up to date with every change after revision `since`."""
    partners = PartnerRow.objects.filter(revision__gt=since).values_list("id", "name", "kind", "parent_id")
    for id_, name, kind, parent in partners.iterator():
        directory.put_partner(Partner(id=id_, name=name, kind=PartnerKind(kind), parent=parent))
    for row in User.objects.filter(revision__gt=since).values_list(*_PERSON_COLUMNS).iterator():
        directory.put_person(_person(row, directory))


def _person(row: tuple[Any, ...], directory: Directory) -> Person:
    values = dict(zip(_PERSON_COLUMNS, row, strict=True))
    partner = directory.partners.get(values.pop("partner_id") or "")
    return Person(
        **{key: values[key] for key in ("id", "email", "name", "time_zone", "locale", "digest_hour", "digest_weekday")},
        partner=partner.id if partner else None,
        kind=partner.kind if partner else None,
        roles=tuple(values["roles"].split()),
        active=values["is_active"],
        notify_own_actions=values["notify_own_actions"],
    )


def person_of(user: User, directory: Directory) -> Person:
    """Return a user as the rules see the person, as stored now; the partner comes from the directory."""
    return _person(tuple(getattr(user, column) for column in _PERSON_COLUMNS), directory)


def load_directory() -> Directory:
    """Return a directory of everybody, as committed now."""
    directory = Directory()
    apply_changes(directory, -1)
    return directory


def save_people(file: PeopleFile, known: Directory, now: datetime) -> list[tuple[Person | None, Person]]:
    """Write what a checked people file changes; return each person that changes, as before and as now.

    What is already so is not written and gets no new revision.
    """
    partners = [one for one in file.partners if known.partners.get(one.id) != one]
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
            # Who comes back is as fresh as who is new: the time before counts for no inactivity.
            back = {"created_us": to_us(now), "dormant_warned_us": None} if one.active and not before.active else {}
            User.objects.filter(id=one.id).update(**_row(one, revision), **back)
            changed.append((before, one))
    return changed


def add_changes(
    changes: Iterable[tuple[int, str, str]], *, by_id: int | None, door: str, note: str, now: datetime
) -> list[int]:
    """Write the audit of changes: (person, before, after); return its numbers, in order."""
    rows = [
        PersonChange(
            at_us=to_us(now),
            by_id=by_id,
            door=door,
            person_id=person_id,
            before_json=before,
            after_json=after,
            note=note,
        )
        for person_id, before, after in changes
    ]
    return [one.pk for one in PersonChange.objects.bulk_create(rows, batch_size=500)]


def note_seen(user_id: int, now: datetime) -> None:
    """Note that a person uses the account; once an hour is enough, and most looks write nothing."""
    rows = User.objects.filter(id=user_id).filter(Q(seen_us=None) | Q(seen_us__lt=to_us(now - SEEN_EVERY)))
    if rows.exists():
        rows.update(seen_us=to_us(now))


def unused_since() -> list[tuple[int, int, int | None]]:
    """Return (person, last used, warned or null) of the active people at partners who are no operators."""
    rows = User.objects.filter(is_active=True, is_staff=False, partner__isnull=False)
    used = Greatest("created_us", Coalesce("seen_us", Value(0)), output_field=BigIntegerField())
    return list(rows.annotate(used_us=used).values_list("id", "used_us", "dormant_warned_us"))


def note_warned(user_ids: Iterable[int], now: datetime) -> None:
    """Note that these people were told that their accounts end."""
    User.objects.filter(id__in=list(user_ids)).update(dormant_warned_us=to_us(now))


def is_night_done(name: str, night: date) -> bool:
    """Return whether a check was done this night; a look without a lock."""
    return NightlyCheck.objects.filter(name=name, night__gte=night).exists()


def claim_night(name: str, night: date) -> bool:
    """Return whether a check is still to be done this night; whoever is told so does it in this transaction."""
    NightlyCheck.objects.get_or_create(name=name, defaults={"night": date.min})
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
