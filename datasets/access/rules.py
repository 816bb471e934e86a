"""Who may ask for data, advise, prepare, decide, sign, read; the two people are never one."""

from typing import TYPE_CHECKING, Any

from portal.accounts.authorization import Permission, belongs_to, has_permission
from portal.accounts.models import Organisation

if TYPE_CHECKING:
    from datasets.access.models import AccessRequest, Grant, NamedUser, Opinion

P = Permission


def may_ask(actor: Any, organisation: Organisation | None) -> bool:
    """Say whether the actor may write a request in the name of this organisation: a member."""
    return belongs_to(actor, organisation)


def may_write_request(actor: Any, request: "AccessRequest") -> bool:
    """Say whether the actor may write, send and take back this request: who asks."""
    return _is(actor, request.requester_id)


def answers_for(actor: Any, request: "AccessRequest") -> bool:
    """Say whether the actor is who asked; a member of their organisation once they have left."""
    left = not request.requester.is_active
    return may_write_request(actor, request) or (left and may_ask(actor, request.organisation))


def sees_whole(actor: Any, request: "AccessRequest") -> bool:
    """Say whether the actor is shown all of a request and of its grant: who asks, the Region."""
    return answers_for(actor, request) or has_permission(actor, P.ACCESS_READ)


def may_prepare(actor: Any, request: "AccessRequest") -> bool:
    """Say whether the actor may admit it and ask for changes: an officer without a tie to it."""
    return has_permission(actor, P.ACCESS_PREPARE) and is_apart(actor, request)


def may_decide(actor: Any, request: "AccessRequest") -> bool:
    """Say whether the actor may grant or refuse: an approver without a tie to the request.

    Who did not prepare it, gave no opinion on it, nor refused it before.
    """
    return (
        has_permission(actor, P.ACCESS_DECIDE)
        and is_apart(actor, request)
        and actor.person_key not in request.preparers
        and not _is(actor, request.first_approver_id)
        and not any(_is(actor, each.given_by_id) for each in request.opinions.all())
    )


def may_advise(actor: Any, opinion: "Opinion") -> bool:
    """Say whether the actor may give this opinion: for the producer, or as DPO; not who asks."""
    if not is_apart(actor, opinion.request):
        return False
    if opinion.organisation is None:
        return has_permission(actor, P.ACCESS_ADVISE)
    return has_permission(actor, P.DATASET_WRITE, organisation=opinion.organisation)


def may_sign(actor: Any, named: "NamedUser") -> bool:
    """Say whether the actor may sign for this named person: they alone, by a verified address."""
    return bool(
        getattr(actor, "is_active", False) and named.removed_at is None and _is_named(actor, named)
    )


def may_suspend(actor: Any, grant: "Grant", producers: list[Organisation]) -> bool:
    """Say whether the actor may suspend a grant: one of its producers, the DPO, an officer."""
    if any(has_permission(actor, P.DATASET_WRITE, organisation=each) for each in producers):
        return True
    return has_permission(actor, P.ACCESS_ADVISE) or has_permission(actor, P.ACCESS_PREPARE)


def may_end(actor: Any, grant: "Grant") -> bool:
    """Say whether the actor may resume or revoke a grant: an approver without a tie to it."""
    return has_permission(actor, P.ACCESS_DECIDE) and is_apart(actor, grant.request)


def is_requester(actor: Any, grant: "Grant") -> bool:
    """Say whether the actor answers for the project of a grant."""
    return answers_for(actor, grant.request)


def may_remove(actor: Any, grant: "Grant", named: "NamedUser") -> bool:
    """Say whether the actor may end a person's access: who asked, or that person."""
    return is_requester(actor, grant) or _is(actor, named.user_id)


def is_apart(actor: Any, request: "AccessRequest") -> bool:
    """Say whether the actor is neither who asks, nor of their organisation, nor named to read."""
    own = _is(actor, request.requester_id) or belongs_to(actor, request.organisation)
    return not own and not any(_is_named(actor, each) for each in request.named_users.all())


def _is_named(actor: Any, named: "NamedUser") -> bool:
    return bool(actor.email.casefold() == named.email.casefold())


def _is(actor: Any, pk: int | None) -> bool:
    return pk is not None and getattr(actor, "pk", None) == pk
