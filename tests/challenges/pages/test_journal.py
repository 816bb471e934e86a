"""The journal of a challenge, in the words of its readers."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from challenges.organising.queries import JOURNAL_APART, JOURNAL_FAMILIES
from challenges.pages.views.journal import ACTS
from portal.audit.actors import SystemActor
from portal.audit.record import record
from tests.factories.challenges import ChallengeFactory, PersonFactory, PhaseFactory

ROOT = Path(__file__).resolve().parents[3]
NAMED = re.compile(rf'"((?:{"|".join(JOURNAL_FAMILIES)})\.[a-z_]+)"')
# The name of a file, and that of a point where tests cut the worker.
NO_ACTS = {"challenge.yaml", "reveal.computed"}


def acts_of_the_code() -> set[str]:
    found = {"registration.accepted", "registration.refused"}
    for app in ("challenges", "datasets"):
        for path in (ROOT / app).rglob("*.py"):
            if path.name != "journal_words.py":
                found |= set(NAMED.findall(path.read_text(encoding="utf-8")))
    return found


def test_every_act_has_its_sentence() -> None:
    known = set(ACTS)
    assert acts_of_the_code() - JOURNAL_APART - NO_ACTS - known == set()
    assert known - acts_of_the_code() == set()
    with translation.override("en"):
        assert {action for action, said in ACTS.items() if "." in str(said)} == set()


@pytest.mark.django_db
def test_the_journal_says_its_acts_and_stacks_on_a_phone(client: Client) -> None:
    owner = PersonFactory()
    client.force_login(owner)
    challenge = ChallengeFactory(owner=owner)
    phase = PhaseFactory(challenge=challenge, index=0)
    record(
        "phase.dated",
        by=owner,
        on=phase,
        opens_at=datetime(2026, 3, 1, 8, 30, tzinfo=UTC),
        closes_at=None,
    )
    record("phase.paused", by=SystemActor("worker"), on=phase, reason="Une <panne> de disque")
    record("guests.invited", by=owner, on=challenge, guests=["3f"])
    record("guests.withdrawn", by=owner, on=challenge, guest="3f")
    page = client.get(reverse("challenges:journal", args=[challenge.slug])).text
    for said in ("Personnes invitées à participer", "Invitation à participer retirée"):
        assert said in page
    for said in ("Dates d’une phase changées", "Notation mise en pause", "Une &lt;panne&gt;"):
        assert said in page
    assert "phase.dated" not in page
    assert re.search(r"Ouverture\W:\W<time[^>]*>1er\Wmars\W2026\Wà\W9\Wh\W30", page)
    assert page.count('data-label="Acte"') == page.count('data-label="Détail"') >= 2
    with translation.override("en"):
        english = reverse("challenges:journal", args=[challenge.slug])
    assert "Scoring paused" in client.get(english).text
