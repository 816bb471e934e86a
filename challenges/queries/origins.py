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
MOST_CARDS = 10
TOLD = ("kind", "title", "summary", "slug")
CHAINED = (*TOLD, "live", "reuses")


def cards(challenge: Challenge) -> QuerySet[Resource]:
    """Give the public cards that a challenge starts from, in the order of their titles."""
    found = Resource.objects.public().filter(challenges__challenge=challenge)
    return found.only(*TOLD).order_by("title", "pk")


def led_to(resource: Resource) -> list[tuple[Resource, str]]:
    """Tell the cards that the challenges which a card won started from; one query."""
    won = EntryCard.objects.filter(
        resource=resource, phase__challenge__in=Challenge.objects.public()
    )
    rows = Resource.objects.public().filter(
        challenges__challenge__in=won.values("phase__challenge")
    )
    said = _("point de départ du challenge")
    return [(card, said) for card in rows.only(*CHAINED).distinct().order_by("title", "pk")]


def came_of(
    resource: Resource, keys: Collection[int]
) -> tuple[list[Node], list[tuple[Resource, str]]]:
    """Tell the challenges that started from cards, and the cards of those who won them.

    keys: of the card and of those that came of it. One query, one more where there are challenges.
    """
    rows = (
        ChallengeOrigin.objects.filter(resource__in=keys, challenge__in=Challenge.objects.public())
        .select_related("challenge", "resource")
        .order_by("-challenge__published_at", "-challenge__pk", "pk")
    )
    # A challenge may start from several of these cards: it is told for the one shown, if it may.
    found: dict[int, ChallengeOrigin] = {}
    for row in rows[: MOST_CHALLENGES * MOST_CARDS]:
        if row.challenge_id not in found or row.resource_id == resource.pk:
            found[row.challenge_id] = row
    shown = list(found.values())[:MOST_CHALLENGES]
    return [_node(row, resource) for row in shown], _winners(shown) if shown else []


def _node(row: ChallengeOrigin, resource: Resource) -> Node:
    own = row.resource_id == resource.pk
    said = _("part de cette fiche") if own else _("par « %(title)s »") % {"title": row.resource}
    address = reverse("challenges:presentation", args=(row.challenge.slug,))
    return Node(CHALLENGE, row.challenge.title, address, said, row.challenge.language)


def _winners(shown: Sequence[ChallengeOrigin]) -> list[tuple[Resource, str]]:
    rows = EntryCard.objects.filter(
        phase__challenge__in=[row.challenge_id for row in shown],
        resource__in=Resource.objects.public(),
    ).select_related("resource", "phase__challenge")
    return [
        (row.resource, _("par « %(title)s »") % {"title": row.phase.challenge.title})
        for row in rows[:MOST_CARDS]
    ]
