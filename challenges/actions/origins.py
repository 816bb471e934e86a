"""Name the cards of the catalogue that a challenge starts from."""

from collections.abc import Sequence

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
    saved by the caller. Raises Invalid for what names no public card that can lead to a challenge.
    """
    if len(texts) > MOST:
        raise Invalid(_("Dix fiches au plus."), code="card_unknown")
    found = relations.find(texts)
    kinds = dict(
        Resource.objects.public()
        .filter(pk__in=[card.pk for card in found.values() if card])
        .values_list("pk", "kind")
    )
    lost = [
        text
        for text, card in found.items()
        if card is None or kinds.get(card.pk) not in chain.BEFORE_CHALLENGES
    ]
    if lost:
        message = _(
            "Aucune fiche publiée d’un besoin, d’une idée, d’un jeu de données ou d’un modèle "
            "n’est trouvée pour : %(texts)s. Collez son adresse."
        )
        texts_lost = ", ".join(text[:64] for text in lost)
        raise Invalid(message % {"texts": texts_lost}, code="card_unknown")
    return _tie(challenge, [card for card in found.values() if card is not None])


def read_again(challenge: Challenge) -> None:
    """Tie a challenge to the cards that its document names; those that are not public wait."""
    found = relations.find(named(challenge)[:MOST])
    cards = [card for card in found.values() if card is not None]
    known = set(challenge.origins.values_list("resource_id", flat=True))
    ChallengeOrigin.objects.bulk_create(
        [
            ChallengeOrigin(challenge=challenge, resource=card)
            for card in {card.pk: card for card in cards}.values()
            if card.pk not in known
        ]
    )


def named(challenge: Challenge) -> list[str]:
    """List what the document of a challenge names."""
    said = challenge.bundle.get(KEY)
    return [str(each) for each in said] if isinstance(said, list) else []


def _tie(challenge: Challenge, cards: Sequence[Resource]) -> bool:
    wanted = {card.pk: card.slug for card in cards}
    known = set(challenge.origins.values_list("resource_id", flat=True))
    challenge.origins.exclude(resource__in=wanted).delete()
    ChallengeOrigin.objects.bulk_create(
        [ChallengeOrigin(challenge=challenge, resource_id=pk) for pk in wanted if pk not in known]
    )
    moved = known != set(wanted) or named(challenge) != list(wanted.values())
    challenge.bundle = {key: kept for key, kept in challenge.bundle.items() if key != KEY}
    if wanted:
        challenge.bundle[KEY] = list(wanted.values())
    return moved
