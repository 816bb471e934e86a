"""The catalogue application."""

from django.apps import AppConfig


class CatalogueConfig(AppConfig):
    """Describe everything."""

    name = "catalogue"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell the subjects of one another, and the portal of the catalogue."""
        from catalogue.assembly import assemble  # noqa: PLC0415  # app ready

        assemble()
