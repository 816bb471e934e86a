"""Another scoring of a phase: proposed, tried aside on every entry, decided by a second person."""

import copy
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from challenges.entries import queries as reads
from challenges.entries.actions import choices
from challenges.enums import EntryStatus, EvaluationState, RescoringState, Split
from challenges.evaluation.actions import evaluations, scorers
from challenges.invariants import INVARIANTS
from challenges.models import (
    Challenge,
    Entry,
    Evaluation,
    Job,
    Notice,
    Phase,
    PhaseTask,
    Rescoring,
    Score,
    ScoreReceipt,
    Standing,
    Team,
)
from challenges.organising.actions import challenges
from challenges.queue import actions as jobs
from challenges.rescoring import actions as rescorings
from challenges.results import actions as results
from challenges.worker import Worker, drain
from datasets.actions import holdouts
from portal.accounts.models import User
from portal.audit.models import AuditEvent, Outbox
from portal.lib.refusals import Conflict, Invalid, NotAllowed
from tests.challenges.world import CANARY, ROWS, entered, opened, owner_of, scored, truth_of
from tests.factories.accounts import UserFactory
from tests.factories.challenges import TeamFactory, captain_of

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


def tried(challenge: Challenge, **given: Any) -> Rescoring:
    made = proposed(challenge, **given)
    assert drain()
    rescorings.start(rescoring=made, by=owner_of(challenge))
    assert drain()
    return Rescoring.objects.get(pk=made.pk)


def accepted(challenge: Challenge, **given: Any) -> Rescoring:
    made = tried(challenge, **given)
    rescorings.accept(rescoring=made, digest=made.facts["digest"], by=region())
    assert drain()
    return Rescoring.objects.get(pk=made.pk)


def ranks(split: str = "public") -> dict[int, Any]:
    rows = Standing.objects.filter(split=split).order_by("position")
    return {row.team_id: (row.position, row.rank, row.cells) for row in rows}


def scores() -> list[tuple[Any, ...]]:
    return list(Score.objects.order_by("pk").values_list())


def breaches() -> list[str]:
    return [name for name, (_sentence, check) in INVARIANTS.items() if list(check())]


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
    assert breaches() == []


def test_the_comparison_tells_ranks_and_no_figure(challenge: Challenge) -> None:
    made = tried(challenge, truth=corrected())
    board = made.facts["boards"][0]
    assert set(board) == {"key", "title", "split", "teams", "moved", "tiers", "rows"}
    assert board["teams"] == 3
    for row in board["rows"]:
        assert set(row) == {"team", "before", "after", "tier_before", "tier_after"}
    now = {row["team"]: row["before"] for row in board["rows"]}
    assert now == {t: rank for t, (_p, rank, _c) in ranks().items() if rank is not None}
    assert Outbox.objects.filter(topic="mail.rescoring_ready").count() == 1


def test_what_was_announced_is_what_comes_in_force(challenge: Challenge) -> None:
    old = scores()
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
    notice = Notice.objects.get(kind="scoring")
    assert "Quarante réponses étaient fausses." in notice.text
    assert Outbox.objects.filter(topic="mail.phase_rescored").count() == 1
    assert set(Entry.objects.values_list("status", flat=True)) == {EntryStatus.SCORED}
    assert breaches() == []


def test_the_page_of_an_entry_shows_the_scoring_in_force(challenge: Challenge) -> None:
    entry = Entry.objects.filter(is_baseline=False).order_by("received_at")[0]
    before = reads.released_figures(entry)["exactitude"]["value"]
    accepted(challenge, truth=corrected())
    after = reads.released_figures(entry)["exactitude"]["value"]
    assert after < before
    assert [row.cells["exactitude"]["value"] for row in Standing.objects.filter(entry=entry)] == [
        after
    ]


def test_another_primary_figure_ranks_by_it(challenge: Challenge) -> None:
    made = accepted(challenge)
    board = phase().leaderboards.get()
    assert board.primary is not None
    assert board.primary.key == "mae"
    assert made.task.holdout_id == made.former.holdout_id
    assert made.task.scorer_version.number == 2
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


def test_an_entry_that_comes_meanwhile_is_scored_by_both(challenge: Challenge) -> None:
    made = tried(challenge, truth=corrected())
    digest = made.facts["digest"]
    entry = entered(challenge, 0.95, seed=31)
    Entry.objects.filter(pk=entry.pk).update(status=EntryStatus.QUEUED)
    with pytest.raises(Conflict) as refusal:
        rescorings.accept(rescoring=made, digest=digest, by=region())
    assert refusal.value.code == "rescoring_unready"
    Entry.objects.filter(pk=entry.pk).update(status=EntryStatus.RECEIVED)
    assert drain()
    assert entry.evaluations.filter(state=EvaluationState.DONE).count() == 2
    assert (
        Score.objects.filter(evaluation__entry=entry).values("evaluation").distinct().count() == 1
    )
    made.refresh_from_db()
    with pytest.raises(Conflict) as refusal:
        rescorings.accept(rescoring=made, digest=digest, by=region())
    assert refusal.value.code == "changed"
    rescorings.accept(rescoring=made, digest=made.facts["digest"], by=region())
    late = entered(challenge, 0.8, seed=32)
    assert drain()
    assert late.evaluations.filter(holdout=made.task.holdout, state="done").count() == 1
    assert breaches() == []


