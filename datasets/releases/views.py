"""Pages of the datasets: directory, dataset, files, publication."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import quote_etag
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from catalogue.community.views import cards as around_pages
from catalogue.pages.views import cards as card_pages
from catalogue.resources import words
from catalogue.resources.enums import Scope
from catalogue.resources.fields import FREQUENCIES
from catalogue.resources.models import Resource
from catalogue.resources.queries import lists, published
from catalogue.resources.queries.detail import Fact
from catalogue.resources.views import count
from datasets import gate
from datasets.releases import actions as releases
from datasets.releases import queries, rules
from datasets.releases.enums import AccessLevel, Protection
from datasets.releases.forms import ReleaseForm, faults_told
from datasets.releases.models import DataFile, Dataset, PendingRelease
from datasets.releases.queries import DatasetPage
from datasets.standards import dictionary, table_schema
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.accounts.sessions import recent_authentication
from portal.lib import clock
from portal.lib.refusals import Hidden, Invalid
from portal.lib.storage.files import attachment, csv_safe
from portal.lib.storage.folders import Readable
from portal.lib.web import responses
from portal.lib.web.requests import get_or_post

FREQUENCY_LABELS = dict(FREQUENCIES)


def row(card: Resource) -> dict[str, Any]:
    """Give a card of the directory as a row of results."""
    access = queries.ACCESS_OF_LEVEL[card.dataset.level_enum]
    meta: list[tuple[str, Any]] = []
    frequency = card.details.get("update_frequency", "unknown")
    if frequency in FREQUENCY_LABELS and frequency != "unknown":
        meta.append(("refresh-cw", FREQUENCY_LABELS[frequency]))
    if card.scope != Scope.UNKNOWN:
        meta.append(("globe", Scope(card.scope).label))
    if card.licences and not card.dataset.level_enum.is_restricted:
        meta.append(("scale", licences(card)))
    return {
        "title": card.title,
        "href": card.dataset.get_absolute_url(),
        "owner": card.holder_name,
        "desc": card.summary,
        "meta": meta,
        "access": lists.access(card, access),
        "language": card.written_in,
    }


def facts(shown: DatasetPage) -> list[Fact]:
    """List what is known of the files of a dataset; what nobody said is left out."""
    dataset = shown.dataset
    labelled = (
        (_("Formats"), ", ".join(dict.fromkeys(_format(one.name) for one in shown.files)), False),
        (_("Dernière version"), _day(dataset.released_at), False),
        (_("Base légale"), dataset.legal_basis, True),
        (_("Seuil de diffusion"), _people(dataset.disclosure_threshold), False),
        (_("Conservation"), dataset.retention, True),
    )
    told = [each for each in labelled if each[1]]
    return [Fact(label, ((value, ""),), is_written=written) for label, value, written in told]


def states(dataset: Dataset, card: Resource) -> Iterator[tuple[str, str, str]]:
    """Give the badges of a dataset: its access, what is particular to it."""
    level = dataset.level_enum
    yield str(level.label), level.tone, level.icon
    if dataset.in_directory:
        yield _("Répertoire R2DDE"), "lavande", "shield-check"
    if dataset.is_synthetic:
        yield _("Données synthétiques"), "calanque", "info"
    if not card.live:
        yield _("Brouillon"), "", "pencil"


def licences(card: Resource) -> str:
    """Name the licences of a card as people know them."""
    return ", ".join(words.licence_label(one) for one in card.licences)


def _day(at: datetime | None) -> str:
    return clock.day_words(clock.paris_day(at)) if at else ""


def _people(count: int | None) -> str:
    return _("%(count)s personnes") % {"count": count} if count else ""


def _format(name: str) -> str:
    return name.rpartition(".")[2].upper()


PAGE_SIZE, PENDING_SHOWN = 12, 5


@login_not_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """List the datasets whose files are held here, by what gives access to them."""
    counts = queries.access_counts(request.user)
    asked = request.GET.get("access", "")
    access = asked if asked in counts else ""
    page = Paginator(queries.directory(request.user, access), PAGE_SIZE).get_page(
        request.GET.get("page")
    )
    every = _("Tous")
    levels = {"": every} | {each.value: f"{each.label} ({n})" for each, n in counts.items()}
    context = {
        "section": "donnees",
        "page": page,
        "rows": [row(card) for card in page.object_list],
        "levels": [
            (label, f"?access={value}" if value else request.path)
            for value, label in levels.items()
        ],
        "level": levels[access],
    }
    return render(request, "datasets/list.html", context)


@login_not_required
@require_safe
def show(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a dataset, with all that its card says; one without files is read in the catalogue."""
    public = published.public().select_related("indexed", "dataset").filter(kind="dataset")
    card = public.filter(slug=slug).first() or card_or_404(request, slug)
    dataset: Dataset | None = getattr(card, "dataset", None)
    if dataset is None or dataset.released_at is None:
        if not card.live and rules.may_publish_release(request.user, card.organisation):
            return redirect("datasets:publish", slug)  # the card of a draft has no page yet
        return redirect(card.get_absolute_url())
    template, context = "datasets/page.html", _context(request, card, dataset)
    context |= queries.around(dataset, request.user)
    if card.live:
        return card_pages.render_card(request, card, template, context)
    return render(request, template, card_pages.card_context(request, card) | context)


