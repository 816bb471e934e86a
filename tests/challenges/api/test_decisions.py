"""Two people decide by the API: another scoring, the final results."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from challenges.models import PhaseTask, Rescoring, Reveal
from challenges.organising.actions import challenges
from challenges.worker import drain
from portal.accounts.enums import TokenScope
from portal.accounts.models import ApiToken
from portal.lib import clock
from tests.challenges.test_rescorings import corrected, proposed
from tests.challenges.world import entered, opened, owner_of
from tests.factories.accounts import UserFactory, bearer

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def post(client: Client, path: str, headers: dict[str, str], body: Any = None) -> Any:
    address = f"/api/v1/{path}"
    return client.post(address, body or {}, content_type="application/json", headers=headers)


def test_another_scoring_is_tried_then_accepted(client: Client, tmp_path: Path) -> None:
    challenge = opened(tmp_path)
    for number, skill in enumerate((0.9, 0.5)):
        entered(challenge, skill, seed=number)
    change = proposed(challenge, truth=corrected())
    assert drain()
    path = f"phase-tasks/{change.task.key}"
    organiser = bearer(owner_of(challenge))
    region = bearer(UserFactory(region="administrator"))
    assert client.get(f"/api/v1/{path}", headers=bearer(UserFactory())).status_code == 404
    weak = bearer(owner_of(challenge), TokenScope.READ)
    assert post(client, f"{path}/rescore", weak).json()["code"] == "scope_required"
    started = post(client, f"{path}/rescore", organiser).json()
    assert (started["state"], started["progress"]) == (
        "running",
        {"total": 3, "done": 0, "failed": 0, "waiting": 3},
    )
    early = post(client, f"{path}/accept", region, {"digest": "0"})
    assert (early.status_code, early.json()["code"]) == (409, "rescoring_unready")
    assert drain()
    read = client.get(f"/api/v1/{path}", headers=region).json()
    assert read["state"] == "ready"
    assert [set(move) for move in read["boards"][0]["moves"]] == [
        {"team", "before", "after", "changes_tier"}
    ] * 2
    assert post(client, f"{path}/accept", organiser, {"digest": read["digest"]}).status_code == 403
    said = post(client, f"{path}/accept", region, {"digest": read["digest"]})
    assert (said.status_code, said.json()["state"]) == (200, "accepted")
    assert drain()
    assert PhaseTask.objects.get(current=True) == change.task
    late = post(client, f"{path}/refuse", region, {"note": "Non."})
    assert (late.status_code, late.json()["code"]) == (409, "answered")
    assert Rescoring.objects.get().state == "in_force"


def test_the_final_results_are_proposed_then_confirmed(client: Client, tmp_path: Path) -> None:
    challenge = opened(tmp_path)
    entered(challenge, 0.9)
    assert drain()
    path = f"challenges/{challenge.slug}/phases/0/reveal"
    organiser = bearer(owner_of(challenge))
    region = bearer(UserFactory(region="administrator"))
    early = post(client, f"{path}/propose", organiser)
    assert (early.status_code, early.json()["code"]) == (409, "phase_open")
    challenges.close(phase=challenge.phases.get(), by=owner_of(challenge))
    assert post(client, f"{path}/confirm", region).json()["code"] == "reveal_not_proposed"
    asked = post(client, f"{path}/propose", organiser).json()
    assert (asked["phase"], asked["confirmed_at"]) == (0, None)
    assert post(client, f"{path}/confirm", organiser).status_code == 403
    assert post(client, f"{path}/confirm", bearer(UserFactory())).status_code == 404
    assert post(client, f"{path}/confirm", region).status_code == 200
    assert drain()
    assert Reveal.objects.get().executed_at is not None
    assert post(client, f"{path}/confirm", region).json()["executed_at"] is not None


def test_a_decision_asks_for_a_proof_of_less_than_ten_minutes(
    client: Client, tmp_path: Path
) -> None:
    challenge = opened(tmp_path)
    entered(challenge, 0.9)
    assert drain()
    challenges.close(phase=challenge.phases.get(), by=owner_of(challenge))
    path = f"challenges/{challenge.slug}/phases/0/reveal"
    region = UserFactory(region="administrator")
    kept = bearer(region)
    assert post(client, f"{path}/propose", bearer(owner_of(challenge))).status_code == 200
    ApiToken.objects.filter(user=region).update(created_at=clock.now() - timedelta(minutes=10))

    old = post(client, f"{path}/confirm", kept)

    assert (old.status_code, old.json()["code"]) == (403, "step_up_required")
    assert client.get(f"/api/v1/challenges/{challenge.slug}", headers=kept).status_code == 200
    assert Reveal.objects.get().confirmed_at is None
    assert post(client, f"{path}/confirm", bearer(region)).status_code == 200
