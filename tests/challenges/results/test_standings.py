"""The standings: what a board lists, in what order; its page, its files, its frame, its feed."""

import csv
import io
import re
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from django.test import Client
from django.urls import reverse

from challenges.evaluation.actions import evaluations
from challenges.evaluation.enums import Split
from challenges.evaluation.models import rounded
from challenges.models import (
    Challenge,
    Column,
    Entry,
    Leaderboard,
    Notice,
    PhaseTask,
    Team,
)
from challenges.organising.enums import (
    BoardRule,
    ChallengeStatus,
    Direction,
    NoticeKind,
)
from challenges.results.models.boards import listing
from challenges.results.queries import boards
from challenges.results.worker import Opened, compute_board
from portal.audit.actors import SystemActor
from portal.lib import clock
from tests.challenges.pages.scenes import (
    Costs,
    board_of,
    clocked,
    listed,
    plain,
    reveal,
    url_of,
    with_contract,
)
from tests.factories.challenges import (
    ChallengeFactory,
    EntryFactory,
    PhaseFactory,
    TeamFactory,
    captain_of,
    holdout_of,
    score,
)

pytestmark = pytest.mark.django_db
VISITOR = SystemActor("visitor")


@pytest.fixture
def bare_challenge(db: None) -> Challenge:
    return ChallengeFactory(opened=True)


@pytest.fixture
def board(bare_challenge: Challenge) -> Leaderboard:
    return bare_challenge.leaderboards.get()


def scored(bare_challenge: Challenge, value: float, team: Any = None, **given: Any) -> Entry:
    """Make an entry scored by the task in force."""
    team = team or TeamFactory(challenge=bare_challenge)
    entry = EntryFactory(
        enrolment__team=team, enrolment__phase=bare_challenge.phases.get(), status="scored", **given
    )
    score(entry, value)
    version = entry.evaluations.get().scorer_version
    PhaseTask.objects.get_or_create(
        phase=bare_challenge.phases.get(),
        index=0,
        defaults={
            "name": "t",
            "scorer_version": version,
            "holdout": holdout_of(bare_challenge),
        },
    )
    return entry


def order_of(board: Leaderboard, split: Split = Split.PUBLIC) -> list[Any]:
    return [
        each.entry_id for each in listing(Leaderboard.objects.get(pk=board.pk), split).candidates
    ]


def test_the_best_entry_of_each_team_in_the_order_of_the_metric(
    bare_challenge: Challenge, board: Leaderboard
) -> None:
    first = scored(bare_challenge, 0.3)
    team = first.enrolment.team
    better = scored(bare_challenge, 0.2, team)
    other = scored(bare_challenge, 0.25)
    assert order_of(board) == [better.pk, other.pk]  # mae: the smaller, the better
    Column.objects.filter(key="mae").update(direction=Direction.MAX)
    assert order_of(board) == [first.pk, other.pk]


@pytest.mark.parametrize("rule", sorted(BoardRule))
def test_each_rule_keeps_its_entries(
    bare_challenge: Challenge, board: Leaderboard, rule: BoardRule
) -> None:
    Leaderboard.objects.update(rule=rule)
    best = scored(bare_challenge, 0.1)
    team = best.enrolment.team
    chosen = scored(bare_challenge, 0.3, team, final_choice=True)
    last = scored(bare_challenge, 0.2, team, received_at=clock.now() + timedelta(seconds=5))
    wanted = {
        BoardRule.BEST: [best.pk],
        BoardRule.LAST: [last.pk],
        BoardRule.CHOSEN: [chosen.pk],
        BoardRule.ALL: [best.pk, last.pk, chosen.pk],
    }
    assert order_of(board) == wanted[rule]


