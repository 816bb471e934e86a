"""Try code on the public sample: no attempt is used, nothing hidden is opened."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, BinaryIO

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from challenges import rules
from challenges.entries.actions.deposits import refuse_closed
from challenges.enums import JobKind, ReasonCode
from challenges.enums.code import RunState
from challenges.models import CodeTrial, Job, Phase, PhaseTask, RunPlan, Team
from challenges.queue import actions as jobs
from challenges.queue.actions import WORKER, refuse_not_isolated
from datasets.actions import releases
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.audit.record import record
from portal.lib import clock, objects
from portal.lib.files import safe_name
from portal.lib.refusals import Conflict, Invalid, QuotaSpent, TooLarge

MOST_LOG = 2 * 64 * 1024


@dataclass(frozen=True)
class Tried:
    """How a trial ended. reason_code: empty when it wrote a file that is accepted."""

    reason_code: str
    detail: str = ""
    verdict: Mapping[str, Any] = field(default_factory=dict)
    log: str = ""
    log_cut: bool = False
    measures: Mapping[str, Any] = field(default_factory=dict)


def start(
    *, phase: Phase, team: Team, content: BinaryIO, original_name: str, by: User
) -> CodeTrial:
    """Queue a trial of a team's package on the public sample of a phase.

    content: a binary file that can be read twice. In order: the package, encrypted; trial
    QUEUED; job "trial"; event "code_trial.asked". Raises NotAllowed; Closed when the phase takes
    nothing; Conflict where it takes no code; QuotaSpent past the trials of the hour; TooLarge;
    Invalid for an empty file; NoSandbox.
    """
    require(rules.may_enter, by, team)
    refuse_closed(Phase.objects.select_related("challenge").get(pk=phase.pk), clock.now())
    plan = plan_of(phase)
    refuse_not_isolated(phase)
    _refuse_spent(team, clock.now())
    size, digest = _measured(content, phase.max_bytes)
    kept = releases.keep(content)
    made = CodeTrial(
        phase=phase,
        team=team,
        plan=plan,
        asked_by_id=by.pk,
        sha256=digest,
        size=size,
        original_name=safe_name(original_name),
        sealed=kept.sha256,
        keys=list(kept.keys),
    )
    try:
        return _queued(made, by)
    except BaseException:  # no row names these bytes: nobody would erase them
        releases.forget(kept.sha256)
        raise


def _measured(content: BinaryIO, most: int) -> tuple[int, str]:
    """Count and digest a file within the bound, then go back to its start."""
    size, digest = 0, hashlib.sha256()
    for chunk in objects.pieces(content):
        size += len(chunk)
        if size > most:
            raise TooLarge(limit_bytes=most)
        digest.update(chunk)
    if size == 0:
        raise Invalid(_("Le fichier est vide."), code="E_EMPTY")
    content.seek(0)
    return size, digest.hexdigest()


def plan_of(phase: Phase) -> RunPlan:
    """Return what code reads in a phase; raises Conflict where it takes none."""
    task = (
        PhaseTask.objects.filter(phase=phase, current=True, plan__isnull=False)
        .select_related("plan")
        .order_by("index")
        .first()
    )
    if task is None or task.plan is None:
        raise Conflict(_("Cette phase ne prend pas de code."), code="no_code")
    return task.plan


@transaction.atomic
def _queued(trial: CodeTrial, by: User) -> CodeTrial:
    team = Team.objects.select_for_update().get(pk=trial.team_id)
    trial.created_at = clock.now()
    _refuse_spent(team, trial.created_at)
    trial.save(force_insert=True)
    jobs.put(
        kind=JobKind.TRIAL,
        subject_id=trial.pk,
        dedup_key=str(trial.pk),
        fair_rank=CodeTrial.objects.alive().filter(team=team).count(),
    )
    record("code_trial.asked", by=by, on=trial, team=team.slug)
    return trial


def _refuse_spent(team: Team, now: datetime) -> None:
    hour = now.replace(minute=0, second=0, microsecond=0)
    asked = CodeTrial.objects.filter(team_id=team.pk, created_at__gte=hour)
    used = asked.exclude(reason_code=ReasonCode.PLATFORM).count()
    if used >= settings.CODE_TRIALS_PER_HOUR:
        raise QuotaSpent(
            _("Votre équipe a fait beaucoup d’essais cette heure-ci."),
            code="trials_reached",
            next_opening=hour + timedelta(hours=1),
        )


@transaction.atomic
def begin(*, job: Job) -> CodeTrial | None:
    """Start a trial; None when it has ended already."""
    if not jobs.fence(job):
        return None
    trial = CodeTrial.objects.select_for_update().get(pk=job.subject_id)
    if not trial.is_alive:
        jobs.complete(job)
        return None
    trial.state, trial.started_at = RunState.RUNNING, clock.now()
    trial.save(update_fields=["state", "started_at"])
    return trial


@transaction.atomic
def finish(*, job: Job, tried: Tried) -> bool:
    """Keep what a trial gave, and forget its package; False when the lease was lost.

    In order: job done; trial DONE or FAILED; event "code_trial.ended"; its bytes, once committed.
    """
    if not (jobs.fence(job) and jobs.complete(job)):
        return False
    trial = CodeTrial.objects.select_for_update().get(pk=job.subject_id)
    _end(trial, tried)
    return True


def _end(trial: CodeTrial, tried: Tried) -> None:
    trial.state = RunState.FAILED if tried.reason_code else RunState.DONE
    trial.reason_code, trial.detail = tried.reason_code, tried.detail
    trial.verdict, trial.measures = dict(tried.verdict), dict(tried.measures)
    trial.log = tried.log.replace("\x00", "\N{REPLACEMENT CHARACTER}")[:MOST_LOG]
    trial.log_cut = tried.log_cut
    trial.finished_at = clock.now()
    sealed, trial.sealed, trial.keys = trial.sealed, "", []
    trial.save()
    record("code_trial.ended", by=WORKER, on=trial, reason=tried.reason_code)
    transaction.on_commit(lambda: releases.forget(sealed), robust=True)


def bury(job: Job) -> None:
    """End a trial that our platform could not make: the team asks again."""
    trial = CodeTrial.objects.select_for_update().filter(pk=job.subject_id).first()
    if trial is not None and trial.is_alive:
        _end(trial, Tried(ReasonCode.PLATFORM.value))
