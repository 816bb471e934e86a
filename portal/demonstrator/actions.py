"""What is written of the demonstrator: opinions counted, rows of the Region traced."""

from typing import Any, Literal

from django.db import transaction
from django.db.models import F
from django.forms import ModelForm, model_to_dict

from portal.accounts.authorization import Permission, has_permission, require
from portal.accounts.models import User
from portal.audit.actors import Actor
from portal.audit.record import record
from portal.demonstrator.models import Prototype

Opinion = Literal["useful", "useless", "corrected"]


def may_edit(actor: Actor) -> bool:
    """Let the Region's staff of the back office say where a prototype stands."""
    return has_permission(actor, Permission.BACKOFFICE_USE)


def count(prototype: Prototype, opinion: Opinion) -> None:
    """Count an opinion; who gives it, and of what, is not known."""
    Prototype.objects.filter(pk=prototype.pk).update(
        **{f"{opinion}_count": F(f"{opinion}_count") + 1}
    )


@transaction.atomic
def save(form: "ModelForm[Any]", *, verb: str, by: User) -> Any:
    """Save a row of the Region with all that its form holds. verb: added or changed.

    Event "demonstrator.<row>_<verb>", with every field. Raises Forbidden.
    """
    require(may_edit, by)
    row = form.save()
    _record(row, verb, by)
    return row


@transaction.atomic
def remove(row: Any, *, by: User) -> None:
    """Remove a row of the Region. Event "demonstrator.<row>_removed". Raises Forbidden."""
    require(may_edit, by)
    _record(row, "removed", by)
    row.delete()


def _record(row: Any, verb: str, by: User) -> None:
    name = type(row).__name__.lower()
    record(f"demonstrator.{name}_{verb}", by=by, on=row, row=model_to_dict(row))
