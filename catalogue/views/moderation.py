"""The Region's review queue: what waits, what changes, what the checks say, the decision."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views import View
from portal.accounts.views import person

from catalogue import rules
from catalogue.actions import checks, moderation
from catalogue.enums import ContributionStatus, DecisionReason, ResourceKind
from catalogue.forms.decisions import PUBLISH, REFUSE, DecisionForm
from catalogue.models import Contribution
from catalogue.queries import around, proposals, reviews
from catalogue.validators import checks as record_checks
from catalogue.views.contribute import visible
from catalogue.views.differences import rows
from portal.accounts.authorization import require

DECISIONS_PER_PAGE = 30
QUEUE_PER_PAGE = 50


class Queue(View):
    """What waits for a moderator."""

    answered: bool | None = False

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show the list, filtered and sorted."""
        require(rules.may_moderate, person(request))
        context = _queue(request, answered=self.answered)
        return render(request, "catalogue/moderation/queue.html", context)


class Decisions(View):
    """What was decided."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show the decisions, the latest first."""
        require(rules.may_moderate, person(request))
        pages = Paginator(reviews.decisions(), DECISIONS_PER_PAGE)
        context = {
            "page": pages.get_page(request.GET.get("page")),
            **head(current=_("Décisions")),
        }
        return render(request, "catalogue/moderation/decisions.html", context)


class Item(View):
    """One contribution, to be judged."""

    def get(self, request: HttpRequest, contribution: UUID) -> HttpResponse:
        """Show what changes, the checks, the history and the form of the decision."""
        require(rules.may_moderate, person(request))
        found = visible(request, contribution)
        return _show(request, found, _form(found))

    def post(self, request: HttpRequest, contribution: UUID) -> HttpResponse:
        """Take the decision, then lead to the next contribution."""
        require(rules.may_moderate, person(request))
        found = visible(request, contribution)
        form = _form(found, request.POST)
        if not form.is_valid():
            return _show(request, found, form)
        found.version = form.cleaned_data["version"]  # what the moderator had read
        _decide(found, form, request)
        messages.success(request, _said(found))
        return redirect(*_following(found))


class Claim(View):
    """Say that one is reading a contribution."""

    def post(self, request: HttpRequest, contribution: UUID) -> HttpResponse:
        """Claim, or release."""
        found, by = visible(request, contribution), person(request)
        if "release" in request.POST:
            moderation.release(contribution=found, by=by)
        else:
            moderation.claim(contribution=found, by=by)
        return redirect("catalogue:moderation_item", found.public_id)


def _form(
    contribution: Contribution, data: Any = None, initial: dict[str, str] | None = None
) -> DecisionForm:
    """Build the form of the decision on the state of the contribution being read."""
    record = proposals.proposed_record(contribution)
    concerned = [(change.name, change.label) for change in proposals.changes({}, record)]
    values = {"version": str(contribution.version)} | (initial or {})
    return DecisionForm(data, concerned=concerned, initial=values)


def _decide(contribution: Contribution, form: DecisionForm, request: HttpRequest) -> None:
    by, said = person(request), form.cleaned_data
    outcome, message = said["outcome"], said["message"]
    if outcome == PUBLISH:
        moderation.publish(contribution=contribution, message=message, by=by)
        return
    reason = DecisionReason(said["reason"])
    if outcome == REFUSE:
        moderation.refuse(contribution=contribution, reason=reason, message=message, by=by)
        return
    fields = said["concerned"]
    moderation.request_changes(
        contribution=contribution, reason=reason, message=message, fields=fields, by=by
    )


def _said(contribution: Contribution) -> str:
    """Say what was decided, and on what."""
    contribution.refresh_from_db(fields=["status"])
    title = contribution.content.get("title") or contribution.resource.title
    said = {"title": title, "decision": contribution.get_status_display()}
    return _("Décision enregistrée pour « %(title)s » : %(decision)s.") % said


def _following(contribution: Contribution) -> tuple[Any, ...]:
    """Give the address of the next contribution of the queue, or of the empty queue."""
    queue = Contribution.objects.queue().exclude(pk=contribution.pk)
    following = queue.values_list("public_id", flat=True).first()
    return ("catalogue:moderation_item", following) if following else ("catalogue:moderation",)


