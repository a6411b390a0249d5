"""Tables of the room. Its instants are of real time, in seconds since 1970 (`_s`), as those of sessions are."""

from __future__ import annotations

from django.db import models

from callboard.people.models import User


class Acting(models.Model):
    """An operator acts for a person, for a reason; it ends by the operator's word or by itself."""

    operator = models.ForeignKey(User, models.PROTECT, related_name="+")
    person = models.ForeignKey(User, models.PROTECT, related_name="+")
    reason = models.TextField()
    began_s = models.FloatField()
    until_s = models.FloatField()

    def __str__(self) -> str:
        return f"{self.operator.email} for {self.person.email}"


class Act(models.Model):
    """One request that was made in a person's name. `status` is the answer's; null: it did not end in one."""

    acting = models.ForeignKey(Acting, models.PROTECT, related_name="acts")
    at_s = models.FloatField()
    method = models.CharField(max_length=8)
    path = models.TextField()
    said = models.TextField(blank=True)
    status = models.SmallIntegerField(null=True, blank=True)
