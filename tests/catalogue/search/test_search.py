"""What a search finds, counts, proposes and costs; its French analysis, address and limits."""

import io
import json
import random
import socket
import sys
from contextlib import AbstractContextManager, ExitStack
from dataclasses import fields
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core import signals
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import close_old_connections, connection
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from catalogue import invariants
from catalogue.contributions.actions import checks
from catalogue.models import IndexedName, Resource, Synonym
from catalogue.pages.views import exports
from catalogue.resources import writing
from catalogue.resources.enums import Access, Beneficiary, ResourceKind, Task, UseCase
from catalogue.search import engine, filters, fulltext, index, suggest, synonyms
from catalogue.search import text as analysis
from catalogue.search import words as known_words
from catalogue.search.query import (
    FACETS,
    MAX_DEPTH,
    ResourceQuery,
    Sort,
    Updated,
    Words,
)
from catalogue.search.schemas import QueryIn
from catalogue.search.suggest import Suggestions
from catalogue.search.synonyms import Slot, Thesaurus, read_groups
from portal.lib import clock, rates
from portal.lib.rates import Window
from portal.lib.refusals import Conflict, Invalid, QuotaSpent
from tests.cases import relevance
from tests.factories.accounts import UserFactory
from tests.factories.catalogue import MeasurementFactory, ResourceFactory
from tests.ledger import events, queries, refuses, same_for_three

pytestmark = pytest.mark.django_db


def found(q: str, **more: object) -> list[int]:
    return list(engine().search(ResourceQuery(q=q, **more)).ids)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "q",
    [
        "compétences",
        "competence",
        "COMPÉTENCES",
        "compétence",
        "l’extraction de compétences",
        "l'extraction",
        "Extraction",
        "extraction-competences",
    ],
)
def test_case_accents_plural_elision_and_hyphens_do_not_matter(q: str) -> None:
    ResourceFactory(published=True, title="Autre chose")
    wanted = ResourceFactory(published=True, title="Extraction des compétences")
    assert found(q) == [wanted.pk]


@pytest.mark.parametrize("q", ["camembert", "CamemBERTv2", "camembert v2", "camembert-v2"])
def test_a_name_and_its_version_are_found_together_and_apart(q: str) -> None:
    ResourceFactory(published=True, title="Autre chose")
    wanted = ResourceFactory(published=True, title="CamemBERTv2 base")
    assert found(q) == [wanted.pk]


@pytest.mark.parametrize("q", ["chat bot", "Chat-bots", "chatbot"])
def test_two_words_are_read_as_the_one_that_they_make(q: str) -> None:
    Synonym.objects.create(phrases="chatbot, agent conversationnel")
    cards = [ResourceFactory(published=True, title=t) for t in ("Chatbot", "Agent conversationnel")]
    assert set(found(q)) == {card.pk for card in cards}


def test_many_synonyms_of_one_word_count_once() -> None:
    Synonym.objects.create(phrases="liaison, appariement, rapprochement")
    tasks = [Task.MATCHING, Task.DATA_LINKAGE]
    ResourceFactory(published=True, title="Ariane", tasks=tasks)
    ResourceFactory(published=True, title="Ariane", tasks=[Task.DATA_LINKAGE])
    wanted = ResourceFactory(published=True, title="Ariane", summary="Appariement des offres.")
    assert found("liaison")[0] == wanted.pk
    # What was typed outweighs a synonym, however rare.
    ResourceFactory(published=True, title="Un rapprochement")
    titled = {ResourceFactory(published=True, title=f"Liaison {n}").pk for n in "abcdef"}
    assert set(found("liaison")[:6]) == titled


def test_a_phrase_keeps_its_order_within_one_field() -> None:
    ResourceFactory(published=True, title="Alpha", acronym="BETA")
    assert found('"alpha beta"') == []
    right = ResourceFactory(published=True, title="Le marché du travail")
    ResourceFactory(published=True, title="Travail sur un marché")
    assert found('"marché du travail"') == [right.pk]


def test_a_rome_code_is_exact() -> None:
    wanted = ResourceFactory(published=True, title="Fiche", rome_codes=["M1805"])
    ResourceFactory(published=True, title="Fiche", rome_codes=["M1806"])
    assert found("m1805") == [wanted.pk]


def test_only_stop_words_find_nothing_and_an_empty_query_finds_all() -> None:
    card = ResourceFactory(published=True)
    assert found("de la") == []
    assert found("") == [card.pk]


@pytest.mark.parametrize(
    "q", ['"', "'", "()", "a:b*", 'x" OR "y', "%_", "\\", "NEAR(a b)", "🙂", "''"]
)
def test_hostile_words_are_only_words(q: str) -> None:
    ResourceFactory(published=True, title="Une fiche")
    assert found(q) == []


