"""The reports that wait for a moderator, and the acts on one of them."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe
from portal.accounts.views import person

from catalogue import rules
from catalogue.actions import maskings, reports
from catalogue.enums import Measure, ReportOutcome, ReportStage, ReportStatus
from catalogue.forms.reports import MaskForm, ReasonsForm
from catalogue.models import Masking, Report
from catalogue.views.moderation import head
from portal.accounts.authorization import require
from portal.lib.refusals import Invalid
from portal.lib.visible import find

PER_PAGE = 30
LIFTS: dict[str, Any] = {
    "lift": maskings.lift,
    "propose_lift": maskings.propose_lift,
    "approve_lift": maskings.approve_lift,
    "refuse_lift": maskings.refuse_lift,
}


@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """List the reports one may judge: those that wait, the oldest first; or all."""
    by = person(request)
    require(rules.may_moderate, by)
    every = request.GET.get("tous") == "1"
    rows = Report.objects.visible_to(by).whole()
    rows = rows.order_by("-at", "-pk") if every else rows.open()
    hidden = Masking.objects.filter(ended_at=None).select_related(
        "resource__organisation", "report", "masked_by", "lift_asked_by"
    )
    judged = [masking for masking in hidden if rules.may_mask(by, masking.resource)]
    context = {
        "page": Paginator(rows, PER_PAGE).get_page(request.GET.get("page")),
        "every": every,
        "to_confirm": [each for each in judged if each.confirmed_at is None],
        "to_lift": [each for each in judged if each.lift_asked_by is not None],
        **head(current=_("Signalements")),
    }
    return render(request, "catalogue/moderation/reports.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def item(request: HttpRequest, report: UUID) -> HttpResponse:
    """Show one report and take it in hand, hide the card, decide."""
    by = person(request)
    require(rules.may_moderate, by)
    rows = Report.objects.visible_to(by).whole()
    found = find(rows, among=Report.objects.all(), public_id=report)
    masked = maskings.standing(found.resource) if found.resource else None
    act = request.POST.get("act", "") if request.method == "POST" else ""
    reasons = ReasonsForm(
        request.POST if act in ("decide", "settle") else None, measures=reports.measures(found)
    )
    mask = MaskForm(request.POST if act == "mask" else None)
    if act and _done(act, found, masked, reasons, mask, by):
        messages.success(request, _("C’est enregistré."))
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
        and rules.may_mask(by, card)
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
    return render(request, "catalogue/moderation/report.html", context, status=status)


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
    return reports.Reasons(
        outcome=ReportOutcome(said["outcome"]),
        measure=Measure(said["measure"] or Measure.NONE),
        facts=said["facts"],
        ground=said["ground"],
        ground_text=said["ground_text"],
        duration=said["duration"],
    )
