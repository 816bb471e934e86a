"""What a board lists, in what order, by each rule."""

from datetime import timedelta
from typing import Any

import pytest

from challenges.enums import BoardRule, Direction, PhaseMoment, Split
from challenges.models import Challenge, Column, Entry, Leaderboard, PhaseTask
from challenges.models.listings import listing
from challenges.models.rounding import rounded
from challenges.organising import queries as organising
from challenges.receipts import actions as receipts
from challenges.results.queries import boards
from challenges.results.worker import Opened, compute_board
from portal.audit.actors import SystemActor
from portal.lib import clock
from tests.factories.accounts import UserFactory
from tests.factories.challenges import (
    ChallengeFactory,
    EntryFactory,
    StandingFactory,
    TeamFactory,
    holdout_of,
    score,
)

VISITOR = SystemActor("visitor")


@pytest.fixture
def challenge(db: None) -> Challenge:
    return ChallengeFactory(opened=True)


@pytest.fixture
def board(challenge: Challenge) -> Leaderboard:
    return challenge.leaderboards.get()


def scored(challenge: Challenge, value: float, team: Any = None, **given: Any) -> Entry:
    """Make an entry scored by the task in force."""
    team = team or TeamFactory(challenge=challenge)
    entry = EntryFactory(
        enrolment__team=team, enrolment__phase=challenge.phases.get(), status="scored", **given
    )
    score(entry, value)
    version = entry.evaluations.get().scorer_version
    PhaseTask.objects.get_or_create(
        phase=challenge.phases.get(),
        index=0,
        defaults={
            "name": "t",
            "scorer_version": version,
            "holdout": holdout_of(challenge),
        },
    )
    return entry


def listed(board: Leaderboard, split: Split = Split.PUBLIC) -> list[Any]:
    return [
        each.entry_id for each in listing(Leaderboard.objects.get(pk=board.pk), split).candidates
    ]


def test_the_best_entry_of_each_team_in_the_order_of_the_metric(
    challenge: Challenge, board: Leaderboard
) -> None:
    first = scored(challenge, 0.3)
    team = first.enrolment.team
    better = scored(challenge, 0.2, team)
    other = scored(challenge, 0.25)
    assert listed(board) == [better.pk, other.pk]  # mae: the smaller, the better
    Column.objects.filter(key="mae").update(direction=Direction.MAX)
    assert listed(board) == [first.pk, other.pk]


@pytest.mark.parametrize("rule", sorted(BoardRule))
def test_each_rule_keeps_its_entries(
    challenge: Challenge, board: Leaderboard, rule: BoardRule
) -> None:
    Leaderboard.objects.update(rule=rule)
    best = scored(challenge, 0.1)
    team = best.enrolment.team
    chosen = scored(challenge, 0.3, team, final_choice=True)
    last = scored(challenge, 0.2, team, received_at=clock.now() + timedelta(seconds=5))
    wanted = {
        BoardRule.BEST: [best.pk],
        BoardRule.LAST: [last.pk],
        BoardRule.CHOSEN: [chosen.pk],
        BoardRule.ALL: [best.pk, last.pk, chosen.pk],
    }
    assert listed(board) == wanted[rule]


@pytest.mark.parametrize("rule", [BoardRule.BEST, BoardRule.LAST])
def test_without_a_choice_the_private_board_takes_the_usual_ones(
    challenge: Challenge, board: Leaderboard, rule: BoardRule
) -> None:
    Leaderboard.objects.update(rule=rule)
    public = [0.1, 0.2, 0.3]
    private = [0.5, 0.4, 0.1]
    first = scored(challenge, public[0])
    made = [first, *(scored(challenge, value, first.enrolment.team) for value in public[1:])]
    for entry, value in zip(made, private, strict=True):
        score(entry, value, Split.PRIVATE)
    best_of_two_best, last = made[1].pk, made[2].pk
    assert listed(board, Split.PRIVATE) == [best_of_two_best if rule == BoardRule.BEST else last]


def test_a_disqualified_or_withdrawn_entry_is_not_listed(
    challenge: Challenge, board: Leaderboard
) -> None:
    entry = scored(challenge, 0.1)
    kept = scored(challenge, 0.4)
    Entry.objects.filter(pk=entry.pk).update(
        disqualified_at=clock.now(), disqualified_by=entry.submitted_by
    )
    assert listed(board) == [kept.pk]
    kept.enrolment.team.state = "withdrawn"
    kept.enrolment.team.save()
    assert listed(board) == []


