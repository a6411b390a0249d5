"""The Django app of the room."""

from django.apps import AppConfig


class PreferencesConfig(AppConfig):
    """Preferences as a Django app."""

    name = "callboard.preferences"
    label = "preferences"
    default_auto_field = "django.db.models.BigAutoField"
