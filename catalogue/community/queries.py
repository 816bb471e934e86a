"""What people do around cards, as pages read it: reuses, follows, collections, notices."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import unquote, urlencode, urlsplit

from django.conf import settings
from django.db.models import Count, IntegerField, Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, ExtractYear
from django.urls import Resolver404, ResolverMatch, resolve, reverse
from django.utils import translation
from django.utils.translation import gettext as _

from catalogue.community import rules
from catalogue.community.enums import (
    HIDING,
    MaskingEnd,
    Measure,
    ReportCategory,
    ReportOutcome,
    ReportStage,
    ReviewState,
)
from catalogue.community.models import (
    TARGETS,
    Collection,
    CollectionItem,
    Follow,
    Masking,
    Report,
    ReportDecision,
    Reuse,
    SavedSearch,
)
from catalogue.resources.enums import UseCase
from catalogue.resources.models import CardVersion, FormerSlug, Resource, editable_organisations
from catalogue.resources.queries import chain
from catalogue.resources.queries.relations import editors_of
from portal.accounts.models import Organisation, User
from portal.discussions.models import Discussion, Message, MessageState
from portal.discussions.queries import held, latest
from portal.lib.web.requests import identifier

ON_CARD = 3


@dataclass(frozen=True)
class Counts:
    """How many of each everybody reads about a card."""

    reuses: int
    discussions: int
    versions: int


def counts(resource: Resource) -> Counts:
    """Count in one query what everybody reads about a card."""
    told = {
        "n_reuses": _many(Reuse.resources.through, reuse__state=ReviewState.PUBLISHED),
        "n_discussions": _discussions(),
        "n_versions": _many(CardVersion),
    }
    row = Resource.objects.filter(pk=resource.pk).annotate(**told).values(*told)
    found = row.get()
    return Counts(**{name.removeprefix("n_"): number for name, number in found.items()})


def _many(model: Any, **kept: Any) -> Any:
    """Count the rows of a table about a card apart from the others: no product of tables."""
    rows = model.objects.filter(resource_id=OuterRef("pk"), **kept).order_by()
    counted = rows.values("resource_id").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def _discussions() -> Any:
    """Count the discussions of a card, which name it by its kind and public identifier."""
    own = Discussion.objects.filter(subject_kind="card", subject_id=OuterRef("public_id"))
    rows = own.filter(state=MessageState.SHOWN).order_by().values("subject_id")
    counted = rows.annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def reuses(resource: Resource, viewer: Any) -> QuerySet[Reuse]:
    """List the reuses of a card, the latest first; one's own whatever their state."""
    rows: QuerySet[Reuse] = Reuse.objects.visible_to(viewer).filter(resources=resource)
    return rows.select_related("organisation").order_by("-decided_at", "-at", "-pk")


MOST_REUSES = 6


def reuses_in_chain(cards: Mapping[int, Resource]) -> Iterator[chain.Node]:
    """Tell who reuses some cards, each with the page of the card reused; one query at most."""
    reused = [pk for pk, card in cards.items() if card.reuses]
    if not reused:
        return
    rows = Reuse.objects.public().filter(resources__in=reused).annotate(card=Min("resources"))
    for each in rows.only("title", "kind").order_by("-decided_at", "-pk")[:MOST_REUSES]:
        page = reverse("catalogue:reuses", args=(cards[each.card].slug,))
        yield chain.Node(chain.REUSE, each.title, page, str(each.get_kind_display()))


def waiting_reuses() -> QuerySet[Reuse]:
    """List the reuses that wait for the Region, the oldest first."""
    rows: QuerySet[Reuse] = Reuse.objects.waiting()
    return rows.select_related("by", "organisation").prefetch_related("resources__organisation")


def around() -> QuerySet[Any]:
    """List all that waits for the Region around cards: messages, then reuses."""
    brought = Reuse.objects.waiting().order_by().values_list("pk")
    messages = held(Resource).order_by().values_list("pk")
    return messages.union(brought, all=True)


def waiting_around() -> int:
    """Count all that waits for the Region around cards, in one query."""
    return around().count()


@dataclass(frozen=True)
class Followed:
    """One line of what a person follows. field, value: what a form sends to follow no more."""

    words: str
    title: str
    href: str
    field: str
    value: str
    icon: str
    tone: str = ""
    language: str = ""


