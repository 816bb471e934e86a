"""Tell the cards that a challenge starts from, and the challenges in the chain of a card."""

from collections.abc import Collection, Sequence

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from catalogue.enums import ResourceKind
from catalogue.models import Resource
from catalogue.queries.chain import CHALLENGE, Node
from challenges.models import Challenge, ChallengeOrigin, EntryCard

# What a winning entry may become in the catalogue.
KINDS = (ResourceKind.SOLUTION, ResourceKind.ALGORITHM, ResourceKind.MODEL)
MOST_CHALLENGES = 6
TOLD = ("kind", "title", "summary", "slug")


def cards(challenge: Challenge) -> QuerySet[Resource]:
    """Give the public cards that a challenge starts from, in the order of their titles."""
    found = Resource.objects.public().filter(challenges__challenge=challenge)
    return found.only(*TOLD).order_by("title", "pk")


def of_chain(resource: Resource, keys: Collection[int]) -> tuple[list[Node], list[Node]]:
    """Tell the cards that led to a winner's card by its challenge; the challenges that came of
    cards, and the cards of those who won them.

    keys: of the card and of those that came of it. One query, one more for a card that may be a
    winner's, one more where there are challenges.
    """
    before = _before(resource) if resource.kind in KINDS else []
    rows = (
        ChallengeOrigin.objects.filter(resource__in=keys, challenge__in=Challenge.objects.public())
        .select_related("challenge", "resource")
        .order_by("-challenge__published_at", "-challenge__pk", "pk")
    )
    found: dict[int, ChallengeOrigin] = {}
    for row in rows[: MOST_CHALLENGES * 10]:
        found.setdefault(row.challenge_id, row)
    shown = list(found.values())[:MOST_CHALLENGES]
    after = [
        Node(
            CHALLENGE,
            row.challenge.title,
            reverse("challenges:presentation", args=(row.challenge.slug,)),
            _("part de cette fiche")
            if row.resource_id == resource.pk
            else _("par « %(title)s »") % {"title": row.resource.title},
            row.challenge.language,
        )
        for row in shown
    ]
    return before, after + (_winners(shown) if shown else [])


def _before(resource: Resource) -> list[Node]:
    of_entry = EntryCard.objects.filter(
        resource=resource, phase__challenge__in=Challenge.objects.public()
    )
    rows = Resource.objects.public().filter(
        challenges__challenge__in=of_entry.values("phase__challenge")
    )
    return [_card(card, _("point de départ du challenge")) for card in rows.only(*TOLD).distinct()]


def _winners(shown: Sequence[ChallengeOrigin]) -> list[Node]:
    rows = EntryCard.objects.filter(
        phase__challenge__in=[row.challenge_id for row in shown],
        resource__in=Resource.objects.public(),
    ).select_related("resource", "phase__challenge")
    return [
        _card(row.resource, _("par « %(title)s »") % {"title": row.phase.challenge.title})
        for row in rows
    ]


def _card(card: Resource, words: str) -> Node:
    return Node(card.kind, card.title, card.get_absolute_url(), words, card.written_in)