def test_title_weighs_more_than_description() -> None:
    low = ResourceFactory(published=True, title="Un outil", summary="mobilité")
    high = ResourceFactory(published=True, title="Mobilité", summary="un outil")
    assert found("mobilité") == [high.pk, low.pk]


def test_the_name_of_a_file_finds_its_card_unless_it_is_had_on_request() -> None:
    for access in (Access.OPEN, Access.RESTRICTED):
        ResourceFactory(
            published=True,
            kind=ResourceKind.DATASET,
            access=access,
            title=f"Jeu {access}",
            details={"distributions": [{"title": "Attestations", "format": "CSV"}]},
        )
    results = engine().search(ResourceQuery(q="attestations"))
    assert [Resource.objects.get(pk=pk).access for pk in results.ids] == [Access.OPEN]


def test_writing_again_replaces() -> None:
    card = ResourceFactory(published=True, title="Ancien titre")
    card.title = "Nouveau nom"
    index.write(card)
    index.write(card)
    assert found("ancien") == []
    assert found("nouveau") == [card.pk]


def test_of_the_first_results_the_most_used_and_the_exact_title_lead() -> None:
    plain = ResourceFactory(published=True, title="Mobilité des jeunes")
    used = ResourceFactory(published=True, title="Mobilité des seniors", views=9_000)
    stopped = ResourceFactory(published=True, title="Mobilité", lifecycle="stopped")
    exact = ResourceFactory(published=True, title="Mobilité")
    assert found("mobilité") == [used.pk, exact.pk, plain.pk, stopped.pk]


@pytest.mark.parametrize(
    ("q", "meant"),
    [
        ("recomandation", "recommandation"),
        ("compétance jeunes", "compétence jeunes"),
        ("emplio", "emploi"),
        ("insre", "Insee"),
        ("fromations", "formation"),
        ("détections compétance", "détections compétence"),
        ('"recomandation"', ""),
        ("vea", ""),
        ("m1806", ""),
        ("emploi", ""),
        ("détection emplois", ""),
        ("recomm", "recommandation"),
        ("recomm emploi", ""),
        ("résumer", ""),
        ("resumee", ""),
        ("rarete emplois", ""),
        ("robot", ""),
        ("marseile emploi", "marseille emploi"),
        ("vaucluse", ""),
        ("savoir", ""),
    ],
)
def test_a_misspelt_word_is_corrected_and_a_known_one_never(q: str, meant: str) -> None:
    """One slip from four letters, two from ten; accents come back."""
    Synonym.objects.create(phrases="robot, agent conversationnel")
    Synonym.objects.create(phrases="cv, resume")
    ResourceFactory(
        published=True,
        title="Recommandation de formation et de compétence pour l’emploi des jeunes",
        alternate_titles=["Direction du rabot et de la parité"],
        summary="Rareté.",
        acronym="VAE",
        producer_name="Insee",
        rome_codes=["M1805"],
    )
    fix = engine().search(ResourceQuery(q=q)).correction
    assert (fix.meant if fix else "") == meant.lower()


def test_a_slip_shows_what_was_meant_says_so_and_offers_what_was_typed(client: Client) -> None:
    ResourceFactory(published=True, title="CamemBERT")
    page = client.get("/ressources/?q=camenbert&kind=technology").text
    assert ">1 ressource<" in page.replace("\n", "").replace("  ", "")
    assert "Résultats pour <b>camembert</b>" in page
    assert 'href="/ressources/?q=%22camenbert%22&amp;kind=technology"' in page
    exact = client.get('/ressources/?q="camenbert"').text
    assert "Résultats pour" not in exact
    assert "Aucune ressource pour" in exact


def test_a_word_known_by_its_synonyms_is_proposed_suggested_and_said(client: Client) -> None:
    Synonym.objects.create(phrases="appariement, matching")
    card = ResourceFactory(published=True, title="Appariement des offres")
    for slip in ("mathcing", "machting", "matchnig"):
        page = client.get(f"/ressources/?q={slip}").text
        assert "Résultats pour <b>matching</b>" in page
    assert card.title in page.replace("<mark>", "").replace("</mark>", "")
    # A link that would find the same again is none.
    told = "Aucune ressource ne contient « matching ». Aussi cherché : appariement"
    assert told in " ".join(page.split())
    assert "Sujets voisins" not in page
    assert 'id="filtres"' not in page  # of no use for one result
    assert "chercher seulement" not in page
    assert "chercher seulement" in client.get("/ressources/?q=appariement").text
    proposed = suggest.suggest("match", language="fr")
    assert [each.text for each in proposed.topics + proposed.resources] == ["matching", card.title]


def test_a_neighbour_that_finds_something_else_is_a_link(client: Client) -> None:
    Synonym.objects.create(phrases="appariement, matching")
    Synonym.objects.create(phrases="appariement, jumelage")
    for title in ("Appariement des offres", "Jumelage"):
        ResourceFactory(published=True, title=title)
    page = " ".join(client.get("/ressources/?q=matching").text.split())
    assert 'Sujets voisins : <a href="/ressources/?q=appariement">appariement</a> <' in page


