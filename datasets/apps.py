"""The datasets application."""

from django.apps import AppConfig


class DatasetsConfig(AppConfig):
    """Hold and lend data."""

    name = "datasets"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell the catalogue where the files of a card are; say which objects are in use.

        Show in each space what access to data waits for.
        """
        from catalogue.resources.enums import ResourceKind  # noqa: PLC0415  # app ready
        from catalogue.resources.queries import files as card_files  # noqa: PLC0415  # app ready
        from datasets.access.views import space as ours  # noqa: PLC0415  # app ready
        from datasets.releases.queries import address_of, named, published_files  # noqa: PLC0415  # app ready
        from portal.accounts import space  # noqa: PLC0415  # app ready
        from portal.lib.storage import objects  # noqa: PLC0415  # app ready

        objects.references.append(named)
        card_files.providers[ResourceKind.DATASET] = address_of
        card_files.held_providers[ResourceKind.DATASET] = published_files
        space.sections["todo"].append(ours.to_do)
        space.figure_providers.append(ours.figures)
        space.all_places += ours.PLACES
