"""Find the card and the contribution that are named, and describe contributions."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext as _

from catalogue import rules
from catalogue.contributions.schemas import WholeContributionOut
from catalogue.models import Contribution, Resource
from catalogue.resources.api import identifier
from catalogue.validators import checks as record_checks
from catalogue.validators.checks import Remark
from portal.accounts.models import Organisation
from portal.accounts.views import person
from portal.lib import visible
from portal.lib.refusals import Conflict, Hidden


def subject_named(request: HttpRequest, name: str) -> Resource:
    """Return a card that is online, or that the caller writes; raises Hidden for any other."""
    by, public_id = person(request), identifier(name)
    named: dict[str, Any] = {"public_id": public_id} if public_id else {"slug": name}
    written = Contribution.objects.written_by(by).order_by().values("resource_id")
    rows = Resource.objects.public() | Resource.objects.filter(pk__in=written)
    return visible.find(rows.select_related("organisation"), among=Resource.objects.all(), **named)


def open_on(request: HttpRequest, resource: Resource, wanted: UUID | None) -> Contribution | None:
    """Return the contribution in progress on a card: one's own, else the organisation's only one.

    wanted: the one that is meant. Raises Conflict when several are in progress, none one's own.
    """
    rows = Contribution.objects.written_by(person(request)).open().filter(resource=resource)
    rows = rows.select_related(
        "resource__organisation", "organisation", "author", "revision", "base_revision"
    ).order_by("-pk")
    if wanted is not None:
        return rows.filter(public_id=wanted).first()
    found = list(rows)
    own = [each for each in found if each.author_id == person(request).pk] or found
    if len(own) > 1:
        raise Conflict(
            _("Plusieurs contributions sont en cours sur cette fiche : dites laquelle."),
            code="several_contributions",
            contributions=[str(each.public_id) for each in own],
        )
    return own[0] if own else None


def work_on(request: HttpRequest, name: str, wanted: UUID | None) -> Contribution:
    """Return the contribution in progress on a card; raises Hidden when there is none."""
    resource = subject_named(request, name)
    found = open_on(request, resource, wanted)
    if found is not None:
        return found
    if not resource.live:
        raise Hidden
    raise Hidden(
        _("Vous n’avez pas de contribution en cours sur cette fiche."), code="no_contribution"
    )


def holder_named(slug: str | None) -> Organisation | None:
    """Return an organisation by its slug; raises Hidden for an unknown one."""
    if not slug:
        return None
    found = Organisation.objects.filter(slug=slug).first()
    if found is None:
        raise Hidden(_("Cette organisation n’existe pas."), code="no_organisation")
    return found


Json = dict[str, Any]
# What a token that may not read is told in place of what others said, or was said before: what it
# writes, and what the checks find in it, are shown back.
UNSAID: Json = {
    "decisions": [],
    "reply": "",
    "owner_answer": "",
    "owner_reason": "",
    "owner_due_at": None,
}
# What who only answers for the card is not told: the work of the author and of the Region.
UNTOLD: Json = {"checks": [], "decisions": [], "collisions": [], "reply": "", "may": []}


def whole(request: HttpRequest, contribution: Contribution) -> WholeContributionOut:
    """Describe a contribution in full, as its page does for who asks."""
    told = WholeContributionOut.model_validate(contribution, context={"request": request})
    if rules.reads_whole(person(request), contribution):
        return told
    unsent: Json = {}
    if contribution.status in rules.UNSENT:
        unsent = {"title": contribution.resource.title, "record": {}, "provenance": {}}
    return told.model_copy(update=UNTOLD | unsent)


def blocking_json(remarks: Iterable[Remark]) -> list[Json]:
    """Name what keeps a contribution from being sent, as endpoints name faults."""
    return [
        {
            "field": each.field,
            "code": each.code,
            "message": record_checks.sentence(
                {"code": each.code, "field": each.field, "facts": dict(each.facts)}
            ),
        }
        for each in remarks
    ]
