"""Pages of the datasets: directory, dataset, files, publication."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import IO, Any, cast
from uuid import UUID

from allauth.core.exceptions import ReauthenticationRequired
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import dateformat, timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from catalogue.resources import words
from catalogue.resources.enums import Access, Scope
from catalogue.resources.fields import FREQUENCIES
from catalogue.resources.models import Resource
from catalogue.resources.queries import quality
from catalogue.resources.views import count
from datasets import filters, gate, queries, rules
from datasets.actions import releases
from datasets.enums import AccessLevel, Protection
from datasets.forms import ReleaseForm
from datasets.models import DataFile, Dataset
from datasets.queries import DatasetPage
from datasets.standards import dictionary, table_schema
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.accounts.sessions import recent_authentication
from portal.lib.clock import PARIS
from portal.lib.prose import texts
from portal.lib.refusals import Hidden, Invalid
from portal.lib.storage.files import attachment, csv_safe
from portal.lib.web.requests import get_or_post

TABS = {"page": gettext_lazy("Présentation"), "releases": gettext_lazy("Fichiers et versions")}
FREQUENCY_LABELS = dict(FREQUENCIES)


def row(card: Any) -> dict[str, Any]:
    """Give a card of the directory as a row of results; `card` bears its annotations."""
    access = Access(card.access_shown)
    here = card.hosting == "here"
    meta: list[tuple[str, Any]] = [
        ("folder" if here else "external-link", _("Fichiers ici") if here else _("Fiche"))
    ]
    frequency = card.details.get("update_frequency", "unknown")
    if frequency in FREQUENCY_LABELS and frequency != "unknown":
        meta.append(("refresh-cw", FREQUENCY_LABELS[frequency]))
    meta.append(("globe", Scope(card.scope).label))
    if card.licences:
        meta.append(("scale", licences(card)))
    return {
        "title": card.title,
        "href": (card.dataset if here else card).get_absolute_url(),
        "owner": card.producer_shown or "",
        "desc": card.summary,
        "meta": meta,
        "access": (access.label, access.tone, access.icon),
        "language": card.written_in,
    }


def tabs(card: Resource, shown: DatasetPage | None) -> list[tuple[Any, str, Any]]:
    """Give the tabs of a dataset: label, address, count."""
    count = len(shown.releases) if shown else 0
    return [
        (TABS["page"], reverse("datasets:dataset", args=(card.slug,)), ""),
        (TABS["releases"], reverse("datasets:releases", args=(card.slug,)), count),
    ]


def facts(card: Resource, shown: DatasetPage | None) -> list[tuple[str, Any]]:
    """List what is known of a dataset; what nobody said is left out."""
    details = card.details
    labelled: list[tuple[str, Any]] = [
        (_("Producteur"), card.holder_name),
        (_("Licence"), licences(card)),
        (_("Mise à jour"), FREQUENCY_LABELS.get(details.get("update_frequency", ""), "")),
        (_("Maille"), texts.in_language(details.get("granularity", ""), card.written_in)),
        (_("Échelle"), Scope(card.scope).label),
    ]
    if shown is not None:
        dataset = shown.dataset
        labelled += [
            (_("Base légale"), texts.in_language(dataset.legal_basis, card.written_in)),
            (_("Dernière version"), _day(dataset.released_at)),
            (_("Seuil de diffusion"), _people(dataset.disclosure_threshold)),
            (_("Formats"), ", ".join(dict.fromkeys(_format(one.name) for one in shown.files))),
            (_("Conservation"), texts.in_language(dataset.retention, card.written_in)),
        ]
    return [(label, value) for label, value in labelled if value]


def licences(card: Resource) -> str:
    """Name the licences of a card as people know them."""
    return ", ".join(words.licence_label(one) for one in card.licences)


def _day(at: datetime | None) -> str:
    return dateformat.format(timezone.localtime(at, PARIS), "j F Y") if at else ""


def _people(count: int | None) -> str:
    return _("%(count)s personnes") % {"count": count} if count else ""


def _format(name: str) -> str:
    return name.rpartition(".")[2].upper()


PAGE_SIZE = 12


@login_not_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """List the published datasets, by words, access, place of the files, scope, producer."""
    query = filters.parse(request.GET)
    listed = queries.directory(query, request.user)
    counts = queries.facet_counts(query, request.user)
    page = Paginator(listed, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "section": "donnees",
        "query": query,
        "page": page,
        "rows": [row(card) for card in page.object_list],
        "facets": filters.facets(query, counts),
        "chips": filters.chips(query),
        "orders": queries.ORDERS.items(),
    }
    return render(request, "datasets/list.html", context)


@login_not_required
@require_safe
def show(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a dataset; a card without files leads to its page in the catalogue."""
    card = card_or_404(request, slug)
    if not hasattr(card, "dataset") and not rules.may_describe(request.user, card.organisation):
        return redirect(card.get_absolute_url())
    return render(request, "datasets/page.html", _context(request, card, "page"))


@login_not_required
@require_safe
def release_list(request: HttpRequest, slug: str) -> HttpResponse:
    """List the files and the releases of a dataset."""
    card = _hosted_or_404(request, slug)
    return render(request, "datasets/releases.html", _context(request, card, "releases"))


