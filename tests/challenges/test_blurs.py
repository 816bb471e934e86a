"""The organiser's form of the reinforced confidentiality: in the draft, once, refused by name."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from challenges.actions import authoring, blurs, challenges, phase_scorings, phases
from challenges.enums import PhaseKind
from challenges.models import (
    Challenge,
    ChallengeDraft,
    Entry,
    Phase,
    PhaseTask,
    Score,
    ScorerVersion,
)
from challenges.worker import drain, vault
from portal.audit.models import AuditEvent
from portal.lib.refusals import Conflict, Invalid, NotAllowed
from tests.challenges import kept
from tests.challenges.test_authoring import (
    METRICS,
    SUBMISSION,
    TRUTH,
    TRUTH_KEYS,
    deposit,
    filled,
    measured,
)
from tests.challenges.test_privacy import private
from tests.challenges.world import imported, owner, owner_of
from tests.factories.accounts import UserFactory
from tests.factories.challenges import PhaseFactory

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def draft(tmp_path: Path) -> Challenge:
    """Return a draft of one figure, its reference scored exactly."""

    def make() -> int:
        made = imported(tmp_path, **private() | {"leaderboard": {}})
        assert drain()
        return made.pk

    return Challenge.objects.get(pk=kept.world("a draft of one figure", make))


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


@pytest.fixture
def final() -> Phase:
    """Return the second phase of a draft of one figure, written by form and checked."""
    by = owner()
    challenge = measured(filled(by), by, METRICS[:1])
    checked(challenge)
    return phases.add(challenge=challenge, name="Finale", kind=PhaseKind.FINAL, by=by)


def checked(challenge: Challenge) -> list[tuple[str, str]]:
    """Have a draft checked; return the code and the sentence of each fault."""
    challenge.refresh_from_db()
    authoring.ask_build(challenge=challenge, by=owner_of(challenge))
    assert drain()
    errors = ChallengeDraft.objects.get().errors
    return [(each["code"], each["message"]) for each in errors]


def spent() -> list[tuple[float | None, float | None]]:
    """Return what an entry spends in each phase, and what its contract says of it."""
    tasks = PhaseTask.objects.filter(current=True).order_by("phase__index", "index")
    return [(each.phase.privacy_epsilon, vault.contract_of(each).epsilon) for each in tasks]


def test_phases_on_the_same_answers_are_blurred_alike_and_stay_so_after_a_check(
    final: Phase,
) -> None:
    by, first = owner_of(final.challenge), final.challenge.phases.get(index=0)
    blurs.set_epsilon(phase=first, epsilon=0.5, by=by)
    assert spent() == [(0.5, 0.5)] * 2
    phases.add(challenge=final.challenge, name="Bis", kind=PhaseKind.FINAL, by=by)
    assert checked(final.challenge) == []
    assert spent() == [(0.5, 0.5)] * 3
    with pytest.raises(Invalid) as refusal:
        blurs.set_epsilon(phase=final, epsilon=None, by=by)
    assert refusal.value.code == "privacy_as_first"
    blurs.set_epsilon(phase=first, epsilon=None, by=by)
    assert checked(final.challenge) == []
    assert spent() == [(None, None)] * 3


def test_a_phase_of_its_own_figures_keeps_its_own_blur_and_is_held_to_it(final: Phase) -> None:
    by, first = owner_of(final.challenge), final.challenge.phases.get(index=0)
    said = {"phase": final, "submission": SUBMISSION, "truth": TRUTH_KEYS, "by": by}
    phase_scorings.measure(metrics=METRICS[:1], **said)
    assert checked(final.challenge) == []
    blurs.set_epsilon(phase=final, epsilon=0.25, by=by)
    blurs.set_epsilon(phase=first, epsilon=0.5, by=by)
    assert checked(final.challenge) == []
    assert spent() == [(0.5, 0.5), (0.25, 0.25)]
    phase_scorings.measure(metrics=[METRICS[1] | {"primary": True, "hidden": False}], **said)
    ((code, sentence),) = checked(final.challenge)
    assert code == "E_PRIVACY"
    assert "phase 2" in sentence
    assert "« mae » n’a pas de sensibilité déclarée" in sentence
    phase_scorings.forget(phase=final, by=by)
    Phase.objects.filter(pk=final.pk).update(privacy_epsilon=None, ladder="free")
    ((code, sentence),) = checked(final.challenge)
    assert (code, "phase 2 : pas d’échelle" in sentence) == ("E_PRIVACY", True)


def test_a_blurred_phase_has_one_task(final: Phase) -> None:
    by, first = owner_of(final.challenge), final.challenge.phases.get(index=0)
    second = partial(phase_scorings.add_task, phase=first, name="Avis", by=by)
    blurs.set_epsilon(phase=first, epsilon=0.5, by=by)
    with pytest.raises(Invalid) as refusal:
        second(truth=deposit("avis.csv", TRUTH))
    assert refusal.value.code == "privacy_tasks"
    blurs.set_epsilon(phase=first, epsilon=None, by=by)
    second(truth=deposit("avis.csv", TRUTH))
    with pytest.raises(Invalid) as refusal:
        blurs.set_epsilon(phase=first, epsilon=0.5, by=by)
    assert refusal.value.code == "privacy_tasks"
    challenge = Challenge.objects.get()
    challenge.bundle |= {"leaderboard": {"privacy_epsilon": 0.5}}
    challenge.save()
    ((code, sentence),) = checked(challenge)
    assert (code, "une soumission dépenserait ε" in sentence) == ("E_PRIVACY", True)


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
