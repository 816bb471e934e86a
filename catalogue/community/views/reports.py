"""Report a content and follow one’s notice; the notices that wait for a moderator."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from catalogue.community import queries as community_queries
from catalogue.community import rules
from catalogue.community.actions import maskings, reports
from catalogue.community.enums import Measure, ReportOutcome, ReportStage, ReportStatus
from catalogue.community.forms import ContestForm, MaskForm, ReasonsForm, ReportForm
from catalogue.community.models import Masking, Report, ReportDecision
from catalogue.contributions.queries import reviews
from catalogue.contributions.views.review import head
from catalogue.resources import rules as resource_rules
from portal.accounts.authorization import require
from portal.accounts.views import person
from portal.lib import rates
from portal.lib.refusals import Hidden, Invalid
from portal.lib.visible import find
from portal.lib.web.form_pages import sent
from portal.lib.web.requests import get_or_post

FIELDS = {"report_place": "address"}


@login_not_required
@get_or_post
def file_report(request: HttpRequest) -> HttpResponse:
    """Ask what is reported and why; the receipt is the tracking page."""
    signed_in = request.user.is_authenticated
    initial = {"address": request.GET.get("adresse", "")[: community_queries.ADDRESS_CHARACTERS]}
    form = ReportForm(sent(request), initial=initial, signed_in=signed_in)
    if form.is_valid():
        values = dict(form.cleaned_data)
        if values.pop("site"):
            return redirect("catalogue:list")
        rate = f"{settings.REPORTS_PER_HOUR_AND_NETWORK}/h/ip"
        spent = _("Trop de signalements depuis votre réseau : réessayez dans une heure.")
        rates.keep_rate(request, "report", rate, spent)
        by = person(request) if signed_in else None
        try:
            report = reports.file(by=by, **values)
        except Invalid as refusal:
            form.add_error(FIELDS.get(refusal.code), str(refusal))
        else:
            messages.success(request, _("Votre signalement est reçu. Gardez cette adresse."))
            return redirect(reports.tracking_path(report))
    status = 422 if form.is_bound else 200
    return render(request, "catalogue/community/reports/file.html", {"form": form}, status=status)


@login_not_required
@get_or_post
def track_report(request: HttpRequest, token: str) -> HttpResponse:
    """Show where a notice stands to whoever holds its address; contest its dismissal."""
    report = reports.tracked_report(token)
    if report is None:
        raise Hidden
    may_contest = report.status == ReportStatus.DISMISSED and reports.may_be_contested(report)
    form = ContestForm(request.POST if request.method == "POST" and may_contest else None)
    if form.is_valid():
        reports.contest(report=report, by=reports.VISITOR, **form.cleaned_data)
        messages.success(request, _("Votre contestation est reçue."))
        return redirect("catalogue:report_track", token)
    return _private(request, "track", report, form, may_contest=may_contest)


@get_or_post
def statement(request: HttpRequest, decision: UUID) -> HttpResponse:
    """Show the reasons of a decision to who wrote the content; contest it."""
    found: Any = ReportDecision.objects
    rows = found.select_related("report__organisation")
    decided: ReportDecision | None = rows.filter(public_id=decision).first()
    by = person(request)
    if decided is None or not rules.may_read_statement(by, decided.report):
        raise Hidden(denied=decided)
    report = decided.report
    upheld = report.decisions.filter(outcome=ReportOutcome.UPHELD).exists()
    if not upheld:
        raise Hidden(denied=decided)
    may_contest = report.status == ReportStatus.UPHELD and reports.may_be_contested(report)
    form = ContestForm(request.POST if request.method == "POST" and may_contest else None)
    if form.is_valid():
        reports.contest(report=report, by=by, **form.cleaned_data)
        messages.success(request, _("Votre contestation est reçue."))
        return redirect("catalogue:statement", decision)
    return _private(request, "statement", report, form, may_contest=may_contest)


@login_not_required
@require_safe
def transparency(request: HttpRequest) -> HttpResponse:
    """Publish the delays of the review and the notices of each year by class."""
    context = {"delays": reviews.delays(), "years": list(community_queries.by_year())}
    context["promise"] = settings.REVIEW_WORKING_DAYS
    return render(request, "catalogue/community/reports/transparency.html", context)


def _private(
    request: HttpRequest, page: str, report: Report, form: ContestForm, *, may_contest: bool
) -> HttpResponse:
    context = {
        "report": report,
        "decisions": list(report.decisions.order_by("pk")),
        "form": form,
        "may_contest": may_contest,
        "days": settings.REPORT_CONTEST_DAYS,
    }
    status = 422 if form.is_bound else 200
    answer = render(request, f"catalogue/community/reports/{page}.html", context, status=status)
    # The address is the secret: no other site may learn it; ours must, to check a form’s origin.
    answer["Referrer-Policy"] = "same-origin"
    answer["Cache-Control"] = "no-store, private"
    return answer


PER_PAGE = 30
LIFTS: dict[str, Any] = {
    "lift": maskings.lift,
    "propose_lift": maskings.propose_lift,
    "approve_lift": maskings.approve_lift,
    "refuse_lift": maskings.refuse_lift,
}


@require_safe
def report_queue(request: HttpRequest) -> HttpResponse:
    """List the reports one may judge: those that wait, the oldest first; or all."""
    by = person(request)
    require(resource_rules.may_moderate, by)
    every = request.GET.get("tous") == "1"
    rows = Report.objects.visible_to(by).whole()
    rows = rows.order_by("-at", "-pk") if every else rows.open()
    hidden = Masking.objects.filter(ended_at=None).select_related(
        "resource__organisation", "report", "masked_by", "lift_asked_by"
    )
    judged = [masking for masking in hidden if resource_rules.may_mask(by, masking.resource)]
    context = {
        "page": Paginator(rows, PER_PAGE).get_page(request.GET.get("page")),
        "every": every,
        "to_confirm": [each for each in judged if each.confirmed_at is None],
        "to_lift": [each for each in judged if each.lift_asked_by is not None],
        **head(current=_("Signalements")),
    }
    return render(request, "catalogue/community/moderation/reports.html", context)


@get_or_post
def report_item(request: HttpRequest, report: UUID) -> HttpResponse:
    """Show one report and take it in hand, hide the card, decide."""
    by = person(request)
    require(resource_rules.may_moderate, by)
    rows = Report.objects.visible_to(by).whole()
    found = find(rows, among=Report.objects.all(), public_id=report)
    masked = maskings.standing(found.resource) if found.resource else None
    act = request.POST.get("act", "") if request.method == "POST" else ""
    reasons = ReasonsForm(
        request.POST if act in ("decide", "settle") else None, measures=reports.measures(found)
    )
    mask = MaskForm(request.POST if act == "mask" else None)
    if act and _done(act, found, masked, reasons, mask, by):
        messages.success(request, _("Enregistré."))
        return redirect("catalogue:moderation_report", found.public_id)
    first = found.decisions.filter(stage=ReportStage.FIRST).select_related("decided_by").first()
    card = found.resource
    context = {
        "report": found,
        "masking": masked,
        "form": reasons,
        "mask": mask,
        "decisions": list(found.decisions.select_related("decided_by").order_by("pk")),
        "comments": _comments(found),
        "decides": found.status == ReportStatus.ASSESSED,
        "settles": found.status == ReportStatus.CONTESTED and rules.may_settle(by, found, first),
        "masks": card is not None
        and card.live
        and resource_rules.may_mask(by, card)
        and found.status in (ReportStatus.RECEIVED, ReportStatus.ASSESSED),
        "confirms": masked is not None
        and masked.confirmed_at is None
        and rules.may_confirm_masking(by, masked),
        "answers_lift": masked is not None
        and masked.lift_asked_by is not None
        and rules.may_answer_lift(by, masked),
        **head(current=_("Signalements")),
    }
    status = 422 if reasons.is_bound or mask.is_bound else 200
    return render(request, "catalogue/community/moderation/report.html", context, status=status)


def _comments(report: Report) -> list[str]:
    """Give what stands beside the cards of a collection that is reported."""
    if report.collection is None:
        return []
    items = report.collection.items.exclude(comment="")
    return list(items.values_list("comment", flat=True))


def _done(
    act: str,
    report: Report,
    masked: Masking | None,
    reasons: ReasonsForm,
    mask: MaskForm,
    by: Any,
) -> bool:
    """Do an act; False where its form must be shown again."""
    match act:
        case "assess":
            reports.assess(report=report, by=by)
        case "confirm" if masked is not None:
            maskings.confirm(masking=masked, by=by)
        case "lift" | "propose_lift" | "approve_lift" | "refuse_lift" if masked is not None:
            LIFTS[act](masking=masked, by=by)
        case "mask":
            if not mask.is_valid() or report.resource is None:
                return False
            maskings.mask(resource=report.resource, report=report, by=by, **mask.cleaned_data)
        case "decide" | "settle":
            if not reasons.is_valid():
                return False
            verb = reports.decide if act == "decide" else reports.settle
            try:
                verb(report=report, reasons=_reasons(reasons.cleaned_data), by=by)
            except Invalid as refusal:
                reasons.add_error(None, str(refusal))
                return False
        case _:
            return False
    return True


def _reasons(said: dict[str, Any]) -> reports.Reasons:
    chosen = {
        "outcome": ReportOutcome(said["outcome"]),
        "measure": Measure(said["measure"] or Measure.NONE),
    }
    return reports.Reasons(**said | chosen)
