"""Tables of the room. Instants are whole microseconds since 1970 (`_us`)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models

from callboard.base.instants import to_us
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


def _now_us() -> int:
    """Return the current instant of business time."""
    return to_us(settings.CONFIG.clock.now())


class User(AbstractBaseUser, PermissionsMixin):
    """A person with one account under one partner; an operator may have none.

    `roles` holds role ids of the catalogue, separated by spaces. `created_us` is when the account was
    made, or came back after it was deactivated; `seen_us` is the last sign-in or
    use of a mail's link, null before the first; `dormant_warned_us` when the person was last told
    that the account ends for inactivity. `external_id` is the sign-on system's own (SCIM), and
    `removed_us` when that system deleted the account, which is deactivated then.
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
    created_us = models.BigIntegerField(default=_now_us)
    seen_us = models.BigIntegerField(null=True, blank=True)
    dormant_warned_us = models.BigIntegerField(null=True, blank=True)
    external_id = models.CharField(max_length=255, default="", blank=True)
    removed_us = models.BigIntegerField(null=True, blank=True)
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


class Change(models.Model):
    """One change: who made it, through which door, and the record before and after (4.1's keys).

    `before_json` is "null" for what is new.
    """

    at_us = models.BigIntegerField()
    by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    door = models.CharField(max_length=16)
    before_json = models.TextField()
    after_json = models.TextField()
    note = models.TextField(blank=True)

    class Meta:
        """No table of its own."""

        abstract = True


class PartnerChange(Change):
    """One change of a partner account."""

    partner = models.ForeignKey(Partner, models.PROTECT, related_name="changes")


class PersonChange(Change):
    """One change of a person."""

    person = models.ForeignKey(User, models.PROTECT, related_name="changes", db_index=False)

    class Meta:
        """A person's latest changes are found at once; so are the latest of all."""

        indexes = [  # noqa: RUF012 - Django's form
            models.Index(fields=["person", "id"], name="change_of_person"),
        ]


class NightlyCheck(models.Model):
    """A check that runs once a night, and the last night it was done: whoever moves it on does it."""

    name = models.CharField(primary_key=True, max_length=40)
    night = models.DateField()


class PersonSession(AbstractBaseSession):
    """A session that knows whose it is, so that all of a person's can be ended."""

    user = models.ForeignKey(User, models.CASCADE, null=True, related_name="sessions")

    @classmethod
    def get_session_store_class(cls) -> type[Any]:
        """Return the store that writes these rows."""
        from callboard.people.sessions import SessionStore  # noqa: PLC0415 - it needs this table

        return SessionStore
