"""Reads of requests and grants: the opinions in force, what stands in the way, what may be read."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import Exists, F, Model, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from catalogue.resources.queries.relations import region_people
from datasets.access import rules
from datasets.access.enums import WAITING, WRITABLE, Country, Purpose, RequestStatus, Verdict
from datasets.access.models import (
    AccessRequest,
    Extract,
    Grant,
    GrantedDataset,
    GrantQuerySet,
    NamedUser,
    Opinion,
    RequestedDataset,
    RequestVersion,
    asked_by,
    content_of,
    produced_by,
)
from datasets.releases.enums import AccessLevel, FileRole
from datasets.releases.models import DataFile, Dataset, Download
from datasets.releases.queries import last_release
from portal.accounts.authorization import Permission, has_permission
from portal.accounts.models import Organisation, User
from portal.audit import reading
from portal.audit.record import reference
from portal.lib import clock

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

# First words of the acts on a request, what it becomes, and an opening.
FAMILIES = ("access_request", "grant", "opening", "opinion")


def opinions_of(request: AccessRequest) -> list[Opinion]:
    """List the opinions in force: the last asked of each producer and of the officer."""
    rows = request.opinions.select_related("dataset__resource", "organisation", "given_by")
    return _in_force(request, rows)


def count_opinions(request: AccessRequest) -> tuple[int, int]:
    """Count the opinions in force that are given, and all; no query once both are prefetched."""
    there = _in_force(request, request.opinions.all())
    return sum(bool(each.verdict) for each in there), len(there)


def _in_force(request: AccessRequest, opinions: Iterable[Opinion]) -> list[Opinion]:
    last: dict[int | None, Opinion] = {}
    for each in sorted(opinions, key=lambda opinion: (opinion.version, opinion.pk)):
        last[each.dataset_id] = each
    asked = {row.dataset_id for row in request.datasets.all()} | {None}
    return [each for key, each in last.items() if key in asked]


def kept_back(opinions: Iterable[Opinion]) -> set[int]:
    """Name the datasets that a producer does not lend, by key."""
    return {
        each.dataset_id
        for each in opinions
        if each.dataset_id is not None and each.verdict == Verdict.UNFAVOURABLE
    }


@dataclass(frozen=True)
class Terms:
    """What a grant may be today: its datasets, its longest duration and who says so.

    awaited: how many opinions nobody gave yet. unasked: one of them was asked of nobody, a dataset
    has come to be of personal origin since. dpo_refuses: the officer's opinion is unfavourable.
    limits: (who, months) of each bound; the shortest wins.
    """

    datasets: tuple[RequestedDataset, ...]
    awaited: int
    unasked: bool
    dpo_refuses: bool
    limits: tuple[tuple[str, int], ...]

    @property
    def months(self) -> int:
        """Give the longest duration that everybody accepts."""
        return min(months for _who, months in self.limits)


def terms_of(request: AccessRequest) -> Terms:
    """Gather what a decision on this request could be; three queries."""
    opinions = opinions_of(request)
    opposed, rows = kept_back(opinions), asked_for(request)
    needed = opinions_needed(rows).keys()
    datasets = tuple(row for row in rows if row.dataset_id not in opposed)
    limits = [("", request.months), ("region", settings.ACCESS_MOST_MONTHS)]
    limits += [
        (str(each.organisation), each.months)
        for each in opinions
        if each.months is not None and each.dataset_id not in opposed
    ]
    return Terms(
        datasets=datasets,
        awaited=len(needed - {each.dataset_id for each in opinions if each.verdict}),
        unasked=bool(needed - {each.dataset_id for each in opinions}),
        dpo_refuses=any(each.is_dpo and each.verdict == Verdict.UNFAVOURABLE for each in opinions),
        limits=tuple(limits),
    )


def asked_for(request: AccessRequest) -> list[RequestedDataset]:
    """List the datasets that a request asks for, with who produces them."""
    return list(request.datasets.select_related("dataset__resource__organisation"))


def opinions_needed(asked: Iterable[RequestedDataset]) -> dict[int | None, int | None]:
    """Name whose opinion a decision takes: {dataset: its producer}, {None: None} for the officer.

    As the datasets are at this instant: one may have come to be of personal origin.
    """
    needed: dict[int | None, int | None] = {}
    for row in asked:
        needed[row.dataset_id] = row.dataset.resource.organisation_id
        if row.dataset.level == AccessLevel.RESTRICTED_PERSONAL:
            needed[None] = None
    return needed


def examiners(request: AccessRequest) -> "QuerySet[User]":
    """List who prepared a request, or gave an opinion that is in force."""
    given = [each.given_by_id for each in opinions_of(request)]
    return User.objects.filter(Q(person_key__in=request.preparers) | Q(pk__in=given))


def deciders(request: AccessRequest, among: Iterable[User] | None = None) -> list[User]:
    """List who may decide a request: nobody, where each approver is tied to it or refused it.

    among: the approvers, once read for several requests.
    """
    approvers = region_people(Permission.ACCESS_DECIDE) if among is None else among
    return [each for each in approvers if rules.may_decide(each, request)]


def last_act(*about: Model) -> str:
    """Say who did the last act on these rows and when, to who comes too late; "" for the portal."""
    ends = reading.events([reference(row) for row in about], families=FAMILIES, most=1)
    who = User.objects.filter(person_key__in=[each.actor for each in ends]).first()
    if who is None:
        return ""
    said = _(" Dernier acte : %(who)s, le %(when)s.")
    return said % {"who": who, "when": clock.paris_words(ends[0].at)}


def signed_first(grant: Grant) -> User | None:
    """Find who signed for the organisation, which began the grant; None for who left since."""
    acts = reversed(reading.events([reference(grant)], families=FAMILIES))
    first = next((each for each in acts if each.action == "grant.signed"), None)
    return User.objects.filter(person_key=first.actor).first() if first else None


def acts_on(request: AccessRequest) -> str:
    """Say, as `last_act`, who did the last act on a request, an opinion on it or its grant."""
    grants = Grant.objects.filter(request=request)
    return last_act(request, *request.opinions.all(), *grants)


def producers_of(grant: Grant) -> list[Organisation]:
    """List who lends what this grant covers."""
    return list(Organisation.objects.filter(resources__dataset__granted__grant=grant).distinct())


def signatory(grant: Grant, user: User) -> NamedUser | None:
    """Give the signature by which a person reads under a grant, None without one."""
    return grant.request.named_users.filter(
        user=user, signed_at__isnull=False, removed_at=None
    ).first()


def named_in(user: User) -> list[NamedUser]:
    """List the projects that name this person and give, or may give, access; the newest first."""
    rows = NamedUser.objects.filter(
        email__iexact=user.email, removed_at=None, request__grant__isnull=False
    ).select_related("request__grant", "request__organisation", "request__requester")
    return list(rows.order_by("-request__grant__approved_at"))


def readable_extracts(user: "User | AnonymousUser", **where: Any) -> "list[Extract]":
    """List what a person may read at this instant, under any grant; where: of one alone."""
    return list(
        Extract.objects.readable_by(user, clock.now())
        .filter(**where)
        .select_related("granted__grant__request", "data_file", "granted__dataset__resource")
        .order_by("-built_at", "pk")
    )


def live_grants(user: "User | AnonymousUser", dataset: Dataset) -> "list[Grant]":
    """List the grants of a dataset that a person asked for or is named in, and that go on."""
    if not user.is_authenticated:
        return []
    named = NamedUser.objects.filter(email__iexact=user.email, removed_at=None)
    own = Q(request__requester=user) | Q(request__in=named.values("request"))
    rows = Grant.objects.filter(own, datasets__dataset=dataset)
    return list(rows.exclude(pk__in=Grant.objects.over(clock.now()).values("pk")))


def is_concerned(user: User) -> bool:
    """Say whether a person has a use for requests: the Region's, a member of who asks or lends.

    No query: each page of the space asks it. Who is named alone comes by a letter.
    """
    return has_permission(user, Permission.ACCESS_READ) or bool(user.roles_by_organisation)


def asks_or_lends(user: User) -> bool:
    """Say whether a person belongs to an organisation, which may ask for data or lend some."""
    return bool(user.roles_by_organisation)


def has_use(user: User) -> bool:
    """Say whether a person may ask for data or lend some, or is named by who was granted some."""
    named = NamedUser.objects.filter(email__iexact=user.email, request__grant__isnull=False)
    return asks_or_lends(user) or named.exists()


def answered_by(user: User) -> "QuerySet[AccessRequest]":
    """List the requests that wait for who answers for them, and those that were granted.

    With the grants, and what is to be given back; the latest typed first.
    """
    written = Q(requester=user, status__in=WRITABLE)
    rows = AccessRequest.objects.filter(written | Q(grant__isnull=False) & asked_by(user))
    return rows.select_related("organisation", "grant").prefetch_related("returns")


def to_sign(user: User) -> "QuerySet[NamedUser]":
    """List where a person is named, and has not signed a grant that began and gives access."""
    rows = NamedUser.objects.filter(
        email__iexact=user.email,
        removed_at=None,
        signed_at=None,
        request__grant__in=Grant.objects.active(clock.now()),
    )
    return rows.select_related("request__grant", "request__organisation")


def opinions_awaited(user: User) -> "QuerySet[Opinion]":
    """List the opinions that a person may owe, for a producer or as DPO; the oldest first."""
    wanted = Q(organisation__in=produced_by(user))
    if has_permission(user, Permission.ACCESS_ADVISE):
        wanted |= Q(dataset=None)
    rows = _unanswered().filter(wanted, request__status=RequestStatus.IN_REVIEW)
    rows = rows.select_related("request__organisation", "organisation", "dataset__resource")
    rows = rows.order_by("asked_at", "pk")
    return rows.prefetch_related("request__named_users")


def _unanswered() -> "QuerySet[Opinion]":
    return Opinion.objects.filter(
        Q(dataset=None) | Q(dataset__in=F("request__datasets__dataset")), verdict=""
    ).distinct()


def to_prepare(user: User) -> "QuerySet[AccessRequest]":
    """List the requests whose admission is awaited, and those back from changes, to their officer.

    The oldest first.
    """
    back = Q(status=RequestStatus.IN_REVIEW, officer=user, version__gt=1, review_asked_at=None)
    rows = AccessRequest.objects.waiting().filter(back | Q(status=RequestStatus.SUBMITTED))
    return rows.select_related("organisation").prefetch_related("named_users")


def to_decide() -> "QuerySet[AccessRequest]":
    """List the requests whose decision alone is awaited, the oldest first."""
    rows = AccessRequest.objects.waiting().filter(status=RequestStatus.IN_REVIEW)
    rows = rows.exclude(pk__in=_unanswered().values("request")).order_by("admitted_at", "pk")
    return rows.select_related("organisation").prefetch_related("named_users", "opinions")


def suspended() -> "QuerySet[Grant]":
    """List the grants that an approver resumes or revokes."""
    rows = Grant.objects.filter(suspended_at__isnull=False).exclude(
        pk__in=Grant.objects.over(clock.now()).values("pk")
    )
    rows = rows.order_by("suspended_at", "pk").select_related("request__organisation")
    return rows.prefetch_related("request__named_users")


def lending(user: User) -> "GrantQuerySet":
    """List the grants that read data of this person's organisations."""
    mine = GrantedDataset.objects.filter(dataset__resource__organisation__in=produced_by(user))
    return Grant.objects.filter(pk__in=mine.values("grant"))


