"""The occupation that was typed is known by its title, or is to be chosen."""

import pytest

from portal.demonstrator.naming import not_named, occupation_named, reading, without_person
from portal.demonstrator.service import Served


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("maraichere", "A01"),
        ("  MARAÎCHERS ", "A01"),
        ("Maraîcher / Maraîchère", "A01"),
        ("Productrice de tomates", "A01"),
        ("conseiller emploi", "K11"),
    ],
)
def test_a_title_names_its_occupation(served: Served, text: str, code: str) -> None:
    named = occupation_named(text, served)
    assert (named.code, named.is_exact) == (code, True)
    assert reading(text, named, served) == ""


def test_each_title_that_is_offered_names_its_occupation(served: Served) -> None:
    for one in list(served.referential.occupations.values())[::3]:
        assert occupation_named(one.title, served).code == one.code


def test_a_sentence_that_is_sure_names_one_and_says_what_is_understood(served: Served) -> None:
    text = "je répare des moteurs de bateau"
    named = occupation_named(text, served)
    assert (named.code, named.is_exact) == ("I04", False)
    assert "Mécanicien nautique" in reading(text, named, served)
    assert {text[each.start : each.end] for each in named.reasons} >= {"bateau"}


def test_what_is_not_known_gives_titles_to_choose_from(served: Served) -> None:
    named = occupation_named("technicienne", served)
    assert named.code == ""
    assert 1 < len(named.nearest) <= 5
    answered = not_named("technicienne", named, "occupation", served)
    assert "Choisissez un intitulé" in answered.silence
    assert (answered.nearest, answered.nearest_field) == (named.nearest, "occupation")


@pytest.mark.parametrize(
    "text",
    [
        "policier",
        "dompteur de lions",
        "software engineer",
        "waiter",
        "Quelle météo demain à Nice ?",
    ],
)
def test_a_trade_that_is_in_no_sheet_is_said_so_without_titles_of_others(
    served: Served, text: str
) -> None:
    named = occupation_named(text, served)
    assert named.nearest == ()
    assert "aucun des 157 métiers" in not_named(text, named, "occupation", served).silence


@pytest.mark.parametrize("text", ["", "?!", "的 工作", "<script>", "\0"])
def test_what_says_nothing_names_nothing(served: Served, text: str) -> None:
    named = occupation_named(text, served)
    assert named.code == ""
    assert not_named(text, named, "occupation", served).silence


def test_a_long_text_is_read_to_its_bound(served: Served) -> None:
    assert occupation_named("maçon " + "la " * 9_000, served).code == "F01"


@pytest.mark.parametrize(
    ("text", "meant"),
    [("prof de maths", "professeur"), ("plombié", "plombier"), ("sodeur", "soudeur")],
)
def test_a_word_that_was_misspelt_or_cut_short_is_read_as_the_nearest(
    served: Served, text: str, meant: str
) -> None:
    named = occupation_named(text, served)
    assert meant in served.referential.occupations[named.code].title.lower()
    assert f"lu comme « {meant} »" in reading(text, named, served)


@pytest.mark.parametrize("text", ["sérieuse", "sais", "je sais pas", "cherche"])
def test_an_ordinary_word_is_not_read_as_a_title(served: Served, text: str) -> None:
    named = occupation_named(text, served)
    assert (named.code, named.notes) == ("", ())


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("Kevin Dupont veut être cuisinier", "… veut être cuisinier"),
        ("Inès Benali, 17 ans, née le 03/04/2009, serveuse", "…, …, …, serveuse"),
        ("Mme Benali, née le 3 avril 2009 : coiffeuse", "…, … : coiffeuse"),
        ("Animateur Périscolaire, 2 ans", ""),
    ],
)
def test_who_somebody_is_is_taken_out_of_an_occupation(text: str, read: str) -> None:
    assert without_person(text).replace("(coordonnées retirées)", "…") == (read or text)


def test_no_title_is_taken_for_a_person(served: Served) -> None:
    for one in served.referential.occupations.values():
        for title in (one.title, *one.titles):
            assert without_person(title.title()) == title.title()
