"""The fact sheet of an entry is corrected by its team until the close."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from challenges.models import Challenge, Entry, Phase
from portal.audit.models import AuditEvent
from portal.lib import clock
from tests.factories.challenges import EntryFactory, TeamFactory, captain_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def entry(client: Client) -> Entry:
    team = TeamFactory()
    Challenge.objects.update(fact_sheet=[{"key": "methode", "label": "Méthode"}])
    made: Entry = EntryFactory(enrolment__team=team, fact_sheet={"methode": "forêt"}, note="v1")
    client.force_login(captain_of(team))
    return made


def address(entry: Entry) -> str:
    slug = entry.enrolment.phase.challenge.slug
    return reverse("challenges:entry_describe", args=[slug, entry.pk])


def test_the_team_corrects_its_fact_sheet(client: Client, entry: Entry) -> None:
    page = client.get(address(entry)).text
    assert 'value="forêt"' in page
    assert 'value="v1"' in page
    sent = client.post(address(entry), {"fact_methode": "régression", "note": "v2"})
    assert sent.status_code == 302
    fresh = Entry.objects.get()
    assert (fresh.fact_sheet, fresh.note) == ({"methode": "régression"}, "v2")
    assert (fresh.sha256, fresh.received_at) == (entry.sha256, entry.received_at)
    assert [event.action for event in AuditEvent.objects.all()] == ["entry.described"]
    assert client.post(address(entry), {"fact_methode": "", "note": ""}).status_code == 422


def test_nobody_corrects_it_after_the_close_or_for_another_team(
    client: Client, entry: Entry
) -> None:
    answers = {"fact_methode": "régression"}
    other = Client()
    other.force_login(captain_of(TeamFactory(challenge=entry.enrolment.phase.challenge)))
    assert other.post(address(entry), answers).status_code == 404
    Phase.objects.update(closes_at=clock.now() - timedelta(seconds=1))
    refused = client.post(address(entry), answers)
    assert "la fiche de la soumission ne change plus" in refused.text
    assert Entry.objects.get().fact_sheet == {"methode": "forêt"}
