"""The fairness audits: who reads them, what their pages say, what files hold."""

import csv
import io
import json
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from challenges.enums import ColumnKind, Split
from challenges.models import Challenge, Column, Entry
from tests.challenges.pages.scenes import board_of, clocked, listed, reveal
from tests.factories import findings
from tests.factories.accounts import UserFactory
from tests.factories.challenges import (
    ChallengeFactory,
    PersonFactory,
    TeamFactory,
    captain_of,
)

pytestmark = pytest.mark.django_db
LABELS = {"f": "Femmes", "h": "Hommes"}
SIZES = {"f": 800, "h": 800}
GAP = {"f": 0.4, "h": 0.8}


def told(challenge: Challenge, *, teams: int = 1, shown: str = "public", **audit: Any) -> Entry:
    """Reveal a challenge whose teams have an audit; return the entry of the first one."""
    board_of(challenge)
    names = [f"Équipe {at}" for at in range(teams)]
    for at, name in enumerate(names):
        listed(challenge, name, 0.3 + at / 10, rank=at + 1)
    reveal(challenge, {name: 0.31 + at / 10 for at, name in enumerate(names)})
    sizes, recalls = audit.pop("sizes", SIZES), audit.pop("recalls", GAP)
    record = findings.record(sizes, recalls, shown=shown, **audit)
    for entry in Entry.objects.order_by("received_at"):
        evaluation = entry.evaluations.get()
        findings.declare(evaluation, findings.contract(LABELS, shown=shown))
        findings.tell(evaluation, record)
    entry = Entry.objects.order_by("received_at").first()
    assert entry is not None
    return entry


@pytest.fixture
def challenge() -> Challenge:
    """Return an open challenge."""
    made: Challenge = ChallengeFactory(opened=True, slug="tensions")
    return made


def plain(page: str) -> str:
    """Return a page's text with ordinary spaces."""
    return page.replace("\xa0", " ").replace("\u202f", " ")


def address(name: str, entry: Entry) -> str:
    """Return the address of an audit."""
    return reverse(f"challenges:{name}", args=["tensions", entry.pk])


def test_a_gap_is_told_in_a_sentence_with_its_interval(
    client: Client, challenge: Challenge
) -> None:
    entry = told(challenge)
    text = plain(client.get(address("audit", entry)).text)
    sentence = re.search(r"Pour le groupe « Femmes »[^<]*repère[^<]*", text)
    assert sentence is not None
    assert re.fullmatch(
        r"Pour le groupe « Femmes » \(n ≈ 800\), "
        r"le modèle repère \d\d,\d % des retours à l’emploi, "
        r"contre \d\d,\d % en moyenne "
        r"\(écart −\d\d,\d points, IC 95 % −\d\d,\d à −\d\d,\d\)\.",
        sentence[0],
    )
    assert "Écart significatif" in text
    assert "ne prouvent ni n’excluent une discrimination au sens du droit" in text
    assert "ne peuvent pas être satisfaites ensemble" in text


def test_every_drawing_is_named_described_and_beside_its_table(
    client: Client, challenge: Challenge
) -> None:
    text = client.get(address("audit", told(challenge))).text
    drawings = re.findall(r"<svg class=\"dots\".*?</svg>", text, re.DOTALL)
    assert len(drawings) == 11
    assert text.count('<table class="table table-stack">') == 11
    keys = set()
    for drawing in drawings:
        labelled = re.search(r'aria-labelledby="(\S+) (\S+)"', drawing)
        assert labelled is not None
        keys |= set(labelled.groups())
        assert f'<title id="{labelled[1]}">' in drawing
        assert f'<desc id="{labelled[2]}">' in drawing
        assert "style=" not in drawing
        assert drawing.count('class="span"') == 2
    assert len(keys) == 22


def test_no_gap_and_too_few_are_said(client: Client, challenge: Challenge) -> None:
    entry = told(challenge, recalls={"f": 0.6, "h": 0.6})
    text = client.get(address("audit", entry)).text
    assert "Écart non significatif" in text
    assert "Pour le groupe" not in text


def test_a_small_group_is_named_and_nothing_else(client: Client, challenge: Challenge) -> None:
    sizes = {"a": 600, "b": 40, "c": 300, "": 6}
    entry = told(challenge, sizes=sizes, recalls=dict.fromkeys(sizes, 0.5))
    text = plain(client.get(address("audit", entry)).text)
    assert "groupes non montrés : non renseigné, b." in text
    rows = list(csv.reader(io.StringIO(client.get(address("audit_csv", entry)).text)))
    assert {row[1] for row in rows[1:]} == {"a", "c"}
    groups = client.get(address("audit_json", entry)).json()["slices"][0]["groups"]
    assert [each for each in groups if each["state"] == "hidden"] == [
        {"key": [""], "state": "hidden"},
        {"key": ["b"], "state": "hidden"},
    ]


def test_an_answer_that_finds_nobody_is_flagged(client: Client, challenge: Challenge) -> None:
    entry = told(challenge, recalls={"f": 0.0, "h": 0.0})
    text = plain(client.get(address("audit", entry)).text)
    assert "Rappel nul : aucun cas positif n’est repéré dans : Femmes, Hommes." in text


