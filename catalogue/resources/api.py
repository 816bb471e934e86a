"""Find what a request names, and read its body by the form of the page."""

from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext as _
from ninja import Router

from catalogue.resources.models import Resource, Tombstone
from catalogue.resources.queries import published, relations
from portal.accounts.bearer import anyone
from portal.lib.refusals import Gone, Hidden, Invalid
from portal.lib.web.endpoints import lazy
from portal.lib.web.requests import identifier


def accepted(form: forms.Form) -> dict[str, Any]:
    """Return the values that the form of the page takes; raises Invalid with each fault."""
    if form.is_valid():
        return dict(form.cleaned_data)
    raise Invalid(
        faults=[
            {"field": name, "code": each["code"] or "invalid_value", "message": each["message"]}
            for name, errors in form.errors.get_json_data().items()
            for each in errors
        ]
    )


# Of cards: an address is read and written by one router.
cards = Router(tags=[lazy("Catalogue")], auth=anyone)


def card_named(name: str) -> Resource:
    """Return a public card by its identifier, its slug or a former one.

    Raises Gone for one that was removed, Hidden for one that is not online or never was.
    """
    rows, public_id = published.public().select_related("indexed"), identifier(name)
    found = rows.filter(public_id=public_id).first() if public_id else None
    if found is None and (named := relations.cards_by_slug({name}).get(name)):
        found = rows.get(pk=named.pk)
    if found is None:
        raise _absence(name, public_id)
    return found


def _absence(name: str, public_id: UUID | None) -> Gone | Hidden:
    stone = Tombstone.objects.filter(public_id=public_id).first() if public_id else None
    stone = stone or relations.tombstone_of(name)
    if stone is None:
        return Hidden()
    return Gone(
        _("Cette ressource a été retirée du catalogue."),
        code="resource_removed",
        deleted_at=stone.removed_at,
        reason=stone.reason,
        title=stone.title,
    )
