"""Read what pages gather of every subject: lists, cards before and after a challenge, journal."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Prefetch
from django.urls import reverse
from django.utils.translation import gettext as _

from catalogue.resources.models import Resource
from catalogue.resources.queries.chain import CHALLENGE, Node
from challenges.entries.enums import EntryStatus
from challenges.entries.models import Entry
from challenges.organising.enums import PhaseMoment
from challenges.organising.models.challenges import (
    Challenge,
    ChallengeOrganiser,
    ChallengeQuerySet,
    Phase,
    Viewer,
)
from challenges.organising.queries import CARD_FIELDS, current_phase, moment_of
from challenges.rescoring.models import Rescoring
from challenges.results.models.boards import Reveal
from challenges.results.models.certificates import Certificate
from challenges.teams.models import Team
from challenges.teams.queries import count_of
from datasets.holdouts.models import HoldoutVersion
from portal.accounts.models import User
from portal.audit.reading import Told, events
from portal.audit.record import reference
from portal.lib import clock


@dataclass(frozen=True)
class Listed:
    """A challenge as a list shows it."""

    challenge: Challenge
    phase: Phase | None
    moment: PhaseMoment
    teams: int
    entries: int


def counted_challenges(user: Viewer) -> ChallengeQuerySet:
    """Keep the challenges a person may read, each with its phases and its counts."""
    return (
        Challenge.objects.visible_to(user)
        .select_related("organiser")
        .prefetch_related(
            Prefetch("phases", Phase.objects.select_related("reveal").order_by("index"))
        )
        .annotate(
            scored_teams=count_of(Team.objects.scored()),
            scored_entries=count_of(
                Entry.objects.of_teams().filter(status=EntryStatus.SCORED),
                by="enrolment__team__challenge",
            ),
        )
    )


def listed_challenges(user: Viewer) -> list[Listed]:
    """List the challenges a person may read, the open first, then coming, then closed."""
    now = clock.now()
    listed = []
    for challenge in counted_challenges(user).order_by("-published_at", "-created_at", "pk"):
        phase = current_phase(list(challenge.phases.all()), now)
        counts = (challenge.scored_teams, challenge.scored_entries)  # type: ignore[attr-defined]  # annotated
        listed.append(Listed(challenge, phase, moment_of(challenge, phase, now), *counts))
    order = [PhaseMoment.OPEN, PhaseMoment.COMING, PhaseMoment.UNDATED, PhaseMoment.CLOSED]
    return sorted(listed, key=lambda each: order.index(each.moment))


MOST_CHALLENGES = 6


MOST_CARDS = 10


CHAINED = (*CARD_FIELDS, "live", "reuses")
Tie: Any = Challenge.origins.through  # a challenge and a card that it starts from


def led_to(resource: Resource) -> list[tuple[Resource, str]]:
    """Tell the cards that the challenges which a card won started from; one query."""
    won = Challenge.objects.public().filter(phases__enrolments__entries__card=resource)
    rows = Resource.objects.public().filter(challenges__in=won)
    said = _("point de départ du challenge")
    return [(card, said) for card in rows.only(*CHAINED).distinct().order_by("title", "pk")]


def came_of(
    resource: Resource, keys: Collection[int]
) -> tuple[list[Node], list[tuple[Resource, str]]]:
    """Tell the challenges that started from cards, and the cards of those who won them.

    keys: of the card and of those that came of it. One query, one more where there are challenges.
    """
    rows = (
        Tie.objects.filter(resource__in=keys, challenge__in=Challenge.objects.public())
        .select_related("challenge", "resource")
        .order_by("-challenge__published_at", "-challenge__pk", "pk")
    )
    # A challenge may start from several of these cards: it is told for the one shown, if it may.
    found: dict[int, Any] = {}
    for row in rows[: MOST_CHALLENGES * MOST_CARDS]:
        if row.challenge_id not in found or row.resource_id == resource.pk:
            found[row.challenge_id] = row
    shown = list(found.values())[:MOST_CHALLENGES]
    return [_node(row, resource) for row in shown], _winners(shown) if shown else []


def _node(row: Any, resource: Resource) -> Node:
    own = row.resource_id == resource.pk
    said = _("part de cette fiche") if own else _("par « %(title)s »") % {"title": row.resource}
    address = reverse("challenges:presentation", args=(row.challenge.slug,))
    return Node(CHALLENGE, row.challenge.title, address, said, row.challenge.language)


def _winners(shown: Sequence[Any]) -> list[tuple[Resource, str]]:
    cards = Resource.objects.public().filter(
        winning_entry__enrolment__phase__challenge__in=[row.challenge_id for row in shown]
    )
    titled = cards.annotate(challenge_title=F("winning_entry__enrolment__phase__challenge__title"))
    return [
        (card, _("par « %(title)s »") % {"title": card.challenge_title})
        for card in titled.order_by("winning_entry__received_at", "pk")[:MOST_CARDS]
    ]


JOURNAL_FAMILIES = (
    "challenge",
    "phase",
    "organiser",
    "guests",
    "notice",
    "holdout",
    "registration",
    "baseline",
    "reveal",
    "scorer",
    "rescoring",
    "discussion",
    "disqualification",
    "certificate",
)


# What a participant does is theirs.
JOURNAL_APART = frozenset({"challenge.joined", "disqualification.answered"})


def journal_acts(challenge: Challenge) -> Sequence[Told]:
    """List the acts on a challenge, the newest first; nothing of what teams do."""
    return events(_references(challenge), families=JOURNAL_FAMILIES, apart=JOURNAL_APART)


def _references(challenge: Challenge) -> list[str]:
    found = [reference(challenge), *map(reference, challenge.phases.all())]
    found += map(reference, Reveal.objects.filter(phase__challenge=challenge))
    found += map(reference, Rescoring.objects.filter(phase__challenge=challenge))
    found += map(reference, challenge.disqualifications.all())
    found += map(reference, Certificate.objects.filter(phase__challenge=challenge).order_by("pk"))
    baselines = Entry.objects.references().filter(enrolment__phase__challenge=challenge)
    found += map(reference, baselines.order_by("pk").only("pk"))
    sealed = HoldoutVersion.objects.filter(
        holdout__owner=challenge.organiser_id, holdout__name=challenge.slug
    ) | HoldoutVersion.objects.filter(
        holdout__owner=challenge.organiser_id, holdout__name__startswith=f"{challenge.slug}/"
    )
    return [*found, *map(reference, sealed)]


def journal_names(challenge: Challenge, told: Sequence[Told]) -> Mapping[str, str]:
    """Name the actors who run the challenge or act for the Region; nobody else is named."""
    keys = {each.actor for each in told}
    own = ChallengeOrganiser.objects.filter(challenge=challenge).values("user_id")
    people = User.objects.filter(person_key__in=keys).prefetch_related("region_appointments")
    running = set(User.objects.filter(pk__in=own).values_list("pk", flat=True))
    return {
        each.person_key: str(each)
        for each in people
        if each.pk in running or any(one.ended_at is None for one in each.region_appointments.all())
    }
