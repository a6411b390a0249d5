"""Tables of the room. Instants are whole microseconds since 1970 (`_us`)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models

from callboard.base.texts import MAX_NAME, address_key


class Revision(models.Model):
    """The one sequence of changes to people and settings: a single row, locked by each change.

    A database sequence would let a later change commit before an earlier one, and a matcher
    that reads "newer than n" would miss the earlier.
    """

    value = models.BigIntegerField(default=0)


class Partner(models.Model):
    """A partner account."""

    id = models.CharField(primary_key=True, max_length=MAX_NAME)
    name = models.CharField(max_length=MAX_NAME)
    kind = models.CharField(max_length=32)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    revision = models.BigIntegerField(db_index=True)

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    """Finds users by the compared form of their address."""

    def get_by_natural_key(self, username: str | None) -> User:
        """Return the user who signs in with this address."""
        return self.get(email_key=address_key(username or ""))


class User(AbstractBaseUser, PermissionsMixin):
    """A person with one account under one partner; an operator may have none.

    `roles` holds role ids of the catalogue, separated by spaces.
    """

    email = models.CharField(max_length=254)
    email_key = models.CharField(max_length=512, unique=True)
    name = models.CharField(max_length=MAX_NAME)
    partner = models.ForeignKey(Partner, models.PROTECT, null=True, blank=True, related_name="users")
    roles = models.TextField(default="", blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField("operator", default=False)
    time_zone = models.CharField(max_length=64, default="UTC")
    locale = models.CharField(max_length=35, default="en")
    digest_hour = models.SmallIntegerField(default=8)
    digest_weekday = models.CharField(max_length=9, default="monday")
    notify_own_actions = models.BooleanField(default=False)
    revision = models.BigIntegerField(db_index=True, default=0)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email_key"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    def __str__(self) -> str:
        return self.email

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save the user, with the compared form of the address."""
        self.email_key = address_key(self.email)
        super().save(*args, **kwargs)


class StandIn(models.Model):
    """The time in which a delegate receives what a person who is away asked for.

    `ended_us` is set when either of the two has ended it before its time.
    """

    person = models.ForeignKey(User, models.CASCADE, related_name="+")
    delegate = models.ForeignKey(User, models.CASCADE, related_name="+")
    from_us = models.BigIntegerField()
    until_us = models.BigIntegerField()
    ended_us = models.BigIntegerField(null=True, blank=True)
    revision = models.BigIntegerField(db_index=True)