def test_files_hold_what_the_page_shows(client: Client, challenge: Challenge) -> None:
    entry = told(challenge)
    record = entry.evaluations.get().fairness_audit.record
    answer = client.get(address("audit_json", entry))
    assert json.loads(answer.content) == {"challenge": "tensions", "team": "Équipe 0", **record}
    rows = list(csv.reader(io.StringIO(client.get(address("audit_csv", entry)).text)))
    assert rows[0][:5] == ["attribut", "groupe", "effectif_arrondi", "mesure", "valeur"]
    tpr = next(f for f in record["slices"][0]["figures"] if f["key"] == "tpr")
    found = [row[4] for row in rows if row[3] == "tpr"]
    assert found == [f"{cell['value']:.3f}" for cell in tpr["groups"]]


@pytest.mark.parametrize(
    ("shown", "who", "status"),
    [
        ("public", "visitor", 200),
        ("team", "visitor", 404),
        ("team", "member", 404),
        ("team", "other", 404),
        ("team", "moderator", 404),
        ("team", "own", 200),
        ("team", "organiser", 200),
    ],
)
def test_who_reads_an_audit_after_the_reveal(
    client: Client, challenge: Challenge, shown: str, who: str, status: int
) -> None:
    entry = told(challenge, shown=shown)
    people: dict[str, Any] = {
        "visitor": lambda: None,
        "member": PersonFactory,
        "other": lambda: captain_of(TeamFactory(challenge=challenge)),
        "moderator": lambda: UserFactory(region="moderator"),
        "own": lambda: captain_of(entry.enrolment.team),
        "organiser": lambda: challenge.organisers.get().user,
    }
    person = people[who]()
    if person is not None:
        client.force_login(person)
    for name in ("audit", "audit_csv", "audit_json"):
        assert client.get(address(name, entry)).status_code == status, name
    listing = client.get(reverse("challenges:audits", args=["tensions"]))
    assert ("Équipe 0" in listing.text) is (status == 200)


def test_a_public_audit_is_that_of_a_listed_entry(client: Client, challenge: Challenge) -> None:
    entry = told(challenge)
    entry.standings.filter(split=Split.PRIVATE).delete()
    assert client.get(address("audit", entry)).status_code == 404
    client.force_login(captain_of(entry.enrolment.team))
    assert client.get(address("audit", entry)).status_code == 200


def test_before_the_reveal_nobody_reads_one(client: Client, challenge: Challenge) -> None:
    entry = told(challenge)
    challenge.phases.get().reveal.delete()
    client.force_login(captain_of(entry.enrolment.team))
    for name in ("audit", "audit_csv", "audit_json"):
        assert client.get(address(name, entry)).status_code == 404
    page = client.get(reverse("challenges:audits", args=["tensions"])).text
    assert "Scellé jusqu’aux résultats définitifs" in page
    assert "Sexe" in page
    assert "Écart" not in page


def test_a_challenge_without_an_audit_says_so(client: Client, challenge: Challenge) -> None:
    listed(challenge, "Alpha", 0.3, rank=1)
    page = client.get(reverse("challenges:audits", args=["tensions"])).text
    assert "Aucun audit d’équité n’est prévu" in page
    standings = client.get(reverse("challenges:standings", args=["tensions"])).text
    assert reverse("challenges:audits", args=["tensions"]) not in standings


def test_the_board_leads_to_the_audits_and_marks_what_is_beyond_the_limit(
    client: Client, challenge: Challenge
) -> None:
    told(challenge, teams=2)
    Column.objects.create(
        leaderboard=board_of(challenge),
        index=9,
        key="equite_audit",
        title="Pire groupe",
        kind=ColumnKind.FAIRNESS,
        direction="min",
        decimals=3,
        valid_max=0.5,
    )
    for row, value in zip(
        board_of(challenge).standings.filter(split=Split.PRIVATE).order_by("position"),
        (0.4, 0.6),
        strict=True,
    ):
        row.cells["equite_audit"] = {"value": value, "text": "", "low": None, "high": None}
        row.save()
    page = client.get(reverse("challenges:standings", args=["tensions"]))
    assert reverse("challenges:audits", args=["tensions"]) in page.text
    cells = [
        next(cell for cell in row["extra"] if cell["label"] == "Équité")
        for row in page.context["rows"]
    ]
    assert [(cell["text"], cell["tone"]) for cell in cells] == [
        ("0,400", "pin"),
        ("0,600 hors seuil : pas de prix", "garance"),
    ]
    assert "0,600 hors seuil : pas de prix" in plain(page.text)
    assert "Pour recevoir un prix : « Pire groupe » d’au plus 0,500." in plain(page.text)
    records = client.get(reverse("challenges:standings_json", args=["tensions"])).json()["rows"]
    assert [(each["rank"], each["no_prize"]) for each in records] == [(1, False), (2, True)]
    sent = client.get(reverse("challenges:standings_csv", args=["tensions"])).text
    lines = list(csv.reader(io.StringIO(sent)))
    assert [line[-1] for line in lines] == ["sans_prix", "non", "oui"]


@pytest.mark.parametrize("teams", [1, 3])
def test_the_list_of_audits_costs_the_same_for_one_and_three(
    client: Client,
    challenge: Challenge,
    teams: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    told(challenge, teams=teams)
    with django_assert_num_queries(clocked(6)):
        page = client.get(reverse("challenges:audits", args=["tensions"]))
    assert page.text.count("Lire l’audit") == teams


def test_the_page_of_an_audit_costs_a_fixed_number_of_queries(
    client: Client, challenge: Challenge, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    entry = told(challenge)
    with django_assert_num_queries(clocked(4)):
        client.get(address("audit", entry))
