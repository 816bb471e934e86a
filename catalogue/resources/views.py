"""What is asked of one public card: counted, left for a file, archived or brought back."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext_lazy as _
from django.views import View
from django.views.decorators.http import require_safe

from catalogue.resources import rules
from catalogue.resources.actions import cards as card_changes
from catalogue.resources.addresses import is_robot, is_web
from catalogue.resources.models import Resource, editable_organisations
from catalogue.resources.queries import files as card_files
from catalogue.resources.queries.files import FILE_COLUMNS, readable_details
from portal.accounts.authorization import require
from portal.accounts.models import Organisation, User
from portal.accounts.views import person
from portal.lib.refusals import Hidden
from portal.lib.web.fields import PlainForm, prose


class ReasonForm(PlainForm):
    """Why a card is archived."""

    reason = prose(
        _("Pourquoi l’archiver ?"),
        300,
        _("Dites pourquoi cette fiche est archivée."),
        _("La raison est affichée sur la fiche."),
        check=None,
    )


def count(request: HttpRequest, resource: Resource, figure: card_changes.Figure) -> None:
    """Count a request of a person; what programs ask, or browsers ahead of time, is left out."""
    headers = request.headers
    purpose = headers.get("Sec-Purpose", "") or headers.get("Purpose", "")
    if request.method == "GET" and not is_robot(headers.get("User-Agent", ""), purpose):
        card_changes.count_use(resource_id=resource.pk, figure=figure)


@login_not_required
@require_safe
def leave(request: HttpRequest, slug: str, field: str, number: int, column: str) -> HttpResponse:
    """Lead to a file that a card describes, and count it; to no other address."""
    resource = public(slug)
    rows = (
        readable_details(resource).get(field, []) if column in FILE_COLUMNS.get(field, ()) else []
    )
    address = str(rows[number].get(column) or "") if number < len(rows) else ""
    if not is_web(address):
        raise Hidden
    if not card_files.is_own(address):  # ours is counted where it is handed out
        count(request, resource, "downloads")
    answer = HttpResponseRedirect(address)
    answer["X-Robots-Tag"] = "noindex"
    answer["Cache-Control"] = "no-store"
    return answer


def holders(user: User) -> list[tuple[str, str]]:
    """List the organisations where a person writes, as choices."""
    rows = Organisation.objects.filter(pk__in=user.roles_by_organisation).order_by("name")
    return [(str(pk), name) for pk, name in rows.values_list("pk", "name")]


def edited(user: User) -> list[Organisation]:
    """List the organisations in whose name a person publishes."""
    rows = Organisation.objects.filter(pk__in=editable_organisations(user))
    return list(rows.order_by("name", "pk"))


class Archive(View):
    """Archive a published card or bring it back."""

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Ask why, or for a confirmation."""
        resource = public(slug)
        require(rules.may_archive, person(request), resource)
        context = {"resource": resource, "form": ReasonForm()}
        return render(request, "catalogue/resources/archive.html", context)

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Archive with a reason, or restore what was archived."""
        resource, form = public(slug), ReasonForm(request.POST)
        require(rules.may_archive, person(request), resource)
        if resource.archived_at is not None:
            card_changes.restore(resource=resource, by=person(request))
        elif form.is_valid():
            reason = form.cleaned_data["reason"]
            card_changes.archive(resource=resource, reason=reason, by=person(request))
        else:
            context = {"resource": resource, "form": form}
            return render(request, "catalogue/resources/archive.html", context, status=422)
        return redirect("catalogue:resource", resource.slug)


def public(slug: str) -> Resource:
    return get_object_or_404(Resource.objects.public().with_organisation(), slug=slug)
