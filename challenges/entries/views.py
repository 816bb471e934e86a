"""Read, choose, describe and withdraw the entries of one's team."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from challenges.entries.actions import choices
from challenges.entries.enums import INFECTED, EntryStatus
from challenges.entries.forms import DescriptionForm
from challenges.entries.models import Entry, faults_told
from challenges.organising.models.challenges import Phase
from challenges.scoring.verdict import ReasonCode
from challenges.teams.views.head import challenge_context
from portal.accounts.views import person
from portal.lib import clock, visible
from portal.lib.refusals import Closed, Conflict, Gone, Hidden
from portal.lib.storage import files, objects, scanning
from portal.lib.web.requests import get_or_post

MOST_DIGITS = 4

BLANK_FAULT = {
    "code": "",
    "line": None,
    "column": "",
    "value": "",
    "message": "",
    "language": "",
    "hint": "",
    "expected": "",
}


def own_entry(request: HttpRequest, slug: str, entry: UUID) -> Entry:
    """Return an entry of this person's team; 404 for any other, known or not."""
    return visible.find(
        Entry.objects.visible_to(request.user).select_related(
            "enrolment__phase__challenge", "enrolment__phase__reveal", "enrolment__team"
        ),
        among=Entry.objects.all(),
        pk=entry,
        enrolment__phase__challenge__slug=slug,
    )


def phase_to_enter(phase: Phase | None) -> Phase:
    """Return the phase to enter; refuse when there is none."""
    if phase is None:
        raise Closed(_("Ce challenge n’a pas encore de phase."), code="phase_closed")
    return phase


@require_safe
def receipt(request: HttpRequest, slug: str, entry: UUID) -> HttpResponse:
    """Send the signed receipt of a deposit."""
    return receipt_answer(own_entry(request, slug, entry).receipt)


@require_safe
def score_receipt(request: HttpRequest, slug: str, entry: UUID, serial: int) -> HttpResponse:
    """Send a signed receipt of a score by its serial, that in force or a former one.

    ?epreuve=N names the task of the phase, the first one by default.
    """
    own = own_entry(request, slug, entry)
    found = own.score_receipts.filter(serial=serial).order_by("task")
    task = request.GET.get("epreuve", "")[:MOST_DIGITS]
    if task.isdecimal():
        found = found.filter(task=int(task))
    sent = found.first()
    if sent is None:
        raise Hidden
    response = HttpResponse(sent.text, content_type="application/json")
    name = f"{slug}-{own.number}-score-{sent.serial}.json"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@require_safe
def file(request: HttpRequest, slug: str, entry: UUID) -> HttpResponseBase:
    """Send back to a team the file it submitted."""
    own = own_entry(request, slug, entry)
    if own.file_deleted_at is not None:
        raise Gone(deletion_words(own), code="file_deleted", deleted_at=own.file_deleted_at)
    if own.reason_code == INFECTED or (scanning.is_set() and not own.verdict):
        raise Conflict(
            _("Ce fichier est en quarantaine : l’antivirus ne l’a pas lu, ou l’a refusé."),
            code="quarantine",
        )
    return files.attachment(
        objects.open(own.sha256),
        own.original_name,
        media_type="application/octet-stream",
        size=own.size,
    )


@require_POST
def choose(request: HttpRequest, slug: str, entry: UUID) -> HttpResponse:
    """Make an entry one of the team's final choices, or no longer."""
    own = own_entry(request, slug, entry)
    if own.final_choice:
        choices.unchoose(entry=own, by=person(request))
        messages.success(request, _("Cette soumission n’est plus un choix final."))
    else:
        choices.choose(entry=own, by=person(request))
        messages.success(request, _("Choix final enregistré."))
    if "here" in request.POST:  # from the page of the entry
        return redirect("challenges:entry", slug, own.pk)
    return redirect("challenges:entries", slug)


@get_or_post
def withdraw(request: HttpRequest, slug: str, entry: UUID) -> HttpResponse:
    """Ask, then withdraw an entry."""
    own = own_entry(request, slug, entry)
    if request.method == "POST":
        choices.withdraw(entry=own, by=person(request))
        messages.success(request, _("Soumission retirée. L’essai reste décompté."))
        return redirect("challenges:entries", slug)
    context = challenge_context(request, slug, "entries")
    return render(request, "challenges/entries/withdraw.html", context | {"entry": own})


@get_or_post
def describe(request: HttpRequest, slug: str, entry: UUID) -> HttpResponse:
    """Show the fact sheet and the note of an entry of one's team; rewrite them by POST."""
    own = own_entry(request, slug, entry)
    form = DescriptionForm(
        request.POST if request.method == "POST" else None,
        questions=own.enrolment.phase.challenge.fact_sheet,
        answers=own.fact_sheet,
        note=own.note,
    )
    if request.method == "POST" and form.is_valid():
        choices.describe(
            entry=own,
            fact_sheet=form.fact_sheet,
            note=form.cleaned_data["note"],
            by=person(request),
        )
        messages.success(request, _("La fiche de méthode est à jour."))
        return redirect("challenges:entry", slug, own.pk)
    context = challenge_context(request, slug, "entries") | {"entry": own, "form": form}
    status = 422 if form.is_bound else 200
    return render(request, "challenges/entries/describe.html", context, status=status)


def deletion_words(entry: Entry) -> str:
    """Say when the file of an entry was deleted; "" while it is kept.

    Its date alone: how long files are kept may have changed since.
    """
    at = entry.file_deleted_at
    if at is None:
        return ""
    return _(
        "Le fichier a été supprimé le %(date)s, à la fin de sa durée de conservation. Son "
        "empreinte, ses scores et ses récépissés restent."
    ) % {"date": date_format(at.astimezone(clock.PARIS), "DATE_FORMAT")}


def faults_of(verdict: Mapping[str, Any]) -> list[dict[str, Any]]:
    """List the faults of a refused file in the reader's language, every field present."""
    expected = {
        "E_ID_EMPTY": _("Un identifiant à prédire"),
        "E_ID_UNKNOWN": _("Un des identifiants à prédire"),
        "E_ID_DUPLICATE": _("Une seule ligne par identifiant"),
        "E_ID_MISSING": _("Une ligne par identifiant à prédire"),
    }
    return [
        BLANK_FAULT
        | {key: fault[key] for key in BLANK_FAULT if fault.get(key)}
        | {"expected": expected.get(str(fault.get("code")), fault.get("expected") or "")}
        for fault in faults_told(verdict)
    ]


Stage = dict[str, Any]


def stage(
    label: str, state: str = "todo", at: datetime | str | None = None, text: str = ""
) -> Stage:
    """Show one stage of a life: its word, its state, its moment and a sentence."""
    return {"label": label, "state": state, "at": at, "text": text}


def badge(entry: Entry) -> tuple[str, str, str]:
    """Return the word, pigment and icon of the state of an entry."""
    status = EntryStatus(entry.status)
    if status is EntryStatus.FAILED and entry.reason_code == ReasonCode.TIMEOUT:
        return (_("Temps dépassé"), "ocre", "hourglass")
    return (entry.get_status_display(), status.tone, status.icon)


def receipt_answer(text: str, *, status: int = 200) -> HttpResponse:
    return HttpResponse(text, content_type="application/json", status=status)
