"""The catalogue application."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CatalogueConfig(AppConfig):
    """Describe everything."""

    name = "catalogue"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Show contributions in each person's space and archive, resources by organisation.

        The search lies above the invariants: what it says of its server is registered here.
        """
        from catalogue import invariants  # noqa: PLC0415  # app ready
        from catalogue.pages.views import space as ours  # noqa: PLC0415  # app ready
        from catalogue.pages.views import space as space_pages  # noqa: PLC0415  # app ready
        from catalogue.resources.queries import files as card_files  # noqa: PLC0415  # app ready
        from catalogue.search import server  # noqa: PLC0415  # app ready
        from portal.accounts import personal_data, space  # noqa: PLC0415  # app ready
        from portal.lib.storage import objects, parts  # noqa: PLC0415  # app ready

        objects.register_references(card_files.kept_objects)
        parts.register(card_files.kept_parts)
        space.register("todo", ours.to_do)
        space.register("contributions", ours.mine)
        space.register_figures(ours.figures)
        for place in ours.PLACES:
            space.register_page(place)
        space.register_organisation(_("Ressources publiées"), ours.of_organisation)
        space.register_organisation_panel(space_pages.organisation_panel)
        personal_data.register("contributions", describe=ours.contributions_described)
        personal_data.register(
            "suivis", describe=space_pages.community_described, erase=space_pages.forget_person
        )
        sentence = _("Le serveur de recherche dit ce que dit la base, ou ne répond pas.")
        invariants.INVARIANTS["I9"] = (sentence, server.breaches)
