"""Write to those a notice concerns, each letter once; let maskings and delays run out."""

from typing import Any

from django.conf import settings
from django.urls import reverse

from catalogue import rules
from catalogue.actions import maskings, report_links, reports
from catalogue.enums import ReportStage, ReportStatus
from catalogue.models import Masking, Report, ReportDecision
from catalogue.queries import reported
from catalogue.queries.owners import owners_of
from catalogue.tasks.around import moderators
from portal.audit import letters
from portal.audit.duties import duty
from portal.audit.outbox import handler


@handler("mail.report_received")
def received_letter(report_id: int) -> None:
    """Send the receipt, with the tracking address, to who reported."""
    report = Report.objects.get(pk=report_id)
    if report.email:
        _send("report_received", report.email, report, link=report_links.absolute(report))


@handler("mail.report_to_judge")
def to_judge_letter(report_id: int) -> None:
    """Tell the moderators who may judge that a notice, or a contestation, waits."""
    report = Report.objects.whole().get(pk=report_id)
    contested = report.status == ReportStatus.CONTESTED
    if not contested and report.status != ReportStatus.RECEIVED:
        return
    first = report.decisions.filter(stage=ReportStage.FIRST).first()
    for user in moderators():
        judges = rules.may_judge(user, report)
        if judges and (not contested or rules.may_settle(user, report, first)):
            letter = "report_contested" if contested else "report_to_judge"
            _send(letter, user.email, report, link=_item(report))


@handler("mail.report_decided")
def decided_letter(decision_id: int) -> None:
    """Tell who reported what was decided."""
    decision = _decision(decision_id)
    if decision is not None and decision.report.email:
        report = decision.report
        link = report_links.absolute(report)
        _send("report_decided", report.email, report, link=link, decision=decision)


@handler("mail.statement")
def statement_letter(decision_id: int) -> None:
    """Send the statement of reasons to who wrote the content: nothing of who reported it."""
    decision = _decision(decision_id)
    if decision is None:
        return
    link = settings.SITE_URL + reverse("catalogue:statement", args=(decision.public_id,))
    # The template is given the decision and the title alone.
    for user in reported.answerable(decision.report):
        context = {"decision": decision, "title": decision.report.title, "link": link}
        letters.send(
            "statement",
            to=user.email,
            context={**context, "days": settings.REPORT_CONTEST_DAYS},
            once=f"statement:{decision.public_id}:{user.pk}",
        )


@handler("mail.masking")
def masking_letter(masking_id: int) -> None:
    """Ask a second moderator to confirm; tell those who answer for the card."""
    masking = _masking(masking_id)
    if masking is None or masking.ended_at is not None:
        return
    link = _place(masking)
    for user in moderators():
        if rules.may_confirm_masking(user, masking):
            context = {"masking": masking, "link": link, "hours": settings.MASKING_CONFIRM_HOURS}
            letters.send("masking_to_confirm", to=user.email, context=context)
    card = settings.SITE_URL + masking.resource.get_absolute_url()
    for user in owners_of(masking.resource):
        letters.send("card_masked", to=user.email, context={"masking": masking, "link": card})


@handler("mail.masking_lift")
def lift_letter(masking_id: int) -> None:
    """Ask a second moderator to answer the proposal to show a card again."""
    masking = _masking(masking_id)
    if masking is None or masking.ended_at is not None or masking.lift_asked_by is None:
        return
    for user in moderators():
        if rules.may_answer_lift(user, masking):
            context = {"masking": masking, "link": _place(masking)}
            letters.send("masking_lift_proposed", to=user.email, context=context)


@handler("mail.masking_lapsed")
def lapsed_letter(masking_id: int) -> None:
    """Alert the moderators: a card is shown again because nobody confirmed in time."""
    masking = _masking(masking_id)
    if masking is None:
        return
    for user in moderators():
        if rules.may_mask(user, masking.resource):
            context = {"masking": masking, "link": _place(masking)}
            letters.send("masking_lapsed", to=user.email, context=context)


@duty("catalogue.maskings", minutes=10)
def lapse_maskings() -> None:
    """Show again the cards whose masking nobody confirmed within 48 hours."""
    maskings.lapse_due()


@duty("catalogue.reports", minutes=24 * 60)
def tidy_reports() -> None:
    """Close what nobody contested in time; forget who sent what was closed months ago."""
    reports.close_uncontested()
    reports.forget_identities()


def _item(report: Report) -> str:
    address = reverse("catalogue:moderation_report", args=(report.public_id,))
    return settings.SITE_URL + address


def _place(masking: Masking) -> str:
    if masking.report is not None:
        return _item(masking.report)
    return settings.SITE_URL + reverse("catalogue:moderation_reports")


def _decision(decision_id: int) -> ReportDecision | None:
    found: Any = ReportDecision.objects
    row: ReportDecision | None = found.select_related("report").filter(pk=decision_id).first()
    return row


def _masking(masking_id: int) -> Masking | None:
    rows = Masking.objects.select_related(
        "resource__organisation", "report", "masked_by", "lift_asked_by"
    )
    return rows.filter(pk=masking_id).first()


def _send(letter: str, to: str, report: Report, *, link: str, **more: Any) -> None:
    letters.send(letter, to=to, context={"report": report, "link": link, **more})
