"""Name the cards of the catalogue that a challenge starts from."""

import logging
import re
from collections.abc import Iterable, Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from catalogue.models import Resource
from catalogue.queries import chain, relations
from challenges.models import Challenge, ChallengeOrigin
from portal.lib.refusals import Invalid

log = logging.getLogger(__name__)
KEY = "cards"
MOST = 10
SLUG = re.compile("[a-z0-9_-]+")


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

    In the transaction that holds the challenge. A document names its cards by slugs: an address may
    be of another portal, and a title is of nobody in particular.
    """
    _tie(challenge, _untied(challenge))


def catch_up() -> None:
    """Tie the public challenges to the cards of their documents that went online since.

    Each in a transaction of its own; one that fails keeps no other waiting.
    """
    told = Challenge.objects.public().filter(**{f"bundle__{KEY}__isnull": False})
    for challenge in told.order_by("pk"):
        try:
            if _untied(challenge):
                with transaction.atomic():
                    read_again(Challenge.objects.locked(challenge))
        except Exception:  # the boundary of one challenge
            log.exception("challenge %s was not tied to its cards", challenge.pk)


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


def _untied(challenge: Challenge) -> set[int]:
    """List the public cards that the document names by their slugs and that are not tied yet."""
    slugs = {text for text in named(challenge)[:MOST] if SLUG.fullmatch(text)}
    keys = [card.pk for card in relations.by_slug(slugs).values()]
    leads = Resource.objects.public().filter(pk__in=keys, kind__in=chain.BEFORE_CHALLENGES)
    known = challenge.origins.values_list("resource", flat=True)
    return set(leads.values_list("pk", flat=True)) - set(known)


def _tie(challenge: Challenge, keys: Iterable[int]) -> None:
    ChallengeOrigin.objects.bulk_create(
        [ChallengeOrigin(challenge=challenge, resource_id=pk) for pk in sorted(keys)],
        ignore_conflicts=True,
    )
