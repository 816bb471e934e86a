"""Suggestions while typing, and values sought inside a facet."""

import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from catalogue.models import IndexedName, Resource, RomeTitle
from catalogue.search import engine, index, suggest, upkeep
from catalogue.search.query import ResourceQuery
from catalogue.search.suggest import Suggestions
from portal.lib import clock
from tests.factories.catalogue import ResourceFactory

pytestmark = pytest.mark.django_db


def said(q: str) -> Suggestions:
    return suggest.suggest(q, language="fr")


def titles(q: str) -> list[str]:
    return [each.text for each in said(q).resources]


@pytest.mark.parametrize(
    "q", ["comp", "COMPÉT", "extr comp", "comp extr", "compétence", "l’extr", "conpét", "extarct"]
)
def test_each_word_by_its_first_letters_one_slip_forgiven(q: str) -> None:
    ResourceFactory(published=True, title="Autre chose")
    ResourceFactory(published=True, title="Extraction des compétences")
    assert titles(q) == ["Extraction des compétences"]


def test_the_most_used_lead_and_each_holds_every_word() -> None:
    for number in range(8):
        ResourceFactory(published=True, title=f"Emploi {number}", views=10**number)
    ResourceFactory(published=True, title="Zone", alternate_titles=["Bassin d’emploi"])
    assert titles("empl") == [f"Emploi {number}" for number in (7, 6, 5, 4, 3)]
    assert titles("empl 2") == ["Emploi 2"]
    assert titles("zon emplo ba") == ["Zone"]
    assert titles("emploi zon 2") == []


def test_organisations_keywords_and_use_cases_are_proposed_with_their_counts() -> None:
    for _ in range(2):
        ResourceFactory(
            published=True, title="Fiche", producer_name="Centre d’études", tags=["études"]
        )
    found = said("étud")
    assert [(each.text, each.count) for each in found.organisations] == [("Centre d’études", 2)]
    assert [(each.facet, each.text, each.count) for each in found.topics] == [("tag", "études", 2)]
    assert [each.facet for each in said("besoins").topics] == ["use_case"]


def test_jobs_of_the_rome_are_proposed_once_loaded(tmp_path: Path) -> None:
    ResourceFactory(published=True, title="Fiche", rome_codes=["M1805"])
    table = tmp_path / "rome.csv"
    table.write_text("code_rome;libelle_rome\nM1805;Études et développement\nM1810;Études\n")
    assert said("devel").topics == ()
    call_command("load_rome", str(table), stdout=io.StringIO())
    wanted = ("q", "M1805", "M1805 Études et développement", 1)
    for q in ("etud devel", "m180"):
        assert [(t.facet, t.value, t.text, t.count) for t in said(q).topics] == [wanted]
    table.write_text("code_rome;libelle_rome\nM18;Études\n")
    with pytest.raises(CommandError, match="Ligne 2"):
        call_command("load_rome", str(table))
    assert RomeTitle.objects.count() == 2


def test_what_is_withdrawn_is_proposed_no_more_and_then_forgotten() -> None:
    card = ResourceFactory(
        published=True, title="Zzcanari", producer_name="Zzvolière", tags=["zzgraine"]
    )
    card.live = False
    index.write(card)
    assert said("zz") == Suggestions(prefixes=("zz",))
    assert index.forget() > 0
    assert not IndexedName.objects.exists()


def test_the_cost_does_not_grow_with_the_cards() -> None:
    counts = []
    for _ in range(2):
        ResourceFactory(published=True, title="Emploi des jeunes", tags=["emploi"])
        with CaptureQueriesContext(connection) as seen:
            said("empl jeun")
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 12


def test_one_searches_inside_a_facet_of_many_values(client: Client) -> None:
    for number in range(52):
        ResourceFactory(published=True, title="Emploi", producer_name=f"Organisme {number:02}")
    ResourceFactory(published=True, title="Autre", producer_name="Observatoire")
    page = client.get("/ressources/?q=emploi").text
    assert 'href="/ressources/filtres/organisation/?q=emploi"' in page
    inside = client.get("/ressources/filtres/organisation/?q=emploi&dans=51").text
    assert "?q=emploi&amp;organisation=organisme-51" in inside
    assert "Organisme 50" not in inside
    whole = client.get("/ressources/filtres/organisation/?q=emploi&page=2").text
    assert "Observatoire" not in whole
    assert client.get("/ressources/filtres/kind/").status_code == 404


def test_a_missing_card_is_indexed_and_one_withdrawn_is_not_any_more() -> None:
    lost = ResourceFactory(published=True, title="Perdue", indexed=False)
    stray = ResourceFactory(published=True, title="Retirée")
    Resource.objects.filter(pk=stray.pk).update(live=False, last_published_at=clock.now())
    assert upkeep.repair() == 1

    def found(q: str) -> list[int]:
        return list(engine().search(ResourceQuery(q=q)).ids)

    assert (found("perdue"), found("retiree")) == ([lost.pk], [])
    assert upkeep.repair() == 0
