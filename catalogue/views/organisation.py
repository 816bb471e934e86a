"""What the catalogue adds to the page of an organisation: followers, use, collections."""

from typing import Any

from catalogue import rules
from catalogue.models import Follow
from catalogue.queries import collections, follows, usage
from portal.accounts.models import Organisation
from portal.accounts.space import Panel

TEMPLATE = "catalogue/community/organisation.html"


def panel(organisation: Organisation, viewer: Any) -> Panel:
    """Give the side panel of an organisation."""
    signed_in = viewer.is_authenticated
    return Panel(
        TEMPLATE,
        {
            "slug": organisation.slug,
            "followers": Follow.objects.filter(organisation=organisation).count(),
            "follows": signed_in and follows.follows(viewer, organisation=organisation),
            "use": usage.of_organisation(organisation),
            "collections": list(collections.of_organisation(organisation)[:5]),
            "may_import": rules.may_import(viewer, organisation),
            "may_collect": rules.may_collect(viewer, organisation),
        },
    )
