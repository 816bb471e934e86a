"""What people discuss about a card: its owners answer, the Region moderates."""

from datetime import timedelta
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalogue.community.rules import may_bring
from catalogue.community.views.cards import frame
from catalogue.resources.models import Resource
from catalogue.resources.queries.relations import online_of, owners_of, region_people
from catalogue.resources.rules import may_mask, may_moderate, owns
from catalogue.resources.views import public
from portal.accounts.authorization import Permission
from portal.accounts.enums import OrganisationBadge
from portal.accounts.models import Organisation, User
from portal.discussions.models import MessageState
from portal.discussions.subjects import SubjectKind
from portal.lib import clock

# The first message of an account younger than this waits for the Region.
NEW_ACCOUNT = timedelta(days=30)


def waits(by: User, card: Resource) -> bool:
    """Hold the words of an account that is new and that nobody vouches for."""
    if by.date_joined < clock.now() - NEW_ACCOUNT or by.is_region or owns(by, card):
        return False
    # What they wrote about something else was read by nobody first.
    read = by.discussion_messages.filter(discussion__subject_kind=KIND.name)
    if read.filter(state=MessageState.SHOWN).exists():
        return False
    places = Organisation.objects.filter(pk__in=by.roles_by_organisation)
    return not any(OrganisationBadge.VERIFIED in each.badges for each in places)


def scene(request: HttpRequest, slug: str) -> tuple[Resource, dict[str, Any]]:
    """Find a public card, with its tabs."""
    card = public(slug)
    return card, frame(card, _("Discussions"))


# A message of a card is reported to the Region, with its reasons; first messages wait with all
# that waits around cards.
KIND = SubjectKind(
    name="card",
    model=Resource,
    namespace="catalogue",
    template="catalogue/community/discussed.html",
    owner_mark=gettext_lazy("Producteur"),
    may_write=may_bring,
    may_moderate=may_mask,
    answers_for=owns,
    answered_by=online_of,
    never_blocked=owns,
    holds=waits,
    owners=owners_of,
    owners_follow=True,
    moderators=lambda card: region_people(Permission.CONTRIBUTION_MODERATE),
    moderates=may_moderate,
    page=lambda card: f"/ressources/{card.slug}/discussions/",
    desk="/moderation/autour/",
    report_page=lambda path: f"{reverse('catalogue:report')}?adresse={path}",
    language=lambda card: card.written_in,
    frame=scene,
    related=("organisation",),
)
