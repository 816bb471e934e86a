"""Name the cards of the catalogue that a challenge starts from."""

from collections.abc import Iterable, Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from catalogue.models import Resource
from catalogue.queries import chain, relations
from challenges.models import Challenge, ChallengeOrigin
from portal.lib.refusals import Invalid

KEY = "cards"
MOST = 10


def name(challenge: Challenge, texts: Sequence[str]) -> bool:
    """Tie a challenge to the cards that texts name (address, slug or title); say whether it moved.

    Inside the transaction of who rewrites the challenge: its document names their slugs, and is
    saved by the caller. What the document named already stays, with its tie, though its card is
    not public today. Raises Invalid for what names no public card that can lead to a challenge.
    """
    texts = list(dict.fromkeys(texts))
    if len(texts) > MOST:
        raise Invalid(_("Dix fiches au plus."), code="card_unknown")
    found, before = _found(texts), named(challenge)
    lost = [text for text in texts if text not in found and text not in before]
    if lost:
        message = _(
            "Aucune fiche publiée dont un challenge puisse partir (besoin, idée, données, modèle, "
            "programme, technologie ou algorithme) n’est trouvée pour : %(texts)s. Collez son "
            "adresse."
        )
        texts_lost = ", ".join(text[:64] for text in lost)
        raise Invalid(message % {"texts": texts_lost}, code="card_unknown")
    said = list(dict.fromkeys(found[text].slug if text in found else text for text in texts))
    known = dict(challenge.origins.values_list("resource__slug", "resource"))
    wanted = {card.pk for card in found.values()} | {
        pk for slug, pk in known.items() if slug in said
    }
    challenge.origins.exclude(resource__in=wanted).delete()
    _tie(challenge, wanted - set(known.values()))
    challenge.bundle = {key: kept for key, kept in challenge.bundle.items() if key != KEY}
    if said:
        challenge.bundle[KEY] = said
    return wanted != set(known.values()) or before != said


def read_again(challenge: Challenge) -> None:
    """Tie a challenge to the cards that its document names; `catch_up` ties those not public yet.

    In the transaction that holds the challenge.
    """
    found = {card.pk for card in _found(named(challenge)[:MOST]).values()}
    _tie(challenge, found - set(challenge.origins.values_list("resource", flat=True)))


def catch_up() -> None:
    """Tie the public challenges to the cards of their documents that went online since."""
    told = Challenge.objects.public().filter(**{f"bundle__{KEY}__isnull": False})
    for challenge in told.order_by("pk"):
        with transaction.atomic():
            read_again(Challenge.objects.locked(challenge))


def named(challenge: Challenge) -> list[str]:
    """List what the document of a challenge names."""
    said = challenge.bundle.get(KEY)
    return [str(each) for each in said] if isinstance(said, list) else []


def _found(texts: Sequence[str]) -> dict[str, Resource]:
    """Find the public cards that may lead to a challenge, by what names them."""
    found = relations.find(texts)
    keys = [card.pk for card in found.values() if card is not None]
    leads = Resource.objects.public().filter(pk__in=keys, kind__in=chain.BEFORE_CHALLENGES)
    able = set(leads.values_list("pk", flat=True))
    return {text: card for text, card in found.items() if card is not None and card.pk in able}


def _tie(challenge: Challenge, keys: Iterable[int]) -> None:
    ChallengeOrigin.objects.bulk_create(
        [ChallengeOrigin(challenge=challenge, resource_id=pk) for pk in sorted(keys)],
        ignore_conflicts=True,
    )