@pytest.mark.parametrize("rule", [BoardRule.BEST, BoardRule.LAST])
def test_without_a_choice_the_private_board_takes_the_usual_ones(
    bare_challenge: Challenge, board: Leaderboard, rule: BoardRule
) -> None:
    Leaderboard.objects.update(rule=rule)
    public = [0.1, 0.2, 0.3]
    private = [0.5, 0.4, 0.1]
    first = scored(bare_challenge, public[0])
    made = [first, *(scored(bare_challenge, value, first.enrolment.team) for value in public[1:])]
    for entry, value in zip(made, private, strict=True):
        score(entry, value, Split.PRIVATE)
    best_of_two_best, last = made[1].pk, made[2].pk
    assert order_of(board, Split.PRIVATE) == [best_of_two_best if rule == BoardRule.BEST else last]


def test_a_disqualified_or_withdrawn_entry_is_not_listed(
    bare_challenge: Challenge, board: Leaderboard
) -> None:
    entry = scored(bare_challenge, 0.1)
    kept = scored(bare_challenge, 0.4)
    Entry.objects.filter(pk=entry.pk).update(
        disqualified_at=clock.now(), disqualified_by=entry.submitted_by
    )
    assert order_of(board) == [kept.pk]
    kept.enrolment.team.state = "withdrawn"
    kept.enrolment.team.save()
    assert order_of(board) == []


def test_without_sums_equal_values_share_their_rank(
    bare_challenge: Challenge, board: Leaderboard
) -> None:
    for value in (0.1, 0.2, 0.2, 0.3):
        scored(bare_challenge, value)
    lines, _facts = compute_board(listing(board, Split.PUBLIC), Opened())
    assert [line.rank for line in lines] == [1, 2, 2, 4]
    assert [line.cells["mae"]["text"] for line in lines] == [
        "0.1000",
        "0.2000",
        "0.2000",
        "0.3000",
    ]


def test_an_entry_without_the_main_figure_is_last_and_unranked(
    bare_challenge: Challenge, board: Leaderboard
) -> None:
    bare = scored(bare_challenge, 0.1)
    ranked = scored(bare_challenge, 0.9)
    Column.objects.create(
        leaderboard=board, index=9, key="autre", title="Autre", direction=Direction.MAX
    )
    Leaderboard.objects.update(primary=Column.objects.get(key="autre"))
    score(ranked, 0.5, metric="autre")
    fresh = Leaderboard.objects.get()
    lines, _facts = compute_board(listing(fresh, Split.PUBLIC), Opened())
    assert [(line.entry_id, line.rank) for line in lines] == [
        (ranked.pk, 1),
        (bare.pk, None),
    ]


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
    assert evaluations.duration_class(seconds) == told


@pytest.fixture
def challenge() -> Challenge:
    """Return an open challenge with a board."""
    made: Challenge = ChallengeFactory(opened=True, slug="tensions", title="Tensions <1>")
    board_of(made)
    return made


def page_of(client: Client, challenge: Challenge, query: str = "") -> str:
    """Return the text of the standings page."""
    page = client.get(url_of(challenge, "standings") + query)
    assert page.status_code == 200
    return page.text


def test_board_is_provisional_with_ties_and_the_reference(
    client: Client, challenge: Challenge
) -> None:
    alpha = listed(challenge, "Alpha", 0.30, rank=1)
    listed(challenge, "Référence", 0.31, rank=0, baseline=True)  # cuts no tie
    mine = listed(challenge, "Bêta", 0.32, rank=1)
    last = listed(challenge, "Gamma", 0.50, rank=3)
    alpha.cells["rmse"] = {"value": 0.7, "text": "0.7000", "low": 0.65, "high": 0.75}
    alpha.save()
    client.force_login(captain_of(mine.team))
    page = client.get(url_of(challenge, "standings"))
    rows = page.context["rows"]
    assert [row["team"] for row in rows] == ["Alpha", "Référence", "Bêta", "Gamma"]
    assert [row["tied"] for row in rows] == [True, False, True, False]
    assert [row["new_tier"] for row in rows] == [False, False, False, True]
    assert [row["baseline"] for row in rows] == [False, True, False, False]
    assert [row["mine"] for row in rows] == [False, False, True, False]
    assert page.context["reference"] == 0.31
    assert page.text.count("<small>ex æquo</small>") == 2
    assert "provisoire" in page.text
    assert "Votre équipe\xa0: Bêta" in page.text
    assert "intervalle de 0,2500 à 0,3500" in page.text
    gaps = [row["extra"][0]["text"] for row in rows]
    # The reference competes with nobody.
    assert gaps[:2] == ["0,0100 de mieux, incertain", "–"]
    secondary = [row["extra"][1] for row in rows]
    assert secondary[0]["text"] == "0,7000"
    unsure = "Mais l’écart n’est pas certain\xa0: la référence est dans votre intervalle."
    assert "Moins bon que la référence, de 0,0100." in page.text
    assert unsure in page.text
    client.force_login(captain_of(last.team))
    page = client.get(url_of(challenge, "standings"))
    assert unsure not in page.text
    gap = page.context["gap"]
    assert (gap["missing"], gap["above_rank"]) == ("0,1800", 1)
    assert (gap["reference"], gap["is_behind"]) == ("0,1900", True)


