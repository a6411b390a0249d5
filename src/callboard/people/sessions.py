"""Sessions in the database, each with the person whose it is. Named in the settings as the engine of sessions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.utils import timezone

from callboard.people.models import PersonSession


class SessionStore(DatabaseStore):
    """Django's store, over our table."""

    @classmethod
    def get_model_class(cls) -> type[Any]:
        """Return the table."""
        return PersonSession

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        """Return the row of a session, with who signed in."""
        row: Any = super().create_model_instance(data)
        row.user_id = int(data[SESSION_KEY]) if data.get(SESSION_KEY) else None
        return row


def count_sessions(user_id: int) -> int:
    """Return how many sessions of a person have not expired."""
    return PersonSession.objects.filter(user_id=user_id, expire_date__gt=timezone.now()).count()


def end_sessions(user_ids: Iterable[int]) -> int:
    """End every session of these persons; return how many there were."""
    return PersonSession.objects.filter(user_id__in=list(user_ids)).delete()[0]
