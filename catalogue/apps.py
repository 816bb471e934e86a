"""The catalogue application."""

from django.apps import AppConfig


class CatalogueConfig(AppConfig):
    """Describe everything."""

    name = "catalogue"
    default_auto_field = "django.db.models.BigAutoField"
