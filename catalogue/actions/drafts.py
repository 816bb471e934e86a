"""Write one draft with others: merge a saving, take the draft over, leave it."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from catalogue import rules
from catalogue.actions import contributions
from catalogue.models import Contribution
from catalogue.queries import drafts, proposals
from catalogue.queries.drafts import Sorted
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.audit.record import record
from portal.lib.refusals import Conflict


@transaction.atomic
def merge(
    *, contribution: Contribution, values: Mapping[str, Any], seen: Mapping[str, str], by: User
) -> tuple[Contribution, Sorted]:
    """Keep what a person typed over what they had read, never over what somebody else wrote since.

    seen: prints of the values that the page showed (`queries.drafts.prints`). Fields that clash
    are not kept: they come back with both texts. Otherwise as `contributions.save_draft`.
    """
    contribution = Contribution.objects.locked(contribution)
    require(rules.may_edit, by, contribution)
    found = drafts.sort(proposals.proposed_record(contribution), values, seen)
    saved = contributions.save_draft(contribution=contribution, values=found.kept, by=by)
    return saved, found


@transaction.atomic
def take_over(*, contribution: Contribution, by: User) -> Contribution:
    """Write a draft that somebody else holds: they are told at their next saving.

    In order: who writes, since when; event "contribution.taken_over". Nothing when nobody else
    holds it. Raises NotAllowed.
    """
    contribution = Contribution.objects.locked(contribution)
    require(rules.may_edit, by, contribution)
    former = contribution.held_by_another(by)
    if former is None:
        return contribution
    contribution.editing_by = None
    contribution.hold(by)
    contribution.save(update_fields=["editing_by", "editing_since", "editing_at"])
    record("contribution.taken_over", by=by, on=contribution, former=former.person_key)
    return contribution


@transaction.atomic
def leave(*, contribution: Contribution, by: User) -> Contribution:
    """Let others write a draft before the half hour is over.

    Raises NotAllowed; Conflict when somebody else holds it.
    """
    contribution = Contribution.objects.locked(contribution)
    require(rules.may_edit, by, contribution)
    if contribution.held_by_another(by) is not None:
        raise Conflict(_("Une autre personne écrit ce brouillon."), code="draft_held")
    contribution.editing_by = contribution.editing_since = contribution.editing_at = None
    contribution.save(update_fields=["editing_by", "editing_since", "editing_at"])
    return contribution
