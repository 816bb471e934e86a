"""The entries that moderators decide on."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from challenges.entries.enums import EntryStatus
from challenges.entries.models import Entry
from challenges.evaluation import queries as reads
from challenges.evaluation.actions import interventions
from challenges.evaluation.forms import ExaminationForm
from challenges.evaluation.rules import may_examine_entries, may_examine_entry
from challenges.organising.modes import mode_in
from portal.accounts.authorization import require
from portal.accounts.views import person
from portal.lib.web.requests import get_or_post

PER_PAGE = 25


@require_safe
def examinations(request: HttpRequest) -> HttpResponse:
    """List the entries that wait for a decision, the oldest first."""
    require(may_examine_entries, person(request))
    fails = bool(request.GET.get("echecs"))
    page = Paginator(
        reads.failed_entries() if fails else reads.entries_to_examine(), PER_PAGE
    ).get_page(request.GET.get("page"))
    context = {
        "section": "challenges",
        "page": page,
        "fails": fails,
        "rows": reads.with_last_job(page.object_list),
        "crumbs": [(_("Soumissions à examiner"), "")],
    }
    return render(request, "challenges/evaluation/examinations.html", context)


@get_or_post
def examination(request: HttpRequest, entry: UUID) -> HttpResponse:
    """Show why an entry is examined; decide by POST."""
    require(may_examine_entries, person(request))
    if request.method == "POST":
        return _decide(request, entry)
    found = get_object_or_404(reads.decidable_entries(), pk=entry)
    return _show_examination(request, found, _examination_form(found))


def _decide(request: HttpRequest, entry: UUID) -> HttpResponse:
    found = reads.decidable_entries().filter(pk=entry).first()
    if found is None or _is_late(found, request.POST.get("decision", "")):
        messages.warning(request, _("Cette soumission n’attend plus de décision."))
        return redirect("challenges:examinations")
    form = _examination_form(found, request.POST)
    if not form.is_valid():
        return _show_examination(request, found, form, status=422)
    said = form.cleaned_data
    if said["version"] != found.version:
        return _show_examination(request, found, _examination_form(found), status=409, changed=True)
    by, note = person(request), said["note"]
    match said["decision"]:
        case "again":
            interventions.score_again(entry=found, note=note, by=by)
            messages.success(request, _("Soumission relancée."))
        case "requeue":
            interventions.requeue(entry=found, note=note, by=by)
            messages.success(request, _("Soumission relancée."))
        case "give_back":
            interventions.give_up(entry=found, our_fault=True, note=note, by=by)
            messages.success(request, _("Soumission close, essai rendu à l’équipe."))
        case _:
            interventions.give_up(entry=found, our_fault=False, note=note, by=by)
            messages.success(request, _("Soumission close, essai décompté."))
    return redirect("challenges:examinations")


def _is_late(found: Entry, decision: str) -> bool:
    """Say whether it was decided meanwhile, by a second click or by somebody else."""
    if found.status == EntryStatus.FAILED:
        return decision not in {"", "again"}
    return decision == "again"


def _examination_form(found: Entry, data: Any = None) -> ExaminationForm:
    """Ask what may be decided: a failed entry is only scored again."""
    form = ExaminationForm(data, initial={"version": found.version})
    if found.status == EntryStatus.FAILED:
        form.only_again()
    return form


def _show_examination(
    request: HttpRequest, found: Entry, form: Any, *, status: int = 200, changed: bool = False
) -> HttpResponse:
    apart = may_examine_entry(person(request), found)
    context = {
        "section": "challenges",
        "entry": found,
        "job": reads.with_last_job([found])[0].job,
        "form": form,
        "changed": changed,
        "plays": not apart,
        "crumbs": [
            (_("Soumissions à examiner"), reverse("challenges:examinations")),
            (_("Soumission %(number)s") % {"number": found.number}, ""),
        ],
    }
    if apart:
        context |= mode_in(found.enrolment.phase).examination_panels(found)
    return render(request, "challenges/evaluation/examination.html", context, status=status)
