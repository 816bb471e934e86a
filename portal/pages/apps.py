"""The pages application."""

from django.apps import AppConfig


class PagesConfig(AppConfig):
    """Show the house."""

    name = "portal.pages"
    label = "pages"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register what the workstreams count."""
        from portal.pages import sources  # noqa: F401, PLC0415  # app ready
