"""The discussions application."""

from importlib import import_module

from django.apps import AppConfig


class DiscussionsConfig(AppConfig):
    """Ask and answer."""

    name = "portal.discussions"
    label = "discussions"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Give and erase what a person wrote; tell them which questions wait for them."""
        actions = import_module("portal.discussions.actions")
        queries = import_module("portal.discussions.queries")
        import_module("portal.accounts.account_data").register(
            "discussions",
            describe=queries.described,
            erase=lambda user: actions.erase_person(person=user),
        )
        import_module("portal.accounts.space").sections["todo"].append(queries.unanswered)
