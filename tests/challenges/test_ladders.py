"""What the Ladder shows of a team's entries, in order of receipt, whoever scores them first."""

import csv
import io
import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from challenges.entries.actions import choices
from challenges.entries.enums import EntryStatus
from challenges.evaluation import worker as evaluator
from challenges.evaluation.actions import evaluations, interventions
from challenges.evaluation.enums import Split
from challenges.invariants import stale_boards
from challenges.management.commands.enter import Command, answer
from challenges.models import (
    Challenge,
    Enrolment,
    Entry,
    Evaluation,
    Job,
    Phase,
    Rung,
    Score,
    ScoreReceipt,
    Standing,
    Team,
)
from challenges.queue import actions as jobs
from challenges.queue.enums import JobKind, JobState
from challenges.results import actions as settlements
from challenges.results import worker as climbing
from challenges.results.models.boards import chain, task_of
from challenges.worker import Worker, drain
from portal.audit.models import AuditEvent
from portal.lib import clock, immutable
from tests.challenges.pages.scenes import Costs, clocked, plain, url_of, with_contract
from tests.challenges.scoring.test_ladder import climb
from tests.challenges.world import ROWS, entered, opened, public_figures, revealed, truth_of
from tests.factories.accounts import UserFactory
from tests.factories.challenges import (
    EnrolmentFactory,
    EntryFactory,
    TeamFactory,
    captain_of,
    score,
)

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
PUBLIC = [row for row in range(ROWS) if row % 10 < 3]  # 36 rows
FREE = {"kept": "best", "ladder": True}


def file(right: Sequence[int], private: int = 40) -> bytes:
    """Write a file that is right on some of the 36 public rows, counted from 0."""
    good = {PUBLIC[at] for at in right}
    good |= set([row for row in range(ROWS) if row not in PUBLIC][:private])
    lines = [
        f"A{row:04},{truth_of(row) if row in good else truth_of(row) % 3 + 1}"
        for row in range(ROWS)
    ]
    return ("id,niveau\n" + "\n".join(lines) + "\n").encode()


# Right rows: 20, one more, two more than the first, fewer, many more.
FILES = [range(20), range(21), range(22), range(5), range(30)]
SHOWN = ["0.5556", "0.5556", "0.6111", "0.6111", "0.8333"]


@pytest.fixture
def challenge(tmp_path: Path) -> Challenge:
    return opened(tmp_path, leaderboard=FREE)


@pytest.fixture
def team(challenge: Challenge) -> Team:
    return TeamFactory(challenge=challenge)


def sent(challenge: Challenge, team: Team, files: Sequence[Sequence[int]]) -> list[Entry]:
    return [entered(challenge, team=team, content=file(one)) for one in files]


def shown(entries: Sequence[Entry]) -> list[str]:
    """List the public figure that each entry shows, or nothing."""
    return [
        public_figures(Entry.objects.get(pk=each.pk)).get("exactitude", {}).get("text", "")
        for each in entries
    ]


def receipt_of(entry: Entry) -> dict[str, Any]:
    """Return what the receipt in force of an entry states."""
    last = ScoreReceipt.objects.filter(entry=entry).order_by("-serial").first()
    payload: dict[str, Any] = json.loads(last.text)["payload"]
    return payload


def rungs(entries: Sequence[Entry]) -> list[tuple[bool, int | None]]:
    found = [Rung.objects.get(evaluation__entry=each) for each in entries]
    return [(one.improved, one.leader.entry.number if one.leader else None) for one in found]


def row_of(team: Team, split: Split = Split.PUBLIC) -> Standing:
    return Standing.objects.get(team=team, split=split)


