"""The datasets application."""

from django.apps import AppConfig


class DatasetsConfig(AppConfig):
    """Hold and lend data."""

    name = "datasets"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell the catalogue where the files of a card are."""
        from catalogue.enums import ResourceKind  # noqa: PLC0415  # app ready
        from catalogue.queries import files  # noqa: PLC0415  # app ready
        from datasets.queries import address_of  # noqa: PLC0415  # app ready

        files.register(ResourceKind.DATASET, address_of)
