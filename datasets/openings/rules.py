"""Who proposes an opening, writes it, examines it, approves it: never one for another."""

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from catalogue.resources.models import Resource
from datasets.releases.enums import AccessLevel
from datasets.releases.models import Dataset
from portal.accounts.authorization import Permission, belongs_to, has_permission
from portal.accounts.models import Organisation

if TYPE_CHECKING:
    from datasets.openings.models import Opening, OpeningWithdrawal

P = Permission
CONTRADICTED = _(
    "La fiche dit « Aucune donnée personnelle », et ces données en viennent : corrigez la fiche, "
    "par exemple en « Données anonymisées, d’origine personnelle »."
)


def may_propose(actor: Any) -> bool:
    """Say whether the actor may propose that a producer opens a dataset: anybody signed in."""
    return bool(getattr(actor, "is_authenticated", False)) and actor.is_active


def may_write(actor: Any, producer: Organisation) -> bool:
    """Say whether the actor may agree, deposit and publish for this producer."""
    return has_permission(actor, P.DATASET_WRITE, organisation=producer)


def may_take_back(actor: Any, opening: "Opening") -> bool:
    """Say whether the actor may take it back: its producer, or who proposed until they agreed."""
    is_theirs = _is(actor, opening.proposed_by_id) and opening.agreed_by_id is None
    return is_theirs or may_write(actor, opening.producer)


def may_read_report(actor: Any, opening: "Opening") -> bool:
    """Say whether the actor reads what the checks say: its producer and the Region, then all."""
    if opening.release_id is not None or has_permission(actor, P.ACCESS_READ):
        return True
    return may_write(actor, opening.producer)


def is_from_persons(*datasets: Dataset | None) -> bool:
    """Say whether the portal knows one of these datasets to come from personal data."""
    personal = AccessLevel.RESTRICTED_PERSONAL
    known = [each for each in datasets if each is not None]
    return any(each.of_personal_origin or each.level == personal for each in known)


def contradicts(card: Resource, of_personal_origin: bool) -> bool:
    """Say whether a card denies the personal origin of what would be opened on it."""
    return of_personal_origin and card.details.get("personal_data") == "none"


def may_examine(actor: Any, opening: "Opening") -> bool:
    """Say whether the actor may admit it and ask for changes: an officer without a tie to it."""
    return has_permission(actor, P.ACCESS_PREPARE) and _is_apart(actor, opening)


def may_judge(actor: Any, opening: "Opening") -> bool:
    """Say whether the actor decides on it: an approver or the DPO, without a tie to it."""
    return may_confirm(actor) and _is_apart(actor, opening)


def may_refuse(actor: Any, opening: "Opening") -> bool:
    """Say whether the actor may refuse it: who may judge it, and did not approve it."""
    approved = (opening.approver_id, opening.second_approver_id)
    return may_judge(actor, opening) and not any(_is(actor, pk) for pk in approved)


def place_of(actor: Any, opening: "Opening") -> str:
    """Name the column that the actor's approval would fill, "" for none.

    An approver, then another approver or the data protection officer; the officer alone is second
    where the data are of personal origin. Who examined it, or approved it already, is neither.
    """
    if not may_judge(actor, opening):
        return ""
    taken = (opening.officer_id, opening.approver_id, opening.second_approver_id)
    if any(_is(actor, pk) for pk in taken):
        return ""
    if opening.second_approver_id is None and has_permission(actor, P.ACCESS_ADVISE):
        return "second_approver"
    if not has_permission(actor, P.ACCESS_DECIDE):
        return ""
    if opening.approver_id is None:
        return "approver"
    if opening.second_approver_id is None and not opening.of_personal_origin:
        return "second_approver"
    return ""


def may_approve(actor: Any, opening: "Opening") -> bool:
    """Say whether the actor may be one of the two who approve."""
    return bool(place_of(actor, opening))


def may_ask_withdrawal(actor: Any, opening: "Opening") -> bool:
    """Say whether the actor may ask to take opened data back: any who decides on data."""
    return may_confirm(actor) or has_permission(actor, P.ACCESS_PREPARE)


def may_answer_withdrawal(actor: Any, withdrawal: "OpeningWithdrawal") -> bool:
    """Say whether the actor may be the second person of an emergency: an approver or the DPO."""
    return may_confirm(actor) and not _is(actor, withdrawal.proposed_by_id)


def may_lift_withdrawal(actor: Any, withdrawal: "OpeningWithdrawal") -> bool:
    """Say whether the actor may let the data be read again: the second person, or who asked."""
    is_own = _is(actor, withdrawal.proposed_by_id)
    able = may_ask_withdrawal(actor, withdrawal.opening)
    return may_answer_withdrawal(actor, withdrawal) or (is_own and able)


def may_confirm(actor: Any) -> bool:
    """Say whether the actor decides on data: an approver or the data protection officer."""
    return has_permission(actor, P.ACCESS_DECIDE) or has_permission(actor, P.ACCESS_ADVISE)


def _is_apart(actor: Any, opening: "Opening") -> bool:
    return not _is(actor, opening.proposed_by_id) and not belongs_to(actor, opening.producer)


def _is(actor: Any, pk: int | None) -> bool:
    return pk is not None and getattr(actor, "pk", None) == pk