def test_what_does_the_task_that_one_names_leads_its_models_first() -> None:
    Synonym.objects.create(phrases="appariement, rapprochement, matching")
    told = {"published": True, "summary": "Un outil."}
    word = ResourceFactory(title="Matching", kind="technology", **told)
    linkage = ResourceFactory(title="Outil", tasks=["data_linkage"], **told)
    solution = ResourceFactory(title="Carte, matching", kind="solution", tasks=["matching"], **told)
    model = ResourceFactory(title="JobBERT", kind="model", tasks=["matching"], **told)
    assert found("matching") == [model.pk, solution.pk, word.pk, linkage.pk]
    assert found("appariement")[:2] == [model.pk, solution.pk]
    assert found("rapprochement")[0] == linkage.pk


@pytest.mark.parametrize(
    ("verb", "noun"),
    [
        ("anonymiser", "Anonymisation"),
        ("prédire", "Prédiction"),
        ("prévoir", "Il prédit"),
        ("orienter", "Orientation"),
        ("former", "Formation"),
        ("résumer", "Résumé automatique"),
        ("soft skills", "Savoir-être"),
    ],
)
def test_a_verb_finds_what_its_noun_names(verb: str, noun: str) -> None:
    for group in read_groups(synonyms.OPENING.read_text()):
        Synonym.objects.create(phrases=", ".join(group))
    named = ResourceFactory(published=True, title=noun)
    assert found(verb) == [named.pk]


@pytest.mark.parametrize("q", ["chat", "robot conversationnel", "chatbot"])
def test_a_chat_is_known_and_leads_to_nothing_else(q: str) -> None:
    for group in read_groups(synonyms.OPENING.read_text()):
        Synonym.objects.create(phrases=", ".join(group))
    talks = ResourceFactory(published=True, title="Agent conversationnel")
    for title in ("Achat de formation", "Château"):
        ResourceFactory(published=True, title=title)
    assert found(q) == [talks.pk]


def test_a_line_marks_the_topic_or_the_sentence_that_answers(client: Client) -> None:
    told = {"published": True, "summary": "Un outil."}
    ResourceFactory(title="Par tâche", tasks=["forecasting", "matching"], **told)
    text = "Il classe. Il sait l’<b>appariement</b> &amp; plus. Il finit."
    ResourceFactory(title="Par texte", description="appariement", description_html=text, **told)
    page = client.get("/ressources/?q=appariement").text
    assert "<span><mark>Appariement</mark> offre-profil</span>" in page
    assert "<span>Il sait l’<mark>appariement</mark> &amp; plus.</span>" in page
    assert "Prévision" not in page.split('id="resultats"')[1]
    for q, counted in (("tâche", "1 ressource, et 1 proche"), ("rien", "2 ressources proches")):
        asked = client.get("/ressources/", {"q": f"appariement {q}"}).text.replace("\xa0", " ")
        assert f'<h2 id="nb">{counted}</h2>' in asked


def test_no_filter_of_date_leaves_nothing_in_the_address(client: Client) -> None:
    sent = client.get("/ressources/?q=emploi&updated=&kind=dataset")
    assert sent.headers["Location"] == "/ressources/?q=emploi&kind=dataset"


def test_a_word_that_no_public_card_holds_any_more_is_not_proposed() -> None:
    card = ResourceFactory(published=True, title="Zzcanari")
    card.live = False
    index.write(card)
    assert engine().search(ResourceQuery(q="zzcanarie")).correction is None


def test_the_date_of_the_last_change_is_a_filter() -> None:
    old = ResourceFactory(published=True, title="Emploi ancien", indexed=False)
    new = ResourceFactory(published=True, title="Emploi récent")
    old.content_modified_at = clock.now() - timedelta(days=400)
    old.save()
    index.write(old)
    assert found("emploi", updated=Updated.YEAR) == [new.pk]
    assert found("", updated=Updated.YEAR) == [new.pk]
    assert set(found("emploi", updated=Updated.YEARS)) == {old.pk, new.pk}


