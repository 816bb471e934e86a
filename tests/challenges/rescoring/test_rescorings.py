"""Another scoring of a phase: proposed, tried aside on every entry, decided by a second person."""

import copy
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from challenges.entries.actions import choices
from challenges.entries.enums import EntryStatus
from challenges.evaluation.actions import evaluations
from challenges.evaluation.enums import EvaluationState, Split
from challenges.invariants import INVARIANTS
from challenges.models import (
    Certificate,
    Challenge,
    Entry,
    Evaluation,
    FairnessAudit,
    Job,
    Notice,
    Phase,
    PhaseTask,
    Rescoring,
    Score,
    ScoreReceipt,
    Standing,
)
from challenges.organising.actions import challenges
from challenges.organising.enums import ChallengeStatus
from challenges.queue import actions as jobs
from challenges.queue.actions import WORKER
from challenges.queue.enums import JobKind, JobState
from challenges.queue.models import NO_GRANT
from challenges.rescoring import worker
from challenges.rescoring.actions import rescorings, scorers, trials
from challenges.rescoring.forms import MeasuresForm, form_for
from challenges.rescoring.models import RescoringState
from challenges.results import actions as results
from challenges.results.models.certificates import stands
from challenges.scoring.truth import load_keys, load_labels
from challenges.worker import Worker, drain
from datasets import gate
from datasets.access.actions import grants
from datasets.holdouts import actions as holdouts
from datasets.holdouts.models import HoldoutVersion
from portal.accounts.models import User
from portal.audit.models import AuditEvent, Outbox
from portal.lib import clock
from portal.lib.refusals import Conflict, Invalid
from tests.challenges import kept
from tests.challenges.organising.test_challenges import signed_in
from tests.challenges.pages.scenes import Costs, compile_keys, url_of, with_contract
from tests.challenges.refusals import refuses
from tests.challenges.world import (
    CANARY,
    ROWS,
    entered,
    opened,
    owner_of,
    public_figures,
    scored,
    truth_of,
)
from tests.challenges.world import revealed as reveal
from tests.factories.access import World
from tests.factories.accounts import UserFactory
from tests.factories.challenges import ChallengeFactory, TeamFactory, captain_of, rescoring_of

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def challenge(tmp_path: Path) -> Challenge:
    return scored(tmp_path, 0.9, 0.6, 0.5)


def phase() -> Phase:
    return Phase.objects.select_related("challenge").get()


def in_force() -> PhaseTask:
    return PhaseTask.objects.get(current=True)


def region() -> User:
    return UserFactory(region="administrator")


def parts(version: HoldoutVersion) -> dict[str, int]:
    labels = gate.open_labels(version=version, reason="test", by=WORKER)
    return dict(zip(load_keys(gate.read_keys(version)).ids, load_labels(labels).part, strict=True))


def by_error(spec: dict[str, Any]) -> dict[str, Any]:
    """Rank by the mean error instead."""
    made = copy.deepcopy(spec)
    made["metrics"][0]["primary"] = False
    made["metrics"][1]["primary"] = True
    return made


def corrected(wrong: int = 40) -> bytes:
    """Write the truth with other answers in its first rows, the same identifiers and parts."""
    lines = ["id,niveau,jeu,zone,groupe,temoin"]
    for at in range(ROWS):
        answer = truth_of(at) % 3 + 1 if at < wrong else truth_of(at)
        part = "public" if at % 10 < 3 else "private"
        zone = "nord" if at % 2 else "sud"
        lines.append(f"A{at:04},{answer},{part},{zone},g{at},{CANARY}")
    return ("\n".join(lines) + "\n").encode()


def proposed(challenge: Challenge, *, truth: bytes | None = None, reason: str = "Erreur.") -> Any:
    by, task = owner_of(challenge), in_force()
    if truth is None:
        version = scorers.next_version(task=task, spec=by_error(task.scorer_version.spec), by=by)
        holdout = scorers.holdout_edition(task=task, version=version, files={}, by=by)
    else:
        version, holdout = (
            None,
            holdouts.correct(version=task.holdout, files={"truth.csv": truth}, by=by),
        )
    return rescorings.propose(phase=phase(), version=version, holdout=holdout, reason=reason, by=by)


def started(challenge: Challenge, **given: Any) -> Rescoring:
    made = proposed(challenge, **given)
    assert drain()
    return rescorings.start(rescoring=made, by=owner_of(challenge))


def tried(challenge: Challenge, **given: Any) -> Rescoring:
    made = started(challenge, **given)
    assert drain()
    return Rescoring.objects.get(pk=made.pk)


def accepted(challenge: Challenge, **given: Any) -> Rescoring:
    made = tried(challenge, **given)
    rescorings.accept(rescoring=made, digest=made.facts["digest"], by=region())
    assert drain()
    return Rescoring.objects.get(pk=made.pk)


