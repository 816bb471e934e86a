"""The demonstrator application."""

from importlib import import_module

from django.apps import AppConfig


class DemonstratorConfig(AppConfig):
    """Show what can be tried."""

    name = "portal.demonstrator"
    label = "demonstrator"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Ask for whole sheets before each start; tell the store which objects are named."""
        import_module("portal.demonstrator.checks")
        from portal.demonstrator import service  # noqa: PLC0415  # app ready
        from portal.lib.storage import objects  # noqa: PLC0415  # app ready

        objects.references.append(service.objects_named)
