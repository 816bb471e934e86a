"""The accounts application."""

from importlib import import_module

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Who."""

    name = "portal.accounts"
    label = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen to what allauth does; fill the account's part of Mon espace."""
        import_module("portal.accounts.events").connect()
        space = import_module("portal.accounts.space")
        space.sections["todo"] += space.PROVIDERS
        space.all_places.append(import_module("portal.accounts.ledger").PLACE)
