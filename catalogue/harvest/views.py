"""The catalogues that are harvested: proposed, approved, previewed, and each passage told."""

from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from catalogue.harvest import actions as harvests
from catalogue.harvest import queries as harvest_queries
from catalogue.harvest import rules
from catalogue.harvest.enums import ItemState, RunState
from catalogue.harvest.forms import RankForm, RefusalForm, SourceForm
from catalogue.harvest.models import HarvestRun, Source
from catalogue.resources import rules as resource_rules
from catalogue.resources.models import editable_organisations
from catalogue.resources.views import edited
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.accounts.views import person
from portal.lib.refusals import Refusal
from portal.lib.storage.files import csv_answer
from portal.lib.visible import find
from portal.lib.web.form_pages import sent
from portal.lib.web.requests import get_or_post

PER_PAGE = 25
LINES_PER_PAGE = 50


@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    """Show the sources of the person's organisations; all of them to the Region."""
    viewer = person(request)
    page = Paginator(harvest_queries.sources_listed(viewer), PER_PAGE).get_page(
        request.GET.get("page")
    )
    rows: list[Any] = list(page.object_list)
    for source in rows:
        source.last = RunState(source.last_state) if source.last_state else None
    page.object_list = rows
    context = {
        "page": page,
        "may_propose": bool(editable_organisations(viewer)),
        "reads_all": resource_rules.may_moderate(viewer),
    }
    return render(request, "catalogue/harvest/list.html", context)


@get_or_post
def propose(request: HttpRequest) -> HttpResponse:
    """Propose a source for an organisation; what the action refuses is shown on the form."""
    by = person(request)
    form = SourceForm(sent(request), holders=edited(by))
    if not form.is_valid():
        return _proposing(request, form, status=422 if form.is_bound else 200)
    try:
        source = harvests.propose(by=by, **form.cleaned_data)
    except Refusal as refusal:
        place = "url" if "url" in getattr(refusal, "faults", ()) else None
        form.add_error(place, str(refusal))
        return _proposing(request, form, status=422)
    messages.success(request, _("Source proposée : la Région répond avant tout passage."))
    return redirect("catalogue:harvest_source", source.public_id)


@get_or_post
def shown(request: HttpRequest, source: UUID) -> HttpResponse:
    """Show one source, what may be asked of it and its passages; do what one button asks."""
    found, by = _visible(request, source), person(request)
    if request.method != "POST":
        return _shown(request, found, RefusalForm())
    act = request.POST.get("act", "")
    if act == "refuse":
        require(rules.may_decide_source, by, found)
        form = RefusalForm(request.POST)
        if not form.is_valid():
            return _shown(request, found, form, status=422)
        harvests.refuse(source=found, by=by, **form.cleaned_data)
        messages.success(request, _("Source refusée : qui l’a proposée reçoit la raison."))
        return redirect("catalogue:harvest_source", found.public_id)
    if act == "rank":
        require(rules.may_decide_source, by, found)
        return _ranked(request, found, by)
    require(rules.may_pause_source, by, found)
    if act not in ACTS:
        return _shown(request, found, RefusalForm(), status=422)
    ask, sentence = ACTS[act]
    ask(source=found, by=by)
    messages.success(request, sentence)
    return redirect("catalogue:harvest_source", found.public_id)


@require_safe
def ran(request: HttpRequest, source: UUID, run: UUID) -> HttpResponse:
    """Show what one passage did of each record."""
    found = _run(request, source, run)
    state = request.GET.get("etat", "")
    lines = [
        (ItemState(line["state"]), line)
        for line in found.lines
        if not state or line["state"] == state
    ]
    context = {
        "run": found,
        "source": found.source,
        "page": Paginator(lines, LINES_PER_PAGE).get_page(request.GET.get("page")),
        "state": state,
        "filters": _filters(found, state),
        "figures": [
            (label, str(count), "")
            for label, count in [(_("Notices lues"), found.read_count), *found.figures]
        ],
    }
    return render(request, "catalogue/harvest/run.html", context)


@require_safe
def ran_csv(request: HttpRequest, source: UUID, run: UUID) -> HttpResponse:
    """Give the lines of one passage as CSV."""
    found = _run(request, source, run)
    told = (_("identifiant"), _("titre"), _("état"), _("code"))
    head = [*told, _("message"), _("champ"), _("valeur")]
    name = f"moissonnage-{found.source.key}-{found.asked_at:%Y-%m-%d}.csv"
    return csv_answer([head, *_rows(found)], name)


