"""Find one row among those a person may see; tell the ledger, not the person, of the others."""

from typing import Any, TypeVar

from django.db.models import Model, QuerySet

from portal.lib.refusals import Hidden

M = TypeVar("M", bound=Model)


def find(rows: "QuerySet[M, M]", *, among: "QuerySet[M, M]", **named: Any) -> M:
    """Return the row of these names that is among `rows`.

    Raises Hidden where there is none. When the row is among the others, the refusal names it, so
    that the denial is written down; an unknown one costs the same query and gets the same answer.
    """
    visible_row = rows.filter(**named).order_by("pk").first()
    if visible_row is None:
        raise Hidden(denied=among.filter(**named).order_by("pk").first())
    return visible_row
