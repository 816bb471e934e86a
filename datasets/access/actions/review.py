"""Examine a request: admit it, gather opinions, ask for changes, grant, refuse, examine again."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from datasets.access import queries, rules
from datasets.access.agreement import agreement
from datasets.access.enums import RefusalReason, RequestStatus, Verdict
from datasets.access.models import (
    AccessRequest,
    Grant,
    GrantedDataset,
    Opinion,
    RequestVersion,
    content_of,
)
from datasets.releases.enums import AccessLevel
from datasets.releases.models import Dataset
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.audit.outbox import owe
from portal.audit.record import record
from portal.lib import clock, immutable
from portal.lib.refusals import Conflict, Invalid
from portal.lib.storage import objects

# What a producer does not judge anew; of the datasets, theirs alone.
UNJUDGED = {"title", "summary", "organisation", "datasets"}


def _locked(
    request: AccessRequest, edits: int, rule: Callable[..., bool], by: User
) -> AccessRequest:
    """Lock and read the row again, for whom the rule allows: the others learn nothing of it.

    Raises NotAllowed; Conflict, saying by whom and when, if it changed since the page was read.
    """
    fresh = AccessRequest.objects.locked(request)
    require(rule, by, fresh)
    if fresh.edits != edits:
        raise Conflict(
            _("Cette demande a changé depuis que vous l’avez lue : relisez-la, puis décidez.")
            + queries.acts_on(fresh),
            code="request_changed",
        )
    return fresh


def _text(text: str) -> str:
    """Return a reason without its margins; Invalid for an empty one."""
    if not text.strip():
        raise Invalid(_("Écrivez le motif : il est envoyé à qui demande."), code="reason_missing")
    return text.strip()


@transaction.atomic
def admit(*, request: AccessRequest, edits: int, by: User) -> AccessRequest:
    """Find a request complete and lawful, by an officer, and ask everybody's opinion at once.

    In order: status IN_REVIEW with its officer; an opinion asked of each producer, and of the data
    protection officer for data of personal origin; event "access_request.admitted"; letters.
    Raises NotAllowed; Conflict when it changed since it was read.
    """
    request = _locked(request, edits, rules.may_prepare, by)
    now = clock.now()
    request.become(
        RequestStatus.IN_REVIEW, admitted_at=now, officer=by, preparers=_preparers(request, by)
    )
    ask_opinions(request, at=now)
    record("access_request.admitted", by=by, on=request)
    owe("mail.access_admitted", key=f"{request.pk}:{request.version}", request_id=request.pk)
    return request


def _preparers(request: AccessRequest, by: User) -> list[str]:
    return sorted({*request.preparers, by.person_key})


def ask_opinions(request: AccessRequest, *, at: datetime) -> None:
    """Ask each producer and, where it must be, the officer; again where what they judged changed.

    Called inside the action that sends or admits. Owes the letters to those who are asked.
    """
    last = {each.dataset_id: each for each in queries.opinions_of(request)}
    needed = queries.opinions_needed(queries.asked_for(request))
    for dataset_id, organisation_id in needed.items():
        former = last.get(dataset_id)
        if former is not None and former.version == request.version:
            continue
        if former is not None and former.verdict and not _judged_anew(request, former):
            continue
        if former is not None and not former.verdict:
            former.delete()
        opinion = Opinion.objects.create(
            request=request,
            dataset_id=dataset_id,
            organisation_id=organisation_id,
            version=request.version,
            asked_at=at,
        )
        owe("mail.access_opinion_asked", key=str(opinion.public_id), opinion_id=opinion.pk)


def _judged_anew(request: AccessRequest, former: Opinion) -> bool:
    """Say whether what an opinion spoke of is not what is sent now."""
    sent = RequestVersion.objects.filter(request=request)
    then, now = (
        _judged(sent.get(number=number).content, former.dataset)
        for number in (former.version, request.version)
    )
    return then != now


def _judged(content: dict[str, Any], dataset: Dataset | None) -> dict[str, Any]:
    """Keep of a sending what an opinion speaks of: all of it, for the data protection officer."""
    if dataset is None:
        return content
    said = {name: value for name, value in content.items() if name not in UNJUDGED}
    own = [row for row in content["datasets"] if row["dataset"] == str(dataset.public_id)]
    return said | {"own": own}


@transaction.atomic
def request_changes(
    *, request: AccessRequest, text: str, fields: Sequence[str], edits: int, by: User
) -> AccessRequest:
    """Ask who wrote it for changes, by an officer: the clock stops until they answer.

    fields: the fields aimed at. Event "access_request.changes_requested"; a letter. Raises
    NotAllowed; Invalid without a reason; Conflict when it changed since it was read.
    """
    text = _text(text)
    request = _locked(request, edits, rules.may_prepare, by)
    request.become(
        RequestStatus.CHANGES_REQUESTED,
        officer=request.officer or by,
        preparers=_preparers(request, by),
        changes_asked=text,
        changes_fields=list(fields),
        changes_asked_at=clock.now(),
    )
    record("access_request.changes_requested", by=by, on=request, fields=list(fields))
    owe("mail.access_changes_asked", key=f"{request.pk}:{request.version}", request_id=request.pk)
    return request


@transaction.atomic
def give_opinion(
    *, opinion: Opinion, verdict: Verdict, text: str, months: int | None = None, by: User
) -> Opinion:
    """Say what a producer, or the data protection officer, thinks; once.

    months: the longest that the producer lends for. An unfavourable producer keeps their dataset
    back; the others stay. In order: the request locked; the opinion; event "opinion.given"; a
    letter to the approvers once no other is awaited. Raises NotAllowed; Invalid without a reason
    where it is unfavourable, and for a duration out of bounds; Conflict once it was given, once
    the request left its examination.
    """
    request = AccessRequest.objects.locked(opinion.request)
    opinion = Opinion.objects.select_related("organisation", "dataset").get(pk=opinion.pk)
    opinion.request = request
    require(rules.may_advise, by, opinion)
    if opinion.verdict or request.status != RequestStatus.IN_REVIEW:
        raise Conflict(
            _("Cet avis est déjà rendu, ou la demande n’est plus à l’examen."), code="opinion_given"
        )
    if verdict is Verdict.UNFAVOURABLE:
        text = _text(text)
    if months is not None and not 1 <= months <= settings.ACCESS_MOST_MONTHS:
        raise Invalid(
            _("De 1 à %(most)s mois.") % {"most": settings.ACCESS_MOST_MONTHS}, code="months"
        )
    opinion.verdict, opinion.text, opinion.months = verdict, text.strip(), months
    opinion.given_by, opinion.given_at = by, clock.now()
    opinion.save()
    request.note()
    record("opinion.given", by=by, on=opinion, request=request.number, verdict=str(verdict))
    if not queries.terms_of(request).awaited:
        owe("mail.access_to_decide", key=f"{request.pk}:{request.edits}", request_id=request.pk)
    return opinion


@transaction.atomic
def approve(
    *, request: AccessRequest, months: int, text: str, override: str = "", edits: int, by: User
) -> Grant:
    """Grant access, by an approver who is not the officer: the request is frozen as it is.

    override: why an unfavourable opinion of the data protection officer is passed over. In order:
    every opinion given, some dataset left, whoever examined it still without a tie to it, a
    duration that everybody accepts; status APPROVED; the grant, its datasets and columns, the
    agreement in the store; event "grant.approved"; letters. Raises NotAllowed; Invalid without a
    reason or for a longer duration; Conflict otherwise.
    """
    text = _text(text)
    request = _locked(request, edits, rules.may_decide, by)
    terms = queries.terms_of(request)
    kept = {row.dataset_id for row in terms.datasets}
    without = request.datasets.exclude(dataset__in=kept).values_list("dataset_id", flat=True)
    content = {**content_of(request, without=without), "months": months}
    if terms.unasked or _is_changed(request.versions.get(number=request.version).content, content):
        raise Conflict(
            _(
                "La protection d’un jeu a changé depuis l’envoi : demandez des corrections, "
                "puis les avis seront redemandés."
            ),
            code="dataset_changed",
        )
    if terms.awaited:
        raise Conflict(
            _("Un avis est encore attendu : le silence n’accorde rien."), code="opinion_awaited"
        )
    if not terms.datasets:
        raise Conflict(
            _("Aucun producteur ne prête son jeu : cette demande ne peut qu’être refusée."),
            code="no_dataset_left",
        )
    if not all(rules.is_apart(each, request) for each in queries.examiners(request)):
        raise Conflict(
            _(
                "Une personne qui a instruit la demande ou rendu un avis y est désormais nommée, "
                "ou membre de l’organisme : demandez des corrections, ou refusez-la."
            ),
            code="examiner_tied",
        )
    if terms.dpo_refuses and not override.strip():
        raise Invalid(
            _("L’avis du délégué est défavorable : écrivez pourquoi vous passez outre."),
            code="override_missing",
        )
    if not 1 <= months <= terms.months:
        raise Invalid(
            _("Accordez de 1 à %(most)s mois : c’est la plus courte des limites.")
            % {"most": terms.months},
            code="months",
        )
    now = clock.now()
    request.become(
        RequestStatus.APPROVED,
        approver=by,
        decided_at=now,
        decision=text,
        reason="",
        override=override.strip() if terms.dpo_refuses else "",
    )
    grant = _granted(request, terms, content, by, now)
    record(
        "grant.approved",
        by=by,
        on=grant,
        request=request.number,
        months=months,
        agreement=grant.agreement_sha256,
        overridden=bool(request.override),
    )
    owe("mail.access_decided", key=f"{request.pk}:{request.edits}", request_id=request.pk)
    return grant


def _is_changed(sent: dict[str, Any], now: dict[str, Any]) -> bool:
    """Say whether a dataset is of a higher level than it was sent, or a column protected anew."""
    before = {each["dataset"]: each for each in sent["datasets"]}
    for each in now["datasets"]:
        former = before[each["dataset"]]
        if AccessLevel(each["level"]).rank > AccessLevel(former["level"]).rank:
            return True
        if any(pair not in former["protections"] for pair in each["protections"]):
            return True
    return False


def _granted(
    request: AccessRequest,
    terms: queries.Terms,
    content: dict[str, Any],
    by: User,
    now: datetime,
) -> Grant:
    public_id = uuid4()
    page = reverse("datasets:grant", args=(public_id,))
    paper = agreement(request.number, content, by=by.display_name, page=page, at=now)
    grant = Grant.objects.create(
        public_id=public_id,
        request=request,
        content=content,
        months=content["months"],
        agreement_sha256=objects.put(paper).sha256,
        approved_at=now,
        approved_by=by,
    )
    with immutable.writes(GrantedDataset):
        for row, said in zip(terms.datasets, content["datasets"], strict=True):
            GrantedDataset.objects.create(
                grant=grant,
                dataset_id=row.dataset_id,
                level=said["level"],
                columns=said["protections"],
            )
    return grant


@transaction.atomic
def refuse(
    *, request: AccessRequest, reason: RefusalReason, text: str, edits: int, by: User
) -> AccessRequest:
    """Refuse access, by an approver: a reason of the list and a text, both sent to who asked.

    Event "access_request.refused"; a letter. Raises NotAllowed; Invalid without a text; Conflict
    when it changed since it was read, or was decided.
    """
    text = _text(text)
    request = _locked(request, edits, rules.may_decide, by)
    request.become(
        RequestStatus.REFUSED, approver=by, decided_at=clock.now(), reason=reason, decision=text
    )
    record("access_request.refused", by=by, on=request, reason=str(reason))
    owe("mail.access_decided", key=f"{request.pk}:{request.edits}", request_id=request.pk)
    return request


@transaction.atomic
def ask_review(*, request: AccessRequest, argument: str = "", by: User) -> AccessRequest:
    """Ask that another person examines a refusal, once, within two months.

    argument: what the refusal did not see. In order: back IN_REVIEW, its clock begun anew, the
    refusal kept with its approver; event "access_request.review_asked"; a receipt, and a letter to
    the approvers. Raises NotAllowed; Conflict the second
    time, or too late.
    """
    request = AccessRequest.objects.locked(request)
    require(rules.may_write_request, by, request)
    if request.review_until is None:
        raise Conflict(
            _(
                "Un refus se réexamine une fois, dans les deux mois. "
                "Vous pouvez redemander l’accès."
            ),
            code="review_over",
        )
    now = clock.now()
    day = clock.paris_day
    request.become(
        RequestStatus.IN_REVIEW,
        review_asked_at=now,
        stopped_days=clock.working_days_elapsed(day(request.admitted_at or now), day(now)),
        first_approver=request.approver,
        first_decided_at=request.decided_at,
        first_reason=request.reason,
        first_decision=request.decision,
        review_argument=argument.strip(),
        approver=None,
        decided_at=None,
        reason="",
        decision="",
    )
    record("access_request.review_asked", by=by, on=request)
    owe("mail.access_review_asked", key=str(request.pk), request_id=request.pk)
    owe("mail.access_to_decide", key=f"{request.pk}:{request.edits}", request_id=request.pk)
    return request


def tell_late() -> None:
    """Owe the approvers one letter for each request whose promised delay has passed."""
    for request in AccessRequest.objects.waiting():
        if request.is_late:
            owe("mail.access_late", key=f"{request.pk}:{request.due_on}", request_id=request.pk)
