"""Entries: submit, check, follow, choose, withdraw."""

import csv
import io
import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from challenges.enums import EntryStatus
from challenges.models import Entry, Team
from portal.lib import clock
from tests.challenges.pages.scenes import clocked, compile_keys, with_contract
from tests.factories.challenges import (
    EnrolmentFactory,
    EntryFactory,
    PersonFactory,
    PhaseFactory,
    ScoreReceiptFactory,
    StandingFactory,
    TeamFactory,
    captain_of,
    score,
)

pytestmark = pytest.mark.django_db
FILE = b"id,y\n1,0.5\n"


@pytest.fixture
def team() -> Team:
    """Return a team of an open challenge that has a scoring contract."""
    made: Team = TeamFactory()
    with_contract(made.challenge)
    return made


@pytest.fixture
def captain(client: Client, team: Team) -> Client:
    """Return a browser in which the captain is signed in."""
    client.force_login(captain_of(team))
    return client


def address(team: Team, name: str = "entries", *ids: Any) -> str:
    """Return an address of the team's challenge."""
    return reverse(f"challenges:{name}", args=[team.challenge.slug, *ids])


def send(
    client: Client, team: Team, content: bytes = FILE, *, key: str | None = None, **fields: Any
) -> Any:
    """Submit a file by the form."""
    headers = fields.pop("headers", None)
    body = {
        "key": key or str(uuid4()),
        "file": SimpleUploadedFile("reponse.csv", content),
        "note": "",
    } | fields
    return client.post(address(team), body, headers=headers)


def test_visitor_is_told_to_sign_in(client: Client, team: Team) -> None:
    page = client.get(address(team))
    assert "Connectez-vous pour soumettre" in page.text
    assert send(client, team).status_code == 302
    assert Entry.objects.count() == 0


def test_person_without_team_is_told_what_to_do(client: Client, team: Team) -> None:
    client.force_login(PersonFactory())
    assert "Il vous faut une équipe" in client.get(address(team)).text
    assert send(client, team).status_code == 404
    assert Entry.objects.count() == 0


def test_form_shows_quota_and_carries_a_key(captain: Client, team: Team) -> None:
    page = captain.get(address(team))
    assert page.status_code == 200
    assert page.text.count('name="key"') == 1
    assert page.context["quota"].left == 5
    assert "compteur remis à zéro à minuit (heure de Paris)" in page.text
    assert "Vérifier seulement le format" in page.text
    assert "Aucune soumission pour l’instant" in page.text


def test_deposit_redirects_to_the_receipt(captain: Client, team: Team) -> None:
    sent = send(captain, team, note="premier essai")
    entry = Entry.objects.get()
    assert sent.status_code == 302
    assert sent["Location"] == address(team, "entry", entry.pk)
    page = captain.get(sent["Location"]).text
    assert "Récépissé de dépôt" in page
    assert entry.sha256 in page
    assert "premier essai" in page
    assert f'data-poll="{address(team, "entry_state", entry.pk)}"' in page
    assert "Actualiser" in page


def test_deposit_by_a_program_answers_the_receipt(captain: Client, team: Team) -> None:
    key = str(uuid4())
    headers = {"Accept": "application/json"}
    first = send(captain, team, key=key, headers=headers)
    again = send(captain, team, key=key, headers=headers)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.content == again.content
    assert json.loads(first.content)["payload"]["entry"] == str(Entry.objects.get().pk)


def test_same_key_same_bytes_shows_the_earlier_receipt(captain: Client, team: Team) -> None:
    key = str(uuid4())
    send(captain, team, key=key)
    again = send(captain, team, key=key)
    assert again.status_code == 200
    assert "Récépissé de dépôt" in again.text
    assert Entry.objects.count() == 1


def test_same_key_other_bytes_is_a_conflict(captain: Client, team: Team) -> None:
    key = str(uuid4())
    send(captain, team, key=key)
    again = send(captain, team, b"id,y\n1,0.6\n", key=key)
    assert again.status_code == 409
    assert Entry.objects.count() == 1


