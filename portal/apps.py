"""The portal starts: registries are filled, tasks are found."""

from importlib import import_module

from django.apps import AppConfig, apps
from django.utils.module_loading import module_has_submodule

from portal.celery import app as celery_app

__all__ = ["PortalConfig", "celery_app"]


class PortalConfig(AppConfig):
    """The house."""

    name = "portal"
    label = "portal"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Import each app's tasks (they register outbox handlers) and the start-up checks."""
        import_module("portal.checks")
        for config in apps.get_app_configs():
            if config.name.split(".")[0] not in {"portal", "catalogue", "datasets", "challenges"}:
                continue
            if module_has_submodule(config.module, "tasks"):
                import_module(f"{config.name}.tasks")
