"""The one French analysis, and a query from its address to its value and back."""

import random

import pytest
from django.http import QueryDict

from catalogue.search import text as analysis
from catalogue.search.query import (
    FACETS,
    MAX_DEPTH,
    MAX_Q,
    ResourceQuery,
    Sort,
    Updated,
    Words,
    from_mapping,
)
from catalogue.search.synonyms import Slot, Thesaurus, read_groups


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("Compétences", ["competenc"]),
        ("COMPÉTENCE", ["competenc"]),
        ("l’emploi", ["emploi"]),
        ("l'emploi d‘un qu’il", ["emploi"]),
        ("aujourd’hui", ["aujourd", "hui"]),
        ("Carif-Oref", ["carif", "oref"]),
        ("travaux réseaux chevaux", ["travail", "reseau", "cheval"]),
        ("jeux de données", ["jeu", "donne"]),
        ("une donnée", ["donne"]),
        ("nœud cæcum", ["noeud", "caecum"]),
        ("VAE, ROME 4.0 et M1805", ["vae", "rome", "4", "0", "m1805"]),
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


@pytest.mark.parametrize(
    "forms",
    (
        "métier métiers,régional régionaux,mobilité mobilités,tableau tableaux,jeune jeunes,"
        "besoin besoins,lieu lieux"
    ).split(","),
)
def test_singular_and_plural_meet(forms: str) -> None:
    assert len(set(analysis.terms(forms))) == 1


def test_tokens_stand_where_they_are_in_the_text() -> None:
    text = "L’été, l'Emploi des « Jeunes »"
    found = {text[start:end] for _term, start, end in analysis.tokens(text)}
    assert found == {"Emploi", "Jeunes"}


def test_highlights_cut_and_keep_the_whole_text() -> None:
    text = "Extraction de compétences, compétence par compétence."
    runs = analysis.highlights(text, frozenset({"competenc"}))
    assert "".join(run for run, _ in runs) == text
    assert [run for run, on in runs if on] == ["compétences", "compétence", "compétence"]
    assert analysis.highlights(text, frozenset()) == [(text, False)]


def test_a_very_long_word_is_cut() -> None:
    assert len(analysis.terms("a" * 1_000)[0]) <= analysis.MAX_WORD


def test_the_longest_known_phrase_is_one_idea() -> None:
    thesaurus = Thesaurus(read_groups("# essai\ndemandeur d’emploi, chômeur\nemploi, travail\n"))
    typed = analysis.terms("un demandeur d'emploi aidé")
    assert thesaurus.slots(typed) == [
        Slot(("demandeur", "emploi"), (("chomeur",),)),
        Slot(("aide",)),
    ]
    assert thesaurus.slots(["chomeur"]) == [Slot(("chomeur",), (("demandeur", "emploi"),))]


@pytest.mark.parametrize(
    ("one", "other", "edits"),
    [
        ("recomandation", "recommandation", 1),
        ("emploi", "empoli", 1),
        ("abc", "abcd", 1),
        ("abc", "xyz", 3),
        ("", "ab", 2),
        ("même", "même", 0),
    ],
)
def test_distance(one: str, other: str, edits: int) -> None:
    assert analysis.distance(one, other, 5) == edits
    assert analysis.distance(other, one, 5) == edits


def test_distance_stops_above_the_allowed_edits() -> None:
    assert analysis.distance("formation", "xxxxxxxxx", 2) == 3
    assert analysis.distance("court", "beaucoup plus long", 1) == 2


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


def test_words_are_cut() -> None:
    assert len(parse("q=" + "a" * 5_000).q) == MAX_Q


def test_order_and_doubles_do_not_matter() -> None:
    one = parse("language=it&language=fr&kind=model")
    assert one == parse("kind=model&language=fr&language=it&language=fr")
    assert one.serialise() == "kind=model&language=fr&language=it"


def test_filters_are_added_removed_and_cleared() -> None:
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
            name: tuple(sorted(rng.sample(sorted(allowed), rng.randint(0, min(3, len(allowed))))))
            if allowed
            else tuple(sorted({"x-1", rng.choice(letters).strip() or "y"}))
            for name, allowed in FACETS.items()
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


def test_a_mapping_reads_like_a_url() -> None:
    assert from_mapping({"q": ["rome"], "kind": ["model"]}) == parse("q=rome&kind=model")
