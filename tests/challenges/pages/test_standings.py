"""The standings: page, files, ties, fairness, the reveal."""

import csv
import io
import re

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from challenges.evaluation.actions import releases
from challenges.models import Challenge, Team
from challenges.results.views.boards import axis_decimals, round_axis
from tests.challenges.pages.scenes import board_of, clocked, listed, reveal, with_contract
from tests.factories.challenges import ChallengeFactory, PhaseFactory, captain_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def challenge() -> Challenge:
    """Return an open challenge with a board."""
    made: Challenge = ChallengeFactory(opened=True, slug="tensions")
    board_of(made)
    return made


def page_of(client: Client, challenge: Challenge, query: str = "") -> str:
    """Return the text of the standings page."""
    page = client.get(reverse("challenges:standings", args=[challenge.slug]) + query)
    assert page.status_code == 200
    return page.text


def plain(text: str) -> str:
    """Return a text with ordinary spaces only."""
    return re.sub(r"[\u00a0\u202f]", " ", text)


def test_empty_board_says_so(client: Client, challenge: Challenge) -> None:
    assert "Aucune soumission évaluée pour l’instant" in page_of(client, challenge)


def test_board_is_provisional_with_ties_and_the_reference(
    client: Client, challenge: Challenge
) -> None:
    listed(challenge, "Alpha", 0.30, rank=1)
    listed(challenge, "Bêta", 0.31, rank=1)
    listed(challenge, "Référence", 0.40, rank=0, baseline=True)
    listed(challenge, "Gamma", 0.50, rank=3)
    page = client.get(reverse("challenges:standings", args=[challenge.slug]))
    rows = page.context["rows"]
    assert [row["team"] for row in rows] == ["Alpha", "Bêta", "Référence", "Gamma"]
    assert [row["tied"] for row in rows] == [True, True, False, False]
    assert [row["new_tier"] for row in rows] == [False, False, False, True]
    assert [row["baseline"] for row in rows] == [False, False, True, False]
    assert page.context["reference"] == 0.40
    assert page.text.count("<small>ex æquo</small>") == 2
    assert "provisoire" in page.text
    assert "intervalle de 0,2500 à 0,3500" in page.text
    assert page.text.count("à la clôture") == 4


def test_a_secondary_figure_stands_with_its_interval(client: Client, challenge: Challenge) -> None:
    listed(challenge, "Alpha", 0.30, rank=1)
    listed(challenge, "Bêta", 0.40, rank=2)
    alpha, beta = board_of(challenge).standings.order_by("position")
    alpha.cells["rmse"] = {"value": 0.7, "text": "0.7000", "low": 0.65, "high": 0.75}
    alpha.save()
    beta.cells["rmse"] = {"value": 0.6, "text": "0.6000", "low": None, "high": None}
    beta.save()
    page = client.get(reverse("challenges:standings", args=[challenge.slug]))
    first, second = (row["extra"][0] for row in page.context["rows"])
    assert (first["text"], first["low"], first["high"]) == ("0,7000", "0,6500", "0,7500")
    assert "low" not in second
    assert plain(page.text).count("de 0,6500 à 0,7500") == 1


def test_sort_by_a_secondary_figure_keeps_ranks(client: Client, challenge: Challenge) -> None:
    listed(challenge, "Alpha", 0.30, rank=1)
    listed(challenge, "Bêta", 0.40, rank=2)
    page = client.get(reverse("challenges:standings", args=[challenge.slug]) + "?tri=rmse")
    assert [(row["rank"], row["team"]) for row in page.context["rows"]] == [
        (2, "Bêta"),
        (1, "Alpha"),
    ]
    assert not any(row["new_tier"] for row in page.context["rows"])


