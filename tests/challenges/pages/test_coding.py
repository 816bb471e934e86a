"""The page on which an organiser says that teams send code."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from challenges.bundles.code import CodeRules
from challenges.models import Notice, Phase, PhaseTask
from challenges.programs.actions import code as team_code
from challenges.worker import drain
from portal.accounts.models import User
from portal.lib import clock
from tests.challenges.pages.test_authoring import SCORING, at, begin, send
from tests.challenges.test_coding import FILES
from tests.factories.challenges import ChallengeFactory, PhaseFactory

pytestmark = pytest.mark.django_db
RULES: dict[str, Any] = {
    "sent": "code",
    "layouts": ["manifest", "main", "codalab"],
    "environment": "systeme",
    "time_limit_s": "120",
    "memory_mb": "512",
    "max_megabytes": "20",
    "logs": "team_trial",
}


def test_a_challenge_of_code_is_written_by_form_to_its_phase(client: Client, by: User) -> None:
    begin(client, by)
    page = client.get(at("write_code")).text
    assert "Ce qui se passe quand une équipe envoie un programme" in page
    assert client.post(at("write_code"), RULES).headers["Location"] == at("write_files")
    assert "la table à prédire, scellée" in client.get(at("write_files")).text
    for role, (name, content) in FILES.items():
        assert send(client, role.value, name, content).status_code == 302
    assert client.post(at("write_scoring"), SCORING).status_code == 302
    assert drain()
    phase = Phase.objects.get()
    assert (phase.kind, phase.max_bytes, phase.memory_mb) == ("code", 20_000_000, 512)
    assert PhaseTask.objects.get(current=True).plan is not None
    settings = client.get(at("write_phase", 0)).text
    assert "le programme de l’équipe est lancé" in settings
    assert 'name="memory_mb"' not in settings
    more = client.post(at("write_phases"), {"name": "Finale", "kind": "final"})
    assert more.status_code == 422
    assert client.post(at("write_phases"), {"name": "Finale", "kind": "code"}).status_code == 302


def test_what_is_wrong_is_said_beside_its_field(client: Client, by: User) -> None:
    begin(client, by)
    wrong = client.post(at("write_code"), RULES | {"layouts": [], "time_limit_s": "0"})
    assert wrong.status_code == 422
    assert "Admettez une présentation au moins." in wrong.text
    assert client.post(at("write_code"), RULES).status_code == 302
    refused = send(client, "test", "test.csv", "id,x\n1,2\n")
    assert refused.status_code == 422


def test_rules_are_amended_with_a_notice_until_the_first_phase_opens(
    client: Client, by: User
) -> None:
    challenge = ChallengeFactory(opened=True, owner=by, slug="estimer-un-niveau")
    challenge.bundle = {"code": {"layouts": ["main"], "time_limit_s": 60}}
    challenge.save(update_fields=["bundle"])
    phase = challenge.phases.get()
    Phase.objects.filter(pk=phase.pk).update(
        kind="code", opens_at=clock.now() + timedelta(days=1), closes_at=None
    )
    shown = client.get(at("write_code")).text
    assert 'name="sent"' not in shown

    assert client.post(at("write_code"), RULES).status_code == 302
    assert client.post(at("write_code"), RULES).status_code == 302

    phase.refresh_from_db()
    challenge.refresh_from_db()
    assert (phase.time_limit_s, phase.memory_mb) == (120, 512)
    assert team_code.code_rules(challenge) == CodeRules(
        layouts=("main",), time_limit_s=120, memory_mb=512, max_bytes=20_000_000
    )
    assert Notice.objects.filter(challenge=challenge).count() == 1
    Phase.objects.filter(pk=phase.pk).update(opens_at=clock.now())
    assert client.post(at("write_code"), RULES | {"memory_mb": "64"}).status_code == 409
    assert "<button" not in client.get(at("write_code")).text.split("<main")[1].split("</main")[0]


@pytest.mark.parametrize("phases", [1, 3])
def test_the_page_costs_the_same_whatever_it_shows(
    client: Client, by: User, phases: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    challenge = ChallengeFactory(owner=by, slug="estimer-un-niveau")
    for index in range(phases):
        PhaseFactory(challenge=challenge, index=index)
    with django_assert_num_queries(10):
        assert client.get(at("write_code")).status_code == 200
