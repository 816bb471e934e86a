"""The sentences about a file: French plurals, one stop at the end, nothing left unfilled."""

import json
import re

import pytest

from challenges.scoring.predictions.faults import (
    CHOICE,
    PLACEHOLDER,
    fill,
    is_said,
    messages,
    said,
)
from challenges.scoring.verdict import Verdict
from tests.challenges.scoring.answers import keys, spec, verdict

COUNTED = {
    "E_NO_ROWS": (
        "aucune prédiction n’a été trouvée (1 ligne attendue).",
        "aucune prédiction n’a été trouvée (2 lignes attendues).",
    ),
    "E_TOO_MANY_ROWS": ("(1 attendue)", "(2 attendues)"),
    "E_ROW_FIELDS": ("Ligne 7 : 1 champ au lieu de 1.", "Ligne 7 : 2 champs au lieu de 2."),
    "E_ID_DUPLICATE": (
        "1 identifiant en double. Ligne 7 : « x » (déjà vu ligne 5).",
        "2 identifiants en double. Premier doublon ligne 7 : « x » (déjà vu ligne 5).",
    ),
    "E_ID_UNKNOWN": (
        "1 identifiant ne fait pas partie du jeu de test. Ligne 7 : « x ».",
        "2 identifiants ne font pas partie du jeu de test. Premier cas ligne 7 : « x ».",
    ),
    "E_ID_MISSING": ("Il manque 1 identifiant sur 1.", "Il manque 2 identifiants sur 2."),
    "E_ID_MISSING.unread": (
        "1 identifiant n’a été trouvé sur aucune ligne lisible (1 attendu).",
        "2 identifiants n’ont été trouvés sur aucune ligne lisible (2 attendus).",
    ),
    "E_QUERY_MISSING.unread": (
        "1 requête n’a aucune ligne lisible ; c’est « q ».",
        "2 requêtes n’ont aucune ligne lisible ; première : « q ».",
    ),
    "E_ID_MISSING.candidate": (
        "Il manque le score de 1 candidat sur 1 ; c’est « x » de « q ».",
        "Il manque le score de 2 candidats sur 2 ; premier : « x » de « q ».",
    ),
    "E_VALUE_MISSING": (
        "1 prédiction vide. Ligne 7. Chaque",
        "2 prédictions vides. Première : ligne 7. Chaque",
    ),
    "E_VALUE_NOT_FINITE": (
        "1 prédiction n’est pas un nombre fini (NaN ou infini). Ligne 7.",
        "2 prédictions ne sont pas des nombres finis (NaN ou infini). Première : ligne 7.",
    ),
    "E_VALUE_TYPE.pattern": (
        "1 prédiction n’a pas la forme attendue (1). Ligne 7 : « x ».",
        "2 prédictions n’ont pas la forme attendue (2). Première : ligne 7, « x ».",
    ),
    "E_VALUE_RANGE": (
        "1 prédiction hors de l’intervalle [0 ; 9]. Ligne 7 : « x ».",
        "2 prédictions hors de l’intervalle [0 ; 9]. Première : ligne 7, « x ».",
    ),
    "E_LABEL_UNKNOWN": (
        "1 étiquette ne fait pas partie de la nomenclature du défi. Ligne 7 : « x ».",
        "2 étiquettes ne font pas partie de la nomenclature du défi. Première : ligne 7, « x ».",
    ),
    "E_LABEL_UNKNOWN.candidate": (
        "1 candidat n’est pas de ceux de sa demande. Ligne 7 : « x » de « q ».",
        "2 candidats ne sont pas de ceux de leur demande. Premier : ligne 7, « x » de « q ».",
    ),
    "E_PROBA_SUM": (
        "La somme des probabilités de 1 ligne s’écarte de 1 (ligne 7, somme x).",
        "La somme des probabilités de 2 lignes s’écarte de 1 (première : ligne 7, somme x).",
    ),
    "E_LIST_TOO_LONG": ("Ligne 7 : 1 élément ; 9 au plus.", "Ligne 7 : 2 éléments ; 9 au plus."),
    "E_GROUPS_TOO_MANY": ("1 groupe ; 9 au plus.", "2 groupes différents ; 9 au plus."),
    "E_QUERY_MISSING": (
        "1 requête sans réponse ; c’est « q ».",
        "2 requêtes sans réponse ; première : « q ».",
    ),
    "E_ROW_COUNT": ("1 ligne ; 1 attendue.", "2 lignes ; 2 attendues."),
    "W_EXTRA_COLUMNS": ("Colonne ignorée : « z ».", "Colonnes ignorées : « z »."),
    "W_BLANK_LINES": ("1 ligne vide ignorée.", "2 lignes vides ignorées."),
}
FACTS = {
    "ligne": 7,
    "ligne2": 5,
    "valeur": "x",
    "id": "q",
    "min": "0",
    "max": "9",
    "colonnes": "« z »",
}