def test_without_sums_equal_values_share_their_rank(
    challenge: Challenge, board: Leaderboard
) -> None:
    for value in (0.1, 0.2, 0.2, 0.3):
        scored(challenge, value)
    lines, _facts = compute_board(listing(board, Split.PUBLIC), Opened())
    assert [line.rank for line in lines] == [1, 2, 2, 4]
    assert [line.cells["mae"]["text"] for line in lines] == [
        "0.1000",
        "0.2000",
        "0.2000",
        "0.3000",
    ]


def test_an_entry_without_the_main_figure_is_last_and_unranked(
    challenge: Challenge, board: Leaderboard
) -> None:
    bare = scored(challenge, 0.1)
    ranked = scored(challenge, 0.9)
    Column.objects.create(
        leaderboard=board, index=9, key="autre", title="Autre", direction=Direction.MAX
    )
    Leaderboard.objects.update(primary=Column.objects.get(key="autre"))
    score(ranked, 0.5, metric="autre")
    fresh = Leaderboard.objects.get()
    lines, _facts = compute_board(listing(fresh, Split.PUBLIC), Opened())
    assert [(line.candidate.entry_id, line.rank) for line in lines] == [
        (ranked.pk, 1),
        (bare.pk, None),
    ]


def test_pseudonyms_stand_until_the_reveal(challenge: Challenge) -> None:
    standing = StandingFactory(entry__enrolment__team__challenge=challenge)
    Leaderboard.objects.update(anonymous=True)
    standing.team.pseudonym = "Équipe A1B2C3"
    standing.team.save()
    found = boards.whole_board(challenge.phases.get(), Split.PUBLIC, VISITOR)
    assert [row.team_name for row in found.rows] == ["Équipe A1B2C3"]


def test_challenges_are_listed_by_their_moment(challenge: Challenge) -> None:
    closed = ChallengeFactory(closed=True)
    draft = ChallengeFactory()
    EntryFactory(scored=True, enrolment__team__challenge=challenge)
    found = organising.listed_challenges(VISITOR)
    assert [(each.challenge, each.moment, each.teams, each.entries) for each in found] == [
        (challenge, PhaseMoment.OPEN, 1, 1),
        (closed, PhaseMoment.CLOSED, 0, 0),
    ]
    only = organising.listed_challenges(VISITOR, moment=PhaseMoment.CLOSED)
    assert [each.challenge for each in only] == [closed]
    moderator = UserFactory(region="moderator")
    assert draft in [each.challenge for each in organising.listed_challenges(moderator)]


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_whatever_its_length(
    db: None, django_assert_num_queries: Any, count: int
) -> None:
    for _ in range(count):
        ChallengeFactory(opened=True)
    clock_query = 1 if clock.connection.vendor == "postgresql" else 0
    with django_assert_num_queries(2 + clock_query):
        organising.listed_challenges(VISITOR)


@pytest.mark.parametrize("count", [1, 3])
def test_a_board_costs_the_same_whatever_its_length(
    challenge: Challenge, django_assert_num_queries: Any, count: int
) -> None:
    for _ in range(count):
        StandingFactory(entry__enrolment__team__challenge=challenge)
    phase = challenge.phases.select_related("challenge").get()
    with django_assert_num_queries(4):
        assert len(boards.whole_board(phase, Split.PUBLIC, VISITOR).rows) == count


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (-0.00001, 4, "0.0000"),
        (0.48226164079822614, 4, "0.4823"),
        (11.538589371980676, 2, "11.54"),
        (1, 0, "1"),
        (6.25e30, 4, "6.2500e+30"),
        (-1.5e300, 10, "-1.500000e+300"),
    ],
)
def test_a_value_is_rounded_once(value: float, decimals: int, text: str) -> None:
    released, shown = rounded(value, decimals)
    assert (shown, len(shown) <= 32, str(released) == "-0.0") == (text, True, False)
    assert rounded(released, decimals) == (released, shown)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(None, ""), (59.0, "<= 1 min"), (61.0, "<= 2 min"), (300.0, "<= 5 min"), (999.0, "> 10 min")],
)
def test_durations_are_told_by_class(seconds: float | None, told: str) -> None:
    assert receipts.duration_class(seconds) == told