@login_not_required
@require_safe
def schema(request: HttpRequest, slug: str) -> HttpResponse:
    """Serve the Table Schema of the current release."""
    card = _hosted_or_404(request, slug)
    table = _table_or_404(card)
    document = table_schema.document(
        table.schema, title=card.title, homepage=request.build_absolute_uri(".")
    )
    return JsonResponse(document, json_dumps_params={"ensure_ascii": False, "indent": 1})


@login_not_required
@require_safe
def columns(request: HttpRequest, slug: str) -> HttpResponse:
    """Serve the dictionary of the current release as CSV."""
    table = _table_or_404(_hosted_or_404(request, slug))
    rows = [{key: csv_safe(value) for key, value in row.items()} for row in table.schema]
    labels = {value: str(label) for value, label in Protection.choices}
    response = HttpResponse(dictionary.write(rows, labels), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{slug}-dictionnaire.csv"'
    return response


def card_or_404(request: HttpRequest, slug: str) -> Resource:
    """Find the card of a dataset that this person may read."""
    card = (
        Resource.objects.visible_to(request.user)
        .select_related("organisation", "dataset")
        .filter(kind="dataset", slug=slug)
        .first()
    )
    if card is None:
        raise Http404
    return card


def _hosted_or_404(request: HttpRequest, slug: str) -> Resource:
    card = card_or_404(request, slug)
    if not hasattr(card, "dataset"):
        raise Http404
    return card


def _table_or_404(card: Resource) -> Any:
    table = queries.page_of(card.dataset).table
    if table is None:
        raise Http404
    return table


def _context(request: HttpRequest, card: Resource, tab: str) -> dict[str, Any]:
    dataset: Dataset | None = getattr(card, "dataset", None)
    shown = queries.page_of(dataset) if dataset else None
    return {
        "section": "donnees",
        "card": card,
        "shown": shown,
        "tab_items": tabs(card, shown),
        "tab_name": TABS[tab],
        "aside_facts": facts(card, shown),
        "licences": licences(card),
        "quality": quality.assess(card, card.measurements.all()),
        "details": card.details,
        "may_publish": rules.may_publish_release(request.user, card.organisation),
        "may_read_restricted": rules.may_describe(request.user, card.organisation),
    }


@login_not_required
@get_or_post
def download(request: HttpRequest, slug: str, file: UUID) -> StreamingHttpResponse | HttpResponse:
    """Hand out a file; one that asks for an account is posted with the licence accepted.

    Who may have a restricted one proves first who they are, whatever the session.
    """
    data_file = queries.readable_file(file, slug, request.user)
    if data_file is None:
        raise Hidden(denied=queries.file_of(file, slug))
    _keep_proven(request, data_file)
    licences = ""
    if data_file.level == AccessLevel.REGISTERED:
        if not request.user.is_authenticated:
            return redirect_to_login(reverse("datasets:dataset", args=(slug,)))
        if request.method != "POST":
            return redirect("datasets:dataset", slug)
        if not request.POST.get("accept"):
            raise Invalid(_("Acceptez la licence pour recevoir ce fichier."), code="licence")
        licences = ", ".join(data_file.release.dataset.resource.licences)
    content: IO[bytes] | Iterable[bytes] = ()
    if request.method == "HEAD":  # the headers of a download, which does not take place
        gate.announce_file(data_file=data_file, by=request.user)
    else:
        count(request, data_file.release.dataset.resource, "downloads")
        content = gate.open_file(data_file=data_file, by=request.user, licences=licences)
    return attachment(content, data_file.name, media_type=data_file.media_type, size=data_file.size)


def _keep_proven(request: HttpRequest, data_file: DataFile) -> None:
    """Ask for the proof who may have a restricted file; the gate refuses the others as ever."""
    if not data_file.level_enum.is_restricted:
        return
    gate.announce_file(data_file=data_file, by=request.user)
    if not recent_authentication(request):
        raise ReauthenticationRequired


@require_http_methods(["GET", "POST"])
def publish(request: HttpRequest, slug: str) -> HttpResponse:
    """Publish files for the dataset of one's organisation."""
    card = card_or_404(request, slug)
    require(rules.may_publish_release, request.user, card.organisation)
    form = ReleaseForm(
        request.POST or None, request.FILES or None, dataset=getattr(card, "dataset", None)
    )
    if request.method == "POST" and form.is_valid() and _published(form, card, request):
        return redirect("datasets:dataset", slug)
    context = {"section": "donnees", "card": card, "form": form}
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "datasets/release_form.html", context, status=status)


def _published(form: ReleaseForm, card: Resource, request: HttpRequest) -> bool:
    """Write the dataset and its release; False once the faults stand in the form."""
    by = cast(User, request.user)
    try:
        dataset = releases.describe(resource=card, description=form.description(), by=by)
        release = releases.publish(
            dataset=dataset,
            files=form.new_files(),
            notes=form.cleaned_data["notes"],
            personal_checked=form.cleaned_data["personal_checked"],
            by=by,
        )
    except Invalid as refusal:
        if refusal.faults:
            form.refuse(refusal.faults)
        else:
            form.add_error("in_directory", str(refusal))
        return False
    messages.success(request, _("Version %(number)s publiée.") % {"number": release.number})
    return True
