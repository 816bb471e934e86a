"""The organiser's form of the reinforced confidentiality: in the draft, once, refused by name."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from challenges.actions import blurs, challenges
from challenges.models import Challenge, Entry, Phase, PhaseTask, Score, ScorerVersion
from challenges.worker import drain, vault
from portal.audit.models import AuditEvent
from portal.lib.refusals import Conflict, Invalid, NotAllowed
from tests.challenges.test_privacy import private
from tests.challenges.world import imported, owner_of
from tests.factories.accounts import UserFactory
from tests.factories.challenges import PhaseFactory

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def draft(tmp_path: Path) -> Challenge:
    """Return a draft of one figure, its reference scored exactly."""
    made = imported(tmp_path, **private() | {"leaderboard": {}})
    assert drain()
    return made


def facts() -> list[Any]:
    """Return all that a refusal leaves as it is."""
    return [
        list(model.objects.order_by("pk").values())
        for model in (Phase, PhaseTask, ScorerVersion, Challenge, Entry, Score, AuditEvent)
    ]


def phase_of(challenge: Challenge) -> Phase:
    return challenge.phases.get()


def test_a_draft_is_blurred_and_its_reference_scored_again(draft: Challenge) -> None:
    exact = Score.objects.get()
    before = draft.version
    phase = blurs.set_epsilon(phase=phase_of(draft), epsilon=0.5, by=owner_of(draft))
    assert phase.privacy_epsilon == 0.5
    task = PhaseTask.objects.select_related("scorer_version").get(current=True)
    assert task.scorer_version.number == 2
    assert task.scorer_version.spec["privacy"] == {"epsilon": 0.5}
    assert vault.contract_of(task).epsilon == 0.5
    assert Challenge.objects.get().version == before + 1
    event = AuditEvent.objects.order_by("-seq")[0]
    assert event.action == "phase.blurred"
    assert json.loads(event.body.body)["facts"] == {"epsilon": 0.5}
    assert drain()
    blurred = Score.objects.exclude(pk=exact.pk).get()
    drawn = vault.unseal(blurred.evaluation_id)["blurred"]["exactitude"]
    assert blurred.value == round(drawn, 4) != exact.value


def test_the_same_number_twice_changes_nothing(draft: Challenge) -> None:
    by = owner_of(draft)
    blurs.set_epsilon(phase=phase_of(draft), epsilon=0.5, by=by)
    before = facts()
    blurs.set_epsilon(phase=phase_of(draft), epsilon=0.5, by=by)
    assert facts() == before


def test_exact_scores_again_are_those_of_the_first_version(draft: Challenge) -> None:
    by = owner_of(draft)
    first = PhaseTask.objects.get().scorer_version_id
    blurs.set_epsilon(phase=phase_of(draft), epsilon=0.5, by=by)
    assert drain()
    blurs.set_epsilon(phase=phase_of(draft), epsilon=None, by=by)
    assert PhaseTask.objects.get(current=True).scorer_version_id == first
    assert phase_of(draft).privacy_epsilon is None


@pytest.mark.parametrize(
    ("epsilon", "changes", "code"),
    [
        (0.0, {}, "privacy_range"),
        (10.5, {}, "privacy_range"),
        (0.5, {"ladder": "free"}, "privacy_ladder"),
        (0.5, {"leak_facts": {"units": 29, "columns": []}}, "privacy_sensitivity"),
    ],
)
def test_what_cannot_be_is_refused(
    draft: Challenge, epsilon: float, changes: dict[str, Any], code: str
) -> None:
    Phase.objects.update(**changes)
    before = facts()
    with pytest.raises(Invalid) as refusal:
        blurs.set_epsilon(phase=phase_of(draft), epsilon=epsilon, by=owner_of(draft))
    assert refusal.value.code == code
    assert facts() == before


def test_a_figure_without_a_declared_sensitivity_is_refused(tmp_path: Path) -> None:
    draft = imported(tmp_path)
    with pytest.raises(Invalid) as refusal:
        blurs.set_epsilon(phase=phase_of(draft), epsilon=0.5, by=owner_of(draft))
    assert refusal.value.code == "privacy_sensitivity"
    assert "« mae » n’a pas de sensibilité déclarée" in str(refusal.value)


def test_nobody_else_and_not_once_it_is_read(draft: Challenge) -> None:
    by = owner_of(draft)
    for person in (UserFactory(), UserFactory(region="moderator")):
        with pytest.raises(NotAllowed):
            blurs.set_epsilon(phase=phase_of(draft), epsilon=0.5, by=person)
    challenges.submit(challenge=draft, by=by)
    before = facts()
    with pytest.raises(Conflict) as refusal:
        blurs.set_epsilon(phase=phase_of(draft), epsilon=0.5, by=by)
    assert refusal.value.code == "privacy_frozen"
    assert facts() == before


def test_a_challenge_without_metrics_says_so() -> None:
    draft = PhaseFactory().challenge
    owner = draft.organisers.get(role="owner").user
    with pytest.raises(Conflict) as refusal:
        blurs.set_epsilon(phase=phase_of(draft), epsilon=0.5, by=owner)
    assert refusal.value.code == "privacy_no_metrics"


def test_the_form_takes_a_comma_and_says_what_is_wrong(draft: Challenge, client: Client) -> None:
    client.force_login(owner_of(draft))
    url = reverse("challenges:organiser_privacy", args=[draft.slug, 0])
    cockpit = reverse("challenges:organiser", args=[draft.slug])
    assert "ε dépensé par soumission" in client.get(cockpit).text
    for typed, said in (("beaucoup", "Écrivez un nombre"), ("11", "d’au plus 10")):
        sent = client.post(url, {"epsilon": typed})
        assert sent.status_code == 422
        assert said in sent.text.replace("\N{NO-BREAK SPACE}", " ")
    assert client.post(url, {"epsilon": "0,25"}).status_code == 302
    assert phase_of(draft).privacy_epsilon == 0.25
    assert client.post(url, {"epsilon": ""}).status_code == 302
    assert phase_of(draft).privacy_epsilon is None