@pytest.fixture
def change(tmp_path: Path) -> Rescoring:
    """Try other answers on every entry; kept for the next test, as worlds are."""

    def make() -> int:
        return tried(scored(tmp_path, 0.9, 0.6, 0.5), truth=corrected()).pk

    return Rescoring.objects.get(pk=kept.world("tried rescoring", make))


def ranks(split: str = "public") -> dict[int, Any]:
    rows = Standing.objects.filter(split=split).order_by("position")
    return {row.team_id: (row.position, row.rank, row.cells) for row in rows}


def scores() -> list[tuple[Any, ...]]:
    return list(Score.objects.order_by("pk").values_list())


def breaches() -> list[str]:
    return [name for name, (_sentence, check) in INVARIANTS.items() if list(check())]


def test_nothing_is_tried_without_a_grant(challenge: Challenge) -> None:
    lender = World(organisation=challenge.organiser)
    grant = lender.active(organises_challenge=True)
    Challenge.objects.filter(pk=challenge.pk).update(grant=grant, restricted=True)
    made = started(challenge, truth=corrected())
    waiting = Job.objects.filter(kind=JobKind.SCORE, state=JobState.READY)
    number = waiting.count()
    assert number == made.entries().count() > 0
    grants.suspend(grant=grant, text="À relire.", by=lender.hands[0])
    assert drain()
    assert set(waiting.values_list("error_code", "attempt")) == {(NO_GRANT, 0)}
    assert waiting.count() == number
    assert not made.evaluations().filter(state=EvaluationState.DONE).exists()
    with refuses(Conflict, "grant_not_active"):
        rescorings.start(rescoring=made, by=owner_of(challenge))
    grants.resume(grant=grant, text="Relu.", by=lender.approver)
    waiting.update(run_after=clock.now())
    assert drain()
    made.refresh_from_db()
    assert made.state == RescoringState.READY


def test_a_trial_changes_nothing_that_anybody_sees(challenge: Challenge) -> None:
    before = (ranks(), scores(), ScoreReceipt.objects.count(), list(Entry.objects.values()))
    made = tried(challenge, truth=corrected())
    assert made.state == RescoringState.READY
    assert before == (ranks(), scores(), ScoreReceipt.objects.count(), list(Entry.objects.values()))
    assert in_force() == made.former
    assert Evaluation.objects.filter(state=EvaluationState.DONE).count() == 8
    aside = Evaluation.objects.filter(holdout=made.task.holdout)
    assert aside.filter(sealed_result__isnull=False).count() == 4
    assert (
        Job.objects.filter(kind="score", dedup_key__in=[str(e.pk) for e in aside])
        .values_list("priority", flat=True)
        .distinct()
        .get()
        == 50
    )
    assert Notice.objects.filter(kind="scoring").count() == 0
    assert Outbox.objects.filter(topic="mail.rescoring_ready").count() == 1
    board = made.facts["boards"][0]  # tells ranks, and no figure
    assert set(board) == {"key", "title", "split", "teams", "moved", "tiers", "rows"}
    assert [set(row) for row in board["rows"]] == [
        {"team", "before", "after", "tier_before", "tier_after"}
    ] * board["teams"]
    now = {row["team"]: row["before"] for row in board["rows"]}
    assert now == {t: rank for t, (_p, rank, _c) in ranks().items() if rank is not None}
    assert breaches() == []


def test_what_was_announced_is_what_comes_in_force(challenge: Challenge) -> None:
    old = scores()
    entry = Entry.objects.of_teams().order_by("received_at")[0]
    before = public_figures(entry)["exactitude"]["value"]
    receipts = ScoreReceipt.objects.count()
    made = accepted(challenge, truth=corrected(), reason="Quarante réponses étaient fausses.")
    assert made.state == RescoringState.IN_FORCE
    assert in_force() == made.task
    announced = {row["team"]: row["after"] for row in made.facts["boards"][0]["rows"]}
    assert announced == {t: rank for t, (_p, rank, _c) in ranks().items() if rank is not None}
    assert scores()[: len(old)] == old
    assert len(scores()) == 2 * len(old)
    assert ScoreReceipt.objects.count() == 2 * receipts
    again = ScoreReceipt.objects.filter(reason="rescored")
    assert again.count() == receipts
    assert all(each.replaces is not None and each.serial == 2 for each in again)
    shown = public_figures(entry)["exactitude"]["value"]
    assert shown < before
    assert Standing.objects.get(entry=entry).cells["exactitude"]["value"] == shown
    notice = Notice.objects.get(kind="scoring")
    assert "Quarante réponses étaient fausses." in notice.text
    assert Outbox.objects.filter(topic="mail.phase_rescored").count() == 1
    assert set(Entry.objects.values_list("status", flat=True)) == {EntryStatus.SCORED}
    assert breaches() == []


