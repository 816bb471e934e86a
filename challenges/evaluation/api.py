"""Follow, choose and withdraw the entries of one's team: state, faults, released scores."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema
from pydantic import ConfigDict

from challenges.entries.actions import choices
from challenges.entries.api import (
    ENTER,
    OWN,
    READ,
    FaultOut,
    ReceiptOut,
    entry_named,
    own_entries,
)
from challenges.entries.enums import EntryStatus
from challenges.entries.models import Entry, faults_told
from challenges.evaluation.queries import ShownFigures, shown_figures
from challenges.organising.enums import PhaseKind
from challenges.organising.modes import mode_in
from portal.accounts.views import person
from portal.lib.refusals import Hidden
from portal.lib.web.endpoints import Limit, after, refused
from portal.lib.web.endpoints import lazy as _


class FigureOut(Schema):
    """A released figure and its interval at 95 %, where there is one to tell."""

    value: float
    text: str
    low: float | None
    high: float | None


class RunOut(Schema):
    """A run of code on hidden inputs, as its team may know it: classes, no figure.

    minutes: at most so many; half_gib: at most so many halves of a GiB; null before the end, or
    above the last class.
    """

    state: str
    reason: str
    minutes: int | None
    half_gib: int | None


class EntryOut(Schema):
    """An entry, for its team. scores: {split: {column: figure}}.

    finished: nothing will act on it any more. errors: why the format was refused.
    score_of: number of the entry whose score is shown instead, by the Ladder.
    disqualified: out of the results by a decision of the Region, by itself or with its team.
    runs: of code, of one entry asked by its id. file_deleted_at: when its file was deleted, its
    months having passed; the rest stays.
    """

    id: UUID
    challenge: str
    phase: int
    team: str
    number: int
    status: str
    status_word: str
    status_since: datetime
    reason: str
    reason_sentence: str
    finished: bool
    received_at: datetime
    grace: bool
    file: str
    sha256: str
    size: int
    file_deleted_at: datetime | None
    note: str
    final_choice: bool
    disqualified: bool
    errors: list[FaultOut]
    warnings: list[str]
    scores: dict[str, dict[str, FigureOut]]
    score_of: int | None
    message: str
    runs: list[RunOut] = []


class EntriesOut(Schema):
    """Some entries, the last received first; next_cursor asks for those before."""

    entries: list[EntryOut]
    next_cursor: str | None


class ChoiceIn(Schema):
    """Whether the entry is a final choice."""

    model_config = ConfigDict(extra="forbid")

    chosen: bool = True


router = Router(tags=[_("Soumissions")])


@router.get(
    "/entries",
    auth=READ,
    response={200: EntriesOut, **refused(401, 403, 422, 429)},
    operation_id="entries",
    summary=_("Lister les soumissions de ses équipes"),
)
def entries(
    request: HttpRequest, challenge: str = "", cursor: str = "", limit: Limit = 20
) -> dict[str, Any]:
    """La dernière reçue d’abord ; challenge n’en garde qu’un."""
    rows = own_entries(request)
    if challenge:
        rows = rows.filter(enrolment__phase__challenge__slug=challenge)
    found = after(rows, by="received_at", cursor=cursor, limit=limit)
    figures = shown_figures(found.rows)
    return {
        "entries": [entry_json(each, figures[each.pk]) for each in found.rows],
        "next_cursor": found.next_cursor,
    }


@router.get(
    "/entries/{uuid:entry}",
    auth=READ,
    response={200: EntryOut, **OWN},
    operation_id="entry",
    summary=_("Suivre une soumission : état, fautes, scores publiés"),
)
def entry(request: HttpRequest, entry: UUID) -> dict[str, Any]:
    """finished dit que plus rien n’agira sur elle."""
    return _described(entry_named(request, entry))


@router.get(
    "/entries/{uuid:entry}/score-receipt",
    auth=READ,
    response={200: ReceiptOut, **OWN},
    operation_id="score_receipt",
    summary=_("Reprendre le récépissé d’un score, celui qui fait foi"),
)
def score_receipt(request: HttpRequest, entry: UUID, task: int = 0) -> HttpResponse:
    """task : l’épreuve de la phase, la première par défaut."""
    receipts = entry_named(request, entry).score_receipts.filter(task=task)
    found = receipts.order_by("-serial").first()
    if found is None:
        raise Hidden
    return HttpResponse(found.text, content_type="application/json")


@router.post(
    "/entries/{uuid:entry}/withdraw",
    auth=ENTER,
    response={200: EntryOut, **refused(401, 403, 404, 409, 429)},
    operation_id="withdraw",
    summary=_("Retirer une soumission ; l’essai reste décompté"),
)
def withdraw(request: HttpRequest, entry: UUID) -> dict[str, Any]:
    """Un capitaine, jusqu’à la révélation."""
    choices.withdraw(entry=entry_named(request, entry), by=person(request))
    return _described(entry_named(request, entry))


@router.post(
    "/entries/{uuid:entry}/choose",
    auth=ENTER,
    response={200: EntryOut, **refused(401, 403, 404, 409, 415, 422, 429)},
    operation_id="choose",
    summary=_("Faire d’une soumission un choix final, ou non"),
)
def choose(request: HttpRequest, entry: UUID, choice: ChoiceIn | None = None) -> dict[str, Any]:
    """Un capitaine, jusqu’à la clôture."""
    act = choices.choose if choice is None or choice.chosen else choices.unchoose
    act(entry=entry_named(request, entry), by=person(request))
    return _described(entry_named(request, entry))


def _described(entry: Entry) -> dict[str, Any]:
    return entry_json(entry, shown_figures([entry])[entry.pk]) | {"runs": runs_json(entry)}


def entry_json(entry: Entry, shown: ShownFigures) -> dict[str, Any]:
    """Describe an entry to its team."""
    phase = entry.enrolment.phase
    return {
        "id": entry.pk,
        "challenge": phase.challenge.slug,
        "phase": phase.index,
        "team": entry.enrolment.team.slug,
        "number": entry.number,
        "status": entry.status,
        "status_word": entry.get_status_display(),
        "status_since": entry.status_since,
        "reason": entry.reason_code,
        "reason_sentence": entry.reason_sentence,
        "finished": not entry.is_unfinished and entry.status != EntryStatus.NEEDS_ATTENTION,
        "received_at": entry.received_at,
        "grace": entry.grace,
        "file": entry.original_name,
        "sha256": entry.sha256,
        "size": entry.size,
        "file_deleted_at": entry.file_deleted_at,
        "note": entry.note,
        "final_choice": entry.final_choice,
        "disqualified": entry.is_disqualified,
        "errors": faults_told(entry.verdict),
        "warnings": [each["code"] for each in entry.verdict.get("warnings", [])],
        "scores": shown.scores,
        "score_of": shown.score_of,
        "message": shown.message,
    }


def runs_json(entry: Entry) -> list[dict[str, Any]]:
    """Describe the runs of the code of an entry to its team."""
    phase = entry.enrolment.phase
    return mode_in(phase).entry_runs(entry) if phase.kind == PhaseKind.CODE else []
