"""What search engines, browsers and agendas read of the portal."""

import json
import re
from datetime import datetime

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from portal.lib.prose.texts import Dated, calendar_text
from tests.factories.catalogue import ResourceFactory
from tests.factories.challenges import ChallengeFactory

pytestmark = pytest.mark.django_db


def test_a_page_names_itself_in_each_language_and_how_it_looks_where_it_is_shared(
    client: Client,
) -> None:
    challenge = ChallengeFactory(opened=True)
    card = ResourceFactory(published=True, kind="model", title="Modèle", summary="Il « classe ».")
    page = client.get(f"/en/ressources/{card.slug}/?q=mots").text
    root = settings.SITE_URL
    assert f'<link rel="canonical" href="{root}/en/ressources/{card.slug}/">' in page
    assert f'hreflang="fr" href="{root}/ressources/{card.slug}/">' in page
    assert '<meta property="og:title" content="Modèle, ' in page
    assert '<meta property="og:description" content="Il « classe ».">' in page
    assert re.search(r'og:image" content="http\S+/social/model\S*\.png"', page)
    listed = client.get("/sitemap-challenges.xml").text
    other = f'hreflang="en" href="http://testserver/en/challenges/{challenge.slug}/"'
    assert other in listed
    for other in ("/compte/connexion/", "/rien/nulle-part.html"):
        assert "canonical" not in client.get(other).text


def test_the_dates_of_a_challenge_go_to_agendas_and_search_engines(client: Client) -> None:
    challenge = ChallengeFactory(opened=True)
    page = client.get(f"/challenges/{challenge.slug}/").text
    block = re.search(r'<script type="application/ld\+json">(.*?)</script>', page)
    assert block is not None
    assert json.loads(block[1])["@type"] == "Event"
    agenda = client.get(f"/challenges/{challenge.slug}/dates.ics")
    assert agenda.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert agenda.text.count("BEGIN:VEVENT") == agenda.text.count("DTSTART:") >= 1


def test_an_agenda_is_folded_and_escaped() -> None:
    at = datetime(2026, 12, 1, 9, tzinfo=timezone.get_fixed_timezone(60))
    text = calendar_text("a;b", [Dated("1", at, "é" * 60 + ", fin", "http://x/")], host="h", now=at)
    assert "DTSTART:20261201T080000Z\r\n" in text
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    assert "X-WR-CALNAME:a\\;b" in text
    assert "é" * 60 + "\\, fin" in text.replace("\r\n ", "")


def test_well_known_addresses_lead_to_their_pages(client: Client) -> None:
    told = client.get("/.well-known/security.txt").text
    assert told.startswith(f"Contact: {settings.SITE_URL}/")
    assert "\nExpires: 20" in told
    assert client.get("/.well-known/change-password").url.startswith("/compte/")
    linked = client.get("/.well-known/api-catalog").json()["linkset"][0]["service-desc"][0]["href"]
    assert client.get(linked.removeprefix(settings.SITE_URL)).json()["openapi"]
    assert (
        client.get("/flux/actualites.atom").headers["Content-Type"].startswith("application/atom")
    )
