"""Decide on the entries whose scoring broke down on our side: the moderators' pages."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from challenges.actions import examinations
from challenges.enums import EntryStatus, PhaseKind
from challenges.forms.entries import ExaminationForm
from challenges.models import Entry
from challenges.organising.views.layout import person
from challenges.queries import examinations as reads
from challenges.queries import programs
from challenges.rules import may_examine_entries, may_examine_entry
from challenges.views import code_runs, program_reports
from portal.accounts.authorization import require

PER_PAGE = 25


@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """List the entries that wait for a decision, the oldest first."""
    require(may_examine_entries, person(request))
    fails = bool(request.GET.get("echecs"))
    page = Paginator(reads.failed() if fails else reads.waiting(), PER_PAGE).get_page(
        request.GET.get("page")
    )
    context = {
        "section": "challenges",
        "page": page,
        "fails": fails,
        "rows": reads.examined(page.object_list),
        "crumbs": [(_("Soumissions à examiner"), "")],
    }
    return render(request, "challenges/examinations.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def item(request: HttpRequest, entry: UUID) -> HttpResponse:
    """Show why an entry is examined; decide by POST."""
    require(may_examine_entries, person(request))
    if request.method == "POST":
        return _decide(request, entry)
    found = get_object_or_404(reads.decidable(), pk=entry)
    return _show(request, found, _form(found))


def _decide(request: HttpRequest, entry: UUID) -> HttpResponse:
    found = reads.decidable().filter(pk=entry).first()
    if found is None or _is_late(found, request.POST.get("decision", "")):
        messages.warning(request, _("Cette soumission n’attend plus de décision."))
        return redirect("challenges:examinations")
    form = _form(found, request.POST)
    if not form.is_valid():
        return _show(request, found, form, status=422)
    said = form.cleaned_data
    if said["version"] != found.version:
        return _show(request, found, _form(found), status=409, changed=True)
    by, note = person(request), said["note"]
    match said["decision"]:
        case "again":
            examinations.score_again(entry=found, note=note, by=by)
            messages.success(request, _("Soumission relancée."))
        case "requeue":
            examinations.requeue(entry=found, note=note, by=by)
            messages.success(request, _("Soumission relancée."))
        case "give_back":
            examinations.give_up(entry=found, our_fault=True, note=note, by=by)
            messages.success(request, _("Soumission close, essai rendu à l’équipe."))
        case _:
            examinations.give_up(entry=found, our_fault=False, note=note, by=by)
            messages.success(request, _("Soumission close, essai décompté."))
    return redirect("challenges:examinations")


def _is_late(found: Entry, decision: str) -> bool:
    """Say whether it was decided meanwhile, by a second click or by somebody else."""
    if found.status == EntryStatus.FAILED:
        return decision not in {"", "again"}
    return decision == "again"


def _form(found: Entry, data: Any = None) -> ExaminationForm:
    """Ask what may be decided: a failed entry is only scored again."""
    form = ExaminationForm(data, initial={"version": found.version})
    if found.status == EntryStatus.FAILED:
        form.only_again()
    return form


def _show(
    request: HttpRequest, found: Entry, form: Any, *, status: int = 200, changed: bool = False
) -> HttpResponse:
    apart = may_examine_entry(person(request), found)
    coded = apart and found.enrolment.phase.kind == PhaseKind.CODE
    context = {
        "section": "challenges",
        "entry": found,
        "job": reads.examined([found])[0].job,
        "runs": code_runs.exact(found) if coded else [],
        "reports": program_reports.rows(programs.reports_of(found)) if apart else [],
        "form": form,
        "changed": changed,
        "plays": not apart,
        "crumbs": [
            (_("Soumissions à examiner"), reverse("challenges:examinations")),
            (_("Soumission %(number)s") % {"number": found.number}, ""),
        ],
    }
    return render(request, "challenges/examination.html", context, status=status)
