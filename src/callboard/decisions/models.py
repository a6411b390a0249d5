"""Tables of the room. Instants are whole microseconds since 1970 (`_us`)."""

from __future__ import annotations

from django.db import models

from callboard.intake.models import EventRecord
from callboard.people.models import User


class Window(models.Model):
    """The span whose items leave in one mail. `slot` names it among the person's windows.

    `mail_id` is the mail that carries it, set when it is composed; null while it collects.
    """

    user = models.ForeignKey(User, models.CASCADE, db_index=False)
    slot = models.CharField(max_length=250)
    frequency = models.CharField(max_length=16)
    starts_us = models.BigIntegerField()
    ends_us = models.BigIntegerField()
    closed = models.BooleanField(default=False)
    mail_id = models.BigIntegerField(null=True, blank=True, db_index=True)

    class Meta:
        """One window per slot (S4); open ones are found by their end, a person's latest ones too."""

        constraints = [models.UniqueConstraint(fields=["user", "slot"], name="one_window")]  # noqa: RUF012 - Django's form
        indexes = [  # noqa: RUF012 - Django's form
            models.Index(fields=["ends_us"], condition=models.Q(closed=False), name="window_open"),
            models.Index(fields=["user", "ends_us"], name="window_of_person"),
        ]


class MatchChecks(models.Model):
    """One row: how many events were matched by index and by definition, and for how many the two differed."""

    checked = models.BigIntegerField(default=0)
    differing = models.BigIntegerField(default=0)


class KeptIndex(models.Model):
    """The files in which indexes of this database were kept lately, by the names they were given."""

    token = models.CharField(primary_key=True, max_length=32)
    number = models.BigIntegerField()


class Decision(models.Model):
    """The ledger: one row per event and person (D1). `refs_json` is the `notifications` of 4.4.

    `withdrawn_reason` is set when a decided item may not leave any more (S5).
    """

    event = models.ForeignKey(EventRecord, models.PROTECT, db_index=False)
    user = models.ForeignKey(User, models.PROTECT)
    outcome = models.CharField(max_length=8)
    reason = models.CharField(max_length=16)
    refs_json = models.TextField()
    frequency = models.CharField(max_length=16, null=True, blank=True)  # noqa: DJ001 - null for skip
    window = models.ForeignKey(Window, models.PROTECT, null=True, blank=True)
    decided_us = models.BigIntegerField()
    withdrawn_reason = models.CharField(max_length=16, blank=True)
    withdrawn_us = models.BigIntegerField(null=True, blank=True)

    class Meta:
        """One decision per event and person."""

        constraints = [models.UniqueConstraint(fields=["event", "user"], name="one_decision")]  # noqa: RUF012 - Django's form
        indexes = [models.Index(fields=["decided_us"], name="decision_by_time")]  # noqa: RUF012