def lends(user: User) -> bool:
    """Say whether data of this person's organisations were ever granted."""
    return bool(produced_by(user)) and lending(user).exists()


def in_hand(rows: "QuerySet[AccessRequest]") -> "QuerySet[AccessRequest]":
    """Keep what somebody still works on, the oldest on top."""
    open_ones = Q(status__in=[*WAITING, RequestStatus.CHANGES_REQUESTED])
    rows = rows.filter(open_ones | Q(grant__in=suspended().order_by().values("pk")))
    return rows.order_by("submitted_at", "pk")


def life_of(request: AccessRequest, opinions: list[Opinion]) -> list[tuple[str, str, str]]:
    """List the phases of a request, as (name, text, state): done, now, or empty."""
    given = sum(bool(each.verdict) for each in opinions)
    counted = ngettext("%(given)s rendu sur %(all)s", "%(given)s rendus sur %(all)s", given)
    counted %= {"given": given, "all": len(opinions)}
    decision = (_("Décision"), _day(request.decided_at), request.decided_at is not None)
    phases = [
        (_("Déposée"), _day(request.submitted_at), request.submitted_at is not None),
        (_("Recevable"), _day(request.admitted_at), request.admitted_at is not None),
        (
            _("Avis demandés"),
            counted if opinions else "",
            bool(opinions) and given == len(opinions),
        ),
        decision,
    ]
    if request.review_asked_at:
        again = _("Réexamen")
        if request.decided_at:
            again = _("Refus confirmé") if request.is_confirmed else _("Accordée après réexamen")
        phases[-1:] = [
            (_("Refusée"), _day(request.first_decided_at), True),
            (again, *decision[1:]),
        ]
    waits = next((at for at, phase in enumerate(phases) if not phase[2]), None)
    open_now = request.status in {*WAITING, RequestStatus.CHANGES_REQUESTED}
    return [
        (name, text, "done" if done else "now" if at == waits and open_now else "")
        for at, (name, text, done) in enumerate(phases)
    ]


