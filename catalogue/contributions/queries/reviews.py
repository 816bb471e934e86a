"""The queue of the moderators, a person’s own contributions, and the tags suggested to them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django.db.models import Count, F, Min, QuerySet
from django.db.models.fields.json import KeyTextTransform

from catalogue.contributions.enums import ContributionStatus, DecisionOutcome
from catalogue.contributions.models import Contribution, Decision
from catalogue.resources import writing
from catalogue.resources.queries.relations import region_people
from catalogue.search.models import IndexedFacet
from portal.accounts.authorization import Permission
from portal.lib import clock

if TYPE_CHECKING:
    from portal.accounts.models import User


DELAY_WINDOW_DAYS = 90
# Below this number of decisions a 90th percentile says nothing.
FEWEST_FOR_PERCENTILE = 10


@dataclass(frozen=True)
class Waiting:
    """One contribution of the queue with its age in working days."""

    contribution: Contribution
    title: str
    age_days: int
    is_from_today: bool

    @property
    def language(self) -> str:
        """Guess the language of the title."""
        return writing.written_in(self.title)

    @property
    def is_late(self) -> bool:
        """Say whether the promise of five working days is broken."""
        return self.age_days > settings.REVIEW_WORKING_DAYS

    @property
    def tone(self) -> str:
        """Name the pigment of the age: garance late, ocre two days or less before, else nothing."""
        is_near = self.age_days >= settings.REVIEW_WORKING_DAYS - 2
        return "garance" if self.is_late else "ocre" if is_near else ""

    @property
    def was_answered(self) -> bool:
        """Say whether it came back after changes were asked for."""
        return self.contribution.submitted_at != self.contribution.first_submitted_at

    @property
    def holder(self) -> str:
        """Name in whose name it is proposed."""
        return str(self.contribution.organisation or self.contribution.author or "")

    @property
    def remarks(self) -> int:
        """Count the checks that ask to be looked at."""
        told = (check["verdict"] for check in self.contribution.checks)
        return sum(verdict in ("warning", "blocking") for verdict in told)

    @property
    def is_claimed(self) -> bool:
        """Say whether someone is reading it now."""
        at = self.contribution.claimed_at
        limit = timedelta(minutes=settings.CLAIM_MINUTES)
        return at is not None and clock.now() - at < limit


@dataclass(frozen=True)
class Delays:
    """How many wait, how many are late, and how long decisions took, in working days."""

    waiting: int
    answered: int
    late: int
    median_days: float | None
    ninth_decile_days: float | None


def titled(contributions: QuerySet[Contribution]) -> QuerySet[Contribution]:
    """Read the proposed title beside each row, without the rest of the revision."""
    return contributions.annotate(proposed_title=KeyTextTransform("title", "revision__content"))


MINE, NOBODY = "moi", "personne"


@dataclass(frozen=True)
class Sieve:
    """What a moderator looks for in the queue; empty keeps all."""

    kind: str = ""
    organisation: str = ""  # a slug
    check: str = ""  # a check that says something
    assignee: str = ""  # "moi" or "personne"
    lot: UUID | None = None  # the identifier of an import

    @property
    def is_open(self) -> bool:
        """Say whether nothing is looked for: what was imported together is then folded."""
        return not self.kept()

    def kept(self) -> dict[str, str]:
        """Give what is asked, for addresses."""
        names = {"kind": self.kind, "organisation": self.organisation}
        named = names | {"controle": self.check, "confiee": self.assignee, "lot": self.lot or ""}
        return {name: str(value) for name, value in named.items() if value}


def queue(
    sieve: Sieve | None = None, *, answered: bool | None = None, viewer: "User | None" = None
) -> QuerySet[Contribution]:
    """Select what waits for a moderator, oldest first.

    answered: True keeps what came back, False what did not. viewer: who is "moi".
    """
    rows = titled(Contribution.objects.queue()).select_related(
        "resource", "organisation", "author", "claimed_by", "assignee"
    )
    if answered is True:
        rows = rows.exclude(submitted_at=F("first_submitted_at"))
    if answered is False:
        rows = rows.filter(submitted_at=F("first_submitted_at"))
    sieve = sieve or Sieve()
    asked: dict[str, Any] = {
        "resource__kind": sieve.kind,
        "organisation__slug": sieve.organisation,
        "batch__public_id": sieve.lot,
    }
    rows = rows.filter(**{lookup: value for lookup, value in asked.items() if value})
    if sieve.assignee in (MINE, NOBODY):
        rows = rows.filter(assignee=viewer if sieve.assignee == MINE else None)
    if sieve.check:
        # No database asks a list of objects the same way: the queue is short enough to be read.
        pairs = Contribution.objects.queue().values_list("pk", "checks")
        rows = rows.filter(pk__in=[pk for pk, checks in pairs if _speaks(checks, sieve.check)])
    return rows


def _speaks(checks: list[dict[str, Any]], code: str) -> bool:
    return any(check.get("code") == code and check.get("remarks") for check in checks)


def moderators() -> QuerySet["User"]:
    """List who may be given a proposal."""
    return region_people(Permission.CONTRIBUTION_MODERATE)


def holders_waiting() -> list[tuple[str, str]]:
    """List the organisations of which something waits, by name."""
    rows = Contribution.objects.queue().exclude(organisation=None).order_by("organisation__name")
    return list(rows.values_list("organisation__slug", "organisation__name").distinct())


def lots() -> list[dict[str, Any]]:
    """List the imports of which something waits for a moderator, the oldest first."""
    today, promised = clock.paris_day(clock.now()), settings.REVIEW_WORKING_DAYS
    rows = (
        Contribution.objects.queue()
        .exclude(batch=None)
        .values("batch__public_id", "batch__name", "batch__organisation__name")
        .annotate(count=Count("pk"), first=Min("first_submitted_at"))
        .order_by("first", "batch")
    )
    ages = [_elapsed(row["first"], today) for row in rows]
    return [
        {**row, "age_days": age, "is_late": age > promised}
        for row, age in zip(rows, ages, strict=True)
    ]


def _elapsed(since: datetime, until: date) -> int:
    """Count the working days since a moment."""
    return clock.working_days_elapsed(clock.paris_day(since), until)


def waiting(contributions: Iterable[Contribution]) -> list[Waiting]:
    """Add its age to each submitted contribution."""
    today = clock.paris_day(clock.now())
    return [_aged(contribution, today) for contribution in contributions]


def _aged(contribution: Contribution, today: date) -> Waiting:
    first = contribution.first_submitted_at
    day = clock.paris_day(first) if first else today
    return Waiting(
        contribution,
        str(getattr(contribution, "proposed_title", "") or ""),
        clock.working_days_elapsed(day, today),
        day == today,
    )


def standing() -> tuple[int, int, int]:
    """Count the queue in one query: all that waits, what came back, what is late."""
    today = clock.paris_day(clock.now())
    pairs = Contribution.objects.queue().values_list("first_submitted_at", "submitted_at")
    rows = [(first, last) for first, last in pairs if first is not None]
    ages = (_elapsed(first, today) for first, _last in rows)
    late = sum(age > settings.REVIEW_WORKING_DAYS for age in ages)
    return len(rows), sum(first != last for first, last in rows), late


def delays() -> Delays:
    """Measure the queue and the decisions of the last ninety days.

    The percentile is None under ten decisions, the median None without any.
    """
    waits, answered, late = standing()
    since = clock.now() - timedelta(days=DELAY_WINDOW_DAYS)
    pairs = (
        Decision.objects.filter(decided_at__gte=since)
        .exclude(outcome=DecisionOutcome.CHANGES_REQUESTED)
        .values_list("contribution__first_submitted_at", "decided_at")
    )
    taken = [_elapsed(sent, clock.paris_day(decided)) for sent, decided in pairs if sent]
    many = len(taken) >= FEWEST_FOR_PERCENTILE
    return Delays(
        waiting=waits,
        answered=answered,
        late=late,
        median_days=median(taken) if taken else None,
        ninth_decile_days=quantiles(taken, n=10)[8] if many else None,
    )


def mine(user: "User") -> QuerySet[Contribution]:
    """List what a person, or an organisation they edit, has proposed; the latest first."""
    return (
        titled(Contribution.objects.written_by(user))
        .select_related("resource", "organisation")
        .order_by(F("edited_at").desc(nulls_last=True), "-pk")
    )


def has_proposed(user: "User") -> bool:
    """Say whether a person, or an organisation they edit, has proposed anything."""
    return Contribution.objects.written_by(user).exists()


def waiting_for_owner(user: "User") -> QuerySet[Contribution]:
    """List the changes proposed of a card this person answers for, the oldest first."""
    return titled(Contribution.objects.awaiting_owner(user)).select_related("resource")


def waiting_for_author(user: "User") -> QuerySet[Contribution]:
    """List what waits for this person: drafts and corrections asked for."""
    return mine(user).filter(
        status__in=(ContributionStatus.DRAFT, ContributionStatus.CHANGES_REQUESTED)
    )


def decisions() -> QuerySet[Decision]:
    """List every decision, the latest first."""
    found: Any = Decision.objects
    rows: QuerySet[Decision] = (
        found.select_related("contribution__resource", "contribution__organisation", "decided_by")
        .annotate(proposed_title=KeyTextTransform("title", "revision__content"))
        .order_by("-pk")
    )
    return rows


MOST = 5
# Tags looked at, the most used first.
MOST_READ = 2_000


def tags(record: Mapping[str, Any]) -> list[str]:
    """List the most used public tags whose words stand in the title or the summary.

    None that was chosen, nor that one card alone bears: a word of a long text is no topic.
    """
    said = " ".join(str(record.get(name) or "") for name in ("title", "summary"))
    text = f" {writing.fold(said)} "
    chosen = set(record.get("tags") or ())
    used = (
        IndexedFacet.objects.filter(facet="tag")
        .values_list("value")
        .annotate(count=Count("pk"))
        .filter(count__gt=1)
        .order_by("-count", "value")
    )
    near = (tag for tag, _count in used[:MOST_READ] if tag not in chosen and _stands(tag, text))
    return list(near)[:MOST]


def _stands(tag: str, text: str) -> bool:
    folded = writing.fold(tag)
    return bool(folded) and f" {folded} " in text
