"""A phase that takes code, and trials and runs in the states that tests need."""

from typing import Any

from challenges.evaluation.enums import EvaluationState, RunState
from challenges.models import (
    CodeRun,
    CodeTrial,
    Entry,
    Evaluation,
    Phase,
    PhaseTask,
    RunPlan,
    Scorer,
    ScorerVersion,
    Team,
)
from challenges.organising.enums import PhaseKind
from portal.lib import clock
from portal.lib.storage import objects
from tests.archives import zipped
from tests.factories.challenges import captain_of, evaluation_of, holdout_of

MEASURES = {
    "wall_seconds": 1.25,
    "cpu_seconds": 1.0,
    "peak_bytes": 40 << 20,
    "processes": 1,
    "output_bytes": 900,
}
SAMPLE = {"inputs.csv": b"id,x\nS1,1\n"}


def plan_of(phase: Phase) -> RunPlan:
    """Make a phase take code, with a public sample of one row; nothing of it is sealed."""
    stored = objects.put(zipped(SAMPLE))
    challenge = phase.challenge
    plan = RunPlan.objects.create(
        challenge=challenge,
        inputs=holdout_of(challenge),
        ids="id",
        sample_sha256=stored.sha256,
        sample_size=stored.size,
        sample_rows=100,
        sample_files=[{"name": name, "size": len(content)} for name, content in SAMPLE.items()],
        created_at=clock.now(),
    )
    if not phase.tasks.filter(current=True).exists():
        scorer, _made = Scorer.objects.get_or_create(challenge=challenge, key="metriques")
        version = ScorerVersion.objects.filter(scorer=scorer).first()
        version = version or ScorerVersion.objects.create(
            scorer=scorer, number=1, spec={}, digest="0" * 64, created_at=clock.now()
        )
        PhaseTask.objects.create(
            phase=phase, name="Code", scorer_version=version, holdout=holdout_of(challenge)
        )
    phase.tasks.filter(current=True).update(plan=plan)
    Phase.objects.filter(pk=phase.pk).update(kind=PhaseKind.CODE, logs="team_trial")
    phase.refresh_from_db()
    return plan


def trial(team: Team, *, log: str = "100 rows read", **given: Any) -> CodeTrial:
    """Write a trial as the worker leaves it."""
    now = clock.now()
    values: dict[str, Any] = {
        "phase": team.challenge.phases.get(),
        "team": team,
        "plan": RunPlan.objects.get(challenge=team.challenge),
        "asked_by": captain_of(team),
        "sha256": "a" * 64,
        "size": 900,
        "original_name": "code.zip",
        "state": RunState.DONE,
        "verdict": {"faults": [], "warnings": [], "rows": 100},
        "measures": MEASURES,
        "created_at": now,
        "started_at": now,
        "finished_at": now,
    }
    return CodeTrial.objects.create(log=log, **values | given)


def run(entry: Entry, **given: Any) -> Evaluation:
    """Write the run of an entry as the worker leaves it; returns its evaluation."""
    now = clock.now()
    values: dict[str, Any] = {
        "state": RunState.DONE,
        "minutes": 2,
        "half_gib": 3,
        "measures": MEASURES,
        "started_at": now,
        "finished_at": now,
    }
    plan = RunPlan.objects.get(challenge=entry.enrolment.phase.challenge)
    made = CodeRun.objects.create(entry=entry, plan=plan, **values | given)
    evaluation = entry.evaluations.first() or evaluation_of(entry)
    Evaluation.objects.filter(pk=evaluation.pk).update(run=made, state=EvaluationState.DONE)
    evaluation.refresh_from_db()
    return evaluation