def _day(at: datetime | None) -> str:
    return clock.day_words(clock.paris_day(at)) if at else ""


WORDS = {
    "title": gettext_lazy("Intitulé"),
    "summary": gettext_lazy("Résumé public"),
    "purpose": gettext_lazy("Finalité"),
    "service": gettext_lazy("Service rendu"),
    "use_cases": gettext_lazy("Cas d’usage"),
    "organises_challenge": gettext_lazy("Challenge sur ces données"),
    "beneficiaries": gettext_lazy("Bénéficiaires"),
    "legal_basis": gettext_lazy("Base légale"),
    "impact_assessment": gettext_lazy("Analyse d’impact"),
    "security": gettext_lazy("Protection"),
    "hosting": gettext_lazy("Hébergement"),
    "months": gettext_lazy("Durée, en mois"),
    "organisation": gettext_lazy("Organisme"),
    "persons": gettext_lazy("Personnes nommées"),
    "returns": gettext_lazy("Ce qui sera rendu"),
}


Change = tuple[str, str, str]


@dataclass(frozen=True)
class Round:
    """One turn of changes: what the Region asked for, what was answered, and what changed."""

    sent: RequestVersion
    changes: list[Change]


def rounds_of(request: AccessRequest) -> list[Round]:
    """List the changes that were asked and sent back, the last first, as (what, before, after)."""
    people = {str(each.public_id): each.email for each in request.named_users.all()}
    sendings = list(request.versions.order_by("number"))
    turns = [
        Round(new, _changes(old.content, new.content, people)) for old, new in pairwise(sendings)
    ]
    return turns[::-1]