def test_only_what_the_rows_can_tell_is_shown(challenge: Challenge, team: Team) -> None:
    entries = sent(challenge, team, FILES)
    assert drain()
    assert shown(entries) == SHOWN
    assert rungs(entries) == [(True, 1), (False, 1), (True, 3), (False, 3), (True, 5)]
    row = row_of(team)
    assert (row.entry_id, row.cells["exactitude"]["text"], row.entries_count) == (
        entries[4].pk,
        "0.8333",
        5,
    )
    assert list(stale_boards()) == []
    printed = io.StringIO()
    Command(stdout=printed).tell(answer(Entry.objects.get(pk=entries[1].pk)))
    assert "soumission n° 1" in printed.getvalue().replace("\xa0", " ")
    events = AuditEvent.objects.filter(action="entry.settled").count()
    assert events == 5


def test_what_follows_a_leader_is_shown_by_its_figures_alone(
    challenge: Challenge, team: Team
) -> None:
    """A second figure, or an interval of its own, would tell what the first figure hides."""
    entries = sent(challenge, team, [range(20), range(21)])
    assert drain()
    errors = [public_figures(Entry.objects.get(pk=each.pk))["mae"]["text"] for each in entries]
    assert errors[0] == errors[1]
    row = row_of(team)
    assert row.entry_id == entries[0].pk
    bounds = evaluator.unseal(Evaluation.objects.get(entry=entries[0]).pk)["intervals"]["public"]
    assert row.interval_low == round(bounds["exactitude"][0], 4)
    lows = [public_figures(one)["exactitude"]["low"] for one in entries]
    assert lows == [row.interval_low] * 2
    said = [receipt_of(one) for one in entries]
    assert [one["values"]["public"]["exactitude"] for one in said] == ["0.5556", "0.5556"]
    assert [one["ladder"] for one in said] == [
        {"improved": True, "leader": 1},
        {"improved": False, "leader": 1},
    ]


def test_without_the_option_nothing_changes(tmp_path: Path) -> None:
    challenge = opened(tmp_path, leaderboard={"ladder": False})
    team = TeamFactory(challenge=challenge)
    entries = sent(challenge, team, FILES)
    assert drain()
    assert shown(entries) == ["0.5556", "0.5833", "0.6111", "0.1389", "0.8333"]
    assert Rung.objects.count() == 0


def score_in(order: Sequence[int], entries: Sequence[Entry]) -> None:
    """Check all, then score the entries in some order, boards after each."""
    worker = Worker("one")
    while Job.objects.filter(kind=JobKind.CHECK, state=JobState.READY).exists():
        assert worker.work_one()
    jobs_of = {
        each.entry_id: Job.objects.get(kind=JobKind.SCORE, subject_id=str(each.pk))
        for each in Evaluation.objects.filter(entry__in=entries)
    }
    waiting = {"run_after": clock.now().replace(year=2999)}
    Job.objects.filter(pk__in=[job.pk for job in jobs_of.values()]).update(**waiting)
    for at in order:
        job = jobs_of[entries[at].pk]
        Job.objects.filter(pk=job.pk).update(run_after=job.run_after, priority=-1)
        while worker.work_one():
            pass
    later = Job.objects.filter(run_after__year=2999)
    later.update(run_after=clock.now())


def test_a_score_waits_for_the_entries_before_it(challenge: Challenge, team: Team) -> None:
    """Else a slow file would let the next ones be shown in full."""
    entries = sent(challenge, team, FILES[:2])
    score_in([1], entries)
    assert Entry.objects.get(pk=entries[1].pk).status == EntryStatus.SCORED
    assert shown(entries) == ["", ""]
    assert not Standing.objects.filter(team=team).exists()
    assert not ScoreReceipt.objects.filter(entry=entries[1]).exists()
    choices.withdraw(entry=Entry.objects.get(pk=entries[0].pk), by=captain_of(team))
    assert drain()
    assert shown(entries) == ["", "0.5833"]


def test_a_refused_file_keeps_nobody_waiting(challenge: Challenge, team: Team) -> None:
    slow = entered(challenge, team=team, content=file(range(9)).replace(b"A0003,", b"A0002,"))
    Job.objects.filter(subject_id=str(slow.pk)).update(priority=90)
    later = entered(challenge, team=team, content=file(range(20)))
    assert drain()
    assert Entry.objects.get(pk=slow.pk).status == EntryStatus.REJECTED
    assert shown([later]) == ["0.5556"]