def follows(user: User, **subject: Any) -> bool:
    """Say whether a person follows this."""
    return Follow.objects.filter(user=user, **subject).exists()


def follows_of(user: User) -> QuerySet[Follow]:
    """List what a person follows, the latest first; a card that went offline keeps no name."""
    rows = Follow.objects.filter(Q(resource__isnull=True) | Q(resource__live=True), user=user)
    return rows.select_related("resource", "organisation")


def card_followed(user: User, name: str) -> Resource | None:
    """Find a card that a person follows, online or not: by its identifier or slug."""
    if not name.isprintable():
        return None
    public_id = identifier(name)
    named: dict[str, Any] = {"public_id": public_id} if public_id else {"slug": name}
    own = Follow.objects.filter(user=user).order_by()
    return Resource.objects.filter(pk__in=own.values("resource_id"), **named).first()


def followers_of(resource: Resource) -> QuerySet[User]:
    """Select who follows a card itself."""
    return User.objects.filter(is_active=True, follows__resource=resource).order_by("pk")


def watchers_of(resource: Resource) -> QuerySet[User]:
    """Select who follows the organisation, a use case or a tag of a card."""
    about = Q(use_case__in=[*resource.use_cases, "-"]) | Q(tag__in=[*resource.tags, "-"])
    if resource.organisation_id is not None:
        about |= Q(organisation_id=resource.organisation_id)
    concerned = Follow.objects.filter(about).order_by().values("user_id")
    return User.objects.filter(is_active=True, pk__in=concerned).order_by("pk")


def followed_lines(rows: Iterable[Follow]) -> Iterator[Followed]:
    """Say what each row follows."""
    for row in rows:
        if row.resource is not None:
            yield _resource(row.resource)
        elif row.organisation is not None:
            yield _organisation(row.organisation)
        elif row.use_case:
            label = str(UseCase(row.use_case).label)
            yield _facet(_("Cas d’usage"), label, "use_case", row.use_case, "compass")
        else:
            yield _facet(_("Mot-clé"), row.tag, "tag", row.tag, "tag")


def _resource(resource: Resource) -> Followed:
    kind = resource.kind_enum
    return Followed(
        str(kind.label),
        resource.title,
        resource.get_absolute_url(),
        "resource",
        resource.slug,
        kind.icon,
        kind.tone,
        resource.written_in,
    )


def _organisation(organisation: Organisation) -> Followed:
    href = reverse("organisation", args=(organisation.slug,))
    return Followed(
        _("Organisation"),
        organisation.name,
        href,
        "organisation",
        organisation.slug,
        "building-2",
        "olivier",
    )


def _facet(words: str, title: str, name: str, value: str, icon: str) -> Followed:
    href = f"{reverse('catalogue:list')}?{urlencode({name: value})}"
    return Followed(words, title, href, name, value, icon)


def searches_of(user: User) -> QuerySet[SavedSearch]:
    """List a person's searches, with how many publications answered each."""
    rows = SavedSearch.objects.visible_to(user).annotate(
        found=Count("matches", filter=Q(matches__resource__live=True))
    )
    return rows.order_by("title", "pk")


def all_searches_of(user: User) -> QuerySet[SavedSearch]:
    """Select a person's searches, and those that their address asked for without an account."""
    return SavedSearch.objects.filter(Q(user=user) | Q(email=user.email.lower()))


ON_HOME = 3


def public_collections() -> QuerySet[Collection]:
    """List what everybody reads, the latest first, with how many cards each holds."""
    return _counted(Collection.objects.listed()).order_by("-published_at", "-pk")


def of_region() -> list[Collection]:
    """List the collections of the Region for the home page."""
    return list(public_collections().filter(organisation__is_region=True)[:ON_HOME])


def collections_of(organisation: Organisation) -> QuerySet[Collection]:
    """List the collections of an organisation that everybody reads."""
    return public_collections().filter(organisation=organisation)


def collections_with(resource: Resource) -> QuerySet[Collection]:
    """List the collections that everybody reads and that hold a card, the latest first."""
    rows: QuerySet[Collection] = Collection.objects.listed().filter(items__resource=resource)
    return rows.order_by("-published_at", "-pk")


def editable_collections(user: User) -> QuerySet[Collection]:
    """List the collections that a person may change."""
    rows = Collection.objects.filter(organisation__in=editable_organisations(user))
    return rows.order_by("title", "pk")


