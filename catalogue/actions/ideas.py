"""Make of a published idea what it became: a need or a solution, the link kept."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from catalogue import rules
from catalogue.actions import contributions
from catalogue.enums import LinkType, ResourceKind
from catalogue.models import Contribution, Resource
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.lib.refusals import Conflict

BECOMES = (ResourceKind.NEED, ResourceKind.SOLUTION)
# What stays true of the new card; its addresses are its own, else it would pass for a duplicate.
CARRIED = (
    "title",
    "title_en",
    "acronym",
    "summary",
    "description",
    "contact",
    "authors",
    "scope",
    "scope_note",
    "territories",
    "languages",
    "use_cases",
    "barriers",
    "beneficiaries",
    "publics",
    "tasks",
    "rome_codes",
    "tags",
)
# Own fields of the new card, and those of the idea that begin them.
BEGUN = {
    ResourceKind.NEED: {"situation": "problem", "expected_result": "approach"},
    ResourceKind.SOLUTION: {"needs_served": "problem"},
}


@transaction.atomic
def become(*, resource: Resource, kind: str, by: User) -> Contribution:
    """Open the draft of a need or of a solution that comes of an idea, or give back the open one.

    The idea stays online as it is; the draft is reviewed as any other and its link is made when
    it goes online. In order: as `contributions.start`. Raises NotAllowed to who does not answer
    for the idea, Conflict when it is none or is not online.
    """
    idea = Resource.objects.select_for_update(of=("self",)).get(pk=resource.pk)
    require(rules.owns, by, idea)
    if not idea.live or idea.kind != ResourceKind.IDEA or kind not in BECOMES:
        raise Conflict(_("Seule une idée en ligne peut devenir un besoin ou une solution."))
    wanted = ResourceKind(kind)
    link = {"type": str(LinkType.DERIVED_FROM), "target": idea.slug}
    mine = Contribution.objects.open().filter(author=by, resource__kind=kind, resource__live=False)
    for already in mine.select_related("resource", "revision"):
        if link in (already.content.get("details") or {}).get("relations", []):
            return already
    values: dict[str, Any] = {name: getattr(idea, name) for name in CARRIED}
    values |= {new: idea.details.get(old, "") for new, old in BEGUN[wanted].items()}
    values["relations"] = [link]
    return contributions.start(kind=wanted, by=by, organisation=idea.organisation, **values)