@require_safe
def dead_links(request: HttpRequest) -> HttpResponse:
    """List, for moderators, the links that have been dead for a month."""
    require(resource_rules.may_moderate, person(request))
    page = Paginator(harvest_queries.long_dead(), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "catalogue/harvest/dead_links.html", {"page": page})


def _visible(request: HttpRequest, public_id: UUID) -> Source:
    rows = Source.objects.visible_to(person(request)).select_related("organisation", "proposed_by")
    return find(rows, among=Source.objects.all(), public_id=public_id)


def _run(request: HttpRequest, source: UUID, run: UUID) -> HarvestRun:
    rows = HarvestRun.objects.visible_to(person(request)).select_related("source__organisation")
    rows = rows.filter(source__public_id=source)
    return find(rows, among=HarvestRun.objects.all(), public_id=run)


def _proposing(request: HttpRequest, form: SourceForm, status: int = 200) -> HttpResponse:
    return render(request, "catalogue/harvest/propose.html", {"form": form}, status=status)


def _ranked(request: HttpRequest, source: Source, by: User) -> HttpResponse:
    form = RankForm(request.POST, source=source)
    if not form.is_valid():
        return _shown(request, source, RefusalForm(), rank=form, status=422)
    names = ("priority", "priorities", "completes")
    values = {name: form.cleaned_data[name] for name in names}
    harvests.rank(source=source, by=by, **values)
    messages.success(request, _("Priorités enregistrées : elles jouent au prochain passage."))
    return redirect("catalogue:harvest_source", source.public_id)


def _shown(
    request: HttpRequest,
    source: Source,
    form: RefusalForm,
    *,
    rank: RankForm | None = None,
    status: int = 200,
) -> HttpResponse:
    viewer = person(request)
    runs = source.runs.select_related("asked_by").defer("lines")
    page = Paginator(runs, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "source": source,
        "form": form,
        "rank": rank or RankForm(source=source),
        "page": page,
        "under_way": any(not run.is_over for run in page.object_list),
        "cards": source.records.filter(resource__live=True).count(),
        "may_decide": rules.may_decide_source(viewer, source),
        "may_act": rules.may_pause_source(viewer, source),
    }
    return render(request, "catalogue/harvest/source.html", context, status=status)


def _filters(run: HarvestRun, current: str) -> list[tuple[str, str, int, bool]]:
    """Give the states that a report has lines of: word, address, count, whether it is shown."""
    counts = Counter(line["state"] for line in run.lines)
    return [
        (_("Tout"), "?", len(run.lines), not current),
        *(
            (str(state.label), f"?etat={state}", counts[state], current == state)
            for state in ItemState
            if counts[state]
        ),
    ]


def _rows(run: HarvestRun) -> Iterator[list[str]]:
    for line in run.lines:
        state = str(ItemState(line["state"]).label)
        head = [line.get("id", ""), line.get("title", ""), state]
        yield [*head, line.get("code", ""), line.get("message", ""), "", ""]
        for remark in line.get("remarks", ()):
            yield [*head, remark["code"], remark["message"], remark["field"], remark["value"]]


ACTS: dict[str, tuple[Callable[..., Any], Any]] = {
    "approve": (
        partial(harvests.approve, publishes=True),
        gettext_lazy("Source approuvée : ses fiches seront publiées à chaque passage."),
    ),
    "approve_reviewed": (
        partial(harvests.approve, publishes=False),
        gettext_lazy("Source approuvée : chaque nouvelle fiche passera en relecture."),
    ),
    "pause": (
        harvests.pause,
        gettext_lazy("Source en pause : ses fiches restent telles quelles."),
    ),
    "resume": (
        harvests.resume,
        gettext_lazy("Source reprise : un passage a lieu dans les minutes qui viennent."),
    ),
    "run": (
        harvests.ask_run,
        gettext_lazy("Passage demandé : son rapport paraît ici dès qu’il est terminé."),
    ),
    "preview": (
        partial(harvests.ask_run, preview=True),
        gettext_lazy("Aperçu demandé : vingt notices seront lues, rien ne sera écrit."),
    ),
}
