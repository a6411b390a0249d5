"""Tables of the room. `tried_s` is the machine's clock: rate limits are about abuse, not about business."""

from __future__ import annotations

from django.db import models


class SignInTry(models.Model):
    """One try to sign in. `key` is a keyed hash of the address or of where the try came from."""

    key = models.CharField(max_length=64)
    tried_s = models.FloatField()

    class Meta:
        """Tries are counted by key and time."""

        indexes = [models.Index(fields=["key", "tried_s"], name="try_by_key")]  # noqa: RUF012 - Django's form
