"""The demonstrator application."""

from django.apps import AppConfig


class DemonstratorConfig(AppConfig):
    """Show what can be tried."""

    name = "portal.demonstrator"
    label = "demonstrator"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell the store which objects builds and loaded data name."""
        from portal.demonstrator import served  # noqa: PLC0415  # app ready
        from portal.lib.storage import objects  # noqa: PLC0415  # app ready

        objects.references.append(served.objects_named)