def test_an_examination_keeps_later_scores_waiting(challenge: Challenge, team: Team) -> None:
    """What is revived would change what was shown after it."""
    first, second = sent(challenge, team, FILES[:2])
    worker = Worker("one")
    assert worker.work_one()  # its check
    evaluation = Evaluation.objects.get(entry=first)
    job = Job.objects.get(kind=JobKind.SCORE, subject_id=str(evaluation.pk))
    Job.objects.filter(pk=job.pk).update(state=JobState.DEAD)
    Entry.objects.filter(pk=first.pk).update(status=EntryStatus.SCORING)
    evaluations.bury_subject(job)
    assert drain()
    assert shown([first, second]) == ["", ""]
    interventions.give_up(
        entry=Entry.objects.get(pk=first.pk), our_fault=False, by=UserFactory(region="moderator")
    )
    assert drain()
    assert shown([first, second]) == ["", "0.5833"]


def test_withdrawing_does_not_unsay_what_was_shown(challenge: Challenge, team: Team) -> None:
    """A team that takes its best back gains no fresh look at the next file."""
    first, second = sent(challenge, team, [range(20), range(24)])
    assert drain()
    choices.withdraw(entry=Entry.objects.get(pk=second.pk), by=captain_of(team))
    assert drain()
    assert row_of(team).cells["exactitude"]["text"] == "0.5556"
    third = entered(challenge, team=team, content=file(range(22)))
    assert drain()
    assert shown([third]) == ["0.6667"]  # compared with the one withdrawn
    assert rungs([third]) == [(False, 2)]
    row = row_of(team)
    assert (row.entry_id, row.cells["exactitude"]["text"]) == (first.pk, "0.5556")
    choices.withdraw(entry=Entry.objects.get(pk=first.pk), by=captain_of(team))
    assert drain()
    row = row_of(team)
    assert (row.entry_id, row.rank, row.cells) == (third.pk, None, {})
    assert list(stale_boards()) == []


def test_each_team_climbs_alone(challenge: Challenge) -> None:
    one, two = TeamFactory(challenge=challenge), TeamFactory(challenge=challenge)
    sent(challenge, one, [range(30)])
    entries = sent(challenge, two, [range(20), range(21)])
    assert drain()
    assert shown(entries) == ["0.5556", "0.5556"]


def test_the_private_part_is_the_same_with_and_without(tmp_path: Path) -> None:
    """Values, default final entries, ranks: as if every public score had been shown."""
    found = []
    for at, ladder in enumerate((False, True)):
        where = tmp_path / str(at)
        where.mkdir()
        challenge = opened(where, slug=f"niveau-{at}", leaderboard={"ladder": ladder})
        team, other = TeamFactory(challenge=challenge), TeamFactory(challenge=challenge)
        entries = [
            entered(challenge, team=team, content=file(right, private))
            for right, private in ((range(20), 30), (range(5), 80), (range(21), 60))
        ]
        entered(challenge, team=other, content=file(range(25), 50))
        assert drain()
        revealed(challenge)
        rows = Standing.objects.filter(leaderboard__challenge=challenge, split=Split.PRIVATE)
        private = Score.objects.filter(
            evaluation__entry__in=entries, split=Split.PRIVATE, group=""
        ).order_by("evaluation__entry__received_at", "metric")
        found.append(
            (
                [
                    (row.rank, row.entry.number, row.cells["exactitude"]["text"])
                    for row in rows.order_by("position")
                ],
                [(score.metric, score.value_text) for score in private],
            )
        )
        assert list(stale_boards()) == []
    assert found[0] == found[1]
    assert [row[1] for row in found[0][0] if row[0] == 1] == [3]  # its second best public entry


