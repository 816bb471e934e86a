"""Engines of the Démonstrateur, on the référentiel d'essai: what each answers, and refuses."""

import io
import time
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from portal.demonstrator.building import reading
from portal.demonstrator.building.tables import Source
from portal.demonstrator.building.text import Held, learn_many
from portal.demonstrator.engines import match
from portal.demonstrator.engines.learning import Example, learn
from portal.demonstrator.engines.moves import Moves, is_near
from portal.demonstrator.engines.tension import Tensions
from portal.demonstrator.engines.text import Arrays, Lexical, Ranking, TextEngine
from portal.demonstrator.engines.words import stem, words
from portal.demonstrator.enums import ReferentialKind
from portal.demonstrator.referential import trial
from tests.conftest import shared_cases


@cache
def learnt() -> tuple[Arrays, Any]:
    """Learn from the référentiel d'essai, once."""
    return learn(list(trial().examples()))


def stored_and_read(arrays: Arrays) -> Lexical:
    """Read again what was written of what was learnt."""
    kept = io.BytesIO()
    np.savez_compressed(kept, allow_pickle=False, **arrays.to_mapping())
    kept.seek(0)
    return Lexical(Arrays.read(np.load(kept)))


@pytest.fixture(scope="module")
def engine() -> TextEngine:
    """Give the engine of the référentiel d'essai."""
    return stored_and_read(learnt()[0])


@cache
def _official(place: Path) -> Lexical:
    rome, _rows = reading.read(ReferentialKind.ROME, Source(place))
    # Some occupations of all domains: learning all of them takes minutes.
    kept = {each["code"] for each in rome["occupations"][::12]}
    titles = [each for each in rome["titles"] if each[0] in kept]
    examples = [Example(title, code, group, form) for code, group, form, title in titles]
    held = [Example(each[3], each[0], each[1], each[2]) for each in rome["held"]]
    held = [each for each in held if each.code in kept]
    arrays, _figures = learn_many(examples, Held(held[::2], held[1::2]))
    return stored_and_read(arrays)


@pytest.fixture(scope="module", params=["trial", "official"])
def contracted(request: pytest.FixtureRequest) -> tuple[TextEngine, str]:
    """Give each engine that keeps the contract, and a title that it knows."""
    if request.param == "trial":
        return stored_and_read(learnt()[0]), "ouvrier viticole"
    place = shared_cases("challenges", "codage-appellations-rome")
    if place is None:
        pytest.skip("the official titles (../shared/cases) are not on this machine")
    pytest.importorskip("sklearn", reason="scikit-learn learns official data, and is not installed")
    return _official(place), "Conducteur d'engins agricoles"


def first(engine: TextEngine, text: str) -> str:
    """Name the occupation that comes first."""
    return trial().occupations[engine.rank(text).nearest[0].code].masculine


ODD = {
    "empty": "",
    "spaces": " \t\n\u00a0",
    "signs": "?!…«»—",
    "control": "\0\x1b[31m\ud800\u202e",
    "chinese": "我在找工作 面包师",
    "arabic": "أبحث عن عمل",
    "stops": "et de la les pour",
    "markup": "<script>alert(1)</script> ' OR 1=1 -- {{ 7*7 }} %s ../../etc/passwd",
    "combining": "e" + "\u0301" * 3_000,
    "long": "boulanger " * 2_000,
    "one word": "a" * 20_000,
    "numbers": "1234567890 " * 50,
}


@pytest.mark.parametrize("text", ODD.values(), ids=ODD)
def test_contract_any_text_gets_a_sound_answer_or_none(
    contracted: tuple[TextEngine, str], text: str
) -> None:
    engine, _title = contracted
    began = time.perf_counter()
    answer = engine.rank(text, count=4)
    assert time.perf_counter() - began < 1
    assert answer == engine.rank(text, count=4)
    _assert_sound(answer, text, count=4)


@pytest.mark.parametrize("text", ["", "?!…", "et de la les pour", "我在找工作", "\0\ud800"])
def test_contract_a_text_without_a_word_gets_nothing(
    contracted: tuple[TextEngine, str], text: str
) -> None:
    assert contracted[0].rank(text) == Ranking((), ())


