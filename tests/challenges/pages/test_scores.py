"""What a team reads of its scores: the page of an entry, the chart, the file."""

import csv
import io
import zipfile
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils.html import escape

from challenges.evaluation.enums import Split
from challenges.models import Challenge, Entry, Standing
from portal.lib.clock import PARIS
from portal.lib.storage import objects
from tests.challenges.pages.scenes import (
    CONTRACT,
    board_of,
    listed,
    plain,
    url_of,
    with_contract,
)
from tests.challenges.world import opened
from tests.factories.accounts import UserFactory, signed_in
from tests.factories.challenges import ChallengeFactory, EntryFactory, captain_of, score

pytestmark = pytest.mark.django_db


def test_an_entry_shows_its_score_rank_choice_and_every_public_measure() -> None:
    challenge: Challenge = ChallengeFactory(opened=True)
    board_of(challenge)
    listed(challenge, "Alpha", 0.3, rank=1)
    listed(challenge, "Bêta", 0.4, rank=2)
    entry = Standing.objects.get(team__name="Bêta").entry
    score(entry, 0.5125, metric="rmse", interval=(0.45, 0.6))
    score(entry, 0.61, Split.PRIVATE, metric="rmse")
    other = EntryFactory(enrolment=entry.enrolment, scored=True)
    captain = signed_in(captain_of(entry.enrolment.team))
    own = url_of(challenge, "entry", entry.pk)
    page = captain.get(own).text
    assert 'id="rubriques" data-renew><nav class="tabs"' in plain(page).replace("> <", "><")
    assert page.index("<dd>0,4000</dd>") < page.index("<dd>2 <small>") < page.index("0,5125")
    assert "Choisir pour le classement final" in page
    assert "de 0,4500 à 0,6000" in plain(page)
    assert "0,6100" not in page
    assert '<svg class="dots"' in page
    assert "sur 2" not in captain.get(url_of(challenge, "entry", other.pk)).text
    captain.post(url_of(challenge, "entry_choose", entry.pk), {"here": "1"})
    assert (
        "Choisie pour le classement final."
        in captain.get(url_of(challenge, "entry", entry.pk)).text
    )
    sent = captain.get(url_of(challenge, "entries_csv")).text.removeprefix("\ufeff")
    rows = list(csv.DictReader(io.StringIO(sent), delimiter=";"))
    told = next(each for each in rows if each["numero"] == str(entry.number))
    assert (told["mae"], told["rmse"], told["rmse_bas"]) == ("0.4000", "0.5125", "0.4500")
    assert "0.61" not in sent
    assert "Référence" not in page
    assert "référence à battre" not in page
    listed(challenge, "De base", 0.31, rank=0, baseline=True)
    page = captain.get(own).text
    assert '<th scope="col" class="num">Référence</th>' in page
    assert "Votre score et la référence à battre" in page


def test_a_chart_of_one_day_tells_its_hours() -> None:
    challenge: Challenge = ChallengeFactory(opened=True)
    board_of(challenge)
    listed(challenge, "Alpha", 0.3, rank=1)
    listed(challenge, "Base", 0.5, rank=2, baseline=True)
    entry = Standing.objects.get(team__name="Alpha").entry
    other = EntryFactory(enrolment=entry.enrolment, scored=True)
    at = datetime(2026, 11, 30, 9, 5, tzinfo=PARIS)
    for each, hours in ((entry, 0), (other, 3)):
        Entry.objects.filter(pk=each.pk).update(received_at=at + timedelta(hours=hours))
    captain = signed_in(captain_of(entry.enrolment.team))
    page = plain(captain.get(url_of(challenge, "entry", entry.pk)).text)
    drawn = page[page.index('<svg class="dots"') :]
    assert (">9 h 05</text>" in drawn, ">12 h 05</text>" in drawn) == (True, True)
    assert "Le pointillé est la référence." in drawn
    joining = plain(signed_in(UserFactory()).get(url_of(challenge, "team")).text)
    assert "<dt>À battre</dt><dd>0,5000</dd>" in joining


def test_the_evaluation_tells_formula_parameters_and_an_example() -> None:
    challenge: Challenge = ChallengeFactory(opened=True)
    linear = {"k": 2, "gain": "linear"}
    figure = {"key": "ndcg", "metric": "ndcg", "label": "NDCG", "direction": "max", "decimals": 3}
    with_contract(challenge, metrics=[*CONTRACT["metrics"], figure | {"params": linear}])
    page = plain(Client().get(url_of(challenge, "evaluation")).text)
    assert "<mtext>Σ|y − p|</mtext>" in page
    assert "3 ÷ 3 = <b>1,0000</b>" in page
    assert '<p class="small muted"><b>y</b>' in page
    assert "<dt>y</dt>" not in page
    assert "Linéaire. Un 3 compte trois fois plus qu’un 1." in page


def test_the_evaluation_shows_the_first_lines_of_the_expected_file(tmp_path: Path) -> None:
    challenge = opened(tmp_path, work=False)
    sample = challenge.files.get(role="sample_submission")
    lines = objects.read(sample.sha256).decode().splitlines()
    page = Client().get(url_of(challenge, "evaluation")).text
    assert escape("\n".join(lines[:4])) + "</code>" in page
    assert lines[4] not in page
    assert "python openemploi.pyz check ma_soumission.csv" in page


def test_a_fairness_row_says_what_it_compares_and_no_measure_twice() -> None:
    challenge: Challenge = ChallengeFactory(opened=True)
    with_contract(challenge)
    page = plain(Client().get(url_of(challenge, "evaluation")).text)
    assert page.count("Moyenne des écarts, sans le signe") == 1
    assert 'data-label="Définition">Valeur du groupe le moins bien servi de' in page


def test_data_are_seen_before_they_are_taken(tmp_path: Path) -> None:
    challenge = opened(tmp_path, work=False)
    challenge.files.filter(role="train").update(index=99)  # sent after the test
    response = Client().get(url_of(challenge, "data"))
    assert [file.role for file, _words in response.context["files"]][:2] == ["train", "test"]
    assert response.context["table"]["file"].role == "train"
    page = plain(Client().get(url_of(challenge, "data") + "?apercu=test.csv").text)
    assert "Aperçu de <code>test.csv</code>" in page
    assert "120 lignes" in page
    assert "<td>A0000</td>" in page
    assert "nombre entier" in page
    assert '<td class="num">59,5</td>' in page  # the mean of a column
    sent = Client().get(url_of(challenge, "all_files"))
    with zipfile.ZipFile(io.BytesIO(b"".join(sent.streaming_content))) as archive:
        assert set(archive.namelist()) == set(challenge.files.values_list("name", flat=True))
