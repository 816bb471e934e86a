"""Count the files of cards in the room of who holds the draft, or the card, that names them."""

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
    limit, left = _left(organisation, person)
    if size > left:
        sentence = _(
            "Il reste %(left)d Mo sur %(limit)d pour vos fichiers, et celui-ci pèse %(size)d Mo. "
            "Retirez-en un, ou donnez l’adresse d’un fichier gardé ailleurs."
        )
        raise _spent(sentence, limit, left, size)


def hand_over(*, contribution: Contribution) -> None:
    """Count the files of a draft of a new card with who it was handed to.

    Raises QuotaSpent where they find no room; facts: limit_bytes, left_bytes.
    """
    card = contribution.resource_id
    files = CardFile.objects.filter(resource=card)
    _receive(card, files, contribution.organisation, contribution.author)


def take_back(*, contribution: Contribution) -> None:
    """Count again the files of a text that no text named for a while, with who sends it.

    Raises QuotaSpent where they find no room; facts: limit_bytes, left_bytes.
    """
    named = stored_files.named(contribution.content.get("details") or {})
    card = contribution.resource_id
    unnamed = CardFile.objects.filter(resource=card, public_id__in=named).exclude(unnamed_at=None)
    own = [f.pk for f in unnamed.defer("preview") if stored_files.is_brought(f, contribution)]
    if not own:
        return
    room = (contribution.organisation, contribution.author)
    hold(*room, card=card)
    files = CardFile.objects.filter(pk__in=own)
    there = CardFile.objects.held_by(*room).values("sha256")
    new = set(files.exclude(sha256__in=there).values_list("sha256", "size"))
    require(*room, sum(size for _sha256, size in new))
    files.update(unnamed_at=None)


def transfer(*, resource: Resource, to: Organisation) -> None:
    """Count the files that a card online names with who receives it. Raises as `hand_over`."""
    _receive(resource.pk, _named_by(resource), to, None)


def follow(*, resource: Resource) -> None:
    """Count the files that a card online names with who holds it, whoever brought them.

    Nothing is refused: they are online. A card that nobody holds leaves them where they are.
    """
    if stored_files.named(resource.details) and (resource.organisation_id or resource.author_id):
        _move(_named_by(resource), resource.organisation, resource.author)


def _named_by(resource: Resource) -> QuerySet[CardFile]:
    named = stored_files.named(resource.details)
    return CardFile.objects.filter(resource=resource, public_id__in=named)


def _receive(
    card: int, files: QuerySet[CardFile], organisation: Organisation | None, person: User | None
) -> None:
    """Move files where there is room for those that are not there already."""
    if not files.exists():
        return
    hold(organisation, person, card=card)
    there = CardFile.objects.held_by(organisation, person).values("sha256")
    new = files.filter(unnamed_at=None).exclude(sha256__in=there)
    size = sum(size for _sha256, size in set(new.values_list("sha256", "size")))
    limit, left = _left(organisation, person)
    if size > left:
        sentence = _(
            "Il reste %(left)d Mo sur %(limit)d pour les fichiers de qui reçoit cette fiche, et "
            "ceux de la fiche pèsent %(size)d Mo : retirez-en d’abord."
        )
        raise _spent(sentence, limit, left, size)
    _move(files, organisation, person)


def _move(
    files: QuerySet[CardFile], organisation: Organisation | None, person: User | None
) -> None:
    # A person's room is told by who brought the file: without an organisation, who holds the card.
    place: dict[str, Any] = {"organisation": organisation}
    if organisation is None:
        place["added_by"] = person
    files.exclude(**place).update(**place)


def _left(organisation: Organisation | None, person: User | None) -> tuple[int, int]:
    limit = (
        settings.ORGANISATION_FILES_MAX_BYTES if organisation else settings.PERSON_FILES_MAX_BYTES
    )
    return limit, max(0, limit - stored_files.weight(organisation=organisation, person=person))


def _spent(sentence: str, limit: int, left: int, size: int) -> QuotaSpent:
    told = {"left": left // MEGABYTE, "limit": limit // MEGABYTE, "size": -(-size // MEGABYTE)}
    return QuotaSpent(
        sentence % told,
        code="files_room",
        next_opening=None,
        limit_bytes=limit,
        left_bytes=left,
    )