def test_a_figure_that_goes_is_hidden_and_one_that_comes_is_shown(challenge: Challenge) -> None:
    by, task = owner_of(challenge), in_force()
    spec = copy.deepcopy(task.scorer_version.spec)
    spec["metrics"] = [
        spec["metrics"][0],
        {
            "key": "equilibree",
            "metric": "balanced_accuracy",
            "label": "Exactitude équilibrée",
            "direction": "max",
            "decimals": 2,
            "primary": False,
        },
    ]
    version = scorers.next_version(task=task, spec=spec, by=by)
    made = rescorings.propose(phase=phase(), version=version, reason="Autre mesure.", by=by)
    rescorings.start(rescoring=made, by=by)
    assert drain()
    made.refresh_from_db()
    rescorings.accept(rescoring=made, digest=made.facts["digest"], by=region())
    assert drain()
    columns = phase().leaderboards.get().columns.order_by("index")
    assert [(each.key, each.hidden) for each in columns] == [
        ("exactitude", False),
        ("mae", True),
        ("mae_par_zone", False),
        ("equilibree", False),
    ]
    assert all("equilibree" in cells for _p, _r, cells in ranks().values())


def test_an_entry_that_comes_meanwhile_is_scored_by_both(change: Rescoring) -> None:
    made, challenge = change, change.phase.challenge
    digest = made.facts["digest"]
    entry = entered(challenge, 0.95, seed=31)
    Entry.objects.filter(pk=entry.pk).update(status=EntryStatus.QUEUED)
    with refuses(Conflict, "rescoring_unready"):
        rescorings.accept(rescoring=made, digest=digest, by=region())
    Entry.objects.filter(pk=entry.pk).update(status=EntryStatus.RECEIVED)
    assert drain()
    assert entry.evaluations.filter(state=EvaluationState.DONE).count() == 2
    assert (
        Score.objects.filter(evaluation__entry=entry).values("evaluation").distinct().count() == 1
    )
    made.refresh_from_db()
    with refuses(Conflict, "changed"):
        rescorings.accept(rescoring=made, digest=digest, by=region())
    rescorings.accept(rescoring=made, digest=made.facts["digest"], by=region())
    late = entered(challenge, 0.8, seed=32)
    assert drain()
    assert late.evaluations.filter(holdout=made.task.holdout, state="done").count() == 1
    assert breaches() == []


def test_an_entry_between_two_scorings_ends_with_the_one_in_force(change: Rescoring) -> None:
    """Its file was checked when the exchange came: the old job finds nothing to decide."""
    made, challenge = change, change.phase.challenge
    rescorings.accept(rescoring=made, digest=made.facts["digest"], by=region())
    Job.objects.filter(kind="swap").update(priority=-1)
    entry = entered(challenge, 0.8, seed=33)
    Job.objects.filter(kind="swap").update(state="done")
    worker = Worker()
    while Job.objects.alive().filter(kind="check").exists():
        worker.work_one()
    assert Entry.objects.get(pk=entry.pk).status == EntryStatus.QUEUED
    Job.objects.filter(kind="swap").update(state="ready", finished_at=None)
    worker.work_one()
    assert in_force() == made.task
    assert drain()
    assert Entry.objects.get(pk=entry.pk).status == EntryStatus.SCORED
    shown = Score.objects.filter(evaluation__entry=entry)
    assert set(shown.values_list("evaluation__holdout", flat=True)) == {made.task.holdout_id}
    assert breaches() == []


def test_a_change_takes_two_people(change: Rescoring) -> None:
    made, both = change, region()
    Rescoring.objects.filter(pk=made.pk).update(proposed_by=both)
    with refuses(Conflict, "takes_two"):
        rescorings.accept(rescoring=made, digest=made.facts["digest"], by=both)
    assert Rescoring.objects.get().state == RescoringState.READY


def test_one_change_at_a_time_with_a_reason_and_a_change(challenge: Challenge) -> None:
    by, task = owner_of(challenge), in_force()
    with refuses(Invalid, "same_scoring"):
        rescorings.propose(phase=phase(), reason="Rien.", by=by)
    with refuses(Invalid, "reason_required"):
        rescorings.propose(phase=phase(), holdout=task.holdout, reason=" ", by=by)
    proposed(challenge)
    with refuses(Conflict, "rescoring_open"):
        proposed(challenge, truth=corrected())
    assert PhaseTask.objects.count() == 2


def test_a_refused_change_leaves_no_trace_on_the_boards(challenge: Challenge) -> None:
    before = (ranks(), scores())
    made = tried(challenge, truth=corrected())
    rescorings.refuse(rescoring=made, note="Pas assez sûr.", by=region())
    assert Outbox.objects.filter(topic="mail.rescoring_refused").count() == 1
    entered(challenge, 0.7, seed=40)
    assert drain()
    made.refresh_from_db()
    assert (made.state, made.note) == (RescoringState.REFUSED, "Pas assez sûr.")
    assert Evaluation.objects.filter(holdout=made.task.holdout).count() == 4
    assert scores()[: len(before[1])] == before[1]
    with pytest.raises(Conflict):
        rescorings.accept(rescoring=made, digest=made.facts["digest"], by=region())
    proposed(challenge)
    assert breaches() == []


