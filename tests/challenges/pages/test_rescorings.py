"""The pages of a change of scoring: proposed, tried, decided by a second person."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from challenges.enums import RescoringState
from challenges.models import Challenge, Entry, Job, PhaseTask, Rescoring
from challenges.organising.views.words import TITLES
from challenges.rescoring import actions as rescorings
from challenges.rescoring.forms import MeasuresForm, form_for
from challenges.worker import drain
from datasets.actions import holdouts
from portal.accounts.models import User
from tests.challenges.pages.scenes import compile_keys, with_contract
from tests.challenges.pages.test_organiser import signed_in
from tests.challenges.test_rescorings import corrected, tried
from tests.challenges.world import CANARY, opened, owner_of, scored
from tests.factories.accounts import UserFactory, bearer
from tests.factories.challenges import ChallengeFactory, captain_of, rescoring_of

pytestmark = pytest.mark.django_db


def at(challenge: Challenge, name: str, *ids: object) -> str:
    return reverse(f"challenges:{name}", args=[challenge.slug, *ids])


@pytest.fixture
def world(tmp_path: Any) -> Challenge:
    return scored(tmp_path, 0.9, 0.5)


def csv(content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("reponses.csv", content, content_type="text/csv")


def in_force(challenge: Challenge) -> dict[str, Any]:
    """Return what the form of a phase shows of its figures, as a browser sends it back."""
    form = form_for(list(PhaseTask.objects.filter(current=True)), titles=TITLES)
    assert isinstance(form, MeasuresForm)
    shown = {name: form[name].value() for name in form.fields}
    return {name: value for name, value in shown.items() if value not in (None, False)}


def test_a_measure_is_changed_by_form_and_the_rest_of_it_stays(world: Challenge) -> None:
    task = PhaseTask.objects.get(current=True)
    former = task.scorer_version.spec["metrics"]
    organiser = signed_in(owner_of(world))
    page = organiser.get(at(world, "rescorings")).text
    assert 'name="metric_0"' in page
    assert "challenge.yaml" not in page
    said = in_force(world) | {"reason": "Trois décimales", "decimals_0": "3", "label_0": "Part"}
    assert organiser.post(at(world, "rescoring_propose", 0), said).status_code == 302
    figures = Rescoring.objects.get().task.scorer_version.spec["metrics"]
    assert figures == [former[0] | {"decimals": 3, "label": "Part"}, *former[1:]]


@pytest.mark.slow
def test_organiser_proposes_tries_and_the_region_accepts(world: Challenge) -> None:
    organiser = signed_in(owner_of(world))
    page = organiser.get(at(world, "rescorings")).text
    assert "exactitude" in page
    assert "Proposer un changement" in page
    sent = organiser.post(
        at(world, "rescoring_propose", 0),
        in_force(world) | {"reason": "Des réponses fausses", "truth": csv(corrected())},
    )
    assert (sent.status_code, sent["Location"]) == (302, at(world, "rescorings"))
    assert "en cours de lecture" in organiser.get(at(world, "rescorings")).text
    assert drain()
    change = Rescoring.objects.get()
    assert organiser.post(at(world, "rescoring_start", change.public_id)).status_code == 302
    assert drain()
    change.refresh_from_db()
    shown = organiser.get(at(world, "rescorings")).text
    assert "change de rang" in shown or "changent de rang" in shown
    assert CANARY not in shown
    assert "Enregistrer la décision" not in shown
    region = signed_in(UserFactory(region="administrator"))
    assert "Enregistrer la décision" in region.get(at(world, "rescorings")).text
    said = {"digest": change.facts["digest"], "decision": "accept", "sure": "on"}
    assert region.post(at(world, "rescoring_decide", change.public_id), said).status_code == 302
    assert drain()
    change.refresh_from_db()
    assert change.state == RescoringState.IN_FORCE
    entry = Entry.objects.filter(is_baseline=False)[0]
    captain = Client()
    captain.force_login(captain_of(entry.enrolment.team))
    own = captain.get(at(world, "entry", entry.pk)).text
    assert "Notations précédentes" in own
    assert "Des réponses fausses" in own


@pytest.mark.slow
@pytest.mark.parametrize(
    ("given", "status", "said"),
    [
        ({"reason": ""}, 422, "Dites pourquoi la notation change"),
        ({}, 422, "Rien ne change"),
        ({"metric_0": ""}, 422, "c’est elle qui classe"),
        ({"metric_0": "inconnue"}, 422, "Sélectionnez un choix valide"),
        ({"metric_0": "f1", "params_0": "beta"}, 422, "plusieurs séparés par un point-virgule"),
        ({"metric_0": "f1", "params_0": "betta = 2"}, 422, "paramètre inconnu"),
        ({"truth": b"id;niveau\n1;2\n"}, 422, "E_COLUMN_MISSING"),
    ],
)
def test_what_cannot_be_proposed_is_said_beside_its_field(
    world: Challenge, given: dict[str, Any], status: int, said: str
) -> None:
    organiser = signed_in(owner_of(world))
    body = in_force(world) | {"reason": "x"} | given
    body |= {"truth": csv(given["truth"])} if "truth" in given else {}
    answer = organiser.post(at(world, "rescoring_propose", 0), body)
    assert answer.status_code == status
    assert said in answer.text
    assert Rescoring.objects.count() == 0


@pytest.mark.slow
def test_a_decision_on_what_has_moved_is_asked_again(world: Challenge) -> None:
    change = tried(world, truth=corrected())
    region = signed_in(UserFactory(region="administrator"))
    address = at(world, "rescoring_decide", change.public_id)
    stale = {"digest": "0" * 64, "decision": "accept", "sure": "on"}
    answer = region.post(address, stale)
    assert answer.status_code == 409
    assert "La comparaison a changé" in answer.text
    bare = region.post(address, {"digest": "0", "decision": "refuse", "sure": "on"})
    assert bare.status_code == 422
    assert "Dites pourquoi vous refusez" in bare.text
    rescorings.refuse(rescoring=change, note="Non.", by=UserFactory(region="moderator"))
    late = region.post(address, stale | {"digest": change.facts["digest"]})
    assert late.status_code == 409


def test_corrected_answers_are_those_of_the_task_that_was_chosen(tmp_path: Path) -> None:
    challenge = opened(tmp_path)
    by, first = owner_of(challenge), PhaseTask.objects.get(current=True)
    other = holdouts.correct(version=first.holdout, files={"truth.csv": corrected()}, by=by)
    second = PhaseTask.objects.create(
        phase=first.phase,
        index=1,
        name="Second avis",
        scorer_version=first.scorer_version,
        holdout=other,
    )
    organiser = signed_in(by)
    page = organiser.get(at(challenge, "rescorings")).text
    assert ('name="metrics"' in page, '<option value="1">Second avis' in page) == (False, True)
    truth = (tmp_path / "niveau" / "truth.csv").read_bytes()
    path = f"/api/v1/challenges/{challenge.slug}/phases/0/rescorings"
    others = {"reason": "x", "task": "1", "metrics": "- {key: mae, metric: mae, direction: min}"}
    refused = Client().post(path, others, headers=bearer(by))
    assert (refused.status_code, refused.json()["code"]) == (422, "metrics_shared")
    for send in (
        lambda said: organiser.post(at(challenge, "rescoring_propose", 0), said),
        lambda said: Client().post(path, said, headers=bearer(by)),
    ):
        sent = send({"reason": "Des réponses fausses", "task": "1", "truth": csv(truth)})
        assert sent.status_code in {201, 302}
        change = Rescoring.objects.order_by("-pk")[0]
        assert (change.former, change.task.index, change.task.name) == (second, 1, "Second avis")
        rescorings.withdraw(rescoring=change, by=by)


def test_the_page_is_hidden_and_the_decision_asks_for_a_proof(client: Client) -> None:
    owner: User = UserFactory()
    challenge = ChallengeFactory(opened=True, owner=owner)
    with_contract(challenge)
    compile_keys(challenge, ["1"])
    change = rescoring_of(challenge.phases.get(), owner)
    assert client.get(at(challenge, "rescorings")).status_code == 302
    client.force_login(UserFactory())
    assert client.get(at(challenge, "rescorings")).status_code == 404
    client.force_login(UserFactory(region="administrator"))
    asked = client.post(at(challenge, "rescoring_decide", change.public_id), {})
    assert asked.status_code == 302
    assert "reauthenticate" in asked["Location"] or "/compte/" in asked["Location"]
    organiser = signed_in(owner)
    assert organiser.post(at(challenge, "rescoring_decide", change.public_id)).status_code == 403
    assert organiser.post(at(challenge, "rescoring_withdraw", change.public_id)).status_code == 302
    assert Rescoring.objects.get().state == RescoringState.WITHDRAWN


@pytest.mark.parametrize("count", [1, 3])
def test_query_count(count: int, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    owner: User = UserFactory()
    challenge = ChallengeFactory(opened=True, owner=owner)
    with_contract(challenge)
    compile_keys(challenge, ["1"])
    for _each in range(count):
        change = rescoring_of(challenge.phases.get(), owner)
        rescorings.withdraw(rescoring=change, by=owner)
    browser = signed_in(owner)
    browser.get(at(challenge, "rescorings"))
    with django_assert_num_queries(14):
        browser.get(at(challenge, "rescorings"))


@pytest.mark.slow
def test_a_dead_exchange_is_told_and_the_region_relaunches_it(world: Challenge) -> None:
    change = tried(world, truth=corrected())
    digest = change.facts["digest"]
    rescorings.accept(rescoring=change, digest=digest, by=UserFactory(region="moderator"))
    other = signed_in(UserFactory(region="administrator"))
    assert "Relancer la mise en vigueur" not in other.get(at(world, "rescorings")).text
    Job.objects.filter(kind="swap").update(state="dead", error_code="lease_lost")
    seen = signed_in(owner_of(world)).get(at(world, "rescorings")).text
    assert "La mise en vigueur a échoué" in seen
    assert "Relancer la mise en vigueur" not in seen
    assert "Relancer la mise en vigueur" in other.get(at(world, "rescorings")).text
    said = {"digest": digest, "decision": "accept", "sure": "on"}
    assert other.post(at(world, "rescoring_decide", change.public_id), said).status_code == 302
    assert drain()
    assert Rescoring.objects.get().state == RescoringState.IN_FORCE
