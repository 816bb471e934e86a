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
from portal.accounts import account_data, space
from portal.discussions import subjects
from portal.lib.storage import objects, parts


def assemble() -> None:
    """Register everything, once the models are there; twice changes nothing."""
    _follow_changes()
    _fill_pages()
    subjects.register(card_discussions)
    objects.register_references(card_files.kept_objects)
    parts.register(named_files.kept_parts)
    space.register("todo", space_pages.to_do)
    space.register("resources", space_pages.mine)
    space.register_figures(space_pages.figures)
    for place in space_pages.PLACES:
        space.register_page(place)
    space.register_organisation(space_pages.organisation_panel)
    space.register_card_counter(relations.cards_of)
    account_data.register("contributions", describe=space_pages.contributions_described)
    account_data.register(
        "suivis", describe=space_pages.community_described, erase=space_pages.forget_person
    )


def _follow_changes() -> None:
    changes.archived.register(review.archive_last)
    changes.restored.register(review.restore_last)
    changes.published.register(follows.tell_followers)
    changes.written.register(index.write)
    changes.rated.register(index.note_quality)
    changes.removed.register(index.remove_card)
    changes.removed.register(review.forget_contributions)


def _fill_pages() -> None:
    card_files.register_giver(named_files.accesses_given)
    card_versions.register_judge(community.moments_against)
    chain.register_ends(community.reuses_in_chain)
    around, notices = "catalogue:moderation_community", "catalogue:moderation_reports"
    review_pages.register_tab((_("Réutilisations et messages"), around, community.waiting_around))
    review_pages.register_tab((_("Signalements"), notices, lambda: ""))
