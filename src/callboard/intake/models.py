"""Tables of the room. Instants are whole microseconds since 1970 (`_us`)."""

from __future__ import annotations

from django.db import models

from callboard.people.models import Partner, User


class EventState(models.IntegerChoices):
    """Where an event is on its way."""

    ACCEPTED = 0, "accepted"
    DECIDED = 1, "decided"
    PARKED = 2, "parked"


class EventRecord(models.Model):
    """One accepted event. `data_json` is kept as sent; `parked_reason` says why it waits for a person.

    `was_parked` sends a later decision to the next window (S3).
    """

    key = models.CharField(max_length=32, unique=True)
    source = models.TextField()
    event_id = models.TextField(db_index=False)
    event_type = models.CharField(max_length=200)
    subject = models.TextField(null=True, blank=True)  # noqa: DJ001 - absent differs from empty
    time_us = models.BigIntegerField()
    accepted_us = models.BigIntegerField()
    data_json = models.TextField()
    digest = models.CharField(max_length=32)
    state = models.SmallIntegerField(choices=EventState.choices, default=EventState.ACCEPTED)
    was_parked = models.BooleanField(default=False)
    parked_reason = models.TextField(blank=True)

    class Meta:
        """What is not decided is found at once, however long the log; previews read by type and time."""

        indexes = [  # noqa: RUF012 - Django's form
            models.Index(fields=["accepted_us", "id"], condition=models.Q(state=0), name="event_undecided"),
            models.Index(fields=["state"], condition=models.Q(state=2), name="event_parked"),
            models.Index(fields=["event_type", "accepted_us"], name="event_by_type"),
            models.Index(fields=["accepted_us"], name="event_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.event_type} {self.event_id}"


class ApiKey(models.Model):
    """A key of an integration. Only its SHA-256 is stored; the key has 256 random bits, so that is enough.

    `owner` made it in the console and answers for it: it ends with the owner's account. Null for one
    that was made by command. A key for SCIM is for the people of `partner` and of those below it, or,
    without one, for everybody.
    """

    name = models.CharField(max_length=200, unique=True)
    key_hash = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=16)
    right = models.CharField(max_length=16, default="events")
    owner = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    partner = models.ForeignKey(Partner, models.PROTECT, null=True, blank=True, related_name="+")
    created_us = models.BigIntegerField()
    revoked_us = models.BigIntegerField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name
