"""A card written by a program: the fields that the form takes, each cleaned as the form does."""

from dataclasses import replace

from catalogue.enums import UNLICENSED_KINDS, Deposit
from catalogue.forms.steps import Step, asked
from catalogue.validators import checks
from catalogue.validators.columns import COMMON_BY_NAME
from catalogue.validators.fields import Field


def taken(kind: str, *, deposit: str = Deposit.OWNED) -> list[Field]:
    """List every field that the form takes for a kind, in its order, the licences last.

    The holder, and the state of the licence that the licences decide, are not among them.
    """
    found = [own for step in Step for own in asked(step, kind, deposit=deposit)]
    if kind in UNLICENSED_KINDS:
        return found
    needed = checks.needs_licence({"kind": kind, "deposit": deposit})
    return [*found, replace(COMMON_BY_NAME["licences"], needed=needed)]
