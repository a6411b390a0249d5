"""Tables of the room."""

from __future__ import annotations

from django.db import models


class SharedValue(models.Model):
    """One value of the cache that all processes share: the counts of tries to sign in.

    The columns are those of Django's database cache, which reads and writes the table by itself.
    """

    cache_key = models.CharField(max_length=255, primary_key=True)
    value = models.TextField()
    expires = models.DateTimeField(db_index=True)