def test_an_entry_between_two_scorings_ends_with_the_one_in_force(challenge: Challenge) -> None:
    """Its file was checked when the exchange came: the old job finds nothing to decide."""
    made = tried(challenge, truth=corrected())
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


def test_only_an_organiser_proposes_and_only_the_region_decides(challenge: Challenge) -> None:
    task = in_force()
    captain = captain_of(Team.objects.filter(is_baseline=False)[0])
    for person in (region(), UserFactory(), captain):
        with pytest.raises(NotAllowed):
            scorers.next_version(task=task, spec=by_error(task.scorer_version.spec), by=person)
        with pytest.raises(NotAllowed):
            rescorings.propose(phase=phase(), holdout=task.holdout, reason="x", by=person)
    made = tried(challenge)
    both = region()
    for person in (owner_of(challenge), UserFactory(), captain, UserFactory(region="auditor")):
        with pytest.raises(NotAllowed):
            rescorings.accept(rescoring=made, digest=made.facts["digest"], by=person)
        with pytest.raises(NotAllowed):
            rescorings.refuse(rescoring=made, note="Non.", by=person)
    Rescoring.objects.filter(pk=made.pk).update(proposed_by=both)
    with pytest.raises(Conflict) as refusal:
        rescorings.accept(rescoring=made, digest=made.facts["digest"], by=both)
    assert refusal.value.code == "takes_two"
    assert Rescoring.objects.get().state == RescoringState.READY


def test_one_change_at_a_time_with_a_reason_and_a_change(challenge: Challenge) -> None:
    by, task = owner_of(challenge), in_force()
    with pytest.raises(Invalid) as same:
        rescorings.propose(phase=phase(), reason="Rien.", by=by)
    assert same.value.code == "same_scoring"
    with pytest.raises(Invalid) as bare:
        rescorings.propose(phase=phase(), holdout=task.holdout, reason=" ", by=by)
    assert bare.value.code == "reason_required"
    proposed(challenge)
    with pytest.raises(Conflict) as second:
        proposed(challenge, truth=corrected())
    assert second.value.code == "rescoring_open"
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


def test_a_change_taken_back_drops_what_waits(challenge: Challenge) -> None:
    made = proposed(challenge, truth=corrected())
    assert drain()
    rescorings.start(rescoring=made, by=owner_of(challenge))
    assert Job.objects.alive().filter(kind="score").count() == 4
    rescorings.withdraw(rescoring=made, by=owner_of(challenge))
    assert Job.objects.alive().filter(kind="score").count() == 0
    assert Evaluation.objects.filter(holdout=made.task.holdout).count() == 0


def test_accepting_twice_is_accepting_once(challenge: Challenge) -> None:
    made = tried(challenge)
    person = region()
    for _again in range(2):
        rescorings.accept(rescoring=made, digest=made.facts["digest"], by=person)
    with pytest.raises(Conflict) as other:
        rescorings.accept(rescoring=made, digest=made.facts["digest"], by=region())
    assert other.value.code == "answered"
    assert drain()
    rescorings.accept(rescoring=made, digest=made.facts["digest"], by=person)
    assert drain()
    told = list(AuditEvent.objects.order_by("seq").values_list("action", flat=True))
    assert told.count("rescoring.accepted") == 1
    assert told.count("rescoring.in_force") == 1
    assert Job.objects.filter(kind="swap").count() == 1


def test_the_reveal_waits_for_the_decision_and_tells_the_scoring_in_force(
    challenge: Challenge,
) -> None:
    made = tried(challenge, truth=corrected())
    closed = challenges.close(phase=phase(), by=owner_of(challenge))
    with pytest.raises(Conflict) as refusal:
        results.propose_reveal(phase=closed, by=owner_of(challenge))
    assert refusal.value.code == "rescoring_open"
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
    first, second = Entry.objects.filter(is_baseline=False).order_by("received_at")[:2]
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
    made = proposed(challenge, truth=corrected())
    assert drain()
    rescorings.start(rescoring=made, by=owner_of(challenge))
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
    made = proposed(challenge, truth=b"".join(lines[:-1]))
    with pytest.raises(Conflict) as early:
        rescorings.start(rescoring=made, by=owner_of(challenge))
    assert early.value.code == "holdout_not_compiled"
    assert drain()
    with pytest.raises(Conflict) as refusal:
        rescorings.start(rescoring=made, by=owner_of(challenge))
    assert refusal.value.code == "truth_ids_changed"
    rescorings.withdraw(rescoring=made, by=owner_of(challenge))
    broken = proposed(challenge, truth=b"id;niveau\nA0000;1\n")
    assert drain()
    Job.objects.filter(kind="compile").exclude(state="done").update(
        state="dead", run_after=broken.proposed_at
    )
    with pytest.raises(Conflict) as unreadable:
        rescorings.start(rescoring=broken, by=owner_of(challenge))
    assert unreadable.value.code == "truth_unreadable"


