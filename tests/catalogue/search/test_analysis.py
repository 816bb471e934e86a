"""The one French analysis."""

import pytest

from catalogue.search import analysis, spelling
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
    ("one", "other"),
    [
        ("métier", "métiers"),
        ("régional", "régionaux"),
        ("mobilité", "mobilités"),
        ("tableau", "tableaux"),
        ("jeune", "jeunes"),
        ("besoin", "besoins"),
        ("lieu", "lieux"),
    ],
)
def test_singular_and_plural_meet(one: str, other: str) -> None:
    assert analysis.terms(one) == analysis.terms(other)


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
    assert spelling.distance(one, other, 5) == edits
    assert spelling.distance(other, one, 5) == edits


def test_distance_stops_above_the_allowed_edits() -> None:
    assert spelling.distance("formation", "xxxxxxxxx", 2) == 3
    assert spelling.distance("court", "beaucoup plus long", 1) == 2
