"""Pages to import a table of cards, follow the lot, and take all cards of an organisation away."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from catalogue.contributions import pasting
from catalogue.contributions.actions import tables
from catalogue.contributions.enums import (
    OPEN_CONTRIBUTIONS,
    BatchState,
    ContributionStatus,
    RowOutcome,
)
from catalogue.contributions.forms.documents import REVIEW, LaunchForm, TableForm
from catalogue.contributions.models import ContributionBatch
from catalogue.contributions.queries import holdings as held
from catalogue.contributions.queries import reviews
from catalogue.contributions.queries import tables as table_rows
from catalogue.resources import rules
from catalogue.resources.enums import ResourceKind
from catalogue.resources.fields import DETAILS
from catalogue.resources.views import edited
from portal.accounts.authorization import require
from portal.accounts.models import Organisation
from portal.accounts.views import person
from portal.lib.refusals import QuotaSpent
from portal.lib.storage import files
from portal.lib.storage.files import attachment, csv_answer
from portal.lib.visible import find
from portal.lib.web.form_pages import sent
from portal.lib.web.requests import get_or_post

LINES_PER_PAGE = 50
NOTED = ("line", "title", "column", "value", "message")  # PostgreSQL keeps no order of its own


@get_or_post
def bring(request: HttpRequest) -> HttpResponse:
    """Ask for a table, read it and lead to what it would do; say why when it does not read."""
    by = person(request)
    form = TableForm(_choices(request), sent(request), request.FILES or None)
    if not form.is_valid():
        return _bringing(request, form, status=422 if form.is_bound else 200)
    holder = Organisation.objects.get(pk=int(form.cleaned_data["organisation"]))
    require(rules.edits_for, by, holder)
    try:
        pasting.spend(request, by=by)
        with pasting.reading(by.pk):
            table = tables.read_table(form.cleaned_data["file"].read())
    except QuotaSpent as refusal:
        form.add_error(None, str(refusal))
        return _bringing(request, form, status=429)
    if table.faults:
        return _bringing(request, form, faults=table.faults, status=422)
    batch = tables.prepare(
        organisation=holder,
        name=form.cleaned_data["file"].name or "",
        columns=table.columns,
        rows=table.rows,
        by=by,
    )
    return redirect("catalogue:import_batch", batch.public_id)


@get_or_post
def lot(request: HttpRequest, batch: UUID) -> HttpResponse:
    """Show what a table would do, then what became of it; import, send, withdraw or forget it."""
    found = _visible(request, batch)
    if request.method != "POST":
        return _shown(request, found, LaunchForm())
    require(rules.edits_for, person(request), found.organisation)
    match request.POST.get("act", ""):
        case "import":
            return _import(request, found)
        case "send":
            return _send(request, found)
        case "withdraw":
            return _withdraw(request, found)
        case "discard":
            tables.discard(batch=found, by=person(request))
            messages.success(request, _("Fichier effacé : rien n’a été importé."))
            return redirect("catalogue:import")
        case _:
            return _shown(request, found, LaunchForm(), status=422)


@require_safe
def faults(request: HttpRequest, batch: UUID) -> HttpResponse:
    """Give the faults of a lot as CSV: those its table has, or had while it was written."""
    found = _visible(request, batch)
    rows: Iterable[Any] = (
        table_rows.fault_rows(table_rows.plan(found))
        if found.state == BatchState.READ
        else [tuple(each[name] for name in NOTED) for each in found.failures]
    )
    head = [_("ligne"), _("titre"), _("colonne"), _("valeur"), _("cause")]
    return csv_answer([head, *rows], f"defauts-{found.public_id}.csv")


@require_safe
def columns(request: HttpRequest, kind: str) -> HttpResponse:
    """Describe the columns of a kind."""
    context = {"kind": _kind(kind), "rows": table_rows.described(_kind(kind))}
    return render(request, "catalogue/contributions/tables/columns.html", context)


@require_safe
def template(request: HttpRequest, kind: str) -> HttpResponse:
    """Give the template of a kind: its columns, and one line of example."""
    found = _kind(kind)
    return csv_answer(table_rows.template(found), f"modele-{found}.csv")


def _choices(request: HttpRequest) -> list[tuple[str, str]]:
    return [(str(each.pk), each.name) for each in edited(person(request))]


def _kind(kind: str) -> ResourceKind:
    if kind not in DETAILS:
        raise Http404
    return ResourceKind(kind)


def _visible(request: HttpRequest, public_id: UUID) -> ContributionBatch:
    rows = ContributionBatch.objects.visible_to(person(request))
    rows = rows.select_related("organisation", "author")
    return find(rows, among=ContributionBatch.objects.all(), public_id=public_id)


def _bringing(
    request: HttpRequest, form: TableForm, *, faults: Any = (), status: int = 200
) -> HttpResponse:
    mine = ContributionBatch.objects.visible_to(person(request)).select_related("organisation")
    context = {
        "form": form,
        "faults": faults,
        "holders": edited(person(request)),
        "kinds": list(ResourceKind),
        "batches": mine.defer("rows")[:20],
    }
    return render(request, "catalogue/contributions/tables/bring.html", context, status=status)


def _shown(
    request: HttpRequest,
    batch: ContributionBatch,
    form: LaunchForm,
    *,
    status: int = 200,
) -> HttpResponse:
    context = {
        "batch": batch,
        "form": form,
        "may_act": rules.edits_for(person(request), batch.organisation),
    }
    if batch.state == BatchState.READ:
        context |= _read(request, batch)
        return render(request, "catalogue/contributions/tables/read.html", context, status=status)
    context |= _followed(request, batch)
    return render(request, "catalogue/contributions/tables/batch.html", context, status=status)


def _read(request: HttpRequest, batch: ContributionBatch) -> dict[str, Any]:
    """Give what the table would do, row by row, under the outcome that was asked for."""
    lines = table_rows.plan(batch)
    counts, asked = table_rows.counts(lines), request.GET.get("ce", "")
    kept = [each for each in lines if not asked or each.outcome == asked]
    return {
        "counts": counts,
        "blocked": sum(bool(each.remarks) for each in lines),
        "left_aside": [name for name in batch.columns if name in table_rows.TOLD_BY_US],
        "filters": [
            (_("Toutes les lignes"), "?", len(lines), not asked),
            *(
                (outcome.label, f"?ce={outcome}", counts[outcome], asked == outcome)
                for outcome in RowOutcome
                if counts[outcome]
            ),
        ],
        "page": Paginator(kept, LINES_PER_PAGE).get_page(request.GET.get("page")),
    }


def _followed(request: HttpRequest, batch: ContributionBatch) -> dict[str, Any]:
    """Give what became of the lot: counts by state, and its contributions."""
    counts, asked = table_rows.states(batch), request.GET.get("etat", "")
    rows = reviews.titled(batch.contributions.select_related("resource")).order_by("pk")
    if asked in counts:
        rows = rows.filter(status=asked)
    open_count = sum(counts.get(each, 0) for each in OPEN_CONTRIBUTIONS)
    return {
        "figures": [(str(ContributionStatus(s).label), str(n), "") for s, n in counts.items()],
        "drafts": counts.get("draft", 0),
        "open_count": open_count,
        "refused": batch.counts.get("refused", 0),
        "known": batch.counts.get("known", 0),
        "filters": [
            (_("Toutes"), "?", sum(counts.values()), asked not in counts),
            *(
                (ContributionStatus(s).label, f"?etat={s}", n, asked == s)
                for s, n in counts.items()
            ),
        ],
        "page": Paginator(rows, LINES_PER_PAGE).get_page(request.GET.get("page")),
    }


def _import(request: HttpRequest, batch: ContributionBatch) -> HttpResponse:
    form = LaunchForm(request.POST)
    if not form.is_valid():
        return _shown(request, batch, form, status=422)
    sends = form.cleaned_data["then"] == REVIEW
    charter = settings.CHARTER_VERSION if sends else ""
    tables.ask(batch=batch, sends=sends, charter=charter, by=person(request))
    return redirect("catalogue:import_batch", batch.public_id)


def _send(request: HttpRequest, batch: ContributionBatch) -> HttpResponse:
    form = LaunchForm({**request.POST.dict(), "then": REVIEW})
    if not form.is_valid():
        return _shown(request, batch, form, status=422)
    tables.send(batch=batch, charter=settings.CHARTER_VERSION, by=person(request))
    return redirect("catalogue:import_batch", batch.public_id)


def _withdraw(request: HttpRequest, batch: ContributionBatch) -> HttpResponse:
    if "confirm" not in request.POST:
        context = {"batch": batch, **_followed(request, batch)}
        return render(request, "catalogue/contributions/tables/withdraw.html", context)
    count = tables.withdraw(batch=batch, by=person(request))
    said = ngettext("%(n)s proposition retirée.", "%(n)s propositions retirées.", count)
    messages.success(request, said % {"n": count})
    return redirect("catalogue:import_batch", batch.public_id)


@require_safe
def archive(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Send the archive as it is made, to who edits for the organisation."""
    organisation = get_object_or_404(Organisation, slug=slug)
    tables.take_out(organisation=organisation, by=person(request))
    content = files.streamed_zip(held.members(organisation), sums="SHA256SUMS")
    return attachment(content, f"fiches-{slug}.zip", media_type="application/zip")
