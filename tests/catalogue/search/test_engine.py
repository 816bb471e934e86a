"""What a search finds, in which order, and what it counts, on each database."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalogue.enums import Access, ResourceKind
from catalogue.models import Resource, Synonym
from catalogue.search import engine, index
from catalogue.search.query import ResourceQuery, Updated, Words
from portal.accounts.actions import organisations
from portal.accounts.enums import Role
from portal.lib import clock
from tests.contracts import searching
from tests.factories.accounts import MembershipFactory
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


def test_what_is_not_online_is_not_found_and_leaves_at_once() -> None:
    draft = ResourceFactory(title="Invisible")
    index.write(draft)
    assert found("invisible") == []
    card = ResourceFactory(published=True, title="Visible")
    assert found("visible") == [card.pk]
    card.live = False
    index.write(card)
    assert found("visible") == []


def test_writing_again_replaces() -> None:
    card = ResourceFactory(published=True, title="Ancien titre")
    card.title = "Nouveau nom"
    index.write(card)
    index.write(card)
    assert found("ancien") == []
    assert found("nouveau") == [card.pk]


def test_a_renamed_organisation_is_found_by_its_new_name() -> None:
    referent = MembershipFactory(role=Role.REFERENT, organisation__name="Ancien nom")
    card = ResourceFactory(
        published=True, title="Fiche", organisation=referent.organisation, producer_name=""
    )
    organisations.describe(
        organisation=referent.organisation, by=referent.user, name="Appellation nouvelle"
    )
    searching.deliver()
    assert found("appellation") == [card.pk]
    results = engine().search(ResourceQuery())
    assert [each.label for each in results.facets["organisation"]] == ["Appellation nouvelle"]


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


def test_query_count_is_constant() -> None:
    counts = []
    for _ in range(2):
        for _ in range(3):  # under three, a typing slip is looked for
            ResourceFactory(published=True, title="Emploi")
        query = ResourceQuery(q="emploi", kind=("technology",), language=("fr",))
        with CaptureQueriesContext(connection) as seen:
            engine().search(query)
        counts.append(len(seen))
    assert counts[0] == counts[1]
    assert counts[0] <= 13


def test_the_date_of_the_last_change_is_a_filter() -> None:
    old = ResourceFactory(published=True, title="Emploi ancien", indexed=False)
    new = ResourceFactory(published=True, title="Emploi récent")
    old.content_modified_at = clock.now() - timedelta(days=400)
    old.save()
    index.write(old)
    assert found("emploi", updated=Updated.YEAR) == [new.pk]
    assert found("", updated=Updated.YEAR) == [new.pk]
    assert set(found("emploi", updated=Updated.YEARS)) == {old.pk, new.pk}