def test_one_answer_a_line_in_the_order_of_the_queries(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    card = ResourceFactory(published=True, title="Mobilité des jeunes", source_id="m-1")
    monkeypatch.setattr(sys, "stdin", io.StringIO("inconnu\n mobilite \n"))
    call_command("search", "-", "--limit", "20", "--json")
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    row = {"slug": card.slug, "title": card.title, "kind": card.kind, "source_id": "m-1"}
    assert lines == [
        {"query": "inconnu", "total": 0, "results": []},
        {"query": "mobilite", "total": 1, "results": [row]},
    ]


VOWELS = frozenset("aeiouyh")


@pytest.mark.slow
def test_the_bars_hold(shared: Path) -> None:
    cases = shared / "cases" / "catalogue"
    report = relevance.compare(cases, relevance.fill(cases))
    assert report["missed"] == []


def plural(words: str) -> str:
    return " ".join(
        f"{word}s" if word.isalpha() and len(word) > 3 and word[-1] not in "sxz" else word
        for word in words.split()
    )


def elided(words: str) -> str:
    return " ".join(
        f"l’{word}" if analysis.fold(word[0]) in VOWELS else word for word in words.split()
    )


@pytest.mark.slow
def test_variants_of_a_query_have_the_same_first_result(shared: Path) -> None:
    cases = shared / "cases" / "catalogue"
    for asked in relevance.queries(cases, set(relevance.fill(cases))):
        words = asked.words
        first = engine().search(ResourceQuery(q=words, size=1)).ids
        for variant in (words.upper(), analysis.fold(words), plural(words), elided(words)):
            assert engine().search(ResourceQuery(q=variant, size=1)).ids == first, variant


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
    index.forget()  # jobs that no resource names stay
    assert IndexedName.objects.filter(facet=IndexedName.JOB).count() == 2


def test_what_is_withdrawn_is_proposed_no_more_and_then_forgotten() -> None:
    card = ResourceFactory(
        published=True, title="Zzcanari", producer_name="Zzvolière", tags=["zzgraine"]
    )
    card.live = False
    index.write(card)
    assert said("zz") == Suggestions(prefixes=("zz",))
    assert index.forget() > 0
    assert not IndexedName.objects.exists()


def test_one_searches_inside_a_facet_of_many_values(client: Client) -> None:
    for number in range(52):
        ResourceFactory(published=True, title="Emploi", producer_name=f"Organisation {number:02}")
    ResourceFactory(published=True, title="Autre", producer_name="Observatoire")
    page = client.get("/ressources/?q=emploi").text
    assert 'href="/ressources/filtres/organisation/?q=emploi"' in page
    inside = client.get("/ressources/filtres/organisation/?q=emploi&dans=51").text
    assert "?q=emploi&amp;organisation=organisation-51" in inside
    assert "Organisation 50" not in inside
    whole = client.get("/ressources/filtres/organisation/?q=emploi&page=2").text
    assert "Observatoire" not in whole
    assert client.get("/ressources/filtres/kind/").status_code == 404


def test_a_facet_of_one_value_that_all_results_have_is_not_offered(client: Client) -> None:
    for kind in ("model", "need", "need"):
        ResourceFactory(published=True, title="Emploi", kind=kind, languages=["fr"])
    page = client.get("/ressources/?q=emploi").text
    assert 'id="facette-kind"' in page
    assert 'id="facette-language"' not in page
    assert 'id="facette-language"' in client.get("/ressources/?q=emploi&language=fr").text


def test_a_missing_card_is_indexed_and_one_withdrawn_is_not_any_more() -> None:
    lost = ResourceFactory(published=True, title="Perdue", indexed=False)
    stray = ResourceFactory(published=True, title="Retirée")
    Resource.objects.filter(pk=stray.pk).update(live=False, last_published_at=clock.now())
    assert index.repair() == 1

    assert (found("perdue"), found("retiree")) == ([lost.pk], [])
    assert index.repair() == 0


def test_an_edit_changes_the_next_search_and_stands_in_the_journal() -> None:
    card = ResourceFactory(published=True, title="Offres de France Travail")
    by = UserFactory(region="moderator")

    other = ResourceFactory(published=True, title="Archives de Pôle emploi")

    def by_either() -> list[set[int]]:
        return [set(found(q, words=Words.ALL)) for q in ("pole emploi", "france travail")]

    alone, both = [{other.pk}, {card.pk}], [{other.pk, card.pk}] * 2
    group = synonyms.add(phrases=["Pôle  emploi", "France Travail", "pole EMPLOI"], by=by)
    assert (group.words, by_either()) == (["Pôle emploi", "France Travail"], both)
    for active, wanted in ((False, alone), (False, alone), (True, both)):
        synonyms.change(synonym=group, phrases=group.words, active=active, by=by)
        assert by_either() == wanted
    synonyms.remove(synonym=group, by=by)
    assert by_either() == alone
    acts = ("added", "changed", "changed", "removed")
    assert events() == [f"synonym.{act}" for act in acts]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "synonym"),
        ("emploi\nEMPLOIS\némploi", "synonym"),
        ("emploi\nde la", "synonym"),
        ("emploi\n" + "mot " * 30, "synonym"),
        ("emploi\ntra\x00vail", "characters"),
        ("\n".join(f"mot{n}" for n in range(21)), "synonym"),
    ],
)
def test_a_group_that_would_do_nothing_is_refused(text: str, code: str) -> None:
    with refuses(Invalid, code):
        synonyms.read_phrases(text)


def test_a_double_is_a_conflict() -> None:
    by = UserFactory(region="administrator")
    synonyms.add(phrases=["un mot", "deux"], by=by)
    with pytest.raises(Conflict):
        synonyms.add(phrases=["un mot", "deux"], by=by)
    assert Synonym.objects.count() == 1


