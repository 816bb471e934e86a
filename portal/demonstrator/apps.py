"""The demonstrator application."""

from django.apps import AppConfig


class DemonstratorConfig(AppConfig):
    """Show what can be tried."""

    name = "portal.demonstrator"
    label = "demonstrator"
    default_auto_field = "django.db.models.BigAutoField"