@pytest.mark.parametrize("code", sorted(COUNTED))
def test_what_is_counted_agrees(code: str) -> None:
    for count, expected in zip((1, 2), COUNTED[code], strict=True):
        facts = FACTS | {"n": count, "trouve": count, "attendu": count}
        assert expected in fill(messages()[code], facts)


def test_none_is_singular_in_french_and_an_unknown_count_is_not() -> None:
    assert fill("{n:cheval|chevaux}", {"n": 0}) == "cheval"
    assert fill("{n:cheval|chevaux}", {}) == "chevaux"


def test_no_sentence_hedges_its_number_or_lacks_its_stop() -> None:
    wrong = [code for code, text in messages().items() if re.search(r"\([a-z]{1,3}\)", text)]
    assert wrong == []
    open_ended = [code for code, text in messages().items() if not text.endswith((".", "?", "»."))]
    assert open_ended == []


def test_every_place_of_a_sentence_is_filled_or_said_to_be_unknown() -> None:
    for text in messages().values():
        assert not re.search(r"\{\w", fill(text, {}))


def test_what_was_inserted_is_not_read_as_a_choice() -> None:
    assert fill("« {valeur} »", {"valeur": "{n:a|b}", "n": 1}) == "« {n:a|b} »"
    assert fill("{n:« {valeur} »|rien}", {"valeur": "{n}", "n": 1}) == "« {n} »"


def test_one_wrong_number_is_told_in_the_singular() -> None:
    found, _ = verdict("id,p\na,0.5\nb,x\nc,0.5\n", spec(), keys("a", "b", "c"))
    assert found.faults[0].message == (
        "1 prédiction n’est pas un nombre. Ligne 3 : « x ». Format attendu : « 0.25 »."
    )


def test_each_language_has_every_sentence_and_no_place_of_its_own() -> None:
    french, english = messages("fr"), messages("en")
    assert list(french) == list(english)
    for code, text in english.items():
        assert text.endswith((".", "?", "”.")), code
        places = {re.sub("_en$", "", name) for name in names(text)}
        assert places <= names(french[code]) | {"max", "limite"}, code


def names(sentence: str) -> set[str]:
    return {*PLACEHOLDER.findall(sentence), *(found[0] for found in CHOICE.findall(sentence))}


def test_a_stored_fault_is_said_in_the_language_of_who_reads_it() -> None:
    found, _ = verdict("Id,p,x,y\na,0.5,1,1\n", spec(), keys("a", "b"))
    stored = json.loads(json.dumps(found.to_json()))["faults"][0]
    assert said(stored, "en") == (
        "Column “id” was not found. Columns read: “Id”, “p”, “x”, “y”. Hint: a column “Id” "
        "exists; names must be identical, case included."
    )
    assert said(stored, "fr") == found.faults[0].message
    assert Verdict.from_json(json.loads(json.dumps(found.to_json()))) == found


def test_the_counts_of_an_english_sentence_agree() -> None:
    found, _ = verdict("id,p\na,0.5\n", spec(), keys("a", "b"))
    assert said(found.faults[0], "en").startswith("1 identifier is missing out of 2.")
    assert fill("{n:horse|horses}", {"n": 0}, "en") == "horses"


def test_a_fault_stored_without_its_facts_stays_as_it_was_said() -> None:
    old = {"code": "E_ID_MISSING", "message": "Il manque 2 identifiants."}
    assert (said(old, "en"), is_said(old, "en")) == ("Il manque 2 identifiants.", False)
