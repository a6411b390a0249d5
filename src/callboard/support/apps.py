"""The Django app of the room."""

from django.apps import AppConfig


class SupportConfig(AppConfig):
    """Support as a Django app."""

    name = "callboard.support"
    label = "support"
    default_auto_field = "django.db.models.BigAutoField"
