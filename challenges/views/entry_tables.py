"""Lay out the entries of a team: released figures, history, faults."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from challenges.enums import EntryStatus, PhaseMoment, Split
from challenges.models import (
    Challenge,
    Column,
    Entry,
    Leaderboard,
    Phase,
    PhaseTask,
    Rung,
    Score,
    Standing,
    Team,
)
from challenges.models.rescoring import in_force
from challenges.models.told import faults_told
from challenges.models.words import receipt_word
from challenges.queries import several
from challenges.queries.boards import is_revealed
from challenges.queries.entries import led_by, led_message
from challenges.views import lives
from portal.lib import clock

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


@dataclass(frozen=True)
class Figure:
    """Hold one released figure: its text, and its interval where there is one to tell."""

    text: str = ""
    low: str = ""
    high: str = ""

    @property
    def sentence(self) -> str:
        """Write the figure with its interval, or say where the interval is."""
        if not self.text:
            return ""
        if not self.low:
            return self.text
        return _("%(text)s, intervalle à 95 %% de %(low)s à %(high)s") % {
            "text": self.text,
            "low": self.low,
            "high": self.high,
        }


@dataclass(frozen=True)
class Figures:
    """Hold the primary figure of an entry on both parts; the final one only once revealed.

    score_of: number of the entry whose score a Ladder shows instead, with the sentence that says
    so; own: the public figure it kept to itself, once revealed.
    """

    title: str
    public: Figure = Figure()
    private: Figure = Figure()
    score_of: int | None = None
    message: str = ""
    own: str = ""

    @property
    def sentence(self) -> str:
        """Write the public figure, or say that it is another entry's."""
        return self.message or self.public.sentence


def primary_figures(entries: Sequence[Entry]) -> dict[UUID, Figures]:
    """Read the released primary figure of some entries, in three queries."""
    boards = (
        Leaderboard.objects.filter(phase__in={entry.enrolment.phase_id for entry in entries})
        .filter(hidden=False, primary__hidden=False)
        .select_related("primary", "phase__reveal")
        .order_by("-pk")
    )
    columns = {board.phase_id: board.primary for board in boards if board.primary is not None}
    revealed = {board.phase_id for board in boards if is_revealed(board.phase)}
    wanted = {
        entry.pk: columns[entry.enrolment.phase_id]
        for entry in entries
        if entry.enrolment.phase_id in columns
    }
    phases = {entry.pk: entry.enrolment.phase_id for entry in entries}
    intervals = {
        (row.entry_id, row.split): row
        for row in Standing.objects.filter(entry__in=list(wanted)).order_by("pk")
    }
    texts: dict[tuple[UUID, str], Figure] = {}
    rungs: dict[UUID, Rung] = {}
    scores = Score.objects.filter(
        in_force("evaluation__"), evaluation__entry__in=list(wanted), group=""
    )
    scores = scores.select_related("evaluation__rung__leader__entry")
    listed = list(scores.order_by("evaluation__finished_at", "pk"))
    averaged = several.means(listed, phases)
    for score in listed:
        entry_id = score.evaluation.entry_id
        if hasattr(score.evaluation, "rung"):
            rungs[entry_id] = score.evaluation.rung
        column = wanted[entry_id]
        sealed = score.split == Split.PRIVATE and phases[entry_id] not in revealed
        if score.metric == column.key and not sealed:
            row = intervals.get((entry_id, score.split))
            own = score.low is not None
            mean = averaged.get((entry_id, score.split, score.metric))
            texts[entry_id, score.split] = _figure(
                score.value if mean is None else mean.value,
                column.decimals,
                score.low if own else getattr(row, "interval_low", None),
                score.high if own else getattr(row, "interval_high", None),
            )
    return {
        entry_id: Figures(
            title=column.title,
            public=texts.get((entry_id, Split.PUBLIC.value), Figure()),
            private=texts.get((entry_id, Split.PRIVATE.value), Figure()),
            **_led(rungs.get(entry_id), column),
        )
        for entry_id, column in wanted.items()
    }


def _led(rung: Rung | None, column: Column) -> dict[str, Any]:
    number = led_by(rung) if rung else None
    if rung is None or number is None:
        return {}
    own = rung.own.get(column.key)
    text = number_format(own[0], column.decimals, use_l10n=True) if own else ""
    return {"score_of": number, "message": led_message(rung), "own": text}


def _figure(value: float | None, decimals: int, low: float | None, high: float | None) -> Figure:
    def write(number: float | None) -> str:
        return "" if number is None else number_format(number, decimals, use_l10n=True)

    return Figure(text=write(value), low=write(low), high=write(high))


def history(
    entries: Sequence[Entry],
    figures: Mapping[UUID, Figures],
    *,
    challenge: Challenge,
    captain: bool,
    now: datetime,
) -> list[dict[str, Any]]:
    """Lay out the history of a team, with what its captain may do to each entry."""
    choosable = not challenge.is_revealed and captain
    return [
        {
            "entry": entry,
            "badge": lives.badge(entry),
            "figure": figures.get(entry.pk, Figures("")),
            "may_choose": choosable
            and entry.status == EntryStatus.SCORED
            and not entry.is_disqualified
            and entry.enrolment.phase.moment(now) is not PhaseMoment.CLOSED,
        }
        for entry in entries
    ]


def score_receipts_of(entry: Entry) -> list[dict[str, Any]]:
    """List the score receipts of an entry, the one in force of each task first.

    task: its name, "" where the phase has one only.
    """
    seen: set[int] = set()
    rows = []
    found = list(entry.score_receipts.order_by("task", "-serial"))
    names = _task_names(entry) if any(each.task for each in found) else {}
    for each in found:
        rows.append(
            {
                "receipt": each,
                "word": receipt_word(each.reason),
                "in_force": each.task not in seen,
                "task": names.get(each.task, ""),
            }
        )
        seen.add(each.task)
    return rows


def _task_names(entry: Entry) -> dict[int, str]:
    tasks = PhaseTask.objects.filter(phase_id=entry.enrolment.phase_id, current=True)
    return dict(tasks.order_by("index").values_list("index", "name"))


def may_withdraw(entry: Entry, *, captain: bool) -> bool:
    """Say whether the page offers to withdraw an entry."""
    withdrawable = {EntryStatus.RECEIVED, EntryStatus.QUEUED, EntryStatus.SCORED}
    return captain and entry.status in withdrawable and not is_revealed(entry.enrolment.phase)


def listed_facts(phase: Phase | None, team: Team) -> dict[str, Any]:
    """Read where the team stands on the board of a phase: rank, best figure, teams."""
    row = (
        Standing.objects.filter(leaderboard__phase=phase, team=team, split=Split.PUBLIC)
        .filter(leaderboard__hidden=False)
        .select_related("leaderboard__primary")
        .order_by("position")
        .first()
    )
    if row is None or row.leaderboard.primary is None:
        return {}
    column = row.leaderboard.primary
    cell = row.cells.get(column.key) or {}
    teams = row.leaderboard.standings.filter(split=Split.PUBLIC, is_baseline=False).count()
    figure = (
        _figure(cell["value"], column.decimals, row.interval_low, row.interval_high)
        if cell.get("value") is not None
        else None
    )
    return {"rank": row.rank, "teams": teams, "figure": figure, "title": column.title}


def faults_of(verdict: Mapping[str, Any]) -> list[dict[str, Any]]:
    """List the faults of a refused file in the reader's language, every field present."""
    return [
        {key: fault.get(key) or blank for key, blank in BLANK_FAULT.items()}
        for fault in faults_told(verdict)
    ]