def test_the_same_bytes_are_told_first_and_sent_again_on_demand(
    captain: Client, team: Team
) -> None:
    assert send(captain, team).status_code == 302
    told = send(captain, team)
    assert told.status_code == 409
    assert "identique à votre soumission" in told.text
    assert 'name="again"' in told.text
    assert Entry.objects.count() == 1
    program = send(captain, team, headers={"Accept": "application/json"})
    assert (program.status_code, program.json()["code"]) == (409, "same_file")
    assert send(captain, team, again="on").status_code == 302
    assert Entry.objects.count() == 2


def test_closed_phase_is_refused_with_its_date(captain: Client, team: Team) -> None:
    phase = team.challenge.phases.get()
    phase.closes_at = timezone.now() - timezone.timedelta(hours=1)
    phase.save()
    sent = send(captain, team)
    assert sent.status_code == 403
    assert "close depuis le" in sent.text
    assert "clos depuis le" in captain.get(address(team)).text
    assert Entry.objects.count() == 0


def test_spent_quota_names_the_next_opening(captain: Client, team: Team) -> None:
    team.challenge.phases.update(max_per_day=1)
    send(captain, team)
    sent = send(captain, team, b"id,y\n1,0.6\n", headers={"Accept": "application/json"})
    assert sent.status_code == 429
    assert "next_opening" in sent.json()
    page = captain.get(address(team)).text
    assert "Prochain essai possible le" in page


def test_missing_file_is_explained_beside_the_field(captain: Client, team: Team) -> None:
    sent = captain.post(address(team), {"key": str(uuid4()), "note": ""})
    assert sent.status_code == 422
    assert "Choisissez le fichier à déposer." in sent.text
    assert "<title>Erreur" in sent.text


def test_terms_of_a_new_version_block_the_form(captain: Client, team: Team) -> None:
    team.challenge.terms.create(number=2, text="Neuf", sha256="1" * 64, created_at=timezone.now())
    assert "Règlement à accepter" in captain.get(address(team)).text
    assert send(captain, team).status_code == 403


@pytest.mark.parametrize(
    ("status", "word", "final"),
    [
        (EntryStatus.RECEIVED, "Vérification du format", False),
        (EntryStatus.QUEUED, "File d’attente", False),
        (EntryStatus.SCORING, "Évaluation", False),
        (EntryStatus.SCORED, "Score publié", True),
        (EntryStatus.FAILED, "Échec de l’évaluation", True),
        (EntryStatus.NEEDS_ATTENTION, "Examen technique", True),
        (EntryStatus.WITHDRAWN, "Retirée", True),
    ],
)
def test_live_state_is_a_fragment(
    captain: Client, team: Team, status: EntryStatus, word: str, final: bool
) -> None:
    entry = EntryFactory(enrolment=EnrolmentFactory(team=team), status=status)
    fragment = captain.get(address(team, "entry_state", entry.pk))
    assert fragment.status_code == 200
    assert "<html" not in fragment.text
    assert word in fragment.text
    assert ("data-final" in fragment.text) is final
    own = f'href="{address(team, "entry", entry.pk)}"'
    assert (own in fragment.text, "Actualiser" in fragment.text) == (True, not final)
    assert ("Voir ce qui est à corriger" in fragment.text) is (status == EntryStatus.REJECTED)
    assert ("Voir la soumission" in captain.get(address(team, "entry", entry.pk)).text) is False


def test_the_banner_of_the_receipt_is_shown_once(captain: Client, team: Team) -> None:
    receipt = send(captain, team)["Location"]
    assert "Fichier reçu" in captain.get(receipt).text
    assert "Fichier reçu" not in captain.get(receipt).text