@pytest.mark.parametrize("query", ["?tri=inconnu", "?tri=equite", "?page=99"])
def test_unknown_sort_and_page_fall_back(client: Client, challenge: Challenge, query: str) -> None:
    listed(challenge, "Alpha", 0.30, rank=1)
    page = client.get(reverse("challenges:standings", args=[challenge.slug]) + query)
    assert [row["team"] for row in page.context["rows"]] == ["Alpha"]


@pytest.mark.parametrize("query", ["?partie=privee", "?partie=x", "?phase=9", "?phase=-1"])
@pytest.mark.parametrize("name", ["standings", "standings_csv", "standings_json"])
def test_sealed_or_unknown_part_is_hidden(
    client: Client, challenge: Challenge, name: str, query: str
) -> None:
    listed(challenge, "Alpha", 0.30, rank=1)
    assert client.get(reverse(f"challenges:{name}", args=["tensions"]) + query).status_code == 404


def test_my_row_and_my_gap(client: Client, challenge: Challenge) -> None:
    listed(challenge, "Alpha", 0.30, rank=1)
    mine = listed(challenge, "Bêta", 0.40, rank=2)
    client.force_login(captain_of(mine.team))
    page = client.get(reverse("challenges:standings", args=["tensions"]))
    assert [row["mine"] for row in page.context["rows"]] == [False, True]
    assert "Votre équipe\xa0: Bêta" in page.text
    assert page.context["gap"]["missing"] == "0,1000"
    assert page.context["gap"]["above_rank"] == 1


def test_anonymous_board_shows_pseudonyms(client: Client, challenge: Challenge) -> None:
    row = listed(challenge, "Nom véritable", 0.30, rank=1)
    row.team.pseudonym = "Équipe 7F"
    row.team.save()
    row.leaderboard.anonymous = True
    row.leaderboard.save()
    page = page_of(client, challenge)
    assert "Équipe 7F" in page
    assert "Nom véritable" not in page


def test_hidden_board_is_not_shown(client: Client, challenge: Challenge) -> None:
    row = listed(challenge, "Alpha", 0.30, rank=1)
    row.leaderboard.hidden = True
    row.leaderboard.save()
    assert "Pas de classement à montrer" in page_of(client, challenge)
    assert client.get(reverse("challenges:standings_csv", args=["tensions"])).status_code == 404


