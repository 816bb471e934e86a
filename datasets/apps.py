"""The datasets application."""

from django.apps import AppConfig


class DatasetsConfig(AppConfig):
    """Hold and lend data."""

    name = "datasets"
    default_auto_field = "django.db.models.BigAutoField"