@pytest.mark.parametrize(
    "text",
    [
        "Hello, I am looking for a person who can repair boats and engines",
        "Busco trabajo de camarero para el verano en la costa",
        "Wir suchen einen Mechaniker für die Werkstatt, mit Erfahrung",
        "Cerco lavoro per la stagione, sono cuoco",
        "bonjour, il fait beau",
        "azerty qsdfgh",
    ],
)
def test_contract_nothing_is_proposed_for_another_language_or_subject(
    contracted: tuple[TextEngine, str], text: str
) -> None:
    assert contracted[0].rank(text).proposals == ()


def test_contract_a_title_is_proposed_with_its_words(contracted: tuple[TextEngine, str]) -> None:
    engine, title = contracted
    said = f"Bonjour, nous cherchons : {title.upper()} !"
    answer = engine.rank(said)
    _assert_sound(answer, said, count=5)
    assert len(answer.nearest) == 5
    assert len({each.code for each in answer.nearest}) == 5
    named = {said[each.start : each.end].lower() for each in answer.nearest[0].reasons}
    assert named & set(title.lower().replace("'", " ").split())
    assert [each.code for each in engine.rank(said, count=2).nearest] == [
        each.code for each in answer.nearest[:2]
    ]


def _assert_sound(answer: Ranking, text: str, *, count: int) -> None:
    assert answer.proposals in ((), answer.nearest)
    assert len(answer.nearest) <= count
    confidences = [each.confidence for each in answer.nearest]
    assert confidences == sorted(confidences, reverse=True)
    assert all(0 <= each <= 1 for each in confidences)
    for each in answer.nearest:
        assert sum(reason.share for reason in each.reasons) <= 1.001
        for reason in each.reasons:
            assert 0 <= reason.start < reason.end <= len(text)
            assert 0 < reason.share <= 1.001
            assert text[reason.start : reason.end].strip()


@pytest.mark.parametrize(
    ("text", "title", "reason"),
    [
        (
            "Je cherche quelqu’un pour réparer des moteurs de bateau",
            "Mécanicien nautique",
            "bateau",
        ),
        ("une SERVEUSE pour la saison, qui parle anglais", "Serveur", "SERVEUSE"),
        ("aide pour ma mère âgée : toilette, repas, à domicile", "Aide à domicile", "domicile"),
        ("tailler les vignes et vendanger", "Ouvrier viticole", "vignes"),
    ],
)
def test_a_sentence_gives_an_occupation_and_the_words_that_justify_it(
    engine: TextEngine, text: str, title: str, reason: str
) -> None:
    [best, *others] = engine.rank(text).proposals
    assert trial().occupations[best.code].masculine == title
    assert reason in {text[each.start : each.end] for each in best.reasons}
    assert 0 < best.confidence <= 1
    assert all(each.confidence <= best.confidence for each in others)
    assert sum(each.share for each in best.reasons) <= 1.001


@pytest.mark.parametrize(
    "text",
    ["", "   ", "?!…", "\0\ud800", "的 工作", "hello my name is", "azeaz ze fsd", "et de la"],
)
def test_what_says_nothing_of_a_trade_gets_no_proposal(engine: TextEngine, text: str) -> None:
    assert engine.rank(text).proposals == ()


def test_a_long_text_is_read_to_its_bound_alone(engine: TextEngine) -> None:
    assert first(engine, "boulanger " + "la " * 9_000) == "Boulanger"
    assert engine.rank("zz " * 2_000 + "boulanger").proposals == ()


def test_both_genders_of_a_title_mean_one_occupation(engine: TextEngine) -> None:
    told = [(one.masculine, one.feminine) for one in trial().occupations.values()]
    same = [first(engine, one) == first(engine, other) for one, other in told]
    assert np.mean(same) >= 0.95
    pairs = [("serveuses", "serveur"), ("boulangère", "boulanger"), ("directrice", "directeur")]
    for one, other in [*pairs, ("infirmière", "infirmiers"), ("agente", "agent")]:
        assert [each.stem for each in words(one)] == [each.stem for each in words(other)]
    assert stem("mer") == "mer"


def test_most_titles_that_were_not_learnt_find_their_occupation() -> None:
    examples = list(trial().examples())
    arrays, left_out = learnt()
    titles = [at for at, each in enumerate(examples) if " titre " in each.group]
    ranked = np.argsort(-left_out.scores, axis=1)
    among = [
        [arrays.codes[place] for place in ranked[at, :count]].count(examples[at].code)
        for count in (1, 3)
        for at in titles
    ]
    assert np.mean(among[: len(titles)]) >= 0.5  # one in 157 by chance
    assert np.mean(among[len(titles) :]) >= 0.65


