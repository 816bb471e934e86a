"""Count the files of cards in the room of who holds the draft, or the card, that names them.

Room is asked for when bytes come in; a text that changes hands takes its files along.
"""

from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from catalogue.models import CardFile, Contribution, Resource
from catalogue.queries import stored_files
from portal.accounts.models import Organisation, User
from portal.lib.refusals import QuotaSpent

MEGABYTE = 1_000_000


def hold(
    organisation: Organisation | None, person: User | None, *, card: int | None = None
) -> None:
    """Hold the row of who keeps files until the end, so that two files do not share one room.

    card: the key of the card that the act writes too. Everywhere in one order, so that no two acts
    wait for each other: the contribution, then its card, then the room.
    """
    if card is not None:
        list(Resource.objects.select_for_update(of=("self",)).filter(pk=card).values_list("pk"))
    if organisation is not None:
        Organisation.objects.select_for_update(of=("self",)).get(pk=organisation.pk)
    elif person is not None:
        User.objects.select_for_update(of=("self",)).get(pk=person.pk)


def require(organisation: Organisation | None, person: User | None, size: int) -> None:
    """Raise QuotaSpent where so many bytes find no room; facts: limit_bytes, left_bytes."""
    limit = (
        settings.ORGANISATION_FILES_MAX_BYTES if organisation else settings.PERSON_FILES_MAX_BYTES
    )
    left = max(0, limit - stored_files.weight(organisation=organisation, person=person))
    if size > left:
        sentence = _(
            "Il reste %(left)d Mo sur %(limit)d pour vos fichiers, et celui-ci pèse %(size)d Mo. "
            "Retirez-en un, ou donnez l’adresse d’un fichier gardé ailleurs."
        )
        megabytes = {"left": left // MEGABYTE, "limit": limit // MEGABYTE}
        raise QuotaSpent(
            sentence % (megabytes | {"size": -(-size // MEGABYTE)}),
            code="files_room",
            next_opening=None,
            limit_bytes=limit,
            left_bytes=left,
        )


def follow_draft(*, contribution: Contribution) -> None:
    """Count the files of a draft of a new card with who it was handed to."""
    files = CardFile.objects.filter(resource=contribution.resource_id)
    _move(files, contribution.organisation, contribution.author)


def follow(*, resource: Resource) -> None:
    """Count the files that a card online names with who holds it, whoever brought them.

    A card that nobody holds leaves them where they are.
    """
    named = stored_files.named(resource.details)
    if named and (resource.organisation_id or resource.author_id):
        files = CardFile.objects.filter(resource=resource, public_id__in=named)
        _move(files, resource.organisation, resource.author)


def _move(
    files: QuerySet[CardFile], organisation: Organisation | None, person: User | None
) -> None:
    # A person's room is told by who brought the file: without an organisation, who holds the card.
    place: dict[str, Any] = {"organisation": organisation}
    if organisation is None:
        place["added_by"] = person
    files.exclude(**place).update(**place)
