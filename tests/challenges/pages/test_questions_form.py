"""Questions about the method, asked by form, answered with an entry, shown on the board."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from challenges.entries.actions import choices, deposits
from challenges.enums import ChallengeStatus
from challenges.invariants import stale_boards
from challenges.models import Challenge, Column, Entry
from challenges.organising.actions import leaderboards
from challenges.organising.forms.challenges import QuestionsForm
from challenges.worker import drain
from portal.lib.refusals import Invalid
from tests.challenges import world
from tests.factories.accounts import UserFactory
from tests.factories.challenges import captain_of

pytestmark = pytest.mark.django_db
QUESTIONS: dict[str, Any] = {
    "label_0": "Outil employé",
    "type_0": "select",
    "options_0": "R\nPython\n",
    "required_0": "on",
    "on_leaderboard_0": "on",
    "label_1": "Données extérieures ?",
    "type_1": "boolean",
    "on_leaderboard_1": "on",
    "label_3": "Limites",
    "type_3": "text",
}
ANSWERS = {"outil-employe": "R", "donnees-exterieures": "true", "limites": "Peu de lignes."}


@pytest.fixture
def challenge(client: Client, tmp_path: Path) -> Challenge:
    """Return a draft, and sign its owner in."""
    by = world.owner()
    client.force_login(by)
    return world.imported(tmp_path, by)


def at(challenge: Challenge, route: str) -> str:
    """Return the address of a page."""
    return reverse(f"challenges:{route}", args=[challenge.slug])


def asked(client: Client, challenge: Challenge, **changes: Any) -> Any:
    """Send the questions."""
    return client.post(at(challenge, "write_questions"), QUESTIONS | changes)


def opened(challenge: Challenge) -> Entry:
    """Publish the challenge and enter a file with its fact sheet."""
    by = world.owner_of(challenge)
    challenge.refresh_from_db()
    made = world.challenges.submit(challenge=challenge, by=by)
    world.challenges.publish(challenge=made, by=UserFactory(region="moderator"))
    assert drain()
    entry = world.entered(made, fact_sheet=ANSWERS)
    assert drain()
    return entry


def test_answers_stand_on_the_board_its_files_and_the_api(
    client: Client, challenge: Challenge
) -> None:
    assert asked(client, challenge).status_code == 302
    assert list(
        Column.objects.filter(kind="fact").order_by("index").values_list("key", "operands")
    ) == [
        ("fiche.outil-employe", ["outil-employe"]),
        ("fiche.donnees-exterieures", ["donnees-exterieures"]),
    ]
    form = client.get(at(challenge, "write_questions")).context["form"]
    assert form["options_0"].value() == "R\nPython"
    entry = opened(challenge)
    visitor = Client()
    page = visitor.get(at(challenge, "standings")).text
    assert all(each in page for each in ("Outil employé", ">R", "Oui"))
    assert "Limites" not in page
    csv = visitor.get(at(challenge, "standings_csv")).text
    assert "fiche.outil-employe,fiche.donnees-exterieures" in csv
    document = visitor.get(at(challenge, "standings_json")).json()
    assert document["rows"][0]["metrics"]["fiche.outil-employe"] == {"text": "R"}
    board = challenge.leaderboards.get()
    api = visitor.get(f"/api/v1/challenges/niveau/leaderboards/{board.key}").json()
    assert api["rows"][0]["metrics"]["fiche.donnees-exterieures"] == {"text": "true"}
    by = captain_of(entry.enrolment.team)
    changed = ANSWERS | {"outil-employe": "Python"}
    choices.describe(entry=entry, fact_sheet=changed, note="", by=by)
    assert drain()
    assert list(stale_boards()) == []
    assert "Python" in visitor.get(at(challenge, "standings_csv")).text


def test_a_required_answer_is_asked_before_any_attempt_is_used(
    client: Client, challenge: Challenge
) -> None:
    asked(client, challenge)
    entry = opened(challenge)
    with pytest.raises(Invalid):
        deposits.enter(
            phase=entry.enrolment.phase,
            team=entry.enrolment.team,
            content=world.answer(0.9),
            original_name="a.csv",
            idempotency_key="b",
            fact_sheet=ANSWERS | {"outil-employe": "Excel"},
            by=captain_of(entry.enrolment.team),
        )
    assert client.post(at(challenge, "write_questions"), QUESTIONS).status_code == 409
    assert "Outil employé" in client.get(at(challenge, "write_questions")).text


def test_under_pseudonyms_answers_wait_for_the_results(
    client: Client, challenge: Challenge
) -> None:
    asked(client, challenge)
    by = world.owner_of(challenge)
    leaderboards.mask(challenge=challenge, anonymous=True, by=by)
    opened(challenge)
    visitor = Client()
    for route in ("standings", "standings_csv", "standings_json"):
        seen = visitor.get(at(challenge, route)).text
        assert not any(each in seen for each in (">R<", ",R,", '"R"'))
    assert ",,\r\n" in visitor.get(at(challenge, "standings_csv")).text


def test_a_question_that_goes_takes_its_column_and_a_wrong_one_is_refused(
    client: Client, challenge: Challenge
) -> None:
    wrong = asked(client, challenge, options_0="R")
    assert (wrong.status_code, "Deux choix au moins" in wrong.text) == (422, True)
    asked(client, challenge)
    asked(client, challenge, label_0="", label_3="")
    challenge.refresh_from_db()
    assert [each["key"] for each in challenge.fact_sheet] == ["donnees-exterieures"]
    assert [each.key for each in Column.objects.filter(kind="fact")] == [
        "fiche.donnees-exterieures"
    ]
    assert client.post(at(challenge, "write_questions"), {}).status_code == 302
    assert not Column.objects.filter(kind="fact").exists()
    assert challenge.status == ChallengeStatus.DRAFT


def test_no_question_or_choice_of_an_import_is_lost_by_the_form() -> None:
    long = "Un choix " + "long " * 40
    stored = [
        {"key": f"q{at}", "label": f"Question {at}", "type": "select", "options": ["Oui", long]}
        for at in range(12)
    ]
    shown = QuestionsForm(stored=stored)
    data = {bound.html_name: bound.initial for each in shown.slots for bound in each["fields"]}
    form = QuestionsForm({key: value for key, value in data.items() if value}, stored=stored)

    assert form.is_valid(), form.errors
    assert [(each["key"], each["options"]) for each in form.questions] == [
        (each["key"], ["Oui", long.strip()]) for each in stored
    ]