def is_unchanged(request: AccessRequest) -> bool:
    """Say whether a request whose changes are asked says what it said when it was last sent."""
    last = request.versions.last()
    return last is not None and not _changes(last.content, content_of(request), {})


def _changes(old: dict[str, Any], new: dict[str, Any], people: dict[str, str]) -> list[Change]:
    before, after = _said(old, people), _said(new, people)
    keys = list(dict.fromkeys([*after, *before]))
    pairs = [(key, before.get(key, ""), after.get(key, "")) for key in keys]
    persons = str(WORDS["persons"])
    moved = old["persons"] != new["persons"]
    return [each for each in pairs if each[1] != each[2] or (each[0] == persons and moved)]


def _said(content: dict[str, Any], people: dict[str, str]) -> dict[str, str]:
    said = {str(label): _plain(name, content.get(name)) for name, label in WORDS.items()}
    gone = _("personne retirée")
    persons = [people.get(each) or gone for each in content["persons"]]
    said[str(WORDS["persons"])] = ", ".join(sorted(persons))
    for each in content["datasets"]:
        for column, why in each["columns"].items():
            said[f"{each['title']} : {column}"] = why or _("demandée")
    return said


def _plain(name: str, value: Any) -> str:
    match name:
        case "purpose":
            return str(Purpose(value).label) if value else ""
        case "hosting":
            return str(Country(value).label) if value else ""
        case "organises_challenge":
            return str(_("Oui")) if value else ""
        case "returns":
            return " ; ".join(f"{each['text']} ({each['months']} mois)" for each in value or [])
        case _:
            return str(value or "")


