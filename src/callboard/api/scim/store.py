"""Every query of SCIM. Operators and test users are none of its business; nor is whom it deleted."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db.models import Max, Q, QuerySet

from callboard.base.instants import to_us
from callboard.people.models import User
from callboard.people.values import TEST_HOST


def accounts(partners: Collection[str] | None) -> QuerySet[User]:
    """Return the users of these partners, or of all, each with `changed_us`, in the order they were made."""
    rows = _everybody(partners).filter(removed_us=None)
    return rows.annotate(changed_us=Max("changes__at_us")).order_by("id")


def find_removed(partners: Collection[str] | None, email_key: str) -> User | None:
    """Return a user of these partners whom SCIM deleted, by address."""
    return _everybody(partners).filter(email_key=email_key).exclude(removed_us=None).first()


def _everybody(partners: Collection[str] | None) -> QuerySet[User]:
    rows = User.objects.filter(partner__isnull=False, is_staff=False).exclude(email_key__endswith=f"@{TEST_HOST}")
    return rows if partners is None else rows.filter(partner_id__in=list(partners))


def holders(partners: Collection[str] | None, role: str) -> QuerySet[User]:
    """Return those of `accounts` who hold a role."""
    padded = (
        Q(roles=role) | Q(roles__startswith=f"{role} ") | Q(roles__endswith=f" {role}") | Q(roles__contains=f" {role} ")
    )
    return accounts(partners).filter(padded)


def set_external_id(user_id: int, external_id: str) -> None:
    """Keep the sign-on system's own id of a person."""
    User.objects.filter(id=user_id).update(external_id=external_id)


def mark_removed(user_id: int, now: datetime | None) -> None:
    """Record that SCIM deleted a person, or, with None, brought the person back."""
    User.objects.filter(id=user_id).update(removed_us=None if now is None else to_us(now))
