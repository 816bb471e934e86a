"""Decide on several contributions: choose, read what will be done to each, confirm."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods
from portal.accounts.views import person

from catalogue import rules
from catalogue.actions import bulk_reviews
from catalogue.enums import ContributionStatus
from catalogue.forms.decisions import OrderForm
from catalogue.models import Contribution
from catalogue.queries import reviews
from catalogue.views.moderation import head, sieve_of
from portal.accounts.authorization import require

MOST_SHOWN = 50
MOST = 500
MOST_SECONDS = 15  # of one answer: what is left is done by the next


@require_http_methods(["GET", "HEAD", "POST"])
def bulk(request: HttpRequest) -> HttpResponse:
    """Show the choice; then what would be done to each; then do it."""
    by = person(request)
    require(rules.may_moderate, by)
    given = request.POST if request.method == "POST" else None
    form = OrderForm(given, moderators=list(reviews.moderators()))
    sieve = sieve_of(request)
    found = reviews.queue(kind=sieve.kind, sieve=sieve, viewer=by)
    chosen = _chosen(request, found) if given is not None else []
    faulty = given is not None and not (form.is_valid() and chosen)
    context: dict[str, Any] = {
        "form": form,
        "chosen": {each.public_id for each in chosen},
        "nothing": given is not None and not chosen,
        **head(current=_("À relire")),
    }
    if given is None or faulty or "change" in given:
        context |= _choice(found)
        return render(
            request, "catalogue/moderation/bulk.html", context, status=422 if faulty else 200
        )
    order = form.order()
    if "confirm" not in given:
        plan = bulk_reviews.plan(contributions=chosen, order=order, by=by)
        kept = sum(not line.skipped for line in plan)
        context |= {"order": order, "plan": plan, "kept": kept, "left": len(plan) - kept}
        return render(request, "catalogue/moderation/bulk_confirm.html", context)
    done = bulk_reviews.carry_out(contributions=chosen, order=order, by=by, seconds=MOST_SECONDS)
    before = _named(request.POST.getlist("left"))
    if len(chosen) > MOST_SHOWN or len(done) < len(chosen) or "treated" in given:
        context |= _report(request, done, chosen[len(done) :], before, order)
        return render(request, "catalogue/moderation/bulk_report.html", context)
    _say(request, done)
    return redirect("catalogue:moderation")


def _choice(found: QuerySet[Contribution]) -> dict[str, Any]:
    """Give the first of what waits, to be ticked, and how many all of it is."""
    total = found.count()
    shown = found.select_related("resource__organisation", "revision")[:MOST_SHOWN]
    return {
        "rows": reviews.waiting(shown),
        "total": total,
        "whole": min(total, MOST),
        "shown": MOST_SHOWN,
    }


def _chosen(request: HttpRequest, found: QuerySet[Contribution]) -> list[Contribution]:
    """Read what was ticked, or all that waits under the filters, the oldest first."""
    if "all" in request.POST and "confirm" not in request.POST:
        whole = found.select_related("resource__organisation", "revision")
        return list(whole[:MOST])
    return _named(request.POST.getlist("item"))


def _named(texts: list[str]) -> list[Contribution]:
    """Read contributions as they were when they were chosen: `identifier:version`."""
    versions: dict[UUID, int] = {}
    for text in texts[:MOST]:
        name, _colon, version = text.partition(":")
        try:
            versions[UUID(name)] = int(version)
        except ValueError:
            continue
    rows = reviews.titled(
        Contribution.objects.exclude(status=ContributionStatus.DRAFT).select_related(
            "resource__organisation", "organisation", "author", "revision", "assignee"
        )
    ).filter(public_id__in=versions)
    found = list(rows.order_by("first_submitted_at", "pk"))
    for each in found:
        each.version = versions[each.public_id]
    return found


def _report(
    request: HttpRequest,
    done: list[bulk_reviews.Line],
    rest: list[Contribution],
    before: list[Contribution],
    order: bulk_reviews.Order,
) -> dict[str, Any]:
    """Tell what became of each so far: what was left aside before says why anew."""
    told = request.POST.get("treated", "")
    earlier = int(told) if told.isascii() and told.isdigit() and len(told) < 5 else 0
    plan = bulk_reviews.plan(contributions=before, order=order, by=person(request))
    return {
        "order": order,
        "treated": earlier + sum(not line.skipped for line in done),
        "aside": [*plan, *(line for line in done if line.skipped)],
        "rest": rest,
    }


def _say(request: HttpRequest, done: list[bulk_reviews.Line]) -> None:
    kept = [line for line in done if not line.skipped]
    said = ngettext("%(n)s fiche traitée.", "%(n)s fiches traitées.", len(kept))
    messages.success(request, said % {"n": len(kept)})
    for line in done:
        if line.skipped:
            title = getattr(line.contribution, "proposed_title", "") or _("Sans titre")
            facts = {"title": title, "why": line.skipped}
            messages.warning(request, _("Laissée de côté, « %(title)s » : %(why)s") % facts)
