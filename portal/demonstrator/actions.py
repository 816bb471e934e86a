"""What is written of the demonstrator: opinions counted, rows of the Region traced."""

from typing import Any, Literal

from django.db import transaction
from django.db.models import F

from portal.accounts.authorization import Permission, has_permission, require
from portal.accounts.models import User
from portal.audit.actors import Actor
from portal.audit.record import record
from portal.demonstrator.models import FundingRule, Milestone, Prototype

Opinion = Literal["useful", "useless", "corrected"]
# What the ledger keeps of each row that the Region writes.
KEPT: dict[type, tuple[str, ...]] = {
    Milestone: ("prototype_id", "on", "state", "partner", "persons", "text", "evidence"),
    FundingRule: ("title", "source", "verified_on"),
    Prototype: ("use_case", "need_id"),
}


def may_edit(actor: Actor) -> bool:
    """Let the Region's staff of the back office say where a prototype stands."""
    return has_permission(actor, Permission.BACKOFFICE_USE)


def count(prototype: Prototype, opinion: Opinion) -> None:
    """Count an opinion; who gives it, and of what, is not known."""
    Prototype.objects.filter(pk=prototype.pk).update(
        **{f"{opinion}_count": F(f"{opinion}_count") + 1}
    )


@transaction.atomic
def note(row: Any, *, verb: str, by: User) -> None:
    """Save or remove a row of the Region. verb: added, changed or removed."""
    require(may_edit, by)
    if verb != "removed":
        row.save()
    facts = {name: str(getattr(row, name) or "") for name in KEPT[type(row)]}
    record(f"demonstrator.{type(row).__name__.lower()}_{verb}", by=by, on=row, row=facts)
    if verb == "removed":
        row.delete()
