"""« Confidentialité renforcée » of a phase: declared, drawn once, shown everywhere alike, spent."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from challenges.actions import challenges, reveals
from challenges.actions.imports import import_folder
from challenges.enums import JobKind, Split
from challenges.invariants import INVARIANTS
from challenges.models import Challenge, Entry, Job, Phase, Score, Standing
from challenges.queries import boards, entries, leaks
from challenges.scoring import child
from challenges.worker import drain, vault
from portal.audit.actors import SystemActor
from tests.challenges.bundles import folders
from tests.challenges.world import answer, entered, folder, opened, owner, owner_of
from tests.factories.accounts import UserFactory
from tests.factories.challenges import TeamFactory, captain_of

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
EPSILON = 0.5
ACCURACY: Any = folders.document()["metrics"]


def private(**leaderboard: Any) -> dict[str, Any]:
    """Return a challenge of one figure whose public scores are blurred."""
    return {
        "metrics": ACCURACY[:1],
        "fairness": {},
        "leaderboard": {"privacy_epsilon": EPSILON, **leaderboard},
    }


def blurred(path: Path) -> Challenge:
    """Open it with three teams, two of which send one and the same file."""
    made = opened(path, **private())
    for skill, seed in ((0.9, 1), (0.6, 2), (0.6, 2)):
        entered(made, skill, seed=seed)
    assert drain()
    return made


def sealed(entry: Entry) -> dict[str, Any]:
    """Open what is sealed of an entry."""
    return vault.unseal(entry.evaluations.get().pk)


def told(client: Client, name: str, *args: Any) -> str:
    """Read a page of the challenge with ordinary spaces."""
    page = client.get(reverse(f"challenges:{name}", args=["niveau", *args])).text
    return page.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ")


def test_the_public_score_is_the_drawn_one_everywhere(tmp_path: Path, client: Client) -> None:
    made = blurred(tmp_path)
    phase = made.phases.get()
    assert phase.privacy_epsilon == EPSILON
    for entry in Entry.objects.order_by("pk"):
        result = sealed(entry)
        drawn, exact = result["blurred"]["exactitude"], result["values"]["public"]["exactitude"]
        assert drawn != exact
        score = Score.objects.get(evaluation__entry=entry)
        assert (score.split, score.value, score.low) == ("public", round(drawn, 4), None)
        assert entries.released(entry)["exactitude"]["value"] == round(drawn, 4)
        payload = json.loads(entry.score_receipts.get().text)["payload"]
        assert payload["values"] == {"public": {"exactitude": score.value_text}}
        assert payload["intervals"] == {}
        assert payload["privacy"] == {"epsilon": "0.5", "mechanism": "laplace"}
    records = client.get(reverse("challenges:standings_json", args=["niveau"])).json()["rows"]
    shown = {row["metrics"]["exactitude"]["value"] for row in records}
    assert shown == set(Score.objects.values_list("value", flat=True))
    assert all(row["metrics"]["exactitude"]["low"] is None for row in records)
    sent = client.get(reverse("challenges:standings_csv", args=["niveau"])).text
    assert {line["exactitude_bas"] for line in csv.DictReader(io.StringIO(sent))} == {""}


def test_no_exact_public_figure_nor_what_it_decides_is_kept_in_clear(tmp_path: Path) -> None:
    made = blurred(tmp_path)
    exact = {round(sealed(e)["values"]["public"]["exactitude"], 4) for e in Entry.objects.all()}
    assert not exact & set(Score.objects.values_list("value", flat=True))
    facts = made.leaderboards.get().facts["public"]
    assert (facts["leader_first"], facts["tau"]) == (None, None)
    for row in Standing.objects.all():
        assert row.rank in {row.rank_low, None}
        assert row.rank_low == row.rank_high
        assert (row.interval_low, row.interval_high, row.interval_method) == (None, None, "")


def test_the_same_file_is_drawn_the_same_and_counted_each_time(tmp_path: Path) -> None:
    made = blurred(tmp_path)
    last = Entry.objects.order_by("-received_at")[0]
    twins = list(Entry.objects.filter(sha256=last.sha256).order_by("received_at"))
    assert len(twins) == 2
    assert len({sealed(each)["blurred"]["exactitude"] for each in twins}) == 1
    assert len({Standing.objects.get(entry=each).rank for each in twins}) == 1
    team = twins[0].enrolment.team
    again = entered(made, team=team, content=answer(0.6, 2))
    other = entered(made, team=team, content=answer(0.6, 3))
    assert drain()
    assert sealed(again)["blurred"] == sealed(twins[0])["blurred"]
    assert sealed(other)["blurred"] != sealed(twins[0])["blurred"]
    found = leaks.privacy_of(made.phases.get(), team)
    assert found is not None
    assert (found.epsilon, found.most, found.spent) == (0.5, 50.0, 1.5)
    assert found.scales == {"exactitude": pytest.approx(1 / 36 / 0.5)}


def test_a_scoring_that_starts_again_draws_nothing_new(tmp_path: Path) -> None:
    made = opened(tmp_path, **private())
    entry = entered(made, 0.9, seed=1)
    assert drain()
    score, result = Score.objects.get(evaluation__entry=entry), sealed(entry)
    Job.objects.filter(kind=JobKind.STANDINGS).delete()
    task = made.phases.get().tasks.get()
    truth = vault.Truths().of(task, reason="test")
    with vault.local_copy(entry) as path:
        again = child.examine(
            path, vault.contract_of(task), truth.keys, truth.labels, name="a.csv", epsilon=EPSILON
        )
    assert again.blurred == result["blurred"]
    assert again.values["public"] == result["values"]["public"]
    assert score.value == round(again.blurred["exactitude"] or 0, 4)


def test_the_private_part_is_exact(tmp_path: Path) -> None:
    made = blurred(tmp_path)
    public = dict(Score.objects.values_list("evaluation__entry", "value"))
    phase = challenges.close(phase=made.phases.get(), by=owner_of(made))
    reveals.propose(phase=phase, by=owner_of(made))
    reveals.confirm(phase=phase, by=UserFactory(region="administrator"))
    assert drain()
    for entry in Entry.objects.all():
        found = Score.objects.get(evaluation__entry=entry, split="private")
        assert found.value == round(sealed(entry)["values"]["private"]["exactitude"], 4)
        assert found.low is not None
        assert Score.objects.get(evaluation__entry=entry, split="public").value == public[entry.pk]
        last = json.loads(entry.score_receipts.order_by("-serial")[0].text)["payload"]
        assert last["privacy"] == {"epsilon": "0.5", "mechanism": "laplace"}
    board = boards.board(Phase.objects.get(), Split.PRIVATE, SystemActor("visitor"))
    assert all(row.standing.interval_low is not None for row in board.rows)
    for name, (_sentence, check) in INVARIANTS.items():
        assert list(check()) == [], name


def test_the_pages_say_what_is_added_and_spent(tmp_path: Path, client: Client) -> None:
    made = blurred(tmp_path)
    page = told(client, "evaluation")
    assert "un bruit tiré au hasard (loi de Laplace)" in page
    assert "Chaque soumission évaluée dépense ε = 0,5" in page
    assert "100 essais dépensent au plus ε = 50 par équipe" in page
    assert "Exactitude : échelle du bruit 0,056" in page
    assert "Votre équipe a dépensé" not in page
    assert "les scores publics sont brouillés à dessein" in told(client, "standings")
    team = Entry.objects.filter(enrolment__team__is_baseline=False)[0].enrolment.team
    client.force_login(captain_of(team))
    assert "Votre équipe a dépensé ε = 0,5." in told(client, "evaluation")
    assert "Confidentialité dépensée : ε = 0,5." in told(client, "entries")
    Phase.objects.update(privacy_epsilon=None)
    assert "brouillé" not in told(client, "evaluation") + told(client, "standings")
    assert made.slug == "niveau"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"metrics": ACCURACY}, "« mae » n’a pas de sensibilité déclarée"),
        ({"leaderboard": {"privacy_epsilon": 0}}, "un nombre supérieur à 0"),
        ({"leaderboard": {"privacy_epsilon": 11}}, "d’au plus 10"),
        ({"leaderboard": {"privacy_epsilon": "fort"}}, "un nombre est attendu"),
        ({"leaderboard": {"privacy_epsilon": 1, "ladder": True}}, "pas avec une échelle"),
    ],
)
def test_what_cannot_be_blurred_is_refused_with_its_reason(
    tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    found = import_folder(folder=folder(tmp_path, **private() | changes), by=owner())
    assert found.challenge is None
    assert [each.code for each in found.errors] == ["E_PRIVACY"]
    assert said in found.errors[0].message
    assert found.errors[0].key == "leaderboard.privacy_epsilon"


@pytest.mark.database
def test_the_database_refuses_an_epsilon_out_of_range_or_beside_a_ladder(tmp_path: Path) -> None:
    opened(tmp_path, work=False, **private())
    for changes in ({"privacy_epsilon": 0}, {"privacy_epsilon": 11}, {"ladder": "free"}):
        with pytest.raises(IntegrityError, match="privacy_epsilon"), transaction.atomic():
            Phase.objects.update(**changes)


def test_the_leak_budget_of_the_import_counts_the_noise(tmp_path: Path) -> None:
    quotas = {"per_day": 5, "total": 100, "final_selections": 2}
    exact = private() | {"quotas": quotas, "leaderboard": {}}
    said = {}
    for name, changes in (("exact", exact), ("blurred", private() | {"quotas": quotas})):
        made = opened(tmp_path / name, work=True, **changes, slug=name)
        found = leaks.budget_of(made.phases.get())
        assert found is not None
        said[name] = found.told
    assert said["blurred"] < said["exact"]
    team = TeamFactory(challenge=Challenge.objects.get(slug="blurred"))
    entered(team.challenge, team=team)
    assert drain()
    (spent,) = leaks.spent(team.challenge.phases.get())
    assert spent.bits == pytest.approx(said["blurred"] / 100)
