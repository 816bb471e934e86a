"""Find what a notice is about, who wrote it, and what the figures of a year say."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import UUID

from django.conf import settings
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import ExtractYear
from django.urls import Resolver404, ResolverMatch, resolve
from django.utils import translation

from catalogue import rules
from catalogue.enums import (
    HIDING,
    Measure,
    MessageState,
    ReportCategory,
    ReportOutcome,
    ReportStage,
    ReviewState,
)
from catalogue.models import (
    Collection,
    DiscussionMessage,
    FieldFeedback,
    FormerSlug,
    Masking,
    Report,
    ReportDecision,
    Resource,
    Reuse,
)
from catalogue.models.report import TARGETS
from catalogue.queries.owners import WRITERS
from portal.accounts.models import User

ADDRESS_CHARACTERS = 500
# How every page of a card is routed, in each language.
CARD_ROUTE = "ressources/<slug:slug>"
TEXT_MARKS = {"m": "message", "r": "reuse", "f": "feedback"}


@dataclass(frozen=True)
class Place:
    """What an address of the portal points at: the columns of a report."""

    url: str
    title: str = ""
    resource: Resource | None = None
    message: DiscussionMessage | None = None
    reuse: Reuse | None = None
    feedback: FieldFeedback | None = None
    collection: Collection | None = None

    @property
    def concerned(self) -> User | None:
        """Give who wrote it."""
        for text in (self.message, self.reuse, self.feedback):
            if text is not None:
                return text.by
        if self.collection is not None:
            return self.collection.made_by
        return self.resource.author if self.resource else None

    @property
    def organisation(self) -> Any:
        """Give the organisation in whose name it stands."""
        if self.message is not None or self.feedback is not None:
            return None
        held: Any = self.reuse or self.collection or self.resource
        return held.organisation if held else None

    def columns(self) -> dict[str, Any]:
        """Give the columns of a report."""
        names = ("url", "title", *TARGETS)
        found = {name: getattr(self, name) for name in names}
        return found | {"concerned": self.concerned, "organisation": self.organisation}


def locate(address: str) -> Place | None:
    """Find what an address of this portal shows, whole or from its first slash; None elsewhere.

    In any language, and by a former address of a card too, as the pages themselves do. A card
    that is not public is not told from one that never was.
    """
    try:
        parts = urlsplit(address.strip())
    except ValueError:
        return None
    ours = urlsplit(settings.SITE_URL).netloc
    if (parts.netloc and parts.netloc != ours) or len(address) > ADDRESS_CHARACTERS:
        return None
    match = _match(unquote(parts.path))
    if match is None:
        return None
    url = parts.path + (f"#{parts.fragment}" if parts.fragment else "")
    if match.view_name == "catalogue:collection":
        rows = Collection.objects.public().select_related("organisation", "made_by")
        collection = rows.filter(slug=match.kwargs["slug"]).first()
        return Place(url, collection.title if collection else "", collection=collection)
    resource = _card(match)
    if resource is None:
        return Place(url)
    return _inside(url, parts.fragment, resource)


def _match(path: str) -> ResolverMatch | None:
    language = translation.get_language_from_path(path) or settings.LANGUAGE_CODE
    with translation.override(language):
        try:
            return resolve(path)
        except Resolver404:
            return None


def _card(match: ResolverMatch) -> Resource | None:
    if not match.view_name.startswith("catalogue:") or CARD_ROUTE not in match.route:
        return None
    slug = match.kwargs["slug"]
    rows = Resource.objects.public().select_related("organisation", "author")
    former = FormerSlug.objects.filter(slug=slug).values("resource")
    return rows.filter(slug=slug).first() or rows.filter(pk__in=former).first()


def _inside(url: str, fragment: str, resource: Resource) -> Place:
    mark, _dash, rest = fragment.partition("-")
    try:
        key = UUID(rest)
    except ValueError:
        return Place(url, resource.title, resource)
    found: Any
    match TEXT_MARKS.get(mark):
        case "message":
            rows = DiscussionMessage.objects.select_related("by", "discussion")
            shown = {"discussion__resource": resource, "state": MessageState.SHOWN}
            found = rows.filter(public_id=key, **shown).first()
            if found is not None:
                return Place(url, found.discussion.title, resource, message=found)
        case "reuse":
            reuses = Reuse.objects.select_related("by", "organisation")
            found = reuses.filter(
                public_id=key, resources=resource, state=ReviewState.PUBLISHED
            ).first()
            if found is not None:
                return Place(url, found.title, resource, reuse=found)
        case "feedback":
            told = FieldFeedback.objects.select_related("by")
            found = told.filter(
                public_id=key, resource=resource, state=ReviewState.PUBLISHED
            ).first()
            if found is not None:
                return Place(url, str(found), resource, feedback=found)
        case _:
            pass
    return Place(url, resource.title, resource)


def stands_hidden(target: Any, *, but: Report | None = None, but_by: User | None = None) -> bool:
    """Say whether a decision that stands hides a content.

    The last decision on a notice is the one that stands. but: a notice left out; but_by: a person
    whose decisions are left out.
    """
    rows = _about(target).exclude(pk=but.pk if but else 0)
    last = ReportDecision.objects.filter(report=OuterRef("pk")).order_by("-pk")
    standing = ReportDecision.objects.filter(
        pk__in=rows.annotate(stands=Subquery(last.values("pk")[:1])).values("stands"),
        measure=Measure.HIDE,
    )
    return standing.exclude(decided_by=but_by).exists() if but_by else standing.exists()


def was_hidden_by_decision(target: Any, words: str) -> bool:
    """Say whether a text is hidden for what a decision on it said, and not by hand."""
    rows = ReportDecision.objects.filter(report__in=_about(target), measure=Measure.HIDE)
    judge = target.hidden_by_id if isinstance(target, Collection) else target.decided_by_id
    said = rows.filter(decided_by=judge).values_list("ground_text", flat=True)
    return words in {each[:300] for each in said}


def has_fallen(report: Report) -> bool:
    """Say whether the decision that stands on a notice leaves its content online."""
    last = report.decisions.order_by("-pk").first()
    return last is not None and last.measure not in HIDING


def _about(target: Any) -> QuerySet[Report]:
    names = {
        Resource: "resource",
        DiscussionMessage: "message",
        Reuse: "reuse",
        Collection: "collection",
    }
    name = names.get(type(target), "feedback")
    rows: QuerySet[Report] = Report.objects.filter(**{name: target})
    alone = {"message": None, "reuse": None, "feedback": None} if name == "resource" else {}
    return rows.filter(**alone)


def maskings_for(user: User) -> list[Masking]:
    """List the maskings that wait for this person as second one: to confirm, or to lift."""
    rows = Masking.objects.filter(ended_at=None).filter(
        Q(confirmed_at=None) | Q(lift_asked_at__isnull=False)
    )
    return [
        each
        for each in rows.select_related("resource__organisation").order_by("pk")
        if (each.confirmed_at is None and rules.may_confirm_masking(user, each))
        or (each.lift_asked_by_id is not None and rules.may_answer_lift(user, each))
    ]


def answerable(report: Report) -> QuerySet[User]:
    """Select who is told of a decision: the author of the content, its organisation's writers."""
    who = Q(pk=report.concerned_id or 0)
    if report.organisation_id is not None:
        who |= Q(
            memberships__organisation_id=report.organisation_id,
            memberships__role__in=WRITERS,
            memberships__left_at__isnull=True,
        )
    return User.objects.filter(who, is_active=True).distinct().order_by("pk")