LADDER = {"leaderboard": {"unit": "team", "kept": "best", "ladder": True}}


def test_a_ladder_stays_right(tmp_path: Path) -> None:
    made = opened(tmp_path, **LADDER)
    team = TeamFactory(challenge=made)
    for number, skill in enumerate((0.5, 0.9, 0.6)):
        entered(made, skill, team=team, seed=number)
    entered(made, 0.7, seed=9)
    assert drain()
    old = scores()
    change = accepted(made, truth=corrected())
    assert change.state == RescoringState.IN_FORCE
    assert scores()[: len(old)] == old
    announced = {row["team"]: row["after"] for row in change.facts["boards"][0]["rows"]}
    assert announced == {t: rank for t, (_p, rank, _c) in ranks().items() if rank is not None}
    assert all(each.replaces for each in ScoreReceipt.objects.filter(reason="rescored"))
    assert breaches() == []


def test_a_final_choice_stays_chosen(challenge: Challenge) -> None:
    team = TeamFactory(challenge=challenge)
    entered(challenge, 0.95, team=team, seed=20)
    worst = entered(challenge, 0.2, team=team, seed=21)
    assert drain()
    choices.choose(entry=Entry.objects.get(pk=worst.pk), by=captain_of(team))
    accepted(challenge, truth=corrected())
    assert Entry.objects.get(pk=worst.pk).final_choice
    challenges.close(phase=phase(), by=owner_of(challenge))
    results.propose_reveal(phase=phase(), by=owner_of(challenge))
    results.confirm_reveal(phase=phase(), by=region())
    assert drain()
    assert Standing.objects.get(team=team, split="private").entry == worst


def test_who_may_decide_gives_a_dead_exchange_another_life(challenge: Challenge) -> None:
    made = tried(challenge, truth=corrected())
    digest = made.facts["digest"]
    rescorings.accept(rescoring=made, digest=digest, by=region())
    Job.objects.filter(kind="swap").update(state="dead", error_code="lease_lost")
    rescorings.accept(rescoring=made, digest=digest, by=region())
    assert drain()
    assert Rescoring.objects.get(pk=made.pk).state == RescoringState.IN_FORCE
    assert AuditEvent.objects.filter(action="rescoring.relaunched").count() == 1


def test_a_trial_is_queued_in_few_queries_however_many_entries(challenge: Challenge) -> None:
    made = proposed(challenge, truth=corrected())
    assert drain()
    Entry.objects.exclude(is_baseline=True).update(status="withdrawn")
    counts = []
    for status in ("withdrawn", "scored"):
        Entry.objects.exclude(is_baseline=True).update(status=status)
        Rescoring.objects.update(state="proposed", started_at=None)
        with CaptureQueriesContext(connection) as seen:
            rescorings.start(rescoring=made, by=owner_of(challenge))
        counts.append(len(seen))
    assert counts[1] <= counts[0]
    asked = Job.objects.alive().filter(kind="score", priority=50)
    assert asked.count() == 4
    swept = []
    for missing in (1, 4):
        asked.filter(pk__in=list(asked.values_list("pk", flat=True)[:missing])).delete()
        with CaptureQueriesContext(connection) as seen:
            assert evaluations.sweep_trials() == missing
        swept.append(len(seen))
    assert swept[0] == swept[1]
    assert evaluations.sweep_trials() == 0
    asked.delete()
    assert evaluations.queue_missing_trials(made, size=2, batches=1) == 2
    assert evaluations.queue_missing_trials(made, size=2) == 2
    assert asked.count() == 4


def test_a_comparison_holds_the_phase_and_never_the_ledger(challenge: Challenge) -> None:
    entry = Entry.objects.filter(is_baseline=False)[0]
    made = tried(challenge, truth=corrected())
    Entry.objects.filter(pk=entry.pk).update(status="failed", reason_code="X_TIMEOUT")
    evaluations.compare_boards_later(made, cause="again")
    with CaptureQueriesContext(connection) as seen:
        assert drain()
    asked = [each["sql"] for each in seen]
    shared = [at for at, sql in enumerate(asked) if "FOR SHARE" in sql]
    moved = [at for at, sql in enumerate(asked) if 'UPDATE "challenges_entry"' in sql]
    assert moved
    assert not [sql for sql in asked if "audit_audithead" in sql or "audit_outbox" in sql]
    assert len(shared) == (1 if connection.vendor == "postgresql" else 0)
    assert all(at > first for first in shared for at in moved)
    made.refresh_from_db()
    compared = [row for row in made.facts["boards"][0]["rows"] if row["before"] is None]
    assert [row["team"] for row in compared] == [entry.enrolment.team_id]
    assert compared[0]["after"] is not None