def test_accepting_twice_is_accepting_once(challenge: Challenge) -> None:
    """By another figure that ranks, over the same answers."""
    made = tried(challenge)
    person = region()
    for _again in range(2):
        rescorings.accept(rescoring=made, digest=made.facts["digest"], by=person)
    with refuses(Conflict, "answered"):
        rescorings.accept(rescoring=made, digest=made.facts["digest"], by=region())
    assert drain()
    rescorings.accept(rescoring=made, digest=made.facts["digest"], by=person)
    assert drain()
    told = list(AuditEvent.objects.order_by("seq").values_list("action", flat=True))
    assert told.count("rescoring.accepted") == 1
    assert told.count("rescoring.in_force") == 1
    assert Job.objects.filter(kind="swap").count() == 1
    made.refresh_from_db()
    assert phase().leaderboards.get().primary.key == "mae"
    assert made.task.holdout_id == made.former.holdout_id
    assert made.task.scorer_version.number == 2
    assert breaches() == []


def test_the_reveal_waits_for_the_decision_and_tells_the_scoring_in_force(
    change: Rescoring,
) -> None:
    made, challenge = change, change.phase.challenge
    closed = challenges.close(phase=phase(), by=owner_of(challenge))
    with refuses(Conflict, "rescoring_open"):
        results.propose_reveal(phase=closed, by=owner_of(challenge))
    rescorings.accept(rescoring=made, digest=made.facts["digest"], by=region())
    assert drain()
    results.propose_reveal(phase=phase(), by=owner_of(challenge))
    results.confirm_reveal(phase=phase(), by=region())
    assert drain()
    private = Score.objects.filter(split=Split.PRIVATE)
    assert set(private.values_list("evaluation__holdout", flat=True)) == {made.task.holdout_id}
    assert ranks("private")
    assert breaches() == []


def test_what_the_new_scoring_refuses_fails_and_what_it_takes_comes_back(
    challenge: Challenge,
) -> None:
    first, second = Entry.objects.of_teams().order_by("received_at")[:2]
    made = tried(challenge, truth=corrected())
    Entry.objects.filter(pk=first.pk).update(status="failed", reason_code="X_TIMEOUT")
    Evaluation.objects.filter(entry=second, holdout=made.task.holdout).update(
        state="failed", reason_code="X_TIMEOUT"
    )
    rescorings.accept(rescoring=made, digest=made.facts["digest"], by=region())
    assert drain()
    assert Entry.objects.get(pk=first.pk).status == EntryStatus.SCORED
    failed = Entry.objects.get(pk=second.pk)
    assert (failed.status, failed.reason_code) == (EntryStatus.FAILED, "X_TIMEOUT")
    assert failed.day_slot is not None
    assert not Standing.objects.filter(entry=failed).exists()


def test_a_scoring_that_dies_aside_costs_the_entry_nothing(challenge: Challenge) -> None:
    made = started(challenge, truth=corrected())
    job = Job.objects.alive().filter(kind="score").order_by("pk")[0]
    evaluation = Evaluation.objects.get(pk=job.subject_id)
    Job.objects.filter(pk=job.pk).update(
        attempt=3, state="leased", lease_token=made.public_id, lease_until=made.proposed_at
    )
    jobs.reap(buried=evaluations.bury_subject)
    assert drain()
    evaluation.refresh_from_db()
    assert (evaluation.state, evaluation.reason_code) == ("failed", "X_PLATFORM")
    assert Entry.objects.get(pk=evaluation.entry_id).status == EntryStatus.SCORED
    made.refresh_from_db()
    assert made.state == RescoringState.READY
    rescorings.start(rescoring=made, by=owner_of(challenge))
    assert drain()
    evaluation.refresh_from_db()
    assert evaluation.state == EvaluationState.DONE


