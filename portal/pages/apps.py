"""The pages application."""

from django.apps import AppConfig


class PagesConfig(AppConfig):
    """Show the house."""

    name = "portal.pages"
    label = "pages"
    default_auto_field = "django.db.models.BigAutoField"