def test_the_back_office_edits_through_the_actions(client: Client) -> None:
    staff = UserFactory(region="moderator")
    staff.groups.add(Group.objects.get(name="Editors"))
    client.force_login(staff)
    listed = "/admin/synonymes/"
    client.post(f"{listed}new/", {"phrases": "vae,  validation des acquis", "active": "on"})
    group = Synonym.objects.get()
    assert "vae, validation des acquis" in client.get(listed).text
    said = client.post(f"{listed}edit/{group.pk}/", {"phrases": "vae", "active": "on"})
    assert "au moins deux mots" in said.text
    client.post(f"{listed}edit/{group.pk}/", {"phrases": "vae, acquis"})
    group.refresh_from_db()
    assert (group.words, group.active) == (["vae", "acquis"], False)
    client.post(f"{listed}delete/{group.pk}/")
    assert not Synonym.objects.exists()
    assert events() == ["synonym.added", "synonym.changed", "synonym.removed"]
    for other in ("", "auditor"):
        client.force_login(UserFactory(region=other))
        assert client.get(listed).status_code == 302


TITLES = (
    "Offres d’emploi de la région",
    "Offre d’emploi de la région",
    "Offres d'emploi en région",
    "OFFRES D’EMPLOI DE LA REGION",
    "Offres d’emploi de la région 2023",
    "Offres d’emploi de la région 2024",
    "Besoins en main-d’œuvre par bassin d’emploi",
    "Besoins en main d’oeuvre, par bassin d’emplois",
    "Besoins en main-d’œuvre par bassin d’emploi en 2024",
    "Modèle de classement des métiers par compétences",
    "Modele de clasement des métiers par compétences",
    "Modèle de classement des métiers par les compétences",
    "Modèle de recommandation de formations",
    "Annuaire des missions locales",
    "L’annuaire des missions locales",
    "Métiers",
    "Metier",
    "Emploi",
)


def resembling(title: str, kind: str = "technology", **values: str) -> list[tuple[str, str]]:
    record = {"title": title, "kind": kind, **values}
    check = checks.duplicate(record, resource=Resource(pk=0))
    return [(remark.code, remark.facts["title"]) for remark in check.remarks]


def by_reading_all(title: str) -> list[tuple[str, str]]:
    rows = Resource.objects.public().order_by("pk").values_list("title", flat=True)
    near = [other for other in rows if writing.is_like(title, other, at_least=checks.LIKE_ENOUGH)]
    return [("duplicate_title", other) for other in near][: checks.MOST_CANDIDATES]


@pytest.fixture
def filled() -> None:
    for title in TITLES:
        ResourceFactory(published=True, title=title, homepage_url="")


@pytest.mark.parametrize("most", [200, 3])
@pytest.mark.usefixtures("filled")
def test_titles_are_found_as_by_reading_them_all(
    monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    """Also where each word is held by more cards than are read for one."""
    monkeypatch.setattr(known_words, "MOST_HELD", most)
    for title in TITLES:
        assert resembling(title) == by_reading_all(title), title
    assert resembling("Offres d’emploi de la région", kind="dataset") == []
    assert resembling("Zzz") == []
    assert resembling("") == []


def test_addresses_are_found_by_either_key(monkeypatch: pytest.MonkeyPatch) -> None:
    ResourceFactory(published=True, title="Une", homepage_url="https://www.exemple.fr/a/")
    ResourceFactory(
        published=True,
        title="Deux",
        homepage_url="",
        repository_url="https://git.exemple.fr/depot.git?utm_source=x",
    )
    ResourceFactory(title="Brouillon", homepage_url="https://exemple.fr/a")
    page, code = "http://exemple.fr/a", "https://git.exemple.fr/depot"
    assert resembling("X", homepage_url=page, repository_url=code) == [
        ("duplicate_address", "Une"),
        ("duplicate_address", "Deux"),
    ]
    assert resembling("X", repository_url=page) == [("duplicate_address", "Une")]
    assert resembling("X", homepage_url="pas une adresse") == []


def test_what_is_read_does_not_grow_with_the_catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[str] = []
    real, title = writing.is_like, "Annuaire des missions locales"

    def is_like(one: str, other: str, **more: Any) -> bool:
        compared.append(other)
        return real(one, other, **more)

    def resembles() -> int:
        compared.clear()
        address = "https://autre.exemple.fr/"
        found = resembling("Annuaire des mission locale", homepage_url=address)
        assert found == [("duplicate_title", title)]
        return len(compared)

    def more() -> None:
        for number in range(10):
            ResourceFactory(published=True, title=f"Enquête sur les salaires {number}")

    monkeypatch.setattr(writing, "is_like", is_like)
    ResourceFactory(published=True, title=title)
    same_for_three(more, lambda: queries(resembles), resembles)


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("Compétences", ["competenc"]),
        ("l’emploi", ["emploi"]),
        ("l'emploi d‘un qu’il", ["emploi"]),
        ("aujourd’hui", ["aujourd", "hui"]),
        ("Carif-Oref", ["carif", "oref"]),
        ("travaux réseaux chevaux", ["travail", "reseau", "cheval"]),
        ("jeux de données", ["jeu", "donne"]),
        ("nœud cæcum", ["noeud", "caecum"]),
        ("VAE, ROME 4.0 et M1805", ["vae", "rome", "4", "0", "m1805"]),
        ("CamemBERTv2, Llama3 et RNCP37873", ["camembert", "v2", "llama", "3", "rncp37873"]),
        ("IA", ["ia"]),
        ("AI Act", ["ai", "act"]),
        ("de la le les", []),
        ("", []),
        ("🙂 — …", []),
        ("e\u0301te\u0301s", ["ete"]),
    ],
)
def test_terms(text: str, terms: list[str]) -> None:
    assert analysis.terms(text) == terms


