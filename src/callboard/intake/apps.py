"""The Django app of the room."""

from django.apps import AppConfig


class IntakeConfig(AppConfig):
    """Intake as a Django app."""

    name = "callboard.intake"
    label = "intake"
    default_auto_field = "django.db.models.BigAutoField"
