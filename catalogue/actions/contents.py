"""Write what a contribution proposes: values by name, kept as a revision."""

from collections.abc import Mapping
from typing import Any

from django.db.models import F
from django.utils.translation import gettext_lazy as _
from wagtail.models import Revision

from catalogue.models import PROPOSED_COLUMNS, Contribution, Resource
from catalogue.queries import proposals
from catalogue.validators.fields import DETAILS
from portal.audit.actors import Actor
from portal.lib.refusals import Conflict, Invalid

BY_HAND = {"origin": "contributor", "verified": True}
# Columns whose empty choice means "the usual value" rather than nothing.
USUAL = ("scope", "access", "lifecycle", "deposit", "licence_status")


def apply(resource: Resource, values: Mapping[str, Any]) -> None:
    """Set columns and own fields by name; empty own fields leave, unknown names are refused.

    On a card that an import or a source fed, what a person changes is theirs: no source writes
    over it afterwards.
    """
    own = DETAILS[resource.kind].by_name
    details = dict(resource.details)
    for name, value in values.items():
        if name == "organisation":
            continue
        before = details.get(name) if name in own else getattr(resource, name, None)
        if resource.provenance and proposals.is_another(before, value):
            resource.provenance = {**resource.provenance, name: BY_HAND}
        if name in own:
            details[name] = value
        elif name in PROPOSED_COLUMNS:
            setattr(resource, name, _usual(name, value))
        else:
            raise Invalid(code="unknown_field", faults=[name])
    resource.details = {name: v for name, v in details.items() if v not in ("", None, [], ())}


def _usual(name: str, value: Any) -> Any:
    if name in USUAL and not value:
        return getattr(Resource(), name)
    return "" if value is None else value


def require_arrived(contribution: Contribution) -> None:
    """Send no text whose file has arrived and is not put together yet; raises Conflict."""
    if contribution.uploads.filter(file=None, offset=F("length")).exists():
        raise Conflict(
            _(
                "Un fichier de ce brouillon vient d’arriver et n’est pas encore assemblé : "
                "envoyez la proposition dans quelques minutes."
            ),
            code="file_arriving",
        )


def keep(contribution: Contribution, proposed: Resource, by: Actor) -> Revision:
    """Write the revision over, unless it was already judged: then a new one."""
    judged = contribution.decisions.filter(revision=contribution.revision).exists()
    if judged or contribution.revision is None:
        return proposed.save_revision(user=by if by.pk is not None else None, clean=False)
    revision = contribution.revision
    revision.content = proposed.serializable_data()
    revision.object_str = str(proposed)
    revision.save(update_fields=["content", "object_str"])
    return revision
