"""Try a changed program on the references of its phase, twice each, before any entry meets it."""

from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from challenges.actions import jobs, program_changes
from challenges.bundles.bounds import SENTINELS
from challenges.bundles.programs import PUBLIC
from challenges.enums import EntryStatus, EvaluationState
from challenges.enums.rescorings import RescoringState
from challenges.models import Column, Entry, Job, PhaseTask, Rescoring
from challenges.models.rescoring import evaluations_of
from challenges.models.rounding import rounded
from challenges.sandbox.steps import Party
from challenges.worker import programs, vault
from challenges.worker.lease import Beating
from challenges.worker.programs import Ran, RunFailed
from challenges.worker.rehearsals import (
    DIFFERS,
    MOST_SOLUTIONS,
    NOT_DONE,
    SENTINEL,
    UNDECLARED,
)

FAILED = "E_DRY_RUN"
Told = dict[str, str]


def rehearse_job(job: Job, truths: vault.Truths, beating: Beating) -> None:
    """Run the proposed scoring twice on each reference, and say what it gave.

    A breakdown of ours is no verdict: the job is tried again.
    """
    rescoring = Rescoring.objects.filter(pk=job.subject_id).first()
    if rescoring is None or rescoring.state != RescoringState.PROPOSED:
        with transaction.atomic():
            jobs.complete(job)
        return
    task = PhaseTask.objects.select_related(
        "scorer_version__programs", "phase__challenge", "holdout"
    ).get(pk=rescoring.task_id)
    report: dict[str, Any] = {"lines": [], "errors": [], "warnings": []}
    for entry in _references(task):
        if beating.lost.is_set():
            return
        _try(report, entry, task, former=rescoring.former)
    if not report["lines"]:
        said = _("Cette phase n’a pas de solution de référence : le programme n’a pas été essayé.")
        report["warnings"].append({"code": NOT_DONE, "message": said})
    program_changes.finish(job=job, rescoring=rescoring, report=report)


def _references(task: PhaseTask) -> list[Entry]:
    gone = [EntryStatus.WITHDRAWN, EntryStatus.REJECTED]
    found = Entry.objects.filter(enrolment__phase_id=task.phase_id, is_baseline=True)
    return list(found.exclude(status__in=gone).order_by("received_at", "pk")[:MOST_SOLUTIONS])


def _try(report: dict[str, Any], entry: Entry, task: PhaseTask, *, former: PhaseTask) -> None:
    reason = f"dry run of task {task.key}"
    place = _("référence n° %(number)d") % {"number": entry.number}
    first, second = (programs.tried(entry, task, reason=reason) for _run in range(2))
    for ran in (first, second):
        if ran.outcome.party is Party.PLATFORM:
            raise RunFailed(str(ran.outcome.reason))
        if not ran.outcome.scored:
            said = _failure(place, ran, task)
            scored = evaluations_of(former).filter(entry=entry, state=EvaluationState.DONE)
            where, code = ("errors", FAILED) if scored.exists() else ("warnings", NOT_DONE)
            report[where].append({"code": code, "message": said})
            report["lines"].append(said)
            return
    report["lines"].append(_line(place, first, task))
    report["warnings"] += _odd(place, first, second, task)


def _failure(place: str, ran: Ran, task: PhaseTask) -> str:
    """Say why there is no score; of restricted data, the code alone."""
    detail = "" if task.phase.challenge.restricted else ran.outcome.detail
    why = f"{ran.outcome.reason} {detail}".strip()
    return _("%(place)s : sans score, %(why)s") % {"place": place, "why": why}


def _line(place: str, ran: Ran, task: PhaseTask) -> str:
    """Say what boards would show of it, to their decimals, and no more."""
    decimals = dict(
        Column.objects.filter(leaderboard__phase_id=task.phase_id, hidden=False)
        .order_by("pk")
        .values_list("key", "decimals")
    )
    figures = ", ".join(
        f"{key} {rounded(value, decimals[key])[1]}"
        for key, value in ran.values[PUBLIC].items()
        if key in decimals
    )
    return _("%(place)s : %(figures)s") % {"place": place, "figures": figures or _("notée")}


def _odd(place: str, first: Ran, second: Ran, task: PhaseTask) -> Iterator[Told]:
    moved = sorted(key for key, value in first.exact.items() if second.exact.get(key) != value)
    if moved:
        yield _told(
            DIFFERS,
            _("%(place)s : ces scores changent d’un essai à l’autre : %(keys)s"),
            place,
            ", ".join(moved),
        )
    odd = sorted(key for key, value in first.exact.items() if value in SENTINELS)
    if odd:
        yield _told(
            SENTINEL,
            _("%(place)s : une valeur qui sert souvent à dire un échec : %(keys)s"),
            place,
            ", ".join(odd),
        )
    if first.outcome.undeclared and not task.phase.challenge.restricted:
        yield _told(
            UNDECLARED,
            _("%(place)s : ces scores ne sont pas des colonnes, ils sont écartés : %(keys)s"),
            place,
            ", ".join(first.outcome.undeclared),
        )


def _told(code: str, sentence: str, place: str, keys: str) -> Told:
    return {"code": code, "message": sentence % {"place": place, "keys": keys}}
