"""The pages application."""

from typing import Any

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PagesConfig(AppConfig):
    """Show the house."""

    name = "portal.pages"
    label = "pages"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register what the workstreams count; lead the Region's staff to the editorial pages.

        The search finds the live pages, whose words are kept as Wagtail publishes them.
        """
        from wagtail.signals import page_published  # noqa: PLC0415  # app ready

        from catalogue.search import suggest as found  # noqa: PLC0415  # app ready
        from portal.accounts import space  # noqa: PLC0415  # app ready
        from portal.accounts.authorization import (  # noqa: PLC0415  # app ready
            Permission,
            has_permission,
        )
        from portal.pages import searching, sources  # noqa: F401, PLC0415  # app ready

        space.all_places.append(
            space.Place(
                _("Pages du site"),
                "newspaper",
                "wagtailadmin_home",
                lambda user: has_permission(user, Permission.BACKOFFICE_USE),
            )
        )
        found.page_finders.append((searching.by_words, searching.by_first_letters))
        page_published.connect(_write, dispatch_uid="portal.pages.searching")


def _write(instance: Any, **_: Any) -> None:
    from portal.pages import searching  # noqa: PLC0415  # app ready

    searching.write(instance)
