"""Report a content, follow one's notice, read why something of one's own was acted on."""

from typing import Any
from uuid import UUID

from allauth.core.internal import ratelimit
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe
from portal.accounts.views import person

from catalogue import rules
from catalogue.actions import report_links, reports
from catalogue.enums import ReportOutcome, ReportStatus
from catalogue.forms.reports import ContestForm, ReportForm
from catalogue.models import Report, ReportDecision
from catalogue.queries import reported, reviews
from portal.lib.refusals import Hidden, Invalid

get_or_post = require_http_methods(["GET", "HEAD", "POST"])
FIELDS = {"report_place": "address"}


@login_not_required
@get_or_post
def file(request: HttpRequest) -> HttpResponse:
    """Ask what is reported and why; the receipt is the tracking page."""
    signed_in = request.user.is_authenticated
    given = request.POST if request.method == "POST" else None
    initial = {"address": request.GET.get("adresse", "")[: reported.ADDRESS_CHARACTERS]}
    form = ReportForm(given, initial=initial, signed_in=signed_in)
    if form.is_valid():
        values = dict(form.cleaned_data)
        if values.pop("site"):
            return redirect("catalogue:list")
        _keep_pace(request)
        by = person(request) if signed_in else None
        try:
            report = reports.file(by=by, **values)
        except Invalid as refusal:
            name = FIELDS.get(refusal.code)
            form.add_error(name, str(refusal))
        else:
            messages.success(request, _("Votre signalement est reçu. Gardez cette adresse."))
            return redirect(report_links.path(report))
    status = 422 if form.is_bound else 200
    return render(request, "catalogue/reports/file.html", {"form": form}, status=status)


@login_not_required
@get_or_post
def track(request: HttpRequest, token: str) -> HttpResponse:
    """Show where a notice stands to whoever holds its address; contest its dismissal."""
    report = report_links.found(token)
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
    context = {"delays": reviews.delays(), "years": list(reported.by_year())}
    context["promise"] = settings.REVIEW_WORKING_DAYS
    return render(request, "catalogue/reports/transparency.html", context)


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
    answer = render(request, f"catalogue/reports/{page}.html", context, status=status)
    # The address is the secret: no other site may learn it; ours must, to check a form’s origin.
    answer["Referrer-Policy"] = "same-origin"
    answer["Cache-Control"] = "no-store, private"
    return answer


def _keep_pace(request: HttpRequest) -> None:
    config = {"report": f"{settings.REPORTS_PER_HOUR_AND_NETWORK}/h/ip"}
    consumed = ratelimit.consume(request, app="catalogue", action="report", config=config)
    reports.keep_network_pace(allowed=bool(consumed))