def test_a_word_that_a_domain_shares_leads_to_its_occupations_first() -> None:
    """« Ferme » is met most often for an inn, and in three occupations of farming."""
    pytest.importorskip("sklearn", reason="scikit-learn learns official data, and is not installed")
    titles = {
        "A1101": ("ferme laitière", "traite laitière"),
        "A1102": ("ferme bovine", "élevage bovin"),
        "A1103": ("ferme avicole", "volaille avicole"),
        "B1201": ("ferme auberge", "ferme auberge"),
        "B1202": ("table hôte", "chambre hôte"),
        "B1203": ("hôtel",),
    }
    examples = [
        Example(title, code, f"{code} {title}", "e")
        for code, few in titles.items()
        for title in few
    ]
    arrays, _figures = learn_many(examples, Held(examples, examples))

    found = [Lexical(arrays).rank(each, count=1).nearest[0].code for each in ("ferme", "auberge")]

    assert (found[0][0], found[1]) == ("A", "B1201")


def test_arrays_of_another_shape_are_refused(engine: Lexical) -> None:
    stored = engine.arrays.to_mapping()
    with pytest.raises(ValueError, match="weights"):
        Arrays.read(stored | {"weights": stored["weights"][:, 1:]})
    with pytest.raises(KeyError):
        Arrays.read({name: each for name, each in stored.items() if name != "idf"})


def test_moves_tell_what_is_shared_and_missing_and_leave_the_domain() -> None:
    knowledge = {"A01": ("a", "b"), "A02": ("b", "c"), "A03": ("a",), "B01": ("b",), "C01": ()}
    ranked = {"A01": [("A02", 0.9), ("A03", 0.8), ("B01", 0.2), ("C01", 0.1)]}
    moves = Moves(ranked, knowledge)
    best, second = moves.rank("A01", count=2)
    assert (best.code, best.is_near, best.shared, best.missing) == ("A02", True, ("b",), ("c",))
    assert (best.distance, second.distance) == (0.5, 0.0)
    assert [is_near("a" * known, "b" * (6 - known)) for known in (0, 1, 2)] == [False, False, True]
    assert [each.code for each in moves.rank("A01", count=2, outside=1)] == ["A02", "B01"]
    assert [each.code for each in moves.rank("A01", count=2, outside=9)] == ["B01", "C01"]
    assert moves.rank("A01", count=4, outside=2)[-1].distance == 1.0
    with pytest.raises(KeyError):
        moves.rank("Z99")


def test_a_tension_has_an_interval_and_an_unknown_place_none() -> None:
    chances = np.array([[0.05, 0.05, 0.1, 0.6, 0.2], [0.2, 0.2, 0.2, 0.2, 0.2]], np.float32)
    tensions = Tensions(chances, {("A01", "Gap"): 0, ("A01", "Nice"): 1})
    sure, doubtful = tensions.level("A01", "Gap"), tensions.level("A01", "Nice")
    assert sure is not None
    assert doubtful is not None
    assert (sure.level, sure.low, sure.high) == (4, 4, 5)
    assert (doubtful.level, doubtful.high - doubtful.low) == (3, 3)
    assert tensions.level("A01", "Digne") is None
    with pytest.raises(ValueError, match="chances"):
        Tensions(chances * 2, {})


def test_the_question_asked_first_parts_the_likeliest_occupations() -> None:
    knowledge = {"A": ("anglais", "caisse"), "B": ("caisse", "vente"), "C": ("caisse",)}
    chances = {"A": 0.5, "B": 0.3, "C": 0.2}
    assert match.questions(chances, knowledge) == ("anglais", "vente")  # all need the till
    assert match.questions(chances, knowledge, answered=("anglais",)) == ("vente",)
    assert match.questions({}, knowledge) == ()
    asked = match.pieces(("a", "b", "c"), {"b", "z"})
    assert (asked.shared, asked.missing) == (("b",), ("a", "c"))


def test_the_referentiel_is_whole() -> None:
    known = trial()
    assert len(known.occupations) > 150
    assert len({code[0] for code in known.occupations}) == 14
    for one in known.occupations.values():
        assert {*one.near, *one.further} <= set(known.occupations) - {one.code}
        assert set(one.knowledge) <= set(known.knowledge)
        assert not set(one.near) & set(one.further)
    links = [(a.code, b) for a in known.occupations.values() for b in (*a.near, *a.further)]
    assert np.mean([a[0] != b[0] for a, b in links]) > 1 / 3
    assert trial().occupations["A01"].title == "Maraîcher / Maraîchère"
