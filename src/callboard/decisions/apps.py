"""The Django app of the room."""

from django.apps import AppConfig


class DecisionsConfig(AppConfig):
    """Decisions as a Django app."""

    name = "callboard.decisions"
    label = "decisions"
    default_auto_field = "django.db.models.BigAutoField"
