"""Declare, in a draft, which values the scores of an organiser's program may take."""

from collections.abc import Mapping
from dataclasses import replace

from challenges.bundles.programs import Bounds, ProgramSpec
from challenges.organising.actions import drafts
from challenges.organising.models.challenges import Phase
from challenges.organising.models.scorings import PhaseTask, Scorer
from portal.lib import canonical


def put_bounds(phase: Phase, bounds: Mapping[str, Bounds]) -> bool:
    """Give the scores of a phase of a draft their range and the values that say a failure.

    bounds: by key of their columns; a score that is absent keeps its own. In the caller's
    transaction, the draft held: another version of each scorer, put in force; the reference scored
    again by it. Say whether something changed.
    """
    changed = [_task(each, bounds) for each in tasks_in_force(phase)]
    if not any(changed):
        return False
    drafts.scoring_changed(phase)
    return True


def bounds_of(phase: Phase) -> dict[str, Bounds]:
    """Return the declared values of the scores that a program writes, by key of their columns."""
    return {
        score.key: Bounds.of(score)
        for task in tasks_in_force(phase)
        for score in ProgramSpec.from_json(task.scorer_version.spec).scores
    }


def tasks_in_force(phase: Phase) -> list[PhaseTask]:
    """List the tasks in force that a program scores."""
    tasks = phase.tasks.filter(current=True, scorer_version__programs__isnull=False)
    return list(tasks.select_related("scorer_version").order_by("index"))


def _task(task: PhaseTask, bounds: Mapping[str, Bounds]) -> bool:
    former = task.scorer_version
    spec = ProgramSpec.from_json(former.spec)
    changed = replace(
        spec, scores=tuple(bounds.get(each.key, Bounds.of(each)).on(each) for each in spec.scores)
    )
    if changed == spec:
        return False
    written = changed.to_json()
    task.scorer_version = (
        Scorer.objects.select_for_update()
        .get(pk=former.scorer_id)
        .version_of(
            written,
            canonical.digest({"spec": written, "program": former.program_sha256}),
            program_sha256=former.program_sha256,
            programs=former.programs,
            environment=former.environment,
            seed=former.seed,
        )
    )
    task.save(update_fields=["scorer_version"])
    return True