@login_not_required
@require_safe
def release_list(request: HttpRequest, slug: str) -> HttpResponse:
    """List the files and the releases of a dataset."""
    card = _hosted_or_404(request, slug)
    frame = around_pages.frame(card, _("Fichiers et versions"))
    return render(request, "datasets/releases.html", frame | _context(request, card, card.dataset))


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


def _context(request: HttpRequest, card: Resource, dataset: Dataset) -> dict[str, Any]:
    shown = queries.page_of(dataset)
    contents = [
        ("presentation", _("Présentation"), card.description_html),
        ("schema", _("Schéma"), shown.table),
        ("apercu", _("Aperçu"), shown.shown),
    ]
    return {
        "section": "donnees",
        "contents": [(anchor, title) for anchor, title, is_there in contents if is_there],
        "card": card,
        "shown": shown,
        "opening": getattr(shown.release, "opening", None),
        "states": list(states(dataset, card)),
        "access": None,  # among the states
        "use": None,  # stands in the panel of access
        "file_facts": facts(shown),
        "licences": licences(card),
        "may_publish": rules.may_publish_release(request.user, card.organisation),
    }


@login_not_required
@get_or_post
def download(request: HttpRequest, slug: str, file: UUID) -> HttpResponseBase:
    """Hand out a file, or the rest of it; one that asks for an account is posted with its licence.

    In the place of a restricted one, the extract of the reader's grant (`?extrait=` of several), to
    who proves first who they are, whatever the session.
    """
    data_file = queries.readable_file(file, slug, request.user)
    if data_file is None:
        raise Hidden(denied=queries.file_of(file, slug))
    licences = ""
    if data_file.level == AccessLevel.REGISTERED:
        if not request.user.is_authenticated:
            return redirect_to_login(reverse("datasets:dataset", args=(slug,)))
        if request.method != "POST":
            return redirect("datasets:dataset", slug)
        if not request.POST.get("accept"):
            raise Invalid(_("Acceptez la licence pour recevoir ce fichier."), code="licence")
        licences = ", ".join(data_file.release.dataset.resource.licences)
    if data_file.level_enum.is_restricted:
        gate.announce_file(data_file=data_file, by=request.user, extract=_chosen(request))
        if not recent_authentication(request):
            raise ReauthenticationRequired
    return handed(request, data_file, licences=licences, extract=_chosen(request))


def handed(
    request: HttpRequest, data_file: DataFile, *, licences: str = "", extract: UUID | None = None
) -> HttpResponseBase:
    """Answer with a file that the gate opens for this reader, whole or from where they had come.

    extract: which, to who reads the file under several grants.
    """
    lent = gate.announce_file(data_file=data_file, by=request.user, extract=extract)
    size = data_file.size if lent is None else lent.clear_size or 0
    etag = quote_etag(data_file.sha256 if lent is None else lent.sha256)
    part = responses.asked_range(request, size=size, etag=etag)
    if part.first + part.size < size:  # a part that stops before the end is given as the whole
        part = responses.Span(0, size, size, is_part=False)
    content: Readable | tuple[()] = ()
    if request.method != "HEAD":  # the headers of a download, which does not take place
        content = gate.open_file(
            data_file=data_file,
            by=request.user,
            first=part.first,
            extract=None if lent is None else lent.public_id,
            licences=licences,
        )
        if part.first == 0:
            count(request, data_file.release.dataset.resource, "downloads")
    answer = attachment(content, data_file.name, media_type=data_file.media_type, size=part.size)
    responses.cut_slow_readers(
        answer,
        request,
        piece_seconds=settings.PIECE_SECONDS,
        look=getattr(content, "look", None),
    )
    if lent is not None or part.size > settings.PROXY_READS_AHEAD_BYTES:
        # A proxy that reads ahead would go on giving what it took, and be cut meanwhile.
        answer["X-Accel-Buffering"] = "no"
    answer["ETag"] = etag
    return part.told(answer)


def _chosen(request: HttpRequest) -> UUID | None:
    """Read which extract is asked; what is no identifier names none."""
    said = request.GET.get("extrait")
    try:
        return UUID(said) if said else None
    except ValueError:
        return UUID(int=0)


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
    asked = PendingRelease.objects.filter(dataset__resource=card)[:PENDING_SHOWN]
    pending = [(each, faults_told(each)) for each in asked]
    context = {"section": "donnees", "card": card, "form": form, "pending": pending}
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "datasets/release_form.html", context, status=status)


# Where a refusal of the whole is shown.
FIELDS = {
    "opening_needed": "of_personal_origin",
    "origin_stays": "of_personal_origin",
    "scanner_away": "table",
}


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
            form.add_error(FIELDS.get(refusal.code, "in_directory"), str(refusal))
        return False
    messages.success(request, _("Version %(number)s publiée.") % {"number": release.number})
    return True
