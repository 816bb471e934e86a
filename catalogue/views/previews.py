"""A proposal as it would appear: in the results, and as its page."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from portal.accounts.views import person

from catalogue import rules
from catalogue.models import Contribution, Resource
from catalogue.queries import preview
from catalogue.views.contribute import visible
from portal.accounts.authorization import require
from portal.lib import markdown
from portal.lib.refusals import Invalid


@require_safe
def shown(request: HttpRequest, contribution: UUID) -> HttpResponse:
    """Show the card that a proposal would put online; nothing of it is public."""
    found = visible(request, contribution)
    require(rules.may_preview, person(request), found)
    context = {"contribution": found, "writes": rules.may_edit(person(request), found)}
    resource = _built(found)
    try:
        resource.description_html = markdown.render(resource.description)
    except Invalid as refusal:
        resource.description_html, context["fault"] = "", str(refusal)
    context |= preview.card(resource)
    return render(request, "catalogue/contribute/preview.html", context)


def _built(contribution: Contribution) -> Resource:
    """Build the card, in the name of who proposes it while it is new."""
    resource = contribution.proposed
    if contribution.is_new:
        resource.organisation = contribution.organisation
    return resource
