"""The challenges application."""

from django.apps import AppConfig


class ChallengesConfig(AppConfig):
    """Compete."""

    name = "challenges"
    default_auto_field = "django.db.models.BigAutoField"
