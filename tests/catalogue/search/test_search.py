"""What a search finds, in which order, what it counts and proposes, on each database."""

import io
import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.test import Client

from catalogue.contributions.actions import checks
from catalogue.enums import Access, ResourceKind
from catalogue.models import IndexedName, Resource, RomeTitle, Synonym
from catalogue.search import engine, index, suggest, synonyms
from catalogue.search import text as analysis
from catalogue.search import words as known_words
from catalogue.search.query import ResourceQuery, Updated, Words
from catalogue.search.suggest import Suggestions
from catalogue.validators import checks as record_checks
from portal.lib import clock
from portal.lib.refusals import Conflict, Invalid, NotAllowed
from tests.cases import relevance
from tests.catalogue.ledger import events, queries, refused, same_for_three
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.catalogue import ResourceFactory

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


def test_a_quoted_phrase_keeps_its_order() -> None:
    right = ResourceFactory(published=True, title="Le marché du travail")
    ResourceFactory(published=True, title="Travail sur un marché")
    assert found('"marché du travail"') == [right.pk]


def test_a_phrase_does_not_run_from_one_field_into_the_next() -> None:
    ResourceFactory(published=True, title="Alpha", acronym="BETA")
    assert found('"alpha beta"') == []


def test_synonyms_work_both_ways_without_writing_the_index() -> None:
    one = ResourceFactory(published=True, title="Offres de France Travail")
    two = ResourceFactory(published=True, title="Archives de Pôle emploi")
    other = ResourceFactory(published=True, title="Travail en France")
    assert found("pole emploi") == [two.pk]
    Synonym.objects.create(phrases="pôle emploi\nfrance travail")
    assert set(found("pole emploi", words=Words.ALL)) == {one.pk, two.pk}
    assert set(found("france travail", words=Words.ALL)) == {one.pk, two.pk, other.pk}


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


def test_archived_comes_last() -> None:
    old = ResourceFactory(published=True, title="Mobilité A", lifecycle="stopped")
    new = ResourceFactory(published=True, title="Mobilité B")
    assert found("mobilité") == [new.pk, old.pk]


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
        ("RECOMANDATION", "recommandation"),
        ("compétance jeunes", "compétence jeunes"),
        ("emplio", "emploi"),
        ("mploi", "emploi"),
        ("insre", "Insee"),
        ("fromations", "formation"),
        ('"recomandation"', ""),
        ("vea", ""),
        ("m1806", ""),
        ("xylophone", ""),
        ("emploi", ""),
    ],
)
def test_a_misspelt_word_is_corrected(q: str, meant: str) -> None:
    """One slip from four letters, two from seven; accents come back."""
    ResourceFactory(
        published=True,
        title="Recommandation de formation et de compétence pour l’emploi des jeunes",
        acronym="VAE",
        producer_name="Insee",
        rome_codes=["M1805"],
    )
    assert engine().search(ResourceQuery(q=q)).suggestion == meant.lower()


def test_a_slip_that_a_card_holds_is_corrected_when_the_right_word_is_common() -> None:
    ResourceFactory(published=True, title="Une fiche", summary="recomandation")
    for _ in range(10):
        ResourceFactory(published=True, title="Recommandation")
    answer = engine().search(ResourceQuery(q="recomandation"))
    assert (answer.total, answer.suggestion) == (1, "recommandation")


def test_a_word_that_no_public_card_holds_any_more_is_not_proposed() -> None:
    card = ResourceFactory(published=True, title="Zzcanari")
    card.live = False
    index.write(card)
    assert engine().search(ResourceQuery(q="zzcanarie")).suggestion == ""


def test_a_search_and_suggestions_cost_the_same_for_three_and_nine() -> None:
    query = ResourceQuery(q="emploi", kind=("technology",), language=("fr",))

    def more() -> None:
        for _ in range(3):  # under three, a typing slip is looked for
            ResourceFactory(published=True, title="Emploi des jeunes", tags=["emploi"])

    searched, suggested = same_for_three(
        more,
        lambda: queries(lambda: engine().search(query)),
        lambda: queries(lambda: said("empl jeun")),
    )
    assert (searched <= 13, suggested <= 12) == (True, True)


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
    assert index.repair() == 1

    def found(q: str) -> list[int]:
        return list(engine().search(ResourceQuery(q=q)).ids)

    assert (found("perdue"), found("retiree")) == ([lost.pk], [])
    assert index.repair() == 0


def test_an_edit_changes_the_next_search_and_stands_in_the_journal() -> None:
    card = ResourceFactory(published=True, title="Offres de France Travail")
    by = UserFactory(region="moderator")

    def found() -> list[int]:
        return list(engine().search(ResourceQuery(q="pole emploi", words=Words.ALL)).ids)

    group = synonyms.add(phrases=["Pôle  emploi", "France Travail", "pole EMPLOI"], by=by)
    assert (group.words, found()) == (["Pôle emploi", "France Travail"], [card.pk])
    synonyms.change(synonym=group, phrases=group.words, active=False, by=by)
    assert found() == []
    synonyms.change(synonym=group, phrases=group.words, active=False, by=by)
    synonyms.change(synonym=group, phrases=group.words, active=True, by=by)
    assert found() == [card.pk]
    synonyms.remove(synonym=group, by=by)
    assert found() == []
    acts = ("added", "changed", "changed", "removed")
    assert events() == [f"synonym.{act}" for act in acts]


@pytest.mark.parametrize("who", ["nobody", "referent", "auditor"])
def test_only_the_staff_of_the_back_office_edits(who: str) -> None:
    group = Synonym.objects.create(phrases="un\ndeux")
    by = {
        "nobody": UserFactory,
        "referent": lambda: MembershipFactory(role="referent").user,
        "auditor": lambda: UserFactory(region="auditor"),
    }[who]()
    with refused(NotAllowed):
        synonyms.add(phrases=["trois", "quatre"], by=by)
    with refused(NotAllowed):
        synonyms.change(synonym=group, phrases=["x", "y"], active=True, by=by)
    with refused(NotAllowed):
        synonyms.remove(synonym=group, by=by)


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
    with pytest.raises(Invalid) as refused:
        synonyms.read_phrases(text)
    assert refused.value.code == code


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
    client.post(f"{listed}new/", {"phrases": "vae\nvalidation des acquis", "active": "on"})
    group = Synonym.objects.get()
    assert "vae, validation des acquis" in client.get(listed).text
    said = client.post(f"{listed}edit/{group.pk}/", {"phrases": "vae", "active": "on"})
    assert "au moins deux mots" in said.text
    client.post(f"{listed}edit/{group.pk}/", {"phrases": "vae\nacquis"})
    group.refresh_from_db()
    assert (group.words, group.active) == (["vae", "acquis"], False)
    client.post(f"{listed}delete/{group.pk}/")
    assert not Synonym.objects.exists()
    assert events() == ["synonym.added", "synonym.changed", "synonym.removed"]
    client.force_login(UserFactory())
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
    near = [
        other for other in rows if record_checks.is_like(title, other, at_least=checks.LIKE_ENOUGH)
    ]
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
    real, title = record_checks.is_like, "Annuaire des missions locales"

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

    monkeypatch.setattr(record_checks, "is_like", is_like)
    ResourceFactory(published=True, title=title)
    same_for_three(more, lambda: queries(resembles), resembles)
