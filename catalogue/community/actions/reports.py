"""Receive a notice, assess it, decide with reasons, have a contestation decided by another."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from catalogue.community import queries as community_queries
from catalogue.community import rules
from catalogue.community.actions import collections, maskings, reuses
from catalogue.community.enums import (
    DECIDED_REPORTS,
    HIDING,
    NAMELESS,
    Measure,
    ReportCategory,
    ReportOutcome,
    ReportStage,
    ReportStatus,
    ReviewState,
)
from catalogue.community.models import Collection, Report, ReportDecision
from catalogue.resources.actions import transfers
from catalogue.resources.enums import RemovalReason
from catalogue.resources.models import Removal
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.audit.actors import Actor, SystemActor
from portal.audit.outbox import owe
from portal.audit.record import record
from portal.discussions import actions as discussions
from portal.discussions.models import Message
from portal.lib import clock
from portal.lib.immutable import writes
from portal.lib.prose.texts import require_plain_line, require_plain_text
from portal.lib.rates import DAY, keep_pace
from portal.lib.refusals import Conflict, Invalid

SALT = "catalogue.reports.track"


def tracking_path(report: Report) -> str:
    """Return the tracking address, from its first slash."""
    token = signing.Signer(salt=SALT).sign_object(str(report.public_id))
    return reverse("catalogue:report_track", args=(token,))


def tracking_address(report: Report) -> str:
    """Return the tracking address for a letter."""
    return settings.SITE_URL + tracking_path(report)


def tracked_report(token: str) -> Report | None:
    """Read which notice an address tracks; None when it is not ours."""
    try:
        name = signing.Signer(salt=SALT).unsign_object(token)
        return Report.objects.whole().filter(public_id=UUID(str(name))).first()
    except (signing.BadSignature, ValueError):
        return None


# Somebody who reports without an account; whoever holds a tracking address acts for them.
VISITOR = SystemActor("visitor")
RECEIPTS_PER_DAY_AND_ADDRESS = 5
REMOVAL_REASONS = {
    ReportCategory.PERSONAL_DATA: RemovalReason.PERSONAL_DATA,
    ReportCategory.COPYRIGHT: RemovalReason.RIGHTS,
    ReportCategory.ILLEGAL: RemovalReason.ILLEGAL,
    ReportCategory.EXPLICIT: RemovalReason.ILLEGAL,
    ReportCategory.DISCRIMINATION: RemovalReason.ILLEGAL,
}


@dataclass(frozen=True)
class Reasons:
    """What a decision says: outcome, measure, facts, and what it rests on."""

    outcome: ReportOutcome
    facts: str
    measure: Measure = Measure.NONE
    ground: str = ""
    ground_text: str = ""
    duration: str = ""


@transaction.atomic
def file(
    *,
    address: str,
    category: str,
    explanation: str,
    good_faith: bool,
    field: str = "",
    name: str = "",
    email: str = "",
    by: User | None = None,
) -> Report:
    """Receive a notice from anybody.

    In order: the row; event "report.received" without what it says; a receipt by mail where an
    address is known, a letter to the moderators who may judge it. Raises Invalid for an address
    that is not of the portal, without good faith, or without name and address where they are
    asked; QuotaSpent past the notices of a person or an address in a day.
    """
    place = community_queries.locate_report(address)
    if place is None:
        raise Invalid(_("Cette adresse n’est pas une page du portail."), code="report_place")
    for line in (field, name):
        require_plain_line(line)
    require_plain_text(explanation)
    kind, email = ReportCategory(category), email.strip().lower()
    _require_complete(kind, explanation, good_faith, named=bool(by or (name.strip() and email)))
    _keep_pace(by, email)
    report = Report.objects.create(
        **place.columns(),
        category=kind,
        field=field.strip(),
        explanation=explanation.strip(),
        by=by,
        name=name.strip(),
        email=by.email if by else email,
        at=clock.now(),
    )
    record("report.received", by=by or VISITOR, on=report, category=str(kind))
    owe("mail.report_received", key=str(report.public_id), report_id=report.pk)
    owe("mail.report_to_judge", key=f"{report.public_id}:first", report_id=report.pk)
    return report


@transaction.atomic
def assess(*, report: Report, by: User) -> Report:
    """Take a notice in hand; event "report.assessed". Raises NotAllowed, Conflict."""
    report = _judged(report, by)
    report.become(ReportStatus.ASSESSED, assessor=by)
    record("report.assessed", by=by, on=report)
    return report


@transaction.atomic
def decide(*, report: Report, reasons: Reasons, by: User) -> ReportDecision:
    """Decide on a notice in hand, once.

    In order: ASSESSED to UPHELD or DISMISSED; the decision; what it does to the content (`_apply`);
    event "report.upheld" or "report.dismissed"; a letter to who reported, and a statement of
    reasons to the author of what was acted on. Raises NotAllowed; Conflict; Invalid without
    facts, or without a ground where it is upheld.
    """
    report = _judged(report, by)
    _require_reasons(report, reasons)
    at = clock.now()
    report.become(ReportStatus(reasons.outcome.value), decided_at=at, assessor=by)
    decision = _write(report, ReportStage.FIRST, reasons, by)
    _apply(report, reasons, by)
    record(f"report.{reasons.outcome}", by=by, on=report, measure=str(reasons.measure))
    _tell(decision)
    return decision


@transaction.atomic
def contest(*, report: Report, words: str, by: Actor) -> Report:
    """Contest a decision: who reported, when it was dismissed; the author, when it was upheld.

    The caller has proved which of both it is. In order: UPHELD or DISMISSED to CONTESTED, words;
    event "report.contested"; a letter to the moderators but the first. Raises Invalid without
    words; Conflict when it was contested, is closed or its two months are over.
    """
    report = Report.objects.locked(report)
    require_plain_text(words)
    if not words.strip():
        raise Invalid(_("Dites pourquoi vous contestez."), code="reason_required")
    if not may_be_contested(report):
        raise Conflict(
            _("Cette décision ne peut plus être contestée ici."), code="report_not_contestable"
        )
    report.become(
        ReportStatus.CONTESTED, contested_at=clock.now(), contest_words=words.strip()[:4_000]
    )
    record("report.contested", by=by, on=report)
    owe("mail.report_to_judge", key=f"{report.public_id}:contest", report_id=report.pk)
    return report


@transaction.atomic
def settle(*, report: Report, reasons: Reasons, by: User) -> ReportDecision:
    """Decide on a contestation, as another moderator; nothing is contested here after it.

    In order: CONTESTED to FINAL; the decision; the content follows when it differs from the first
    one; event "report.settled"; letters to both. Raises NotAllowed, Conflict, Invalid.
    """
    report = Report.objects.locked(report)
    first = report.decisions.filter(stage=ReportStage.FIRST).first()
    by.forget_roles()
    require(rules.may_settle, by, report, first)
    _require_reasons(report, reasons)
    report.become(ReportStatus.FINAL, ended_at=clock.now())
    decision = _write(report, ReportStage.CONTEST, reasons, by)
    if first is not None and (first.outcome, first.measure) != (decision.outcome, decision.measure):
        if first.measure == Measure.REMOVE:
            _refuse_removal(report, first, by)
        if decision.measure not in HIDING:  # otherwise what is hidden stays so meanwhile
            _undo(report, first, by)
        if decision.outcome == ReportOutcome.UPHELD:
            _apply(report, reasons, by)
    elif decision.outcome == ReportOutcome.DISMISSED:
        _show(report, by)
    record("report.settled", by=by, on=report, outcome=str(reasons.outcome))
    _tell(decision)
    return decision


@transaction.atomic
def close_uncontested() -> None:
    """Close what nobody contested in time."""
    limit = clock.now() - timedelta(days=settings.REPORT_CONTEST_DAYS)
    due = Report.objects.filter(status__in=DECIDED_REPORTS, decided_at__lte=limit)
    due.update(status=ReportStatus.FINAL, ended_at=clock.now())


@transaction.atomic
def forget_identities() -> None:
    """Forget who sent a notice, some months after it was closed."""
    limit = clock.now() - timedelta(days=settings.REPORT_IDENTITY_KEPT_DAYS)
    closed = Report.objects.filter(ended_at__lte=limit).exclude(name="", email="", by=None)
    closed.update(name="", email="", by=None)


@transaction.atomic
def forget(*, person: User) -> None:
    """Forget that somebody who leaves sent notices: their identity goes, the notices stay."""
    Report.objects.filter(by=person).update(name="", email="", by=None)


def may_be_contested(report: Report) -> bool:
    """Say whether the decision on a notice may still be contested here."""
    if report.status not in DECIDED_REPORTS or report.decided_at is None:
        return False
    return clock.now() < report.decided_at + timedelta(days=settings.REPORT_CONTEST_DAYS)


def measures(report: Report) -> list[Measure]:
    """List what may be done to what a notice is about."""
    found = [Measure.CORRECT]
    if report.target is not None:
        found.append(Measure.HIDE)
    if report.targets_card:
        found.append(Measure.REMOVE)
    return found


def _require_complete(
    kind: ReportCategory, explanation: str, good_faith: bool, *, named: bool
) -> None:
    faults = [] if explanation.strip() else ["explanation"]
    if not good_faith:
        faults.append("good_faith")
    if not named and kind not in NAMELESS:
        faults += ["name", "email"]
    if faults:
        raise Invalid(
            _("Ce signalement n’est pas complet."), code="report_incomplete", faults=faults
        )


def _keep_pace(by: User | None, email: str) -> None:
    if by is not None:
        most, rows = settings.REPORTS_PER_DAY_AND_PERSON, Report.objects.filter(by=by)
    elif email:
        most, rows = RECEIPTS_PER_DAY_AND_ADDRESS, Report.objects.filter(email=email, by=None)
    else:
        return
    sentence = _("Vous avez envoyé beaucoup de signalements aujourd’hui : reprenez demain.")
    keep_pace(rows, by="at", most=most, window=DAY, sentence=str(sentence))


def _judged(report: Report, by: User) -> Report:
    fresh = Report.objects.locked(report)
    require(rules.may_judge, by, fresh)
    return fresh


def _require_reasons(report: Report, reasons: Reasons) -> None:
    for line in (reasons.ground_text, reasons.duration):
        require_plain_line(line)
    require_plain_text(reasons.facts)
    faults = [] if reasons.facts.strip() else ["facts"]
    if reasons.outcome == ReportOutcome.UPHELD:
        said = (("ground", reasons.ground), ("ground_text", reasons.ground_text.strip()))
        faults += [name for name, value in said if not value]
        if reasons.measure not in measures(report):
            faults.append("measure")
    if faults:
        raise Invalid(
            _("Cette décision doit dire ses raisons."), code="decision_words", faults=faults
        )


def _write(report: Report, stage: ReportStage, reasons: Reasons, by: User) -> ReportDecision:
    upheld = reasons.outcome == ReportOutcome.UPHELD
    with writes(ReportDecision):
        made: ReportDecision = ReportDecision.objects.create(
            report=report,
            stage=stage,
            outcome=reasons.outcome,
            measure=reasons.measure if upheld else Measure.NONE,
            facts=reasons.facts.strip(),
            ground=reasons.ground if upheld else "",
            ground_text=reasons.ground_text.strip() if upheld else "",
            duration=reasons.duration.strip() if upheld else "",
            decided_by=by,
            decided_at=clock.now(),
        )
    return made


def _apply(report: Report, reasons: Reasons, by: User) -> None:
    """Do to the content what was decided; a notice that is dismissed shows a masked card again."""
    if reasons.outcome == ReportOutcome.DISMISSED:
        _show(report, by)
        return
    match reasons.measure:
        case Measure.HIDE:
            _hide(report, reasons, by)
        case Measure.REMOVE:
            _propose_removal(report, reasons, by)
        case Measure.CORRECT:
            _show(report, by)
        case Measure.NONE:
            pass


def _hide(report: Report, reasons: Reasons, by: User) -> None:
    words = reasons.ground_text.strip()[:300]
    target: Any = report.target
    if isinstance(target, Message):
        if not target.is_hidden:
            discussions.hide(message=target, reason=words, by=by)
    elif isinstance(target, Collection):
        if target.hidden_at is None:
            collections.hide(collection=target, reason=words, by=by)
    elif not report.targets_card:
        if target.state == ReviewState.PUBLISHED:
            reuses.take_down(brought=target, message=words, by=by)
    elif target.live:
        maskings.mask(
            resource=target, category=report.category, explanation=words, by=by, report=report
        )
    else:
        maskings.second(resource=target, by=by)


def _propose_removal(report: Report, reasons: Reasons, by: User) -> None:
    card = report.resource
    if card is None or card.removals.filter(answer="").exists():
        return
    reason = REMOVAL_REASONS.get(ReportCategory(report.category), RemovalReason.OTHER)
    transfers.propose_removal(
        resource=card, reason=reason, explanation=reasons.ground_text.strip()[:300], by=by
    )


def _refuse_removal(report: Report, first: ReportDecision, by: User) -> None:
    """Refuse the removal that the first decision proposed, if it waits for its second person."""
    waiting = Removal.objects.filter(
        resource=report.resource, answer="", proposed_by=first.decided_by
    )
    # The proposal bears the words of the decision that made it.
    for removal in waiting.filter(explanation=first.ground_text.strip()[:300]):
        transfers.refuse_removal(removal=removal, by=by)


def _show(report: Report, by: User) -> None:
    """Show again what this notice alone hid; a first decision only proposes what is confirmed."""
    if report.resource is None or community_queries.stands_hidden(report.resource, but=report):
        return
    masking = maskings.standing(report.resource)
    if masking is None or masking.report is None:
        return
    if masking.report != report and not community_queries.has_fallen(masking.report):
        return
    if masking.confirmed_at is None:
        maskings.lift(masking=masking, by=by)
    elif report.status == ReportStatus.FINAL:
        maskings.end_by_decision(masking=masking, by=by)
    elif masking.lift_asked_by is None:
        maskings.propose_lift(masking=masking, by=by)


def _undo(report: Report, first: ReportDecision, by: User) -> None:
    """Show again what the first decision hid, unless another one hides it too."""
    target: Any = report.target
    if first.measure not in HIDING or target is None:
        return
    if report.targets_card:
        _show(report, by)
        return
    words = str(getattr(target, "hidden_reason", "") or getattr(target, "message", ""))
    if not community_queries.was_hidden_by_decision(target, words):
        return
    if community_queries.stands_hidden(target, but=report):
        return
    if isinstance(target, Message):
        discussions.show(message=target, by=by)
    elif isinstance(target, Collection):
        collections.show(collection=target, by=by)
    elif target.state == ReviewState.REFUSED:
        reuses.put_back(brought=target, by=by)


def _tell(decision: ReportDecision) -> None:
    owe("mail.report_decided", key=str(decision.public_id), decision_id=decision.pk)
    first_upheld = decision.report.decisions.filter(outcome=ReportOutcome.UPHELD).exists()
    if decision.is_against_content or first_upheld:
        owe("mail.statement", key=str(decision.public_id), decision_id=decision.pk)