def test_corrected_answers_keep_the_identifiers(challenge: Challenge) -> None:
    lines = corrected().splitlines(keepends=True)
    short, by = b"".join(lines[:-1]), owner_of(challenge)
    with refuses(Invalid, "truth") as missing:
        rescorings.propose_figures(phase=phase(), truth=short, reason="Erreur.", by=by)
    assert "Il manque 1 des" in str(missing.value)
    made = proposed(challenge, truth=b"".join(lines[:-1]))
    with refuses(Conflict, "holdout_not_compiled"):
        rescorings.start(rescoring=made, by=owner_of(challenge))
    assert drain()
    with refuses(Conflict, "truth_ids_changed"):
        rescorings.start(rescoring=made, by=owner_of(challenge))
    rescorings.withdraw(rescoring=made, by=owner_of(challenge))
    broken = proposed(challenge, truth=b"id;niveau\nA0000;1\n")
    assert drain()
    Job.objects.filter(kind="compile").exclude(state="done").update(
        state="dead", run_after=broken.proposed_at
    )
    with refuses(Conflict, "truth_unreadable"):
        rescorings.start(rescoring=broken, by=owner_of(challenge))
    rescorings.withdraw(rescoring=broken, by=owner_of(challenge))
    right = started(challenge, truth=corrected())
    assert Job.objects.alive().filter(kind="score").count() == 4
    rescorings.withdraw(rescoring=right, by=owner_of(challenge))
    assert Job.objects.alive().filter(kind="score").count() == 0  # what waits is dropped
    assert Evaluation.objects.filter(holdout=right.task.holdout).count() == 0


def test_corrected_answers_without_their_parts_keep_those_in_force(challenge: Challenge) -> None:
    """The portal drew them: the file that the organiser has never had the column."""
    by, rows = owner_of(challenge), [each.split(",") for each in corrected().decode().splitlines()]
    truth = "\n".join(",".join([*row[:2], *row[3:]]) for row in reversed(rows[1:]))
    head = ",".join([*rows[0][:2], *rows[0][3:]])
    unknown = truth.replace("A0000,", "B0000,").replace("A0001,", "B0001,")
    with refuses(Invalid, "truth") as refused:
        rescorings.propose_figures(
            phase=phase(), truth=f"{head}\n{unknown}".encode(), reason="Erreur.", by=by
        )
    assert "2 n’y étaient pas" in str(refused.value)
    made = rescorings.propose_figures(
        phase=phase(), truth=f"{head}\n{truth}".encode(), reason="Erreur.", by=by
    )
    assert drain()
    former, new = made.former.holdout, HoldoutVersion.objects.get(pk=made.task.holdout_id)
    assert parts(new) == parts(former)
    assert set(parts(new).values()) == {0, 1}
    rescorings.start(rescoring=made, by=by)
    rescorings.withdraw(rescoring=made, by=by)
    lost = proposed(challenge, truth=f"{head}\n{unknown}".encode())
    assert drain()
    assert not HoldoutVersion.objects.get(pk=lost.task.holdout_id).is_compiled  # nothing is drawn


LADDER = {"leaderboard": {"unit": "team", "kept": "best", "ladder": True}}


def test_a_ladder_stays_right(tmp_path: Path) -> None:
    made = opened(tmp_path, **LADDER)
    team = TeamFactory(challenge=made)
    for number, skill in enumerate((0.5, 0.9, 0.6)):
        entered(made, skill, team=team, seed=number)
    entered(made, 0.7, seed=9)
    assert drain()
    worst = Entry.objects.get(enrolment__team=team, number=1)
    choices.choose(entry=worst, by=captain_of(team))
    old = scores()
    change = accepted(made, truth=corrected())
    assert change.state == RescoringState.IN_FORCE
    assert scores()[: len(old)] == old
    announced = {row["team"]: row["after"] for row in change.facts["boards"][0]["rows"]}
    assert announced == {t: rank for t, (_p, rank, _c) in ranks().items() if rank is not None}
    assert all(each.replaces for each in ScoreReceipt.objects.filter(reason="rescored"))
    assert breaches() == []
    reveal(made)  # the final choice stays chosen
    assert Standing.objects.get(team=team, split="private").entry == worst


def test_a_trial_is_queued_in_few_queries_however_many_entries(challenge: Challenge) -> None:
    made = proposed(challenge, truth=corrected())
    assert drain()
    Entry.objects.of_teams().update(status="withdrawn")
    counts = []
    for status in ("withdrawn", "scored"):
        Entry.objects.of_teams().update(status=status)
        Rescoring.objects.update(state="proposed", started_at=None)
        with CaptureQueriesContext(connection) as seen:
            rescorings.start(rescoring=made, by=owner_of(challenge))
        counts.append(len(seen))
    assert counts[1] <= counts[0]
    asked = Job.objects.alive().filter(kind="score", priority=50)
    assert asked.count() == 4
    asked.filter(pk__in=list(asked.values_list("pk", flat=True)[:3])).delete()
    assert [trials.sweep_trials(), trials.sweep_trials()] == [3, 0]


def withdrawn(entry: Entry) -> Entry:
    return choices.withdraw(entry=entry, by=captain_of(entry.enrolment.team))


def moved(rescoring: Rescoring) -> set[int]:
    return {row["team"] for row in rescoring.facts["boards"][0]["rows"]}


