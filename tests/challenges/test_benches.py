"""After the final results, a phase may stay open as a bench: nothing final changes."""

from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from challenges.enums import ChallengeStatus
from challenges.invariants import INVARIANTS
from challenges.models import Challenge, Entry, Phase, Score, ScoreReceipt, Standing
from challenges.organising.actions import challenges
from challenges.results import actions as results
from challenges.results.queries import boards
from challenges.worker import drain
from portal.lib.refusals import Closed, QuotaSpent
from tests.challenges.world import entered, opened, owner_of
from tests.factories.accounts import UserFactory
from tests.factories.challenges import (
    captain_of,
)

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def revealed(path: Path, *, bench: bool = True) -> Challenge:
    """Reveal a challenge of two teams that used all their attempts, 1 a day."""
    made = opened(path)
    Phase.objects.update(benchmark_after_close=bench, max_total=1, max_per_day=2)
    for number, skill in enumerate((0.7, 0.5)):
        entered(made, skill, seed=number)
    assert drain()
    phase = challenges.close(phase=made.phases.get(), by=owner_of(made))
    results.propose_reveal(phase=phase, by=owner_of(made))
    results.confirm_reveal(phase=phase, by=UserFactory(region="administrator"))
    assert drain()
    return Challenge.objects.get()


def teams() -> list[Entry]:
    return list(Entry.objects.filter(is_baseline=False).order_by("received_at"))


def test_late_entries_are_scored_and_change_nothing_final(tmp_path: Path) -> None:
    made = revealed(tmp_path)
    final = list(Standing.objects.order_by("pk").values())
    first, second = teams()[:2]
    late = entered(made, 0.99, team=second.enrolment.team, seed=5)
    assert (late.is_bench, late.total_slot, late.closes_at_snapshot) == (True, None, None)
    assert drain()
    late.refresh_from_db()
    assert late.status == "scored"
    assert list(Standing.objects.order_by("pk").values()) == final
    assert set(Score.objects.filter(evaluation__entry=late).values_list("split", flat=True)) == {
        "public"
    }
    assert ScoreReceipt.objects.filter(entry=late).count() == 1
    phase = Phase.objects.get()
    column = phase.leaderboards.get().primary
    assert column is not None
    rows = boards.bench_rows(phase, column)
    assert [(row.team, row.rank) for row in rows if row.rank] == [
        (second.enrolment.team, 1),
        (first.enrolment.team, 2),
    ]
    assert [bool(row.since) for row in rows if row.rank] == [True, False]
    assert [name for name, (_said, check) in INVARIANTS.items() if list(check())] == []


def test_a_day_keeps_its_quota(tmp_path: Path) -> None:
    made = revealed(tmp_path)
    team = teams()[0].enrolment.team
    entered(made, 0.6, team=team, seed=6)
    with pytest.raises(QuotaSpent):
        entered(made, 0.6, team=team, seed=7)


def test_a_suspended_challenge_takes_no_late_entry(tmp_path: Path) -> None:
    made = revealed(tmp_path)
    Challenge.objects.update(status=ChallengeStatus.SUSPENDED)  # while another phase is open
    with pytest.raises(Closed):
        entered(made, 0.6, team=teams()[0].enrolment.team, seed=6)


def test_without_the_option_the_close_stands(tmp_path: Path) -> None:
    made = revealed(tmp_path, bench=False)
    team = teams()[0].enrolment.team
    with pytest.raises(Closed):
        entered(made, 0.6, team=team, seed=6)
    address = reverse("challenges:bench", args=[made.slug])
    assert Client().get(address).status_code == 404


@pytest.mark.parametrize("bench", [True, False])
def test_newcomers_register_for_a_bench(tmp_path: Path, bench: bool) -> None:
    made = revealed(tmp_path, bench=bench)
    page = reverse("challenges:rules", args=[made.slug])
    newcomer = Client()
    newcomer.force_login(UserFactory())
    assert ("Accepter et m’inscrire" in newcomer.get(page).text) is bench
    first = newcomer.get(reverse("challenges:presentation", args=[made.slug])).text
    assert ("Créer une équipe" in first) is bench
    challenges.archive(challenge=made, reason="Fini.", by=owner_of(made))
    assert "Accepter et m’inscrire" not in newcomer.get(page).text


def test_the_pages_say_what_the_bench_is(tmp_path: Path) -> None:
    made = revealed(tmp_path)
    team = teams()[0].enrolment.team
    captain = Client()
    captain.force_login(captain_of(team))
    page = captain.get(reverse("challenges:entries", args=[made.slug])).text
    assert "Les résultats définitifs sont publiés et ne changent plus." in page
    assert "Dépôt fermé" not in page
    assert "Pensez à votre choix final" not in page
    entered(made, 0.9, team=team, seed=8)
    assert drain()
    bench = Client().get(reverse("challenges:bench", args=[made.slug]))
    assert bench.status_code == 200
    assert team.name in bench.text
    assert "ne paraissent qu’ici" in bench.text
    assert ">0," in bench.text
    assert ">0." not in bench.text
    standings = Client().get(reverse("challenges:standings", args=[made.slug])).text
    assert reverse("challenges:bench", args=[made.slug]) in standings
