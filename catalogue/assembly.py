"""Tell each subject what those above it do of its changes, and the portal what to show of all."""

from django.utils.translation import gettext_lazy as _

from catalogue.community import queries as community
from catalogue.community.actions import follows
from catalogue.community.views.discussions import KIND as card_discussions
from catalogue.contributions.actions import review
from catalogue.contributions.queries import files as named_files
from catalogue.contributions.views import review as review_pages
from catalogue.pages.views import space as space_pages
from catalogue.resources import changes
from catalogue.resources.queries import chain, relations
from catalogue.resources.queries import files as card_files
from catalogue.resources.queries import versions as card_versions
from catalogue.search import index
from portal.accounts import account_data, acts, space
from portal.discussions import subjects
from portal.lib.storage import objects, parts

# What the page of the ledger calls the acts of the catalogue.
FAMILIES = {
    _("Catalogue"): {
        "resource": _("Ressource"),
        "removal": _("Suppression d’une ressource"),
        "version": _("Version d’une fiche"),
        "holdings": _("Fiches d’une organisation"),
        "card": _("Fiche"),
        "contribution": _("Contribution"),
        "proposal": _("Proposition de changement"),
        "file": _("Fichier d’une fiche"),
        "batch": _("Tableau de fiches"),
        "collection": _("Collection"),
        "report": _("Signalement"),
        "masking": _("Masquage"),
        "transfer": _("Transfert"),
        "reuse": _("Réutilisation"),
        "search": _("Recherche enregistrée"),
        "synonym": _("Synonyme"),
        "source": _("Source moissonnée"),
        "harvest": _("Moissonnage"),
        "catalogue": _("Catalogue"),
        "rome": _("Référentiel ROME"),
    }
}


def assemble() -> None:
    """Register everything, once the models are there."""
    _follow_changes()
    _fill_pages()
    subjects.kinds[card_discussions.name] = card_discussions
    objects.references.append(card_files.kept_objects)
    parts.references.append(named_files.kept_parts)
    acts.families |= FAMILIES
    space.sections["todo"].append(space_pages.to_do)
    space.sections["resources"].append(space_pages.mine)
    space.figure_providers.append(space_pages.figures)
    space.all_places += space_pages.PLACES
    space.panel_providers.append(space_pages.organisation_panel)
    space.card_counters.append(relations.cards_of)
    account_data.register("contributions", describe=space_pages.contributions_described)
    account_data.register(
        "suivis", describe=space_pages.community_described, erase=space_pages.forget_person
    )


def _follow_changes() -> None:
    changes.archived.consequences.append(review.archive_last)
    changes.restored.consequences.append(review.restore_last)
    changes.published.consequences.append(follows.tell_followers)
    changes.written.consequences.append(index.write)
    changes.rated.consequences.append(index.note_quality)
    changes.removed.consequences.append(index.remove_card)
    changes.removed.consequences.append(review.forget_contributions)


def _fill_pages() -> None:
    card_files.givers.append(named_files.accesses_given)
    card_versions.judges.append(community.moments_against)
    chain.end_providers.append(community.reuses_in_chain)
    around, notices = "catalogue:moderation_community", "catalogue:moderation_reports"
    review_pages.more_tabs += [
        (_("Réutilisations et messages"), around, community.waiting_around),
        (_("Signalements"), notices, lambda: ""),
    ]
