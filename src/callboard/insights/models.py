"""Tables of the room. Instants are whole microseconds since 1970 (`_us`)."""

from __future__ import annotations

from django.db import models

from callboard.people.models import Partner


class KnownGap(models.Model):
    """A gap of coverage that the Masters were told of; it goes when it closes, so each is told once."""

    partner = models.ForeignKey(Partner, models.CASCADE, db_index=False)
    event_type = models.CharField(max_length=200)
    opened_us = models.BigIntegerField()

    class Meta:
        """One row per gap."""

        constraints = [models.UniqueConstraint(fields=["partner", "event_type"], name="one_gap")]  # noqa: RUF012 - Django's form