def test_highlights_cut_and_keep_the_whole_text() -> None:
    text = "Extraction de compétences, compétence par compétence."
    runs = analysis.highlights(text, frozenset({"competenc"}))
    assert "".join(run for run, _ in runs) == text
    assert [run for run, on in runs if on] == ["compétences", "compétence", "compétence"]
    assert analysis.highlights(text, frozenset()) == [(text, False)]


def test_the_longest_known_phrase_is_one_idea() -> None:
    thesaurus = Thesaurus(read_groups("# essai\ndemandeur d’emploi, chômeur\nemploi, travail\n"))
    typed = analysis.terms("un demandeur d'emploi aidé")
    assert thesaurus.slots(typed) == [
        Slot(("demandeur", "emploi"), (("chomeur",),)),
        Slot(("aide",)),
    ]
    assert thesaurus.slots(["chomeur"]) == [Slot(("chomeur",), (("demandeur", "emploi"),))]


def parse(text: str) -> ResourceQuery:
    return ResourceQuery.parse(QueryDict(text))


def test_what_is_unknown_or_out_of_bounds_is_left_out() -> None:
    query = parse(
        "q=%20a%00b%20%20c&kind=model&kind=nothing&scope=lunar&sort=best&updated=1d"
        "&page=-3&size=5000&words=none&type=x&licence=Any-Text&order=-password&score__gte=1e400"
        "&owner__password__startswith=p&_connector=OR 1=1"
    )
    assert query == ResourceQuery(q="a b c", kind=("model",), licence=("Any-Text",), size=100)


@pytest.mark.parametrize("page", ["0", "x", "", "-1", "1.5", "٣", "²", "9" * 400])
def test_a_wild_page_number_stays_in_bounds(page: str) -> None:
    query = parse(f"page={page}")
    assert 1 <= query.page * query.size <= MAX_DEPTH + query.size


def test_order_and_doubles_do_not_matter_and_filters_are_added_and_removed() -> None:
    one = parse("language=it&language=fr&kind=model")
    assert one == parse("kind=model&language=fr&language=it&language=fr")
    assert one.serialise() == "kind=model&language=fr&language=it"
    query = parse("q=rome&kind=model&scope=local&page=3&updated=12m&words=all")
    assert query.with_value("kind", "dataset").kind == ("dataset", "model")
    assert query.without("kind", "model") == parse("q=rome&scope=local&updated=12m&words=all")
    assert query.cleared() == ResourceQuery(q="rome")
    assert query.is_filtered
    assert not query.cleared().is_filtered


def test_parse_of_serialise_is_the_same_query() -> None:
    rng = random.Random(4)  # noqa: S311  # a reproducible draw
    letters = "aéœ'’\"«&=+%#?/ \\0"
    for _ in range(500):
        chosen = {
            name: tuple(sorted(rng.sample(sorted(facet.words), rng.randint(0, 3))))
            if facet.words
            else tuple(sorted({"x-1", rng.choice(letters).strip() or "y"}))
            for name, facet in FACETS.items()
        }
        raw = "".join(rng.choices(letters, k=rng.randint(0, 12)))
        query = ResourceQuery(
            q=" ".join(raw.split()),
            updated=rng.choice([None, *Updated]),
            words=rng.choice(list(Words)),
            sort=rng.choice(list(Sort)),
            page=rng.randint(1, 90),
            size=rng.randint(1, 100),
            **chosen,
        )
        assert parse(query.serialise()) == query
        assert parse(query.serialise()).serialise() == query.serialise()