@dataclass(frozen=True)
class Parts:
    """What a reader is shown of a request.

    whole: all of it. sent: what was sent last, None for who writes it: they see what they write.
    opinions, rounds: of a producer, their own opinions and no change.
    """

    whole: bool
    sent: dict[str, Any] | None
    opinions: list[Opinion]
    rounds: list[Round]


def parts_of(request: AccessRequest, opinions: list[Opinion], user: User) -> Parts:
    """Choose what a person who may see a request is shown of it."""
    whole = rules.sees_whole(user, request)
    last = None if rules.may_write_request(user, request) else request.versions.last()
    return Parts(
        whole=whole,
        sent=None if last is None else last.content,
        opinions=[each for each in opinions if whole or each.organisation_id in produced_by(user)],
        rounds=rounds_of(request) if whole and request.version > 1 else [],
    )


def persons_of(grant: Grant, user: User) -> list[NamedUser]:
    """List the persons named whom a reader of a grant knows of: all, or themselves."""
    rows = list(grant.request.named_users.select_related("user"))
    whole = rules.sees_whole(user, grant.request)
    return [each for each in rows if whole or rules.may_sign(user, each)]


def reads_of(grant: Grant, user: User) -> "QuerySet[Download]":
    """List the reads under a grant, the newest first, to who asked and the Region.

    To a producer those of their datasets, to who is named their own.
    """
    rows = grant.downloads.select_related("user", "data_file").order_by("-at", "-pk")
    if rules.sees_whole(user, grant.request):
        return rows
    lent = Q(data_file__release__dataset__resource__organisation__in=produced_by(user))
    return rows.filter(lent | Q(user=user))


def reads_of_dataset(dataset: Dataset) -> "QuerySet[Download]":
    """List every read of a dataset's restricted files, the newest first, for its producer."""
    levels = [level for level in AccessLevel if level.is_restricted]
    rows = Download.objects.filter(
        Q(grant__isnull=False) | Q(data_file__level__in=levels), data_file__release__dataset=dataset
    )
    return rows.select_related("user", "data_file", "grant").order_by("-at", "-pk")


def lent(now: datetime) -> "QuerySet[Any]":
    """Pair what is granted at this instant with the tables of the release in force."""
    files = "dataset__releases__files"
    lent = DataFile.objects.filter(
        role=FileRole.DATA,
        level__in=[each for each in AccessLevel if each.is_restricted],
        release__number=last_release(),
    )
    # The file is named once, as a column: another filter would join another file.
    pairs = GrantedDataset.objects.filter(grant__in=Grant.objects.active(now)).annotate(
        file=F(f"{files}__pk"), schema=F(f"{files}__schema"), file_level=F(f"{files}__level")
    )
    return pairs.filter(file__in=lent.values("pk")).order_by("pk", "file")


def coming(grant: Grant | int) -> set[int]:
    """Name what is granted whose extract is built now or will be, by key."""
    now = clock.now()
    given_up = Q(pk__in=Extract.objects.given_up(now).values("pk"))
    done = Q(built_at__isnull=False) | Q(removed_at__isnull=False) | given_up
    known = Extract.objects.filter(done, granted=OuterRef("pk"), data_file=OuterRef("file"))
    rows = lent(now).filter(~Exists(known), grant=grant)
    return {each.pk for each in rows if each.lends(each.schema, each.file_level)}


def given_up(grant: Grant) -> set[int]:
    """Name what is granted of which an extract was given up, by key."""
    rows = Extract.objects.given_up(clock.now()).filter(granted__grant=grant)
    return set(rows.values_list("granted", flat=True))