def test_the_comparison_comes_when_the_last_entry_is_taken_back(challenge: Challenge) -> None:
    made = started(challenge, truth=corrected())
    last = Entry.objects.of_teams().order_by("-received_at")[0]
    tried_on_it = [str(each.pk) for each in made.evaluations().filter(entry=last)]
    job = Job.objects.filter(kind=JobKind.SCORE, subject_id__in=tried_on_it)
    job.update(run_after=clock.now() + timedelta(hours=1))
    assert not drain(seconds=2)
    made.refresh_from_db()
    assert (made.state, made.waiting()) == (RescoringState.RUNNING, 1)
    withdrawn(last)
    assert trials.sweep_trials() == 1
    job.delete()
    assert drain()
    made.refresh_from_db()
    assert made.state == RescoringState.READY
    assert last.enrolment.team_id not in moved(made)
    assert trials.sweep_trials() == 0


def test_a_dead_comparison_lives_again_by_itself(change: Rescoring) -> None:
    made = change
    Rescoring.objects.filter(pk=made.pk).update(state="running", facts={})
    jobs = Job.objects.filter(kind=JobKind.COMPARE)
    jobs.update(state="dead", attempt=3, error_code="VaultBroken", finished_at=clock.now())
    assert trials.sweep_trials() == 0
    jobs.update(finished_at=clock.now() - timedelta(seconds=trials.COMPARE_AGAIN_SECONDS + 1))
    assert trials.sweep_trials() == 1
    assert drain()
    made.refresh_from_db()
    assert made.state == RescoringState.READY