def test_refused_file_lists_its_faults(captain: Client, team: Team) -> None:
    entry = EntryFactory(
        enrolment=EnrolmentFactory(team=team),
        rejected=True,
        verdict={
            "faults": [
                {
                    "code": "E_VALUE_TYPE",
                    "line": 1204,
                    "column": "y",
                    "value": "<b>n/a</b>",
                    "message": "La valeur n’est pas un nombre.",
                    "expected": "un nombre",
                }
            ],
            "warnings": [],
            "rows": 0,
        },
    )
    page = captain.get(address(team)).text
    assert "format refusé" in page
    assert "Cet essai ne vous est pas décompté." in page
    assert "E_VALUE_TYPE" in page
    assert "&lt;b&gt;n/a&lt;/b&gt;" in page
    sent = captain.get(address(team, "entry_faults", entry.pk))
    assert list(csv.reader(io.StringIO(sent.text)))[1] == [
        "E_VALUE_TYPE",
        "1204",
        "y",
        "<b>n/a</b>",
        "La valeur n’est pas un nombre.",
        "un nombre",
    ]


def test_a_fault_that_expects_nothing_shows_nothing_expected(captain: Client, team: Team) -> None:
    fault = {"code": "E_ID_EMPTY", "line": 3, "message": "Ligne 3 : identifiant vide."}
    EntryFactory(enrolment=EnrolmentFactory(team=team), rejected=True, verdict={"faults": [fault]})
    page = captain.get(address(team)).text
    assert '<td data-label="Attendu"></td>' in page


def test_history_gives_scores_and_the_interval_of_the_listed_one(
    captain: Client, team: Team
) -> None:
    entry = EntryFactory(enrolment=EnrolmentFactory(team=team), scored=True)
    StandingFactory(entry=entry)
    page = captain.get(address(team)).text
    assert "0,2500" in page
    assert "de 0,2000 à 0,3000" in page
    assert "Rang public" in page


def test_entry_has_its_own_interval_off_the_board(captain: Client, team: Team) -> None:
    enrolment = EnrolmentFactory(team=team)
    StandingFactory(entry=EntryFactory(enrolment=enrolment, scored=True))
    other = EntryFactory(enrolment=enrolment, status="scored")
    score(other, 0.35, interval=(0.3, 0.4))
    assert "de 0,3000 à 0,4000" in captain.get(address(team)).text
    page = captain.get(address(team, "entry", other.pk)).text
    assert "de 0,3000 à 0,4000" in page
    assert "qui représente l’équipe au classement" not in page


def test_captain_chooses_and_takes_back(captain: Client, team: Team) -> None:
    entry = EntryFactory(enrolment=EnrolmentFactory(team=team), scored=True)
    assert "Pensez à votre choix final" in captain.get(address(team)).text
    page = captain.post(address(team, "entry_choose", entry.pk), follow=True)
    assert "Pensez à votre choix final" not in page.text
    assert "Choix final enregistré." in page.text
    assert Entry.objects.get().final_choice is True
    captain.post(address(team, "entry_choose", entry.pk))
    assert Entry.objects.get().final_choice is False


def test_third_choice_is_a_conflict(captain: Client, team: Team) -> None:
    enrolment = EnrolmentFactory(team=team)
    for _ in range(2):
        EntryFactory(enrolment=enrolment, scored=True, final_choice=True)
    third = EntryFactory(enrolment=enrolment, scored=True)
    assert captain.post(address(team, "entry_choose", third.pk)).status_code == 409


def test_withdraw_asks_first(captain: Client, team: Team) -> None:
    entry = EntryFactory(enrolment=EnrolmentFactory(team=team), scored=True)
    page = captain.get(address(team, "entry_withdraw", entry.pk))
    assert "L’essai utilisé reste décompté." in page.text
    assert Entry.objects.get().status == EntryStatus.SCORED
    captain.post(address(team, "entry_withdraw", entry.pk))
    assert Entry.objects.get().status == EntryStatus.WITHDRAWN