def test_the_reveal_tells_what_the_ladder_kept(challenge: Challenge, team: Team) -> None:
    entries = sent(challenge, team, [range(20), range(21)])
    assert drain()
    assert [one.own for one in Rung.objects.all()] == [{}, {}]
    revealed(challenge)
    rung = Rung.objects.get(evaluation__entry=entries[1])
    assert rung.own["exactitude"] == [0.5833, "0.5833"]
    assert shown(entries) == ["0.5556", "0.5556"]
    receipt = receipt_of(entries[1])
    assert set(receipt["values"]) == {"public", "private"}
    assert receipt["ladder"]["leader"] == 1


def recomputed(challenge: Challenge, team: Team) -> list[tuple[bool, int | None, str]]:
    """Climb again from the sealed results alone, in order of receipt."""
    task = task_of(challenge.phases.get())
    assert task is not None
    opened, found = evaluator.Opened(), []
    done = Evaluation.objects.filter(entry__enrolment__team=team, state="done")
    done = done.order_by("entry__received_at")
    seen = [climbing._seen(each, "exactitude", opened) for each in done]
    assert None not in seen
    for rung in climb([each for each in seen if each], "max"):
        found.append((rung.improved, list(done)[rung.leader].entry.number, f"{rung.score:.4f}"))
    return found


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(each, marks=pytest.mark.full) for each in (1, 2))]
)
def test_what_is_stored_is_what_the_sealed_results_give(tmp_path: Path, seed: int) -> None:
    """Random files, withdrawals, refusals and orders of scoring: the same as in order."""
    draw = random.Random(seed)  # noqa: S311  # test data
    challenge = opened(
        tmp_path,
        leaderboard=FREE,
        quotas={"per_day": None, "total": None, "final_selections": 2},
    )
    team = TeamFactory(challenge=challenge)
    entries: list[Entry] = []
    for _ in range(3):
        batch = sent(challenge, team, [draw.sample(range(36), draw.randint(5, 36)) for _ in "123"])
        score_in(draw.sample(range(3), 3), batch)
        entries += batch
        if draw.random() < 0.7:
            one = Entry.objects.get(pk=draw.choice(entries).pk)
            if one.status == EntryStatus.SCORED:
                choices.withdraw(entry=one, by=captain_of(team))
    assert drain()
    stored = [
        (rung.improved, rung.leader.entry.number if rung.leader else None, text)
        for rung, text in zip(
            Rung.objects.filter(evaluation__entry__in=entries).order_by(
                "evaluation__entry__received_at"
            ),
            shown(entries),
            strict=True,
        )
    ]
    assert stored == recomputed(challenge, team)
    assert list(stale_boards()) == []


def test_a_settlement_that_comes_late_writes_nothing(challenge: Challenge, team: Team) -> None:
    entry = sent(challenge, team, FILES[:1])[0]
    worker = Worker("slow")
    assert worker.work_one()
    assert worker.work_one()
    task = task_of(challenge.phases.get())
    assert task is not None
    read = chain(entry.enrolment, task)
    assert [each.entry_id for each in read.waiting] == [entry.pk]
    job = jobs.claim(owner="slow")
    assert job.kind == JobKind.STANDINGS
    settled = climbing.settled_rungs(read, task, evaluator.Opened())
    assert settlements.settle_ladder(job=job, task=task, read=read, settled=settled)
    again: dict[str, Any] = {"task": task, "read": read, "settled": settled}
    assert not settlements.settle_ladder(job=job, **again)  # the team has moved
    Job.objects.filter(pk=job.pk).update(state=JobState.DONE, lease_token=None, lease_until=None)
    assert not settlements.settle_ladder(job=job, **again)  # the lease is lost
    assert Rung.objects.count() == 1


def test_the_reference_is_always_shown(challenge: Challenge) -> None:
    row = Standing.objects.get(competes=False)
    assert row.cells["exactitude"]["value"] is not None
    assert Rung.objects.count() == 0


