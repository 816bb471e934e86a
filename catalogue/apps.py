"""The catalogue application."""

from django.apps import AppConfig


class CatalogueConfig(AppConfig):
    """Describe everything."""

    name = "catalogue"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Show contributions in the space of each person."""
        from catalogue.views import space as ours  # noqa: PLC0415  # app ready
        from portal.accounts import space  # noqa: PLC0415  # app ready

        space.register("todo", ours.to_do)
        space.register("contributions", ours.mine)