@pytest.mark.parametrize("key", ["rmse", "2024_1"])
def test_sort_by_a_secondary_figure_keeps_ranks(
    client: Client, challenge: Challenge, key: str
) -> None:
    rows = [listed(challenge, "Alpha", 0.30, rank=1), listed(challenge, "Bêta", 0.40, rank=2)]
    Column.objects.filter(key="rmse").update(key=key)
    for row in rows:
        row.cells[key] = row.cells.pop("rmse")
        row.save()
    page = client.get(url_of(challenge, "standings") + f"?tri={key}")
    assert [(row["rank"], row["team"]) for row in page.context["rows"]] == [
        (2, "Bêta"),
        (1, "Alpha"),
    ]
    assert not any(row["new_tier"] for row in page.context["rows"])


@pytest.mark.parametrize("query", ["?tri=inconnu", "?tri=equite", "?page=99"])
def test_unknown_sort_and_page_fall_back(client: Client, challenge: Challenge, query: str) -> None:
    listed(challenge, "Alpha", 0.30, rank=1)
    page = client.get(url_of(challenge, "standings") + query)
    assert [row["team"] for row in page.context["rows"]] == ["Alpha"]


@pytest.mark.parametrize("query", ["?partie=privee", "?partie=x", "?phase=9", "?phase=-1"])
@pytest.mark.parametrize("name", ["standings", "standings_csv", "standings_json"])
def test_sealed_or_unknown_part_is_hidden(
    client: Client, challenge: Challenge, name: str, query: str
) -> None:
    listed(challenge, "Alpha", 0.30, rank=1)
    assert client.get(reverse(f"challenges:{name}", args=["tensions"]) + query).status_code == 404


def test_board_costs_the_same_for_one_and_three(
    client: Client, challenge: Challenge, count: int, costs: Costs
) -> None:
    for n in range(count):
        listed(challenge, f"Équipe {n}", 0.3 + n / 10, rank=n + 1)
    with costs(clocked(8)):
        page_of(client, challenge)


