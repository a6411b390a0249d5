"""Tables of the room. Instants are whole microseconds since 1970 (`_us`)."""

from __future__ import annotations

from django.db import models

from callboard.people.models import Partner


class KnownGap(models.Model):
    """A gap of coverage; it goes when it closes, so each is told to the Masters once.

    `told` is false for one that a worker found when it started: the nightly check tells it.
    """

    partner = models.ForeignKey(Partner, models.CASCADE, db_index=False)
    event_type = models.CharField(max_length=200)
    opened_us = models.BigIntegerField()
    told = models.BooleanField(default=True)

    class Meta:
        """One row per gap."""

        constraints = [models.UniqueConstraint(fields=["partner", "event_type"], name="one_gap")]  # noqa: RUF012 - Django's form