def test_each_facet_is_asked_by_both_queries_and_found_on_a_full_card() -> None:
    card = ResourceFactory(
        kind=ResourceKind.MODEL,
        tasks=[Task.MATCHING],
        use_cases=[UseCase.MOBILITY_SELF_ASSESSMENT],
        beneficiaries=[Beneficiary.INDIVIDUALS],
        territories=["93"],
        tags=["emploi"],
        details={
            "files": [{"title": "Poids", "format": "csv"}],
            "library": "Transformers",
            "parameters": 110_000_000,
        },
    )
    measured = [MeasurementFactory(resource=card, from_challenge=True)]
    given = {facet.facet for facet in fulltext.build(card, measured).facets}
    asked = {field.name for field in fields(ResourceQuery)}
    for names in (given, asked, set(QueryIn.model_fields)):
        assert set(FACETS) - names == set()


FILES = ("csv", "json")


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filters, "searches", Window())
    monkeypatch.setattr(filters, "suggestions", Window())


def exported_titles(client: Client, query: str) -> list[str]:
    answer: Any = client.get(f"/exports/ressources.json{query}")
    assert answer.status_code == 200
    return [row["title"] for row in json.loads(b"".join(answer))["resources"]]


def turned_away(answer: Any, status: int = 429) -> str:
    assert answer.status_code == status
    if status == 429:
        assert 1 <= int(answer.headers["Retry-After"]) <= 60
    return str(answer.text)


@pytest.mark.parametrize(
    "address",
    [
        "/ressources/",
        "/ressources/filtres/tag/",
        "/flux/ressources.atom",
        "/exports/ressources.ttl",
    ],
)
def test_searches_past_the_share_of_a_network_wait(
    client: Client, settings: Any, address: str
) -> None:
    settings.SEARCHES_PER_MINUTE_AND_NETWORK = 2
    for _ in range(2):
        assert client.get(address, {"q": "emploi"}).status_code == 200
    page = turned_away(client.get(address, {"q": "emploi"}))
    assert "Trop de recherches depuis votre réseau" in page
    assert "too_many_requests" in page
    told = client.get(address, headers={"Accept": "application/json"})
    assert (told.status_code, told.json()["code"]) == (429, "too_many_requests")
    elsewhere = client.get(address, REMOTE_ADDR="192.0.2.7")
    assert elsewhere.status_code == 200


def test_searches_of_programs_have_the_same_share_and_suggestions_their_own(
    client: Client, settings: Any
) -> None:
    settings.SEARCHES_PER_MINUTE_AND_NETWORK = 1
    assert client.get("/ressources/?q=emploi").status_code == 200
    turned_away(client.get("/ressources/?q=emploi"))
    answer = client.get("/api/v1/resources?q=emploi")
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_requests")
    assert client.get("/api/v1/resources").status_code == 200
    for _ in range(4):
        assert client.get("/ressources/suggestions?q=emp").status_code == 200
    turned_away(client.get("/ressources/suggestions?q=empl"))


@pytest.mark.parametrize("query", ["", "?kind=technology"])
@pytest.mark.parametrize("extension", FILES)
def test_an_export_holds_a_place_until_it_is_read_or_shut(
    client: Client, settings: Any, extension: str, query: str
) -> None:
    """It holds a thread of the web server as long."""
    ResourceFactory(published=True)
    settings.EXPORTS_AT_A_TIME, settings.EXPORTS_AT_A_TIME_AND_NETWORK = 2, 1
    address = f"/exports/ressources.{extension}{query}"
    first: Any = client.get(address)
    assert "en cours" in turned_away(client.get(address))
    second: Any = client.get(address, REMOTE_ADDR="192.0.2.7")
    assert "plusieurs exports" in turned_away(client.get(address, REMOTE_ADDR="192.0.2.8"))
    assert b"".join(first)
    third: Any = client.get(address, REMOTE_ADDR="192.0.2.8")
    assert third.status_code == 200
    signals.request_finished.disconnect(close_old_connections)
    third.close()
    signals.request_finished.connect(close_old_connections)
    assert b"".join(client.get(address))
    assert b"".join(second)


@pytest.mark.parametrize("query", ["", "?kind=technology"])
def test_who_reads_an_export_too_slowly_is_cut_and_until_then_keeps_the_place(
    client: Client, settings: Any, query: str
) -> None:
    ResourceFactory(published=True)
    settings.EXPORTS_AT_A_TIME, settings.EXPORT_MOST_SECONDS = 1, -1
    slow: Any = client.get(f"/exports/ressources.csv{query}")
    assert "plusieurs exports" in turned_away(client.get("/exports/ressources.csv"))
    with pytest.raises(TimeoutError):
        b"".join(slow)
    settings.EXPORT_MOST_SECONDS = 60
    assert b"".join(client.get("/exports/ressources.csv"))


def test_who_no_longer_reads_an_export_frees_the_thread_that_sends_it(
    client: Client, settings: Any
) -> None:
    settings.PIECE_SECONDS = 0.01
    ours, theirs = socket.socketpair()
    with ours, theirs:
        answer: Any = client.get("/exports/ressources.csv", **{"gunicorn.socket": ours})
        assert b"".join(answer)
        assert ours.gettimeout() == 0.01
        with pytest.raises(TimeoutError):
            ours.sendall(b" " * 10_000_000)