def statements(user: User) -> QuerySet[ReportDecision]:
    """List the decisions taken against what a person wrote, the latest first."""
    rows: QuerySet[ReportDecision] = ReportDecision.objects.filter(report__concerned=user)
    return rows.filter(outcome=ReportOutcome.UPHELD).order_by("-pk")


@dataclass(frozen=True)
class YearLine:
    """What was reported in a year under one class, and what came of it."""

    year: int
    label: str
    received: int
    upheld: int
    dismissed: int
    contested: int


def by_year() -> Iterator[YearLine]:
    """Count notices by year and class, the latest year first; two queries."""
    received = (
        Report.objects.annotate(year=ExtractYear("at"))
        .values("year", "category")
        .annotate(n=Count("pk"), contested=Count("contested_at"))
        .order_by("-year", "category")
    )
    decided = {
        (row["year"], row["report__category"], row["outcome"]): row["n"]
        for row in ReportDecision.objects.filter(stage=ReportStage.FIRST)
        .annotate(year=ExtractYear("report__at"))
        .values("year", "report__category", "outcome")
        .annotate(n=Count("pk"))
        .order_by()
    }
    for row in received:
        year, category = row["year"], row["category"]
        yield YearLine(
            year,
            str(ReportCategory(category).label),
            row["n"],
            decided.get((year, category, ReportOutcome.UPHELD), 0),
            decided.get((year, category, ReportOutcome.DISMISSED), 0),
            row["contested"],
        )