def collections_waiting(user: User) -> QuerySet[Collection]:
    """List those of a person's organisations that nobody else reads yet."""
    return _counted(editable_collections(user).filter(published_at=None))


def collection_items(collection: Collection) -> QuerySet[CollectionItem]:
    """List the cards of a collection that are online, in order."""
    return collection.items.filter(resource__live=True).select_related(
        "resource__organisation", "resource__indexed"
    )


def _counted(rows: QuerySet[Collection]) -> QuerySet[Collection]:
    live = Count("items", filter=Q(items__resource__live=True), distinct=True)
    return rows.select_related("organisation").annotate(held=live)


ADDRESS_CHARACTERS = 500
# How every page of a card is routed, in each language.
CARD_ROUTE = "ressources/<slug:slug>"


@dataclass(frozen=True)
class Place:
    """What an address of the portal points at: the columns of a report."""

    url: str
    title: str = ""
    resource: Resource | None = None
    message: Message | None = None
    reuse: Reuse | None = None
    collection: Collection | None = None

    @property
    def concerned(self) -> User | None:
        """Give who wrote it."""
        for text in (self.message, self.reuse):
            if text is not None:
                return text.by
        if self.collection is not None:
            return self.collection.made_by
        return self.resource.author if self.resource else None

    @property
    def organisation(self) -> Any:
        """Give the organisation in whose name it stands."""
        if self.message is not None:
            return None
        held: Any = self.reuse or self.collection or self.resource
        return held.organisation if held else None

    def columns(self) -> dict[str, Any]:
        """Give the columns of a report."""
        names = ("url", "title", *TARGETS)
        found = {name: getattr(self, name) for name in names}
        return found | {"concerned": self.concerned, "organisation": self.organisation}


def locate_report(address: str) -> Place | None:
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
    texts: dict[str, tuple[str, QuerySet[Any]]] = {
        "m": ("message", latest(resource)),
        "r": ("reuse", Reuse.objects.public().filter(resources=resource)),
    }
    name, rows = texts.get(mark, ("", Resource.objects.none()))
    found: Any = rows.filter(public_id=identifier(rest)).first()
    if found is None:
        return Place(url, resource.title, resource)
    title = found.discussion.title if name == "message" else str(found)
    return Place(url, title, resource, **{name: found})


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
        Message: "message",
        Reuse: "reuse",
        Collection: "collection",
    }
    name = names[type(target)]
    rows: QuerySet[Report] = Report.objects.filter(**{name: target})
    alone = {"message": None, "reuse": None} if name == "resource" else {}
    return rows.filter(**alone)


def unanswered_maskings() -> QuerySet[Masking]:
    """List the maskings that wait for a second person: to confirm, or to lift."""
    rows = Masking.objects.filter(ended_at=None).filter(
        Q(confirmed_at=None) | Q(lift_asked_at__isnull=False)
    )
    return rows.select_related("resource__organisation").order_by("pk")


def answers_masking(user: User, masking: Masking) -> bool:
    """Say whether this person may confirm or lift a masking that waits for it."""
    if masking.confirmed_at is None and rules.may_confirm_masking(user, masking):
        return True
    return masking.lift_asked_by_id is not None and rules.may_answer_lift(user, masking)


def moments_against(resource: Resource) -> list[datetime]:
    """List when the Region decided against a card itself; three queries at most.

    A masking that lapsed, or a notice finally dismissed, took nothing away.
    """
    dismissed, moments = set(), []
    reports = resource.reports.filter(message=None, reuse=None)
    for report in reports.exclude(decided_at=None).prefetch_related("decisions"):
        decisions = sorted(report.decisions.all(), key=lambda each: each.pk)
        against = [each.decided_at for each in decisions if each.measure != Measure.NONE]
        if decisions and decisions[-1].measure == Measure.NONE:
            dismissed.add(report.pk)
        else:
            moments += against
    for masking in resource.maskings.exclude(end=MaskingEnd.LAPSED):
        if masking.report_id not in dismissed:
            moments.append(masking.masked_at)
    return moments


def answerable(report: Report) -> QuerySet[User]:
    """Select who is told of a decision: the author of the content, its organisation's writers."""
    writers = editors_of(report.organisation_id).values("pk")
    who = Q(pk=report.concerned_id or 0) | Q(pk__in=writers)
    return User.objects.filter(who, is_active=True).order_by("pk")


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