@pytest.mark.parametrize("count", [1, 3])
def test_board_costs_the_same_for_one_and_three(
    client: Client,
    challenge: Challenge,
    count: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for n in range(count):
        listed(challenge, f"Équipe {n}", 0.3 + n / 10, rank=n + 1)
    with django_assert_num_queries(clocked(8)):
        page_of(client, challenge)


def test_csv_neutralises_formulas(client: Client, challenge: Challenge) -> None:
    listed(challenge, '=HYPERLINK("x")', 0.30, rank=1)
    sent = client.get(reverse("challenges:standings_csv", args=["tensions"]))
    rows = list(csv.DictReader(io.StringIO(sent.text)))
    assert [(row["rang"], row["equipe"], row["mae"]) for row in rows] == [
        ("1", '\'=HYPERLINK("x")', "0.3000")
    ]
    assert sent["Content-Disposition"] == 'attachment; filename="tensions-public.csv"'


def test_json_is_the_record_of_the_command(client: Client, challenge: Challenge) -> None:
    listed(challenge, "Alpha", 0.30, rank=1)
    sent = client.get(reverse("challenges:standings_json", args=["tensions"])).json()
    assert sent == {
        "version": 1,
        "challenge": "tensions",
        "title": challenge.title,
        "phase": 0,
        "phase_name": "Phase publique",
        "split": "public",
        "final": False,
        "computed_at": None,
        "page": 1,
        "pages": 1,
        "columns": [
            {
                "key": "mae",
                "title": "Erreur absolue moyenne",
                "direction": "min",
                "decimals": 4,
                "primary": True,
            },
            {"key": "rmse", "title": "RMSE", "direction": "min", "decimals": 4, "primary": False},
        ],
        "rows": [
            {
                "team": "Alpha",
                "rank": 1,
                "tier": 1,
                "baseline": False,
                "metrics": {
                    "mae": {"value": 0.3, "low": 0.25, "high": 0.35},
                    "rmse": {"value": 0.7, "low": None, "high": None},
                },
            }
        ],
    }


@pytest.mark.parametrize("name", ["standings_csv", "standings_json"])
def test_files_answer_conditional_requests(client: Client, challenge: Challenge, name: str) -> None:
    row = listed(challenge, "Alpha", 0.30, rank=1)
    row.leaderboard.facts = {"public": {"digest": "abc"}}
    row.leaderboard.save()
    address = reverse(f"challenges:{name}", args=["tensions"])
    tag = client.get(address)["ETag"]
    assert "abc" in tag
    again = client.get(address, headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    row.leaderboard.facts = {"public": {"digest": "def"}}
    row.leaderboard.save()
    assert client.get(address, headers={"If-None-Match": tag}).status_code == 200


def test_pager_counts_teams_and_leaves_the_reference_at_its_place(
    client: Client, challenge: Challenge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("challenges.results.views.standings.PER_PAGE", 2)
    names = ("A", "B", "Première référence", "C", "D", "Dernière référence")
    for at, name in enumerate(names):
        listed(challenge, name, 0.3 + at / 100, rank=at, baseline="référence" in name)
    pages = [
        client.get(reverse("challenges:standings", args=["tensions"]) + f"?page={number}")
        for number in (1, 2)
    ]
    shown = [[row["team"] for row in page.context["rows"]] for page in pages]
    assert shown == [["A", "B"], ["Première référence", "C", "D", "Dernière référence"]]
    assert "1 – 2 sur 4" in plain(pages[0].text)
    assert "3 – 4 sur 4" in plain(pages[1].text)


def test_a_board_of_the_reference_alone_shows_it(client: Client, challenge: Challenge) -> None:
    listed(challenge, "Référence", 0.40, rank=0, baseline=True)
    page = client.get(reverse("challenges:standings", args=["tensions"]))
    assert [row["team"] for row in page.context["rows"]] == ["Référence"]
    assert "Calculé le" in page.text
    assert 'class="pager"' not in page.text


@pytest.mark.parametrize("name", ["standings_csv", "standings_json"])
def test_files_of_a_renamed_team_are_sent_again(
    client: Client, challenge: Challenge, name: str
) -> None:
    listed(challenge, "Alpha", 0.30, rank=1)
    address = reverse(f"challenges:{name}", args=["tensions"])
    tag = client.get(address)["ETag"]
    Team.objects.filter(name="Alpha").update(name="Oméga")
    again = client.get(address, headers={"If-None-Match": tag})
    assert again.status_code == 200
    assert "Alpha" not in again.text
    assert client.get(address, headers={"If-None-Match": again["ETag"]}).status_code == 304


@pytest.mark.parametrize("name", ["standings_csv", "standings_json"])
def test_files_show_the_phase_of_the_page(client: Client, challenge: Challenge, name: str) -> None:
    """The second phase is still to come: page, CSV and JSON show the one that is open."""
    listed(challenge, "Alpha", 0.30, rank=1)
    PhaseFactory(challenge=challenge, index=1, coming=True)
    page = client.get(reverse("challenges:standings", args=["tensions"]))
    assert page.context["shown_phase"].index == 0
    assert "Alpha" in client.get(reverse(f"challenges:{name}", args=["tensions"])).text


def test_reveal_shows_both_parts_groups_and_moves(client: Client, challenge: Challenge) -> None:
    listed(challenge, "Alpha", 0.30, rank=1)
    listed(challenge, "Bêta", 0.40, rank=2)
    reveal(challenge, {"Bêta": 0.3333, "Alpha": 0.4444})
    page = client.get(reverse("challenges:standings", args=["tensions"]))
    assert "Classement définitif" in page.text
    assert [row["team"] for row in page.context["rows"]] == ["Bêta", "Alpha"]
    tables = {table["title"]: table for table in page.context["fairness"]}
    assert tables["Pire groupe"]["rows"][0]["cells"] == [
        {"label": "", "public": "0,4100", "private": "0,3433"}
    ]
    assert tables["Par zone"]["groups"] == [
        {"label": "Nord", "n": [110, 110]},
        {"label": "Sud", "n": [88, 88]},
    ]
    assert tables["Par zone"]["rows"][1]["cells"] == [
        {"label": "Nord", "public": "0,3100", "private": "0,4544"},
        {"label": "Sud", "public": "0,2900", "private": "0,4344"},
    ]
    assert "n = 110 (public 110)" in page.text.replace("\xa0", " ").replace("\u202f", " ")
    assert "à la clôture" not in page.text
    text = " ".join(page.text.split())
    assert "établi sur des données jamais utilisées pendant le challenge" in text


def test_public_part_stays_readable_after_the_reveal(client: Client, challenge: Challenge) -> None:
    listed(challenge, "Alpha", 0.30, rank=1)
    reveal(challenge, {"Alpha": 0.4444})
    page = client.get(reverse("challenges:standings", args=["tensions"]) + "?partie=publique")
    assert [row["value"] for row in page.context["rows"]] == [0.30]
    assert "Seul le classement privé fait foi" in page.text


@pytest.mark.parametrize(
    ("low", "high", "axis", "decimals"),
    [
        (0.2505, 0.7712, (0.2, 1.0), 1),
        (0.361, 0.368, (0.36, 0.368), 3),
        (0.3, 0.3, (0.28, 0.32), 2),
        (0.0, 0.0, (-0.1, 0.1), 2),
        (11.5, 26.8, (10.0, 30.0), 0),
    ],
)
def test_axis_is_round_and_holds_the_range(
    low: float, high: float, axis: tuple[float, float], decimals: int
) -> None:
    found = round_axis(low, high)
    assert found == pytest.approx(axis)
    assert axis_decimals(*found) == decimals


def test_public_share_is_that_of_the_compiled_truth(challenge: Challenge) -> None:
    version = with_contract(challenge)
    releases.note_parts(task=version.tasks.get(), units={"public": 39, "private": 115})
    phase = challenge.phases.get()
    assert (phase.public_units, phase.public_share) == (39, pytest.approx(39 / 154))


def test_reference_inside_a_tie_does_not_cut_it(client: Client, challenge: Challenge) -> None:
    listed(challenge, "Alpha", 0.30, rank=1)
    listed(challenge, "Référence", 0.31, rank=0, baseline=True)
    listed(challenge, "Bêta", 0.32, rank=1)
    page = client.get(reverse("challenges:standings", args=["tensions"]))
    assert [row["new_tier"] for row in page.context["rows"]] == [False, False, False]


def test_few_units_are_said(client: Client, challenge: Challenge) -> None:
    row = listed(challenge, "Alpha", 0.30, rank=1)
    row.leaderboard.facts = {"public": {"few": True}}
    row.leaderboard.save()
    assert "Effectif faible" in page_of(client, challenge)


def test_the_home_page_shows_the_final_board_after_the_reveal(
    client: Client, challenge: Challenge
) -> None:
    listed(challenge, "Alpha", 0.3111, rank=1)
    listed(challenge, "Bêta", 0.4222, rank=2)
    before = client.get("/").text
    assert ("0,3111" in before, "Tête du classement définitif" in before) == (True, False)
    reveal(challenge, {"Bêta": 0.3888, "Alpha": 0.4999})
    after = client.get("/").text
    assert after.count("Tête du classement définitif") == 2
    assert ("0,3888" in after, "0,3111" in after) == (True, False)
    assert after.index("Bêta") < after.index("Alpha")