@pytest.mark.parametrize(
    "name",
    [
        "entry",
        "entry_state",
        "entry_receipt",
        "entry_score_receipt",
        "entry_file",
        "entry_faults",
        "entry_withdraw",
    ],
)
def test_entry_of_another_team_is_hidden_like_an_unknown_one(
    captain: Client, team: Team, name: str
) -> None:
    other = EntryFactory(enrolment=EnrolmentFactory(team=TeamFactory(challenge=team.challenge)))
    foreign = captain.get(address(team, name, other.pk))
    unknown = captain.get(address(team, name, uuid4()))
    assert (foreign.status_code, unknown.status_code) == (404, 404)


def test_organiser_reads_no_entry(client: Client, team: Team) -> None:
    entry = EntryFactory(enrolment=EnrolmentFactory(team=team), scored=True)
    client.force_login(team.challenge.organisers.get().user)
    assert client.get(address(team, "entry", entry.pk)).status_code == 404
    assert client.get(address(team, "entry_file", entry.pk)).status_code == 404


def test_team_takes_its_file_receipt_and_history(captain: Client, team: Team) -> None:
    send(captain, team, note="=1+1")
    entry = Entry.objects.get()
    sent = captain.get(address(team, "entry_file", entry.pk))
    assert b"".join(sent.streaming_content) == FILE
    assert sent["Content-Disposition"] == 'attachment; filename="reponse.csv"'
    assert captain.get(address(team, "entry_receipt", entry.pk)).text == entry.receipt
    rows = list(csv.DictReader(io.StringIO(captain.get(address(team, "entries_csv")).text)))
    assert [(row["numero"], row["note"], row["sha256"]) for row in rows] == [
        ("1", "'=1+1", entry.sha256)
    ]


def test_score_receipts_are_listed_and_sent(captain: Client, team: Team) -> None:
    entry = EntryFactory(enrolment=EnrolmentFactory(team=team), scored=True)
    assert captain.get(address(team, "entry_score_receipt", entry.pk)).status_code == 404
    assert "Récépissés de score" not in captain.get(address(team, "entry", entry.pk)).text
    first = ScoreReceiptFactory(entry=entry)
    second = ScoreReceiptFactory(entry=entry, replaces=first)
    sent = captain.get(address(team, "entry_score_receipt", entry.pk))
    assert sent.text == second.text
    name = f"{team.challenge.slug}-1-score-2.json"
    assert sent["Content-Disposition"] == f'attachment; filename="{name}"'
    former = reverse(
        "challenges:entry_score_receipt_nth", args=[team.challenge.slug, entry.pk, first.serial]
    )
    assert captain.get(former).text == first.text
    assert captain.get(former.replace("-1.json", "-3.json")).status_code == 404
    assert captain.get(former.replace("-1.json", f"-{10**30}.json")).status_code == 404
    page = captain.get(address(team, "entry", entry.pk)).text
    assert page.count("En vigueur") == page.count("Remplacé") == 1
    assert former in page


def test_score_receipts_of_another_task_have_their_own_number(captain: Client, team: Team) -> None:
    entry = EntryFactory(enrolment=EnrolmentFactory(team=team), scored=True)
    receipts = [ScoreReceiptFactory(entry=entry, task=task) for task in (0, 1)]
    page = captain.get(address(team, "entry", entry.pk)).text
    assert page.count("En vigueur") == 2
    sent = captain.get(address(team, "entry_score_receipt", entry.pk) + "?epreuve=1")
    assert sent.text == receipts[1].text
    absurd = address(team, "entry_score_receipt", entry.pk) + f"?epreuve={'9' * 5000}"
    assert captain.get(absurd).status_code == 404