def test_what_moves_while_boards_are_compared_is_compared_again(
    challenge: Challenge, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = Entry.objects.of_teams().order_by("received_at")[0]
    real, told = worker.compute_board, []

    def computed(*given: Any) -> Any:
        assert connection.in_atomic_block is outer
        if not told:
            told.append(withdrawn(gone))
        return real(*given)

    outer = connection.in_atomic_block
    monkeypatch.setattr(worker, "compute_board", computed)
    made = tried(challenge, truth=corrected())
    assert told
    assert gone.enrolment.team_id not in moved(made)
    assert made.facts["seen"] == made.seen()


def revealed(folder: Path, **options: object) -> Challenge:
    made = scored(folder, 0.9, 0.6, 0.5, **options)
    reveal(made)
    return Challenge.objects.get(pk=made.pk)


def final() -> dict[int, tuple[object, ...]]:
    rows = Standing.objects.filter(split=Split.PRIVATE).order_by("position")
    return {row.team_id: (row.rank, row.cells["exactitude"]["value"]) for row in rows}


@pytest.mark.parametrize("options", [{}, LADDER], ids=["plain", "ladder"])
def test_an_erratum_keeps_both_results(tmp_path: Path, options: dict[str, object]) -> None:
    challenge = revealed(tmp_path, **options)
    team = Entry.objects.of_teams().order_by("received_at")[0].enrolment.team
    certificate = results.issue_certificate(team=team, phase=phase(), by=captain_of(team))
    before, old, audits = final(), scores(), FairnessAudit.objects.count()
    receipts = ScoreReceipt.objects.count()
    made = tried(challenge, truth=corrected(300), reason="Trois cents réponses étaient fausses.")
    assert (scores(), final()) == (old, before)
    assert {board["split"] for board in made.facts["boards"]} == {"public", "private"}
    rescorings.accept(rescoring=made, digest=made.facts["digest"], by=region())
    assert drain()

    made.refresh_from_db()
    assert made.state == RescoringState.IN_FORCE
    assert scores()[: len(old)] == old
    assert final() != before
    private = Score.objects.filter(split=Split.PRIVATE, evaluation__holdout=made.task.holdout)
    assert private.exists()
    announced = {
        row["team"]: row["after"]
        for board in made.facts["boards"]
        if board["split"] == "private"
        for row in board["rows"]
    }
    assert announced == {t: rank for t, (rank, _v) in final().items() if rank is not None}
    assert FairnessAudit.objects.count() == audits  # a team never reads two
    assert ScoreReceipt.objects.count() > receipts
    assert Challenge.objects.get(pk=challenge.pk).status == ChallengeStatus.REVEALED
    assert phase().reveal.executed_at is not None
    assert not stands(Certificate.objects.get(pk=certificate.pk))
    assert "Erratum" in Notice.objects.filter(kind="scoring").order_by("-pk")[0].text
    assert breaches() == []

    client = Client()
    for name in ("standings", "report"):
        page = client.get(url_of(challenge, name)).text
        assert "Réévalué le" in page
        assert "Trois cents réponses" in page
        assert CANARY not in page
    told = client.get(url_of(challenge, "report_json")).json()
    assert [each["reason"] for each in told["errata"]] == ["Trois cents réponses étaient fausses."]
    entry = Entry.objects.filter(enrolment__team=team)[0]
    page = signed_in(captain_of(team)).get(url_of(challenge, "entry", entry.pk))
    assert "(partie privée)" in page.text


def test_no_change_while_the_results_are_being_released_nor_once_archived(
    tmp_path: Path,
) -> None:
    challenge = opened(tmp_path)
    entered(challenge, 0.9)
    assert drain()
    challenges.close(phase=phase(), by=owner_of(challenge))
    results.propose_reveal(phase=phase(), by=owner_of(challenge))
    results.confirm_reveal(phase=phase(), by=region())
    with refuses(Conflict, "phase_revealing"):
        proposed(challenge, truth=corrected())
    assert drain()
    Challenge.objects.update(status=ChallengeStatus.ARCHIVED)
    with refuses(Conflict, "rescoring_untimely"):
        proposed(challenge, truth=corrected())
    Challenge.objects.update(status=ChallengeStatus.REVEALED)
    assert accepted(challenge, truth=corrected()).state == RescoringState.IN_FORCE
    assert Rescoring.objects.count() == 1


@pytest.fixture
def world(tmp_path: Any) -> Challenge:
    return scored(tmp_path, 0.9, 0.5)


def csv(content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("reponses.csv", content, content_type="text/csv")


def shown_figures(challenge: Challenge) -> dict[str, Any]:
    """Return what the form of a phase shows of its figures, as a browser sends it back."""
    form = form_for(list(PhaseTask.objects.filter(current=True)))
    assert isinstance(form, MeasuresForm)
    shown = {name: form[name].value() for name in form.fields}
    return {name: value for name, value in shown.items() if value not in (None, False)}


def test_labels_that_nobody_touched_stay_as_they_are(world: Challenge) -> None:
    """A nomenclature of "01" and "02" keeps its zeros, and counts as no change."""
    task = PhaseTask.objects.select_related("scorer_version").get(current=True)
    task.scorer_version.spec["metrics"][0] |= {"metric": "kappa", "params": {"labels": ["01", "2"]}}
    shown = form_for([task])
    sent = {name: shown[name].value() for name in shown.fields}
    form = form_for([task], {k: v for k, v in sent.items() if v not in (None, False)})
    form.is_valid()
    assert "labels_0" not in form.changed_data
    assert form._params(0)["labels"] == ["01", "2"]


def test_a_measure_is_changed_by_form_and_the_rest_of_it_stays(world: Challenge) -> None:
    task = PhaseTask.objects.get(current=True)
    former = task.scorer_version.spec["metrics"]
    organiser = signed_in(owner_of(world))
    page = organiser.get(url_of(world, "rescorings")).text
    assert 'name="metric_0"' in page
    assert "challenge.yaml" not in page
    said = shown_figures(world) | {
        "reason": "Trois décimales",
        "decimals_0": "3",
        "label_0": "Part",
    }
    more = organiser.post(url_of(world, "rescoring_propose", 0), said | {"ajouter": "1"})
    added = f"metric_{len(former)}"
    assert (more.status_code, f'name="{added}"' in more.text, "Erreur :" in more.text) == (
        200,
        True,
        False,
    )
    assert not Rescoring.objects.exists()
    assert organiser.post(url_of(world, "rescoring_propose", 0), said).status_code == 302
    figures = Rescoring.objects.get().task.scorer_version.spec["metrics"]
    assert figures == [former[0] | {"decimals": 3, "label": "Part"}, *former[1:]]


def test_a_descriptive_column_stays_so_when_another_field_changes(world: Challenge) -> None:
    task = PhaseTask.objects.select_related("scorer_version").get(current=True)
    task.scorer_version.spec["metrics"][1]["direction"] = "none"
    sent = shown_figures(world) | {"reason": "Trois décimales", "decimals_1": "3"}
    form = form_for([task], sent)
    assert isinstance(form, MeasuresForm)
    assert form.is_valid(), form.errors
    assert form.spec is not None
    assert [each["direction"] for each in form.spec["metrics"][:2]] == ["max", "none"]


def test_organiser_proposes_tries_and_the_region_accepts(world: Challenge) -> None:
    organiser, page = signed_in(owner_of(world)), url_of(world, "rescorings")
    shown = organiser.get(page).text
    assert "exactitude" in shown
    assert "Proposer un changement" in shown
    sent = organiser.post(
        url_of(world, "rescoring_propose", 0),
        shown_figures(world) | {"reason": "Des réponses fausses", "truth": csv(corrected())},
    )
    assert (sent.status_code, sent["Location"]) == (302, page)
    assert "en cours de lecture" in organiser.get(page).text
    assert drain()
    change = Rescoring.objects.get()
    assert organiser.post(url_of(world, "rescoring_start", change.public_id)).status_code == 302
    assert drain()
    change.refresh_from_db()
    shown = organiser.get(page).text
    assert "change de rang" in shown or "changent de rang" in shown
    assert CANARY not in shown
    assert "Enregistrer la décision" not in shown
    region = signed_in(UserFactory(region="administrator"))
    assert "Enregistrer la décision" in region.get(page).text
    decide = url_of(world, "rescoring_decide", change.public_id)
    said = {"digest": change.facts["digest"], "decision": "accept", "sure": "on"}
    unproved = Client()
    unproved.force_login(UserFactory(region="administrator"))
    sent = unproved.post(decide, said)
    assert (sent.status_code, "identite" in sent["Location"]) == (302, True)
    stale = region.post(decide, said | {"digest": "0" * 64})
    assert (stale.status_code, "La comparaison a changé" in stale.text) == (409, True)
    bare = region.post(decide, said | {"digest": "0", "decision": "refuse"})
    assert (bare.status_code, "Dites pourquoi vous refusez" in bare.text) == (422, True)
    assert region.post(decide, said).status_code == 302
    assert "Relancer la mise en vigueur" not in region.get(page).text
    Job.objects.filter(kind="swap").update(state="dead", error_code="lease_lost")
    seen = organiser.get(page).text
    assert "La mise en vigueur a échoué" in seen
    assert "Relancer la mise en vigueur" not in seen
    other = signed_in(UserFactory(region="administrator"))
    assert "Relancer la mise en vigueur" in other.get(page).text
    assert other.post(decide, said).status_code == 302
    assert drain()
    change.refresh_from_db()
    assert change.state == RescoringState.IN_FORCE
    assert AuditEvent.objects.filter(action="rescoring.relaunched").count() == 1
    assert other.post(decide, said).status_code == 409
    entry = Entry.objects.of_teams()[0]
    captain = signed_in(captain_of(entry.enrolment.team))
    own = captain.get(url_of(world, "entry", entry.pk)).text
    assert "Notations précédentes" in own
    assert "Des réponses fausses" in own


@pytest.mark.parametrize(
    ("given", "status", "said"),
    [
        ({"reason": ""}, 422, "Dites pourquoi la notation change"),
        ({}, 422, "Rien ne change"),
        ({"metric_0": ""}, 422, "c’est elle qui classe"),
        ({"metric_0": "inconnue"}, 422, "Sélectionnez un choix valide"),
        ({"metric_0": "f1", "positive_0": ""}, 422, "Donnez une valeur à ce réglage"),
        ({"metric_0": "pinball", "tau_0": "2"}, 422, "Tau doit être entre 0 et 1"),
        ({"truth": b"id;niveau\n1;2\n"}, 422, "E_COLUMN_MISSING"),
    ],
)
def test_what_cannot_be_proposed_is_said_beside_its_field(
    world: Challenge, given: dict[str, Any], status: int, said: str
) -> None:
    organiser = signed_in(owner_of(world))
    body = shown_figures(world) | {"reason": "x"} | given
    body |= {"truth": csv(given["truth"])} if "truth" in given else {}
    answer = organiser.post(url_of(world, "rescoring_propose", 0), body)
    assert answer.status_code == status
    assert said in answer.text
    assert Rescoring.objects.count() == 0


def test_corrected_answers_are_those_of_the_task_that_was_chosen(tmp_path: Path) -> None:
    challenge = opened(tmp_path)
    by, first = owner_of(challenge), PhaseTask.objects.get(current=True)
    other = holdouts.correct(version=first.holdout, files={"truth.csv": corrected()}, by=by)
    second = PhaseTask.objects.create(
        phase=first.phase,
        index=1,
        name="Second avis",
        scorer_version=first.scorer_version,
        holdout=other,
    )
    organiser = signed_in(by)
    page = organiser.get(url_of(challenge, "rescorings")).text
    assert ('name="metrics"' in page, '<option value="1">Second avis' in page) == (False, True)
    truth = (tmp_path / "niveau" / "truth.csv").read_bytes()
    with refuses(Invalid, "metrics_shared"):
        rescorings.propose_figures(phase=first.phase, index=1, spec={}, reason="x", by=by)
    said = {"reason": "Des réponses fausses", "task": "1", "truth": csv(truth)}
    sent = organiser.post(url_of(challenge, "rescoring_propose", 0), said)
    assert sent.status_code == 302
    change = Rescoring.objects.order_by("-pk")[0]
    assert (change.former, change.task.index, change.task.name) == (second, 1, "Second avis")
    withdrawal = url_of(challenge, "rescoring_withdraw", change.public_id)
    assert organiser.post(withdrawal).status_code == 302
    change.refresh_from_db()
    assert change.state == RescoringState.WITHDRAWN


def test_query_count(count: int, costs: Costs) -> None:
    owner: User = UserFactory()
    challenge = ChallengeFactory(opened=True, owner=owner)
    with_contract(challenge)
    compile_keys(challenge, ["1"])
    for _each in range(count):
        change = rescoring_of(challenge.phases.get(), owner)
        rescorings.withdraw(rescoring=change, by=owner)
    browser = signed_in(owner)
    browser.get(url_of(challenge, "rescorings"))
    with costs(14):
        browser.get(url_of(challenge, "rescorings"))