def test_a_place_given_back_late_is_not_taken_from_who_has_it() -> None:
    def held() -> AbstractContextManager[None]:
        return rates.turn("essai", most=1, seconds=60, busy=QuotaSpent(code="essai"))

    with ExitStack() as second:
        with held():
            cache.delete("turn:essai:0")  # its time is over
            second.enter_context(held())
        with pytest.raises(QuotaSpent), held():
            pass
    with held():
        pass


def test_an_export_that_fails_gives_its_place_back(
    client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.EXPORTS_AT_A_TIME = 1
    with monkeypatch.context() as broken:
        broken.setattr(exports, "_export", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            client.get("/exports/ressources.csv")
    assert b"".join(client.get("/exports/ressources.csv"))


def test_exports_past_the_share_of_a_network_wait(client: Client, settings: Any) -> None:
    settings.EXPORTS_PER_MINUTE_AND_NETWORK = 1
    assert exported_titles(client, "") == []
    assert "Trop d’exports" in turned_away(client.get("/exports/ressources.csv"))


def test_an_export_gives_all_that_a_search_finds(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        ResourceFactory(published=True, title=f"Emploi {number}")
    ResourceFactory(published=True, title="Formation")
    whole = exported_titles(client, "?q=emploi")
    assert len(whole) == 5
    monkeypatch.setattr(exports, "MAX_DEPTH", 2)
    assert exported_titles(client, "?q=emploi") == whole


def test_an_absurd_address_is_refused_and_says_why(client: Client) -> None:
    for address in (reverse("catalogue:list"), "/exports/ressources.csv", "/oai", "/"):
        page = turned_away(client.get(f"{address}?q={'a' * 100_000}"), 414)
        assert "trop longue" in page
    told = client.get(f"/api/v1/challenges?x={'a' * 100_000}")
    assert (told.status_code, told.json()["code"]) == (414, "address_too_long")
    assert told.json()["limit_characters"] == 16_000


def test_what_is_left_out_of_a_search_is_said(client: Client) -> None:
    many = "&".join(f"tag={number:03}" for number in range(60))
    page = client.get(f"/ressources/?{many}&q={'a' * 201}").text
    assert "Mot-clé\xa0» garde 50 valeurs" in page
    assert "Vos mots sont coupés à 200 caractères." in page
    page = client.get(f"/ressources/?{many[: 8 * 50 - 1]}&q={'a' * 200}").text
    assert "garde 50 valeurs" not in page
    assert "sont coupés" not in page


def test_a_lot_costs_the_same_whatever_it_holds() -> None:
    same_for_three(
        lambda: ResourceFactory(published=True, kind="dataset", title="Jeu de données"),
        lambda: queries(index.rebuild),
    )


def test_how_far_it_is_is_told_apart_from_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalogue.management.commands.reindex.STEP", 1)
    former, text = "<h3>A</h3>\n<h4>B</h4>", "# A\n# B"
    card = ResourceFactory(published=True, title="Fiche", description=text, description_html=former)
    out, aside = io.StringIO(), io.StringIO()
    call_command("reindex", "--json", stdout=out, stderr=aside)
    assert json.loads(out.getvalue()) == {"rendered": 1, "indexed": 1, "mirrored": None}
    assert "1 ressource(s)…" in aside.getvalue()
    card.refresh_from_db()
    assert card.description_html == "<h3>A</h3>\n<h3>B</h3>"  # as headings are now written


@pytest.mark.parametrize("q", ["empl", "empl jeun salar form metie", "zzz absent emplxi jeunz"])
def test_suggestions_send_a_bounded_number_of_statements(q: str) -> None:
    ResourceFactory(published=True, title="Emploi des jeunes", tags=["emploi"])
    assert queries(lambda: said(q)) <= 15


def test_the_index_misses_nothing_holds_no_more_and_tells_the_truth(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each card changed behind the index: put offline or online, of another kind, without words."""
    sound, offline, other, wordless = ResourceFactory.create_batch(4, published=True)
    online = ResourceFactory()
    assert list(invariants.index_breaches()) == []
    Resource.objects.filter(pk=offline.pk).update(live=False)
    assert list(invariants.index_breaches()) == [str(offline.pk)]
    Resource.objects.filter(pk=online.pk).update(live=True, first_published_at=clock.now())
    Resource.objects.filter(pk=other.pk).update(kind=ResourceKind.NEWS)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM catalogue_fulltext WHERE rowid = %s", [wordless.pk])
    broken = {str(each.pk) for each in (offline, online, other, wordless)}
    assert set(invariants.index_breaches()) == broken
    assert str(sound.pk) not in broken
    monkeypatch.setattr(index, "BATCH", 2)
    assert index.rebuild() == Resource.objects.filter(live=True).count()
    assert list(invariants.index_breaches()) == []