@pytest.mark.parametrize("count", [1, 3])
def test_an_entry_costs_the_same_with_one_and_three_receipts(
    captain: Client, team: Team, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    entry = EntryFactory(enrolment=EnrolmentFactory(team=team), scored=True)
    last = None
    for _ in range(count):
        last = ScoreReceiptFactory(entry=entry, replaces=last)
    with django_assert_num_queries(clocked(22)):
        captain.get(address(team, "entry", entry.pk))


@pytest.mark.parametrize("count", [1, 3])
def test_history_costs_the_same_for_one_and_three(
    captain: Client, team: Team, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    enrolment = EnrolmentFactory(team=team)
    for _ in range(count):
        EntryFactory(enrolment=enrolment, scored=True)
    with django_assert_num_queries(clocked(25)):
        captain.get(address(team))


@pytest.mark.slow
def test_check_only_uses_no_attempt_and_keeps_nothing(captain: Client, team: Team) -> None:
    compile_keys(team.challenge, ["1", "2"])
    good = send(captain, team, b"id,y\n1,0.5\n2,0.5\n", check_only="on")
    assert good.status_code == 200
    assert "Format correct" in good.text
    bad = send(captain, team, b"id,y\n1,abc\n2,0.5\n", check_only="on")
    assert bad.status_code == 422
    assert "E_VALUE_TYPE" in bad.text
    assert "<title>Erreur : Nos soumissions" in bad.text
    assert "aucun essai n’a été utilisé" in bad.text
    assert Entry.objects.count() == 0


def test_check_waits_for_the_preparation(captain: Client, team: Team) -> None:
    assert send(captain, team, check_only="on").status_code == 503


def test_checks_are_counted_by_the_hour(captain: Client, team: Team, settings: Any) -> None:
    settings.CHECKS_PER_HOUR = 0
    sent = send(captain, team, check_only="on", headers={"Accept": "application/json"})
    assert (sent.status_code, sent.json()["code"]) == (429, "checks_reached")


def test_the_count_of_checks_starts_again_each_hour(
    captain: Client, team: Team, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CHECKS_PER_HOUR = 2
    late = clock.now().replace(minute=59, second=59)
    codes = []
    for at in (late, late, late, late + timedelta(seconds=1)):
        monkeypatch.setattr(clock, "now", lambda at=at: at)
        codes.append(send(captain, team, check_only="on").status_code)
    assert codes == [503, 503, 429, 503]
    other = TeamFactory(challenge=team.challenge)
    assert Team.objects.get(pk=other.pk).checks_used == 0


def test_questions_of_the_organiser_are_asked(captain: Client, team: Team) -> None:
    team.challenge.fact_sheet = [{"key": "methode", "label": "Méthode"}]
    team.challenge.save()
    assert "Méthode" in captain.get(address(team)).text
    refused = send(captain, team)
    assert refused.status_code == 422
    assert "L’organisateur demande cette réponse." in refused.text
    send(captain, team, fact_methode="Forêt aléatoire")
    assert Entry.objects.get().fact_sheet == {"methode": "Forêt aléatoire"}


def test_empty_file_is_explained_beside_the_field(captain: Client, team: Team) -> None:
    sent = send(captain, team, b"")
    assert sent.status_code == 422
    assert "Ce fichier est vide." in sent.text


def test_each_of_the_open_phases_is_entered_and_checked(captain: Client, team: Team) -> None:
    assert "?phase=1" not in captain.get(address(team)).text
    second = PhaseFactory(challenge=team.challenge, index=1, name="En parallèle", opened=True)
    for page in (captain.get(address(team)), captain.get(f"{address(team)}?phase=1")):
        assert 'href="?phase=0"' in page.text or 'href="?phase=1"' in page.text
        assert "En parallèle" in page.text
    there = f"{address(team)}?phase=1"
    assert f'action="{there}"' in captain.get(there).text
    body = {"key": "a", "file": SimpleUploadedFile("reponse.csv", FILE), "note": ""}
    assert captain.post(there, body).status_code == 302
    assert Entry.objects.get().enrolment.phase == second
    for wrong in ("9", "x", "-1", "1 "):
        assert captain.get(address(team), {"phase": wrong}).status_code == 404
        sent = {"key": "b", "file": SimpleUploadedFile("reponse.csv", FILE)}
        assert captain.post(f"{address(team)}?phase={wrong}", sent).status_code == 404
