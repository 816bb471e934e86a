"""Tell the life of an entry: five stages, what waits, what failed and where."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from challenges.enums import EntryStatus, PhaseKind, ReasonCode
from challenges.models import Entry, Evaluation
from challenges.models.words import LADDER_WAITS
from challenges.organising.views.words import ENTRY_MARKS
from challenges.queries.entries import expected_wait_seconds, queue_position

FINAL = (
    EntryStatus.REJECTED,
    EntryStatus.SCORED,
    EntryStatus.FAILED,
    EntryStatus.WITHDRAWN,
    EntryStatus.NEEDS_ATTENTION,
)


@dataclass(frozen=True)
class Stage:
    """Show one stage of a life: its word, its state, its moment and a sentence."""

    label: str
    state: str = "todo"
    at: datetime | str | None = None
    text: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Give the component what it draws."""
        return {"label": self.label, "state": self.state, "at": self.at, "text": self.text}


def badge(entry: Entry) -> tuple[str, str, str]:
    """Return the word, pigment and icon of the state of an entry."""
    tone, icon = ENTRY_MARKS[EntryStatus(entry.status)]
    if entry.status == EntryStatus.FAILED and entry.reason_code == ReasonCode.TIMEOUT:
        return (_("Temps dépassé"), "ocre", "hourglass")
    return (entry.status_word, tone, icon)


def is_final(entry: Entry) -> bool:
    """Say whether nothing will change by itself."""
    return entry.status in FINAL


def waits(entry: Entry, text: str) -> bool:
    """Say whether a scored entry waits for those before it to be shown."""
    return entry.status == EntryStatus.SCORED and entry.climbs and not text


def stages(entry: Entry, score_text: str, *, waits: bool = False) -> list[dict[str, Any]]:
    """Lay out the five stages of an entry.

    score_text: its released primary figure, or "". waits: it goes through a Ladder first.
    """
    evaluation = entry.evaluations.order_by("-pk").first()
    shown = [
        _received(entry),
        _checked(entry),
        _queued(entry, evaluation),
        _scored(entry),
        _published(entry, score_text, waits=waits),
    ]
    return [stage.as_dict() for stage in shown]


def _received(entry: Entry) -> Stage:
    text = _("%(name)s, empreinte %(digest)s") % {
        "name": entry.original_name,
        "digest": f"{entry.sha256[:4]}…{entry.sha256[-4:]}",
    }
    if entry.status == EntryStatus.WITHDRAWN and not entry.verdict:
        return Stage(_("Retirée"), "error", entry.status_since, text)
    return Stage(_("Reçue"), "done", entry.received_at, text)


def _checked(entry: Entry) -> Stage:
    status = EntryStatus(entry.status)
    if status in {EntryStatus.RECEIVED, EntryStatus.CHECKING}:
        return Stage(_("Vérification du format"), "now", _("en cours"))
    if status == EntryStatus.REJECTED:
        return Stage(
            _("Format refusé"),
            "error",
            entry.status_since,
            _("Cet essai ne vous est pas décompté."),
        )
    if not entry.verdict and status in {EntryStatus.WITHDRAWN, EntryStatus.NEEDS_ATTENTION}:
        stopped = status == EntryStatus.NEEDS_ATTENTION
        return _attention(entry) if stopped else Stage(_("Vérification du format"))
    if entry.verdict.get("rows") is None and entry.enrolment.phase.kind == PhaseKind.CODE:
        return Stage(_("Archive vérifiée"), "done")
    rows = int(entry.verdict.get("rows") or 0)
    if not rows:  # an archive, whose rows its program alone counts
        return Stage(_("Format vérifié"), "done", None, _("aucune erreur"))
    text = ngettext("%(n)s ligne, aucune erreur", "%(n)s lignes, aucune erreur", rows)
    return Stage(
        _("Format vérifié"), "done", None, text % {"n": number_format(rows, force_grouping=True)}
    )


def _queued(entry: Entry, evaluation: Evaluation | None) -> Stage:
    label, status = _("File d’attente"), EntryStatus(entry.status)
    if status == EntryStatus.QUEUED:
        return Stage(label, "now", _("en cours"), _waiting(entry))
    if status in {EntryStatus.SCORING, EntryStatus.SCORED, EntryStatus.FAILED}:
        return Stage(label, "done")  # when it began would tell how long it took
    return Stage(label, "done" if evaluation and evaluation.started_at else "todo")


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
            return Stage(_("Évaluation"), "now", _("en cours"))
        case EntryStatus.SCORED:
            return Stage(_("Évaluation"), "done")
        case EntryStatus.FAILED:
            return Stage(badge(entry)[0], "error", entry.status_since, entry.reason_sentence)
        case EntryStatus.NEEDS_ATTENTION if entry.verdict:
            return _attention(entry)
        case EntryStatus.WITHDRAWN if entry.verdict:
            return Stage(_("Retirée"), "error", entry.status_since)
        case _:
            return Stage(_("Évaluation"))


def _attention(entry: Entry) -> Stage:
    text = _(
        "L’évaluation n’a pas abouti de notre côté. L’équipe technique l’examine ; "
        "vous n’avez rien à faire."
    )
    return Stage(_("Examen technique"), "error", entry.status_since, text)


def _published(entry: Entry, score_text: str, *, waits: bool) -> Stage:
    if waits:
        return Stage(_("Score publié"), "now", _("en cours"), str(LADDER_WAITS))
    if entry.status == EntryStatus.SCORED:
        return Stage(_("Score publié"), "done", entry.status_since, score_text)
    return Stage(_("Score publié"))
