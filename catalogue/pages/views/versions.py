"""The published versions of a card: their list, one of them, two side by side."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from catalogue.community.views import cards as around_pages
from catalogue.contributions.views.drafts import rendered
from catalogue.resources import rules
from catalogue.resources.actions import cards as card_changes
from catalogue.resources.models import CardVersion, Resource
from catalogue.resources.queries import records as card_records
from catalogue.resources.queries import versions as reads
from catalogue.resources.views import public
from portal.accounts.authorization import require
from portal.accounts.views import person
from portal.lib.refusals import Conflict, Invalid
from portal.lib.web.fields import PlainForm, line
from portal.lib.web.requests import get_or_post, natural


class WithholdForm(PlainForm):
    """The reason, read by the moderators alone."""

    reason = line(
        gettext_lazy("Pourquoi ne plus montrer cette version ?"),
        300,
        gettext_lazy("Dites pourquoi cette version n’est plus montrée."),
        gettext_lazy("Lu par les modérateurs seulement : ne répétez pas ce qui doit disparaître."),
        check=None,
    )


PER_PAGE = 20
TAB = gettext_lazy("Historique")
# As a masked card: unavailable for legal reasons.
WITHHELD = 451


@login_not_required
@require_safe
def listed(request: HttpRequest, slug: str) -> HttpResponse:
    """List the versions of a card, each with what it changed."""
    resource = public(slug)
    page = Paginator(reads.versions_of_card(resource), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "lines": reads.version_lines(
            list(page),
            latest=reads.latest_number(resource),
            until=reads.withheld_until(resource),
        ),
        **around_pages.frame(resource, str(TAB)),
    }
    return render(request, "catalogue/pages/versions/list.html", context)


@login_not_required
@get_or_post
def shown(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Show what a card said in one of its versions; a moderator withholds it or shows it again."""
    resource = public(slug)
    version = _version(resource, number)
    if request.method == "POST" and not request.user.is_authenticated:
        return redirect_to_login(request.path)
    form = WithholdForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and _act(request, version, form):
        return redirect("catalogue:version", slug, number)
    latest = reads.latest_number(resource)
    withheld = reads.is_withheld(version, latest=latest, until=reads.withheld_until(resource))
    context: dict[str, Any] = {
        "version": version,
        "current": version.number == latest,
        "latest": latest,
        "withheld": withheld,
        "form": form,
        "may_withhold": request.user.is_authenticated
        and rules.may_withhold(request.user, resource),
        **around_pages.frame(resource, str(TAB)),
    }
    if withheld:
        return render(request, "catalogue/pages/versions/one.html", context, status=WITHHELD)
    record = reads.record_of_version(version, resource)
    context |= {
        "record": record,
        "language": card_records.written_in(record),
        "changes": card_records.changes({}, record),
        "description_html": rendered(record),
    }
    status = 422 if form.is_bound else 200
    return render(request, "catalogue/pages/versions/one.html", context, status=status)


@login_not_required
@require_safe
def compared(request: HttpRequest, slug: str) -> HttpResponse:
    """Compare two versions, the last two unless others are asked for."""
    resource = public(slug)
    latest = reads.latest_number(resource)
    if latest < 2:
        return redirect("catalogue:versions", resource.slug)
    new = _number(request.GET.get("apres", ""), latest, at_most=latest)
    old = _number(request.GET.get("avant", ""), max(new - 1, 1), at_most=latest)
    old, new = sorted((old, new))
    found = {
        each.number: each
        for each in reads.versions_of_card(resource)
        .filter(number__in=(old, new))
        .select_related("revision", "organisation")
    }
    if not {old, new} <= found.keys():
        raise Http404
    until = reads.withheld_until(resource)
    context: dict[str, Any] = {
        "before": found[old],
        "after": found[new],
        "latest": latest,
        "withheld": [
            each
            for each in dict.fromkeys((found[old], found[new]))
            if reads.is_withheld(each, latest=latest, until=until)
        ],
        **around_pages.frame(resource, str(TAB)),
    }
    if context["withheld"]:
        return render(request, "catalogue/pages/versions/compare.html", context, status=WITHHELD)
    before, after = (reads.record_of_version(found[each], resource) for each in (old, new))
    context |= {
        "changes": card_records.changes(before, after),
        "language": card_records.written_in(after),
    }
    return render(request, "catalogue/pages/versions/compare.html", context)


def _act(request: HttpRequest, version: CardVersion, form: WithholdForm) -> bool:
    """Withhold or show again; say whether it was done."""
    by = person(request)
    require(rules.may_withhold, by, version.resource)
    try:
        if "show" in request.POST:
            card_changes.show_version(version=version, by=by)
            messages.success(request, _("La version est de nouveau montrée."))
            return True
        if not form.is_valid():
            return False
        card_changes.withhold_version(version=version, reason=form.cleaned_data["reason"], by=by)
    except Conflict as refusal:
        messages.error(request, str(refusal))
        return True
    except Invalid as refusal:
        form.add_error("reason", str(refusal))
        return False
    messages.success(request, _("La version n’est plus montrée à personne."))
    return True


def _version(resource: Resource, number: int) -> CardVersion:
    rows = reads.versions_of_card(resource).select_related("revision", "organisation")
    found = rows.filter(number=number).first()
    if found is None:
        raise Http404
    found.resource = resource
    return found


def _number(text: str, otherwise: int, *, at_most: int) -> int:
    """Read a number of version; what is none of them gives another."""
    number = natural(text)
    return number if 1 <= number <= at_most else otherwise
