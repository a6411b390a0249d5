"""The Django app of the room."""

from django.apps import AppConfig


class InsightsConfig(AppConfig):
    """Insights as a Django app."""

    name = "callboard.insights"
    label = "insights"
    default_auto_field = "django.db.models.BigAutoField"
