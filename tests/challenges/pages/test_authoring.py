"""The pages on which an organiser writes a challenge, without any folder."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from challenges.models import Challenge, ChallengeDraft, Phase
from challenges.organising.forms import scorings as scoring_forms
from challenges.organising.forms.challenges import TASKS
from challenges.worker import drain
from portal.accounts.models import User
from tests.challenges import world
from tests.challenges.test_authoring import SAMPLE, TEST, TRUTH
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.challenges import ChallengeFactory, PhaseFactory

pytestmark = pytest.mark.django_db

SCORING: dict[str, Any] = {
    "id": "id",
    "target": "niveau",
    "type": "integer",
    "minimum": "1",
    "maximum": "3",
    "split": "jeu",
    "public": "public",
    "private": "private",
    "primary": "0",
    **{f"decimals_{at}": "4" for at in range(6)},
    "metric_0": "accuracy",
    "metric_1": "mae",
    "hidden_1": "on",
    "metric_2": "formula",
    "key_2": "mixte",
    "label_2": "Mixte",
    "direction_2": "max",
    "params_2": "formula = accuracy - mae / 10",
}


def at(route: str, *args: Any) -> str:
    """Return the address of a page of the challenge written here."""
    return reverse(f"challenges:{route}", args=["estimer-un-niveau", *args])


def begin(client: Client, by: User) -> Challenge:
    """Create the challenge by its form."""
    sent = {
        "organisation": by.memberships.get().organisation_id,
        "title": "Estimer un niveau",
        "summary": "Un exemple.",
        "task": "ordinal",
    }
    assert client.post(reverse("challenges:create"), sent).headers["Location"] == at("write_texts")
    return Challenge.objects.get()


def send(client: Client, role: str, name: str, content: str) -> Any:
    """Send a file by its form."""
    file = SimpleUploadedFile(name, content.encode())
    return client.post(at("write_files"), {"role": role, "file": file})


def test_a_challenge_is_written_by_form_from_its_title_to_its_phase(
    client: Client, by: User
) -> None:
    begin(client, by)
    assert client.get(at("write_scoring")).text.count("Déposez d’abord") == 1
    assert "# Règlement type des challenges" in client.get(at("write_terms")).text
    for role, name, content in (
        ("test", "test.csv", TEST),
        ("sample_submission", "sample.csv", SAMPLE),
        ("truth", "truth.csv", TRUTH),
    ):
        assert send(client, role, name, content).status_code == 302
    files = client.get(at("write_files")).text
    assert "id, niveau, jeu, temoin" in files
    assert "Exemple de soumission, public" in files.split("<tbody>")[1]
    assert world.CANARY not in files
    assert client.post(at("write_scoring"), SCORING).headers["Location"] == at("organiser")
    assert "Le contrôle est en cours" in client.get(at("organiser")).text
    assert drain()
    text = client.get(at("organiser")).text
    assert "la phase, la notation et le classement sont prêts" in text
    phase = Phase.objects.get()
    assert [each.key for each in phase.leaderboards.get().columns.all()] == [
        "accuracy",
        "mae",
        "mixte",
    ]
    assert 'value="formula = accuracy - mae / 10"' in client.get(at("write_scoring")).text
    more = client.post(at("write_phases"), {"name": "Finale", "kind": "final"})
    assert more.status_code == 302
    listed = client.get(at("write_phases")).text
    assert "Finale" in listed
    assert "Dates à annoncer" in listed
    assert "les phases se suivent.</b>" not in listed
    assert client.post(at("remove_phase", 1)).status_code == 302
    assert Phase.objects.count() == 1


def test_what_was_typed_wrong_is_said_beside_its_field(client: Client, by: User) -> None:
    challenge = begin(client, by)
    again = client.post(
        reverse("challenges:create"),
        {
            "organisation": challenge.organiser_id,
            "title": "Estimer un niveau",
            "summary": "A",
            "task": "ordinal",
        },
    )
    assert again.status_code == 422
    assert "Cette adresse est déjà prise." in again.text
    wrong = [
        (send(client, "truth", "truth.csv", ""), "Ce fichier est vide."),
        (client.post(at("write_terms"), {"text": ""}), "Écrivez le règlement."),
        (
            client.post(
                at("write_participation"),
                {
                    "registration": "open",
                    "allowed_domains": "pas un domaine",
                    "team_min": "3",
                    "team_max": "2",
                },
            ),
            "n’est pas un nom de domaine.",
        ),
        (client.post(at("write_texts"), {"title": ""}), "Donnez un titre au challenge."),
    ]
    assert [(page.status_code, said in page.text) for page, said in wrong] == [(422, True)] * 4
    for role, name, content in (
        ("sample_submission", "sample.csv", SAMPLE),
        ("truth", "truth.csv", TRUTH),
    ):
        send(client, role, name, content)
    scoring = client.post(
        at("write_scoring"), SCORING | {"target": "id", "primary": "5", "params_2": "formula"}
    )
    assert scoring.status_code == 422
    for said in (
        "L’identifiant n’est pas la colonne à prédire.",
        "Choisissez une mesure à cette place",
        "nom = valeur",
    ):
        assert said in scoring.text
    assert not ChallengeDraft.objects.filter(number__gt=0).exists()


def test_texts_rules_and_pages_are_public_once_the_challenge_is(client: Client, by: User) -> None:
    ChallengeFactory(opened=True, owner=by, slug="estimer-un-niveau")
    texts = {"title": "Autre titre", "summary": "Autre", "body_md": "**Gras**", "tags": "a, b"}
    texts["language"] = "en"
    assert client.post(at("write_texts"), texts).status_code == 302
    assert client.post(at("write_pages"), {"title": "Jury", "body_md": "Trois"}).status_code == 302
    assert client.post(at("write_page", 0), {"title": "Jury", "body_md": "Cinq"}).status_code == 302
    public = client.get(at("presentation")).text
    assert "<strong>Gras</strong>" in public
    assert 'lang="en"' in public
    assert Challenge.objects.get().bundle["language"] == "en"
    assert "Cinq" in public
    assert client.post(at("remove_page", 0)).status_code == 302
    assert client.post(at("remove_page", 0)).status_code == 409
    quotas = client.get(at("write_phase", 0)).text
    assert "les quotas ne peuvent qu’augmenter" in quotas
    assert client.post(at("write_phase", 0), {"max_per_day": "1"}).status_code == 409
    assert client.post(at("write_phase", 0), {"max_per_day": "9"}).status_code == 302
    assert client.post(at("build")).status_code == 409


def test_who_writes_for_no_organisation_creates_nothing(client: Client) -> None:
    for person in (UserFactory(), MembershipFactory(role="contributor").user):
        client.force_login(person)
        assert client.get(reverse("challenges:create")).status_code == 403
        assert "Nouveau challenge" not in client.get(reverse("challenges:organiser_list")).text


@pytest.mark.parametrize("phases", [1, 3])
def test_pages_cost_the_same_whatever_they_show(
    client: Client, by: User, phases: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    challenge = ChallengeFactory(owner=by, slug="estimer-un-niveau")
    for index in range(phases):
        PhaseFactory(challenge=challenge, index=index)
        challenge.pages.create(index=index, title=f"P{index}", body_md="", body_html="")
    for route, queries in (("write_phases", 10), ("write_pages", 8), ("write_files", 8)):
        with django_assert_num_queries(queries):
            assert client.get(at(route)).status_code == 200


def test_the_measure_proposed_is_the_usual_one_of_the_task() -> None:
    for task, (kind, metric) in scoring_forms.USUAL.items():
        assert (kind in scoring_forms.TYPES, metric in scoring_forms.MENU, task in TASKS) == (
            True,
        ) * 3
        given: dict[str, Any] = {"document": {"task": task}, "given": ["id", "y"]}
        form = scoring_forms.ScoringForm(**given, held=["id", "y", "jeu"], titles={})
        assert (form["type"].value(), form["metric_0"].value()) == (kind, metric)