@pytest.mark.parametrize("name", ["standings_csv", "standings_json"])
def test_files_show_the_board_of_the_page_and_no_formula(
    client: Client, challenge: Challenge, name: str
) -> None:
    """The second phase is still to come: page, CSV and JSON show the one that is open."""
    listed(challenge, '=HYPERLINK("x")', 0.30, rank=1)
    PhaseFactory(challenge=challenge, index=1, coming=True)
    page = client.get(url_of(challenge, "standings"))
    assert page.context["shown_phase"].index == 0
    sent = client.get(url_of(challenge, name))
    if name == "standings_csv":
        rows = list(csv.DictReader(io.StringIO(sent.text)))
        assert [(row["rang"], row["equipe"], row["mae"]) for row in rows] == [
            ("1", '\'=HYPERLINK("x")', "0.3000")
        ]
        assert sent["Content-Disposition"] == 'attachment; filename="tensions-public.csv"'
        return
    told, board = sent.json(), challenge.leaderboards.get(phase__index=0)
    assert [each["key"] for each in told.pop("columns")] == ["mae", "rmse"]
    assert told == {
        "version": 1,
        "challenge": "tensions",
        "challenge_title": challenge.title,
        "key": board.key,
        "title": board.title,
        "phase": 0,
        "phase_name": "Phase publique",
        "split": "public",
        "final": False,
        "computed_at": None,
        "page": 1,
        "pages": 1,
        "rows": [
            {
                "team": '=HYPERLINK("x")',
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
def test_files_are_sent_again_when_the_board_or_a_name_changed(
    client: Client, challenge: Challenge, name: str
) -> None:
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
    changed = client.get(address, headers={"If-None-Match": tag})
    assert changed.status_code == 200
    Team.objects.filter(name="Alpha").update(name="Oméga")
    renamed = client.get(address, headers={"If-None-Match": changed["ETag"]})
    assert (renamed.status_code, "Alpha" in renamed.text) == (200, False)


def test_pager_counts_teams_and_leaves_the_reference_at_its_place(
    client: Client, challenge: Challenge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("challenges.results.views.standings.PER_PAGE", 2)
    names = ("Première référence", "A", "B", "C", "D", "Dernière référence")
    for at, name in enumerate(names):
        listed(challenge, name, 0.3 + at / 100, rank=at, baseline="référence" in name)
        if at == 0:
            alone = client.get(url_of(challenge, "standings"))
            assert [row["team"] for row in alone.context["rows"]] == ["Première référence"]
            assert ("Calculé le" in alone.text, 'class="pager"' in alone.text) == (True, False)
    pages = [
        client.get(reverse("challenges:standings", args=["tensions"]) + f"?page={number}")
        for number in (1, 2)
    ]
    shown = [[row["team"] for row in page.context["rows"]] for page in pages]
    assert shown == [["Première référence", "A", "B"], ["C", "D", "Dernière référence"]]
    assert "1 – 2 sur 4" in plain(pages[0].text)
    assert "3 – 4 sur 4" in plain(pages[1].text)


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
    text = plain(page.text)
    assert "n = 110 (public 110)" in text
    assert "établi sur des données jamais utilisées pendant le challenge" in text
    page = client.get(reverse("challenges:standings", args=["tensions"]) + "?partie=publique")
    assert [row["value"] for row in page.context["rows"]] == [0.30, 0.40]
    assert "Seul le classement privé fait foi" in page.text
    framed = client.get(address("embed_frame")).text
    assert ("classement définitif" in framed, "0,3333" in framed) == (True, True)


def test_public_share_is_that_of_the_compiled_truth(challenge: Challenge) -> None:
    version = with_contract(challenge)
    evaluations.note_parts(task=version.tasks.get(), units={"public": 39, "private": 115})
    phase = challenge.phases.get()
    assert (phase.public_units, phase.public_share) == (39, pytest.approx(39 / 154))


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


TEAMS = 7
ALIKE = ("minimum", "maximum", "reference", "intervals", "gap")


@pytest.fixture
def long_board(challenge: Challenge, monkeypatch: pytest.MonkeyPatch) -> Challenge:
    """Rank seven teams, two of them tied, with the reference in third place."""
    monkeypatch.setattr("challenges.results.views.standings.PER_PAGE", 3)
    ranks = (1, 2, 2, 4, 5, 6, 7)
    for number, rank in enumerate(ranks):
        if number == 2:
            listed(challenge, "Référence", 0.5, rank=0, baseline=True)
        listed(challenge, f"Équipe {number}", 0.3 + number / 100, rank=rank)
    return challenge


def shown_of(client: Client, query: str) -> dict[str, Any]:
    found = client.get(f"/challenges/tensions/classement/?{query}").context
    rows = [{k: row[k] for k in ("rank", "tied", "team", "value", "mine")} for row in found["rows"]]
    return {key: found[key] for key in ALIKE} | {
        "rows": rows,
        "pages": found["page"].paginator.num_pages,
    }


@pytest.mark.parametrize("page", [1, 2, 3, 99])
@pytest.mark.parametrize(("name", "above"), [("Équipe 4", 4), ("Équipe 1", 1)])
def test_a_page_says_what_the_whole_board_says(
    client: Client,
    long_board: Challenge,
    monkeypatch: pytest.MonkeyPatch,
    page: int,
    name: str,
    above: int,
) -> None:
    client.force_login(captain_of(long_board.teams.get(name=name)))
    part = shown_of(client, f"page={page}")
    monkeypatch.setattr("challenges.results.views.standings.PER_PAGE", TEAMS)
    whole = shown_of(client, "")
    first = {1: 0, 2: 4}.get(page, 7)  # the reference stands in third place
    assert part["rows"] == whole["rows"][first : first + (4 if page == 1 else 3)]
    assert [part[key] for key in ALIKE] == [whole[key] for key in ALIKE]
    assert [row["team"] for row in whole["rows"] if row["tied"]] == ["Équipe 1", "Équipe 2"]
    assert (part["pages"], part["gap"]["above_rank"]) == (3, above)


def test_a_sorted_board_holds_its_reference(client: Client, long_board: Challenge) -> None:
    pages = [shown_of(client, f"tri=rmse&page={page}") for page in (1, 2, 3)]
    assert [len(page["rows"]) for page in pages] == [3, 3, 2]
    assert pages[0]["rows"][0]["team"] == "Référence"
    assert pages[0]["rows"][1]["team"] == f"Équipe {TEAMS - 1}"


def test_json_goes_by_pages_and_csv_whole(
    client: Client, long_board: Challenge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(boards, "JSON_ROWS", 4)
    key = Leaderboard.objects.get().key
    names: list[str] = []
    for page in (1, 2):
        told = client.get(f"/challenges/tensions/classement.json?page={page}").json()
        assert (told["page"], told["pages"]) == (page, 2)
        api = client.get(f"/api/v1/challenges/tensions/leaderboards/{key}?page={page}").json()
        assert [row["team"] for row in api["rows"]] == [row["team"] for row in told["rows"]]
        names += [row["team"] for row in told["rows"]]
    assert sorted(names) == sorted([f"Équipe {n}" for n in range(TEAMS)] + ["Référence"])
    assert len(client.get("/challenges/tensions/classement.csv").text.splitlines()) == TEAMS + 2


OPEN = ("embed_frame", "standings_feed", "standings_csv", "standings_json")
ATOM = "{http://www.w3.org/2005/Atom}"


def address(name: str, query: str = "") -> str:
    return reverse(f"challenges:{name}", args=["tensions"]) + query


def text_of(sent: Any) -> str:
    json = sent.get("Content-Type") == "application/json"
    return str(sent.json()) if json else str(sent.text)


def test_the_frame_stands_anywhere_and_knows_nobody(client: Client, challenge: Challenge) -> None:
    listed(challenge, "Alpha", 0.30, rank=1)
    row = listed(challenge, "Bêta", 0.31, rank=1)
    row.leaderboard.facts = {
        "public": {"digest": "abc", "computed_at": "2026-11-26T09:12:47+00:00", "few": True}
    }
    row.leaderboard.save()
    client.force_login(captain_of(row.team))
    sent = client.get(address("embed_frame"))
    assert sent.status_code == 200
    assert sent["Content-Security-Policy"] == (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors *"
    )
    assert "X-Frame-Options" not in sent
    assert (sent["Cache-Control"], "Cookie" in sent.get("Vary", "")) == (
        "public, max-age=60",
        False,
    )
    assert (dict(sent.cookies), "<script" in sent.text, "<form" in sent.text) == ({}, False, False)
    assert "Votre équipe" not in sent.text
    assert sent.text == Client().get(address("embed_frame")).text
    assert sent.text.count("<small>ex æquo</small>") == 2
    assert "Tensions &lt;1&gt;" in sent.text
    for said in ("classement provisoire", '<html lang="fr">', '"2026-11-26T09:12:00+00:00"'):
        assert said in sent.text
    for other in ("standings", "embed"):
        assert client.get(address(other))["X-Frame-Options"] == "DENY"
    assert "Effectif faible" in page_of(client, challenge)
    assert "abc" in sent["ETag"]
    again = client.get(address("embed_frame"), headers={"If-None-Match": sent["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    english = client.get(address("embed_frame", "?lang=en"))
    assert (english["Content-Language"], '<html lang="en">' in english.text) == ("en", True)
    assert "provisional leaderboard" in english.text.lower()
    assert 'href="http://testserver/en/challenges/tensions/classement/?phase=0"' in english.text
    assert '<html lang="fr">' in client.get(address("embed_frame", "?lang=%00de")).text


def test_the_frame_shows_ten_teams_at_the_same_cost(
    client: Client, challenge: Challenge, count: int, costs: Costs
) -> None:
    for n in range(10 + count):
        listed(challenge, f"Équipe {n}", 0.3 + n / 100, rank=n + 1)
    with costs(clocked(6)):
        text = client.get(address("embed_frame")).text
    others = {1: "Et 1 autre équipe", 3: "Et 3 autres équipes"}
    assert (text.count('<th scope="row">'), others[count] in text) == (10, True)


@pytest.mark.parametrize("name", OPEN)
def test_what_is_not_public_leaves_by_no_file(
    client: Client, challenge: Challenge, name: str
) -> None:
    """A sealed part, a hidden board, a real name behind a pseudonym, a draft."""
    row = listed(challenge, "Nom véritable", 0.30, rank=1)
    listed(challenge, "", 0.7777, rank=1, split=Split.PRIVATE, entry=row.entry)
    row.leaderboard.anonymous = True
    row.leaderboard.save()
    alias = row.team.alias_in(row.leaderboard.phase)
    shown = text_of(client.get(address(name)))
    assert (alias in shown, "Nom véritable" in shown) == (True, False)
    assert not re.search(r"0[.,]777|0[.,]3100", shown)
    if name != "standings_feed":
        assert client.get(address(name, "?partie=privee")).status_code == 404
    row.leaderboard.hidden = True
    row.leaderboard.save()
    gone = client.get(address(name))
    assert (alias in gone.text, gone.status_code) == (
        False,
        200 if name == "standings_feed" else 404,
    )
    Challenge.objects.update(status=ChallengeStatus.DRAFT, published_at=None)
    client.force_login(challenge.organisers.get().user)
    assert client.get(address("embed_frame")).status_code == 404
    assert Client().get(address(name)).status_code == 404


def test_the_page_gives_the_code_and_the_addresses(client: Client, challenge: Challenge) -> None:
    assert "Intégrer" in client.get(address("standings")).text
    page = client.get(address("embed"))
    frame = "http://testserver/challenges/tensions/classement/cadre/?phase=0&lang=fr"
    assert page.context["snippet"] == (
        f'<iframe src="{frame.replace("&", "&amp;")}"\n'
        '  title="Classement : Tensions &lt;1&gt;"\n'
        '  width="100%" height="560" loading="lazy"></iframe>'
    )
    assert [client.get(found).status_code for _label, found in page.context["files"]] == [200] * 4
    assert "&amp;lt;iframe" not in page.text
    board = board_of(challenge)
    board.hidden = True
    board.save()
    assert "Pas de classement à montrer" in client.get(address("embed")).text


def test_the_feed_tells_boards_then_notices(client: Client, challenge: Challenge) -> None:
    listed(challenge, "Alpha", 0.30, rank=1)
    listed(challenge, "Bêta", 0.31, rank=1)
    Notice.objects.create(
        challenge=challenge, kind=NoticeKind.TEXT, text="Un <avis>", at=clock.now()
    )
    sent = client.get(address("standings_feed"))
    assert (sent["Content-Type"], sent["Access-Control-Allow-Origin"]) == (
        "application/atom+xml; charset=utf-8",
        "*",
    )
    entries = ElementTree.fromstring(sent.content).findall(f"{ATOM}entry")  # noqa: S314  our own
    assert [each.findtext(f"{ATOM}title") for each in entries] == [
        "Classement public : Phase publique",
        "Annonce",
    ]
    assert [each.findtext(f"{ATOM}summary") for each in entries] == [
        "1 ex æquo, Alpha, 0,3000 ; 1 ex æquo, Bêta, 0,3100",
        "Un <avis>",
    ]
    again = client.get(address("standings_feed"), headers={"If-None-Match": sent["ETag"]})
    assert again.status_code == 304
