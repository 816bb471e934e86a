"""What a challenge needs before the visa is asked, and the journal of what was done to it."""

import csv
import io
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from challenges.models import Challenge, ChallengeDraft, PhaseTask, Rescoring, Reveal
from challenges.organising import queries as organising
from challenges.organising.actions import challenges, texts
from challenges.teams import actions as teams
from challenges.worker import drain
from portal.accounts.models import User
from portal.audit.record import record
from portal.lib import clock
from portal.lib.refusals import Invalid
from tests.challenges import world
from tests.challenges.pages.scenes import with_contract
from tests.factories.accounts import UserFactory
from tests.factories.challenges import (
    ChallengeFactory,
    EnrolmentFactory,
    EntryFactory,
    PhaseFactory,
    TeamFactory,
)

pytestmark = pytest.mark.django_db


def states(challenge: Challenge) -> dict[str, str]:
    """Return the state of each point of the first phase and of the challenge."""
    return {
        each.key: each.state
        for each in organising.checklist(challenge)
        if each.phase is None or each.phase[0] == 0
    }


def test_an_imported_challenge_is_ready_and_says_what_could_be_better(tmp_path: Path) -> None:
    challenge = world.imported(tmp_path)
    assert drain()
    assert states(challenge) == {
        "page": "ready",
        "terms": "ready",
        "licence": "ready",
        "phase": "ready",
        "opens": "ready",
        "closes": "advice",
        "scoring": "ready",
        "primary": "ready",
        "quota": "ready",
        "compiled": "ready",
        "fairness": "ready",
        "baseline": "ready",
        "attempts": "advice",
        "interval": "ready",
    }
    assert organising.private_units(challenge.phases.get()) == 84
    said = next(each for each in organising.checklist(challenge) if each.key == "interval")
    assert said.sentence.startswith("Avec 84 unités privées, deux équipes à moins de 0,048 ")
    assert organising.missing(challenge) == []


def test_what_is_missing_is_named_and_the_visa_is_not_asked(tmp_path: Path) -> None:
    by = world.owner()
    challenge = world.imported(tmp_path, by)
    challenge.has_prizes = True
    challenge.save()
    PhaseFactory(challenge=challenge, index=1, name="Finale")
    ChallengeDraft.objects.create(challenge=challenge, number=1, state="refused")
    with pytest.raises(Invalid) as refused:
        challenges.submit(challenge=challenge, by=by)
    assert list(refused.value.faults) == [
        "la dotation n’est pas décrite",
        "la règle d’attribution de la dotation manque",
        "le dernier contrôle du brouillon n’a pas abouti",
        "« Finale » n’a pas de date d’ouverture",
        "la phase « Finale » n’a pas de notation",
    ]


def test_the_cockpit_leads_from_each_point_to_its_page(client: Client) -> None:
    by = UserFactory()
    challenge = ChallengeFactory(owner=by)
    client.force_login(by)
    text = client.get(reverse("challenges:organiser", args=[challenge.slug])).text
    assert "aucune phase n’est définie" in text
    for route in ("write_texts", "write_scoring"):
        assert f'href="{reverse(f"challenges:{route}", args=[challenge.slug])}">Corriger' in text
    assert "organiser_submit" not in text
    assert reverse("challenges:organiser_submit", args=[challenge.slug]) not in text


@pytest.fixture
def run_by(client: Client) -> User:
    """Sign an owner in."""
    made: User = UserFactory(display_name="Dominique")
    client.force_login(made)
    return made


def test_the_journal_tells_the_acts_of_the_organisers_and_none_of_the_teams(
    client: Client, run_by: User
) -> None:
    challenge = ChallengeFactory(opened=True, owner=run_by)
    other = ChallengeFactory(opened=True, owner=run_by)
    texts.write_terms(challenge=challenge, text="Nouveau.", by=run_by)
    texts.write_terms(challenge=other, text="Ailleurs.", by=run_by)
    challenges.set_dates(
        phase=challenge.phases.get(),
        opens_at=challenge.phases.get().opens_at,
        closes_at=None,
        by=run_by,
    )
    member = UserFactory(display_name="Camille")
    teams.accept_terms(challenge=challenge, by=member)
    teams.create(challenge=challenge, name="Secrète", by=member)
    text = client.get(reverse("challenges:journal", args=[challenge.slug])).text
    assert "Règlement enregistré" in text
    assert "Dominique" in text
    for hidden in ("Camille", "Secrète", "challenge.joined", "team.created", member.person_key):
        assert hidden not in text
    rows = list(
        csv.DictReader(
            io.StringIO(client.get(reverse("challenges:journal_csv", args=[challenge.slug])).text)
        )
    )
    assert [(row["acte"], row["auteur"]) for row in rows] == [
        ("challenge.terms_written", "Dominique")
    ]
    found = client.get(reverse("challenges:journal_json", args=[challenge.slug])).json()
    assert [event["action"] for event in found["events"]] == ["challenge.terms_written"]
    assert found["events"][0]["actor"] == run_by.person_key


def test_the_journal_tells_one_act_of_each_family(run_by: User) -> None:
    challenge = ChallengeFactory(opened=True, owner=run_by)
    phase = challenge.phases.get()
    version = with_contract(challenge)
    former = phase.tasks.get()
    task = PhaseTask.objects.create(
        phase=phase, name="essai", scorer_version=version, holdout=former.holdout, current=False
    )
    now = clock.now()
    rescoring = Rescoring.objects.create(
        phase=phase, task=task, former=former, reason="x", proposed_by=run_by, proposed_at=now
    )
    reveal = Reveal.objects.create(phase=phase, proposed_by=run_by, proposed_at=now)
    baseline = EntryFactory(
        enrolment=EnrolmentFactory(team=TeamFactory(challenge=challenge, is_baseline=True)),
        is_baseline=True,
    )
    of_a_team = EntryFactory(enrolment=EnrolmentFactory(team=TeamFactory(challenge=challenge)))
    of_family = {
        "phase": phase,
        "holdout": former.holdout,
        "reveal": reveal,
        "rescoring": rescoring,
        "baseline": baseline,
    }
    for family in organising.JOURNAL_FAMILIES:
        record(f"{family}.tested", by=run_by, on=of_family.get(family, challenge))
    record("entry.tested", by=run_by, on=baseline)
    record("entry.tested", by=run_by, on=of_a_team)
    told = [each.action for each in reversed(organising.journal_acts(challenge))]
    assert told == [f"{family}.tested" for family in organising.JOURNAL_FAMILIES]


@pytest.mark.parametrize("count", [1, 3])
def test_the_journal_costs_the_same_for_one_and_three(
    client: Client, run_by: User, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    challenge = ChallengeFactory(opened=True, owner=run_by)
    for number in range(count):
        texts.write_terms(challenge=challenge, text=f"Règle {number}.", by=run_by)
    with django_assert_num_queries(21):
        assert client.get(reverse("challenges:journal", args=[challenge.slug])).status_code == 200
