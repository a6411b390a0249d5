"""Tables of the room. Instants are whole microseconds since 1970 (`_us`)."""

from __future__ import annotations

from django.db import models

from callboard.base.texts import MAX_NAME
from callboard.people.models import User


class CustomNotification(models.Model):
    """A Custom notification. `where_json` is the list of 4.2; `version` counts its edits."""

    id = models.CharField(primary_key=True, max_length=MAX_NAME)
    user = models.ForeignKey(User, models.CASCADE, related_name="notifications")
    name = models.CharField(max_length=MAX_NAME, blank=True)
    event_type = models.CharField(max_length=MAX_NAME)
    where_json = models.TextField()
    frequency = models.CharField(max_length=16)
    version = models.IntegerField(default=1)
    created_us = models.BigIntegerField()
    deleted_us = models.BigIntegerField(null=True, blank=True)
    revision = models.BigIntegerField(db_index=True)

    def __str__(self) -> str:
        return self.name or self.id


class MuteRecord(models.Model):
    """A person's mute of one notification, Default or Custom; kept after the unmute, with `muted` False."""

    user = models.ForeignKey(User, models.CASCADE, related_name="mutes")
    kind = models.CharField(max_length=8)
    notification = models.CharField(max_length=2 * MAX_NAME)
    muted = models.BooleanField()
    until_us = models.BigIntegerField(null=True, blank=True)
    by = models.CharField(max_length=16)
    changed_us = models.BigIntegerField()
    revision = models.BigIntegerField(db_index=True)

    class Meta:
        """One row per person and notification."""

        constraints = [models.UniqueConstraint(fields=["user", "kind", "notification"], name="one_mute")]  # noqa: RUF012 - Django's form