@pytest.fixture
def player() -> Team:
    made: Team = TeamFactory()
    with_contract(made.challenge)
    Phase.objects.filter(challenge=made.challenge).update(ladder=True)
    return made


@pytest.fixture
def captain(client: Client, player: Team) -> Client:
    client.force_login(captain_of(player))
    return client


@pytest.fixture
def enrolment(player: Team) -> Enrolment:
    return EnrolmentFactory(team=player, phase=player.challenge.phases.get())


def settled(enrolment: Enrolment, value: float, leader: Entry | None = None) -> Entry:
    """Make a scored entry that shows its own figure, or another entry's."""
    entry: Entry = EntryFactory(enrolment=enrolment, status="scored")
    evaluation = score(entry, value).evaluation
    with immutable.writes(Rung):
        Rung.objects.create(
            evaluation=evaluation,
            improved=leader is None,
            leader=evaluation if leader is None else leader.evaluations.get(),
            settled_at=timezone.now(),
        )
    return entry


def page_of(client: Client, entry: Entry, name: str = "entry") -> str:
    slug = entry.enrolment.team.challenge.slug
    return plain(client.get(reverse(f"challenges:{name}", args=[slug, entry.pk])).text)


def entries_page(client: Client, player: Team, name: str = "entries") -> Any:
    return client.get(url_of(player.challenge, name))


def test_a_team_reads_that_nothing_improved(captain: Client, enrolment: Enrolment) -> None:
    first = settled(enrolment, 0.25)
    second = settled(enrolment, 0.25, first)
    sentence = (
        "Pas d’amélioration significative : le classement garde le score de votre "
        f"soumission n° {first.number}."
    )
    assert sentence not in page_of(captain, first)
    page = page_of(captain, second)
    assert page.count(sentence) == 2  # in its life, and under the score
    assert "/evaluation/#echelle" in page
    table = entries_page(captain, enrolment.team).text
    assert f"score de la n° {first.number}" in plain(table)
    exported = entries_page(captain, enrolment.team, "entries_csv").text
    rows = list(csv.DictReader(io.StringIO(exported.removeprefix("\ufeff")), delimiter=";"))
    assert [row["score_de"] for row in rows] == [str(first.number), ""]
    assert "0.2500" in rows[0].values()  # as the file of the board writes it


def test_a_withdrawn_leader_is_said_to_be(captain: Client, enrolment: Enrolment) -> None:
    first = settled(enrolment, 0.25)
    second = settled(enrolment, 0.25, first)
    Entry.objects.filter(pk=first.pk).update(status=EntryStatus.WITHDRAWN)
    page = page_of(captain, second)
    assert "retirée depuis" in page
    assert "le classement garde" not in page


def test_a_score_that_waits_says_so(captain: Client, enrolment: Enrolment) -> None:
    entry = EntryFactory(enrolment=enrolment, status="scored")
    page = page_of(captain, entry)
    assert "Le score paraîtra quand vos soumissions précédentes seront évaluées." in page
    assert "data-final" not in page_of(captain, entry, "entry_state")
    score(entry, 0.25)
    assert "data-final" in page_of(captain, entry, "entry_state")


def test_after_the_reveal_the_entry_has_its_own_figure(
    captain: Client, enrolment: Enrolment
) -> None:
    first = settled(enrolment, 0.25)
    second = settled(enrolment, 0.25, first)
    assert "ce fichier seul" not in page_of(captain, second)
    with immutable.writes(Rung):
        Rung.objects.filter(evaluation__entry=second).update(own={"mae": [0.2463, "0.2463"]})
    assert "0,2463" in page_of(captain, second)


def test_the_pages_ask_as_much_for_one_as_for_three(
    captain: Client, enrolment: Enrolment, count: int, costs: Costs
) -> None:
    first = settled(enrolment, 0.25)
    for _ in range(count):
        settled(enrolment, 0.25, first)
    with costs(clocked(25)):
        entries_page(captain, enrolment.team)
