"""Where entries stand: queue position, expected wait, released figures."""

from statistics import median
from typing import Any

from django.db.models import Q

from challenges.enums import EntryStatus, JobState, Split
from challenges.models import Enrolment, Entry, Evaluation, Job, Rung, Score, Standing
from challenges.models.rescoring import in_force
from challenges.models.words import LADDER_WAITS, led_sentence
from challenges.organising.models import Viewer

_RECENT = 20


def of_team(challenge_id: int, team_id: int, viewer: Viewer) -> "list[Entry]":
    """List the entries of a team, the last first, for someone of that team."""
    return list(
        Entry.objects.visible_to(viewer)
        .of_team(team_id)
        .filter(enrolment__phase__challenge_id=challenge_id)
        .select_related("enrolment__phase", "submitted_by")
        .order_by("-received_at", "-number")
    )


def job_of(entry: Entry) -> Job | None:
    """Return the job that will move this entry on, if one waits or runs."""
    evaluations = [str(pk) for pk in entry.evaluations.order_by("pk").values_list("pk", flat=True)]
    runs = [str(pk) for pk in entry.code_runs.order_by("pk").values_list("pk", flat=True)]
    return (
        Job.objects.alive()
        .filter(subject_id__in=[str(entry.pk), *evaluations, *runs])
        .order_by("priority", "run_after", "pk")
        .first()
    )


def fair_rank(enrolment: Enrolment) -> int:
    """Count the team's unfinished entries, so that one team cannot starve the others."""
    return Entry.objects.unfinished().of_team(enrolment.team_id).count()


def queue_position(entry: Entry) -> int | None:
    """Count the jobs before this entry's, 0 when it is next or running; None when it has none."""
    job = job_of(entry)
    if job is None:
        return None
    if job.state == JobState.LEASED:
        return 0
    before = (
        Q(priority__lt=job.priority)
        | Q(priority=job.priority, fair_rank__lt=job.fair_rank)
        | Q(priority=job.priority, fair_rank=job.fair_rank, run_after__lt=job.run_after)
    )
    ahead = Job.objects.filter(before, state=JobState.READY).count()
    return ahead + Job.objects.filter(state=JobState.LEASED).count()


def expected_wait_seconds(entry: Entry) -> float | None:
    """Return the median time from receipt to end over the last 20 evaluations, in seconds."""
    recent = (
        Evaluation.objects.filter(
            finished_at__isnull=False, entry__enrolment__phase_id=entry.enrolment.phase_id
        )
        .order_by("-finished_at")
        .values_list("entry__received_at", "finished_at")[:_RECENT]
    )
    waits = [(end - start).total_seconds() for start, end in recent if end is not None]
    return median(waits) if waits else None


def released(entry: Entry) -> dict[str, dict[str, Any]]:
    """Return the released public figures of an entry: {metric: {"value", "text", "low", "high"}}.

    Bounds are the entry's own; under a ladder they are those of the board when this entry is
    the one listed there, else None.
    """
    scores = Score.objects.filter(
        in_force("evaluation__"),
        evaluation__entry=entry,
        evaluation__state="done",
        split=Split.PUBLIC,
        group="",
    ).order_by("evaluation__finished_at", "pk")
    standing = Standing.objects.filter(entry=entry, split=Split.PUBLIC).order_by("pk").first()
    cells = standing.cells if standing else {}
    return {
        score.metric: {
            "value": score.value,
            "text": score.value_text,
            **_bounds(score, cells.get(score.metric, {})),
        }
        for score in scores
    }


def _bounds(score: Score, cell: dict[str, Any]) -> dict[str, float | None]:
    if score.low is not None:
        return {"low": score.low, "high": score.high}
    return {"low": cell.get("low"), "high": cell.get("high")}


def ladder_of(entry: Entry) -> dict[str, Any] | None:
    """Say what the Ladder shows of a scored entry: whether it improved, and on which number.

    {"improved": True, False or None while it waits, "kept": number or None, "message"}; None
    for an entry that is not scored, or a phase without a Ladder.
    """
    climbs = entry.enrolment.phase.ladder and not entry.is_bench
    if entry.status != EntryStatus.SCORED or not climbs:
        return None
    rung = (
        Rung.objects.filter(in_force("evaluation__"), evaluation__entry=entry)
        .select_related("leader__entry")
        .order_by("-settled_at")
        .first()
    )
    if rung is None:
        return {"improved": None, "kept": None, "message": str(LADDER_WAITS)}
    return {"improved": rung.improved, "kept": led_by(rung), "message": led_message(rung)}


def led_by(rung: Rung) -> int | None:
    """Return the number of the entry whose score is shown instead, None when it is its own."""
    return None if rung.improved or rung.leader is None else rung.leader.entry.number


def led_message(rung: Rung) -> str:
    """Tell the team that its entry improved nothing that can be seen, or nothing."""
    number = led_by(rung)
    if number is None or rung.leader is None:
        return ""
    gone = rung.leader.entry.status == EntryStatus.WITHDRAWN
    return led_sentence(number, withdrawn=gone)


def final_choices(team_id: int, phase_id: int) -> int:
    """Count the final choices of a team in a phase."""
    counted = Entry.objects.of_team(team_id).filter(enrolment__phase_id=phase_id)
    counted = counted.filter(status=EntryStatus.SCORED, disqualified_at__isnull=True)
    return counted.filter(final_choice=True).count()
