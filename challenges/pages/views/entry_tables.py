"""Lay out entries: released figures, history, the five stages of one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from challenges.entries.enums import LADDER_WAITS, EntryStatus
from challenges.entries.models import Entry
from challenges.entries.views import Stage, badge, stage
from challenges.evaluation.enums import Split
from challenges.evaluation.models import Evaluation
from challenges.evaluation.queries import (
    ShownFigures,
    expected_wait_seconds,
    queue_position,
    shown_figures,
)
from challenges.organising.enums import PhaseKind, PhaseMoment
from challenges.organising.models.challenges import Challenge, Phase
from challenges.organising.models.scorings import Column, PhaseTask
from challenges.results.models.boards import Standing
from challenges.teams.models import Team
from portal.lib.prose.numbers import number


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
    """Write the released primary figure of some entries, those of hidden boards left out."""
    return written_figures(shown_figures(entries))


def written_figures(shown: Mapping[UUID, ShownFigures]) -> dict[UUID, Figures]:
    """Write the primary figure of each entry whose figures were read."""
    return {
        entry_id: Figures(
            title=each.primary.title,
            public=_shown_figure(each, each.primary, Split.PUBLIC),
            private=_shown_figure(each, each.primary, Split.PRIVATE),
            score_of=each.score_of,
            message=each.message,
            own=_own(each, each.primary),
        )
        for entry_id, each in shown.items()
        if each.primary is not None
    }


def _shown_figure(shown: ShownFigures, column: Column, split: Split) -> Figure:
    cell = shown.scores.get(split, {}).get(column.key)
    if cell is None:
        return Figure()
    return _figure(cell["value"], column.decimals, cell["low"], cell["high"])


def _own(shown: ShownFigures, column: Column) -> str:
    own = shown.rung.own.get(column.key) if shown.rung and shown.score_of is not None else None
    return number(own[0], column.decimals) if own else ""


def _figure(value: float | None, decimals: int, low: float | None, high: float | None) -> Figure:
    def write(value: float | None) -> str:
        return "" if value is None else number(value, decimals)

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
    return [
        {
            "entry": entry,
            "badge": badge(entry),
            "figure": figures.get(entry.pk, Figures("")),
            "may_choose": may_choose(entry, challenge, captain=captain, now=now),
        }
        for entry in entries
    ]


def may_choose(entry: Entry, challenge: Challenge, *, captain: bool, now: datetime) -> bool:
    """Say whether a page offers to choose an entry for the final rank, or not to any more."""
    return (
        captain
        and not challenge.is_revealed
        and entry.status == EntryStatus.SCORED
        and not entry.is_disqualified
        and entry.enrolment.phase.moment(now) is not PhaseMoment.CLOSED
    )


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
                "word": each.get_reason_display(),
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
    return captain and entry.status in withdrawable and not entry.enrolment.phase.is_revealed


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
    teams = row.leaderboard.standings.filter(competes=True, split=Split.PUBLIC).count()
    figure = (
        _figure(cell["value"], column.decimals, row.interval_low, row.interval_high)
        if cell.get("value") is not None
        else None
    )
    return {"rank": row.rank, "teams": teams, "figure": figure, "title": column.title}


def waits(entry: Entry, text: str) -> bool:
    """Say whether a scored entry waits for those before it to be shown."""
    return entry.status == EntryStatus.SCORED and entry.climbs and not text


def stages(entry: Entry, score_text: str, *, waits: bool = False) -> list[dict[str, Any]]:
    """Lay out the five stages of an entry.

    score_text: its released primary figure, or "". waits: it goes through a Ladder first.
    """
    evaluation = entry.evaluations.order_by("-pk").first()
    return [
        _received(entry),
        _checked(entry),
        _queued(entry, evaluation),
        _scored(entry),
        _published(entry, score_text, waits=waits),
    ]


def _received(entry: Entry) -> Stage:
    text = _("%(name)s, empreinte %(digest)s") % {
        "name": entry.original_name,
        "digest": f"{entry.sha256[:4]}…{entry.sha256[-4:]}",
    }
    if entry.status == EntryStatus.WITHDRAWN and not entry.verdict:
        return stage(_("Retirée"), "error", entry.status_since, text)
    return stage(_("Reçue"), "done", entry.received_at, text)


def _checked(entry: Entry) -> Stage:
    status = EntryStatus(entry.status)
    if status in {EntryStatus.RECEIVED, EntryStatus.CHECKING}:
        return stage(_("Vérification du format"), "now", _("en cours"))
    if status == EntryStatus.REJECTED:
        return stage(
            _("Format refusé"),
            "error",
            entry.status_since,
            _("Cet essai ne vous est pas décompté."),
        )
    if not entry.verdict and status in {EntryStatus.WITHDRAWN, EntryStatus.NEEDS_ATTENTION}:
        stopped = status == EntryStatus.NEEDS_ATTENTION
        return _attention(entry) if stopped else stage(_("Vérification du format"))
    if entry.verdict.get("rows") is None and entry.enrolment.phase.kind == PhaseKind.CODE:
        return stage(_("Archive vérifiée"), "done")
    rows = int(entry.verdict.get("rows") or 0)
    if not rows:  # an archive, whose rows its program alone counts
        return stage(_("Format vérifié"), "done", None, _("aucune erreur"))
    text = ngettext("%(n)s ligne, aucune erreur", "%(n)s lignes, aucune erreur", rows)
    return stage(_("Format vérifié"), "done", None, text % {"n": number(rows)})


def _queued(entry: Entry, evaluation: Evaluation | None) -> Stage:
    label, status = _("File d’attente"), EntryStatus(entry.status)
    if status == EntryStatus.QUEUED:
        return stage(label, "now", _("en cours"), _waiting(entry))
    if status in {EntryStatus.SCORING, EntryStatus.SCORED, EntryStatus.FAILED}:
        return stage(label, "done")  # when it began would tell how long it took
    return stage(label, "done" if evaluation and evaluation.started_at else "todo")


def _waiting(entry: Entry) -> str:
    phase = entry.enrolment.phase
    if phase.paused_at:
        return _(
            "La notation de cette phase est en pause. Motif : %(reason)s. Votre fichier est reçu "
            "et vérifié ; il sera noté à la reprise, à sa place dans la file."
        ) % {"reason": phase.pause_reason.rstrip(". ")}
    position, wait = queue_position(entry), expected_wait_seconds(entry)
    if position is None:
        return _("Votre soumission attend son tour.")
    ahead = (
        ngettext("%(n)s tâche avant la vôtre", "%(n)s tâches avant la vôtre", position)
        % {"n": position}
        if position
        else _("Votre soumission est la prochaine")
    )
    if wait is None:
        return f"{ahead}."
    return _("%(ahead)s, attente habituelle %(wait)s.") % {"ahead": ahead, "wait": duration(wait)}


def duration(seconds: float) -> str:
    """Write the class of a duration: an exact one, of a team alone, tells about hidden rows."""
    for minutes in (1, 2, 5, 10, 30, 60):
        if seconds <= minutes * 60:
            return ngettext("de moins d’une minute", "de moins de %(n)s minutes", minutes) % {
                "n": minutes
            }
    return _("de plus d’une heure")


def _scored(entry: Entry) -> Stage:
    match EntryStatus(entry.status):
        case EntryStatus.SCORING:
            return stage(_("Évaluation"), "now", _("en cours"))
        case EntryStatus.SCORED:
            return stage(_("Évaluation"), "done")
        case EntryStatus.FAILED:
            return stage(badge(entry)[0], "error", entry.status_since, entry.reason_sentence)
        case EntryStatus.NEEDS_ATTENTION if entry.verdict:
            return _attention(entry)
        case EntryStatus.WITHDRAWN if entry.verdict:
            return stage(_("Retirée"), "error", entry.status_since)
        case _:
            return stage(_("Évaluation"))


def _attention(entry: Entry) -> Stage:
    text = _(
        "L’évaluation n’a pas abouti de notre côté. L’équipe technique l’examine ; "
        "vous n’avez rien à faire."
    )
    return stage(_("Examen technique"), "error", entry.status_since, text)


def _published(entry: Entry, score_text: str, *, waits: bool) -> Stage:
    if waits:
        return stage(_("Score publié"), "now", _("en cours"), str(LADDER_WAITS))
    if entry.status == EntryStatus.SCORED:
        return stage(_("Score publié"), "done", entry.status_since, score_text)
    return stage(_("Score publié"))