def _queue(request: HttpRequest, *, answered: bool | None) -> dict[str, Any]:
    sieve, order = sieve_of(request), request.GET.get("order", "")
    rows = reviews.queue(
        kind=sieve.kind, answered=bool(answered), order=order, sieve=sieve, viewer=person(request)
    )
    lots = reviews.lots() if not answered else []
    if sieve.is_open:
        rows = rows.filter(batch=None)
    page = Paginator(rows, QUEUE_PER_PAGE).get_page(request.GET.get("page"))
    return {
        "page": page,
        "rows": reviews.waiting(page),
        "sieve": sieve,
        "lots": lots,
        "kept": urlencode(sieve.kept()),
        "order": order,
        "kinds": ResourceKind.choices,
        "organisations": reviews.holders_waiting(),
        "check_names": list(record_checks.NAMES.items()),
        "filter_href": reverse(_tab(answered)),
        **head(current=_("Réponses reçues") if answered else _("À relire")),
    }


def sieve_of(request: HttpRequest) -> reviews.Sieve:
    """Read the filters of an address."""
    asked = request.GET
    check = asked.get("controle", "")
    return reviews.Sieve(
        asked.get("kind", ""),
        asked.get("organisation", "")[:140],
        check if check in record_checks.NAMES else "",
        asked.get("confiee", ""),
        _identifier(asked.get("lot", "")),
    )


def _identifier(text: str) -> str:
    try:
        return str(UUID(text)) if text else ""
    except ValueError:
        return ""


def _tab(answered: bool | None) -> str:
    return "catalogue:moderation_answers" if answered else "catalogue:moderation"


def head(*, current: str) -> dict[str, Any]:
    """Give the figures and the tabs above every page of the review."""
    delays = reviews.delays()
    return {
        "delays": delays,
        "current_tab": current,
        "tab_items": [
            (_("À relire"), reverse("catalogue:moderation"), delays.waiting - delays.answered),
            (_("Réponses reçues"), reverse("catalogue:moderation_answers"), delays.answered),
            (_("Autour des fiches"), reverse("catalogue:moderation_community"), around.standing()),
            (_("Signalements"), reverse("catalogue:moderation_reports"), ""),
            (_("Transferts"), reverse("catalogue:moderation_transfers"), ""),
            (_("Décisions"), reverse("catalogue:moderation_decisions"), ""),
        ],
    }


def _show(request: HttpRequest, contribution: Contribution, form: DecisionForm) -> HttpResponse:
    user = person(request)
    item = reviews.waiting([contribution])[0]
    decisions = list(contribution.decisions.select_related("decided_by").order_by("-pk"))
    context = _queue(request, answered=item.was_answered) | {
        "contribution": contribution,
        "item": item,
        "answers_earlier": proposals.answers_earlier(contribution),
        "kind_shown": ResourceKind(contribution.resource.kind),
        "form": form,
        "decisions": decisions,
        "may_decide": rules.may_decide(user, contribution),
        "waits": contribution.status == ContributionStatus.SUBMITTED,
        "claim_minutes": settings.CLAIM_MINUTES,
        "is_stale": contribution.status == ContributionStatus.SUBMITTED
        and proposals.is_stale(contribution),
        **_content(request, contribution, decisions),
    }
    if context["is_stale"]:
        context["collisions"] = proposals.collisions(contribution)
    return render(request, "catalogue/moderation/item.html", context)


def _checked(contribution: Contribution, record: dict[str, Any]) -> list[dict[str, Any]]:
    """Check now what was never sent through the form: an import."""
    return [check.to_json() for check in checks.run(record, contribution=contribution)]


def _content(
    request: HttpRequest, contribution: Contribution, decisions: list[Any]
) -> dict[str, Any]:
    """Give the proposal under the view that was asked for: changes, since, before and after."""
    after = proposals.proposed_record(contribution)
    before = proposals.base_record(contribution)
    view = request.GET.get("vue", "")
    earlier = next((d for d in decisions if d.revision_id != contribution.revision_id), None)
    if view == "depuis" and earlier is not None:
        before = proposals.content_record(earlier.revision.content, contribution.resource.kind)
    changes = proposals.changes(before, after)
    labels = {
        "": _("Modifications"),
        "depuis": _("Depuis la décision"),
        "apres": _("Avant / après"),
    }
    if contribution.is_new and not before:
        labels[""] = _("Proposition")
    views = [("", True), ("depuis", earlier is not None), ("apres", not contribution.is_new)]
    return {
        "record": after,
        "language": proposals.written_in(after),
        "checks": contribution.checks or _checked(contribution, after),
        "unverified": ", ".join(proposals.unverified(contribution)),
        "changes": changes,
        "diff_rows": rows(changes),
        "side_by_side": view == "apres",
        "reads_whole": not before,
        "description_html": contribution.content.get("description_html", ""),
        "views": [
            (labels[code], f"?vue={code}" if code else "?") for code, shown in views if shown
        ],
        "view_label": labels.get(view, labels[""]),
    }
