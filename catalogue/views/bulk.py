"""Decide on several contributions: choose, read what will be done to each, confirm."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from catalogue import rules
from catalogue.actions import bulk_reviews
from catalogue.enums import ContributionStatus
from catalogue.forms.decisions import OrderForm
from catalogue.models import Contribution
from catalogue.queries import reviews
from catalogue.views.contribute import person
from catalogue.views.moderation import head, sieve_of
from portal.accounts.authorization import require

MOST = 50


@require_http_methods(["GET", "HEAD", "POST"])
def bulk(request: HttpRequest) -> HttpResponse:
    """Show the choice; then what would be done to each; then do it."""
    by = person(request)
    require(rules.may_moderate, by)
    given = request.POST if request.method == "POST" else None
    form = OrderForm(given, moderators=list(reviews.moderators()))
    sieve = sieve_of(request)
    found = reviews.queue(kind=sieve.kind, sieve=sieve, viewer=by)
    chosen = _chosen(request) if given is not None else []
    faulty = given is not None and not (form.is_valid() and chosen)
    context: dict[str, Any] = {
        "form": form,
        "chosen": {each.public_id for each in chosen},
        "nothing": given is not None and not chosen,
        "most": MOST,
        **head(current=_("À relire")),
    }
    if given is None or faulty or "change" in given:
        context["rows"] = reviews.waiting(
            found.select_related("resource__organisation", "revision")[:MOST]
        )
        return render(
            request, "catalogue/moderation/bulk.html", context, status=422 if faulty else 200
        )
    order = form.order()
    if "confirm" not in given:
        context |= {
            "order": order,
            "plan": bulk_reviews.plan(contributions=chosen, order=order, by=by),
        }
        return render(request, "catalogue/moderation/bulk_confirm.html", context)
    done = bulk_reviews.carry_out(contributions=chosen, order=order, by=by)
    _say(request, done)
    return redirect("catalogue:moderation")


def _chosen(request: HttpRequest) -> list[Contribution]:
    """Read what was ticked, as it was when it was ticked: `identifier:version`."""
    versions: dict[UUID, int] = {}
    for text in request.POST.getlist("item")[:MOST]:
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


def _say(request: HttpRequest, done: list[bulk_reviews.Line]) -> None:
    kept = [line for line in done if not line.skipped]
    said = ngettext("%(n)s fiche traitée.", "%(n)s fiches traitées.", len(kept))
    messages.success(request, said % {"n": len(kept)})
    for line in done:
        if line.skipped:
            title = getattr(line.contribution, "proposed_title", "") or _("Sans titre")
            facts = {"title": title, "why": line.skipped}
            messages.warning(request, _("Laissée de côté, « %(title)s » : %(why)s") % facts)
