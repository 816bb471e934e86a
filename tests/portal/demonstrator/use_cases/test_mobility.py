"""UC1: where a project stands, moves beside wishes, and what to bring to an adviser."""

from dataclasses import replace
from typing import Any

import pytest

from portal.demonstrator.answers import Answer, Line
from portal.demonstrator.engines.moves import Moves
from portal.demonstrator.service import Served
from portal.demonstrator.use_cases.mobility_self_assessment.answer import answer
from portal.demonstrator.use_cases.mobility_self_assessment.criteria import STRAINS
from portal.demonstrator.use_cases.mobility_self_assessment.form import MobilityForm
from portal.demonstrator.use_cases.mobility_self_assessment.maturity import stage_of

STANDS, MOVES, TO_BRING = (
    "Où vous en êtes",
    "Des pistes depuis votre métier",
    "À apporter au conseiller",
)


def said(occupation: str, **others: Any) -> dict[str, Any]:
    """Say an occupation as the form gives it, and nothing else unless told."""
    return {
        "occupation": occupation,
        "zone": "",
        "constraints": [],
        "signs": [],
        "steps": [],
    } | others


def lines(answered: Answer, title: str) -> tuple[Line, ...]:
    """Find the lines of a block by its title."""
    return next(each.lines for each in answered.blocks if each.title == title)


def marks(line: Line) -> list[str]:
    """List the words of the marks of a line."""
    return [str(words) for _tone, words in line.marks]


def test_the_form_asks_nothing_of_who_one_is_and_names_the_field_at_fault(served: Served) -> None:
    asked = MobilityForm({}, served=served)
    assert set(asked.fields) == {"occupation", "zone", "constraints", "signs", "steps"}
    assert set(asked.errors) == {"occupation"}
    assert set(MobilityForm({"occupation": "a" * 20_000}, served=served).errors) == {"occupation"}
    wrong = {"occupation": "maçon", "zone": "paris", "steps": ["nothing"]}
    assert set(MobilityForm(wrong, served=served).errors) == {"zone", "steps"}
    right = MobilityForm({"occupation": "maçon", "zone": "gap"}, served=served)
    assert right.is_valid()
    assert right.cleaned_data == said("maçon", zone="gap")


@pytest.mark.parametrize(
    ("ticked", "stage"),
    [
        ([], 0),
        (["wish"], 0),
        (["idea", "met", "learn", "means"], 0),
        (["wish", "talked"], 1),
        (["wish", "talked", "idea", "met"], 2),
        (["wish", "talked", "idea", "met", "learn", "means"], 3),
    ],
)
def test_one_stands_at_the_first_stage_with_a_step_to_tick(ticked: list[str], stage: int) -> None:
    assert stage_of(ticked) == stage


def test_what_is_left_to_do_and_what_helps_with_each_sign_are_said(served: Served) -> None:
    answered = answer(said("maçon", steps=["wish"], signs=["body"]), served)
    stage, sign = lines(answered, STANDS)
    assert stage.title == "Étape 1 sur 4 : y voir clair"
    assert "conseiller en évolution" in stage.reason
    assert "trois choses" not in stage.reason  # done
    assert "médecin du travail" in sign.reason


def test_a_move_says_what_is_shared_and_missing_and_how_many_leave(served: Served) -> None:
    answered = answer(said("serveuse", zone="gap"), served)
    block = answered.blocks[1]
    assert "4 pistes sur 8 quittent votre domaine" in block.note
    sailor = next(each for each in block.lines if each.code == "N12")
    assert sailor.reason == "parce que vous avez déjà 3 savoirs sur 7"
    assert "Vous savez déjà : anglais professionnel, accueillir le public, servir à table." in (
        sailor.details
    )
    assert any(
        each.startswith("À apprendre : ") and "sécurité en mer" in each for each in sailor.details
    )
    assert marks(sailor) == ["métier proche", "niveau : CAP", "tension très forte"]
    assert "Serveur / Serveuse" in {each.title for each in lines(answered, TO_BRING)}
    assert answered.notes == ()


def test_a_move_is_near_by_the_knowledge_that_its_bar_shows(served: Served) -> None:
    moves = lines(answer(said("aide-soignante"), served), MOVES)
    near = {each.code: (each.percent, marks(each)[0]) for each in moves}
    assert near["J04"] == (50, "métier proche")
    assert near["J03"] == (25, "plus éloigné")
    for each in moves:
        assert (each.percent >= 33) is (marks(each)[0] == "métier proche")


def test_for_a_worn_body_what_weighs_on_it_comes_last_and_says_so(served: Served) -> None:
    known = served.referential.occupations
    for typed in (
        said("aide-soignante", signs=["body"]),
        said("poids lourd, mon dos ne suit plus"),
    ):
        answered = answer(typed, served)
        moves = lines(answered, MOVES)
        weighs = [bool({*STRAINS} & {*known[each.code].environment}) for each in moves]
        assert True in weighs
        assert weighs == sorted(weighs)
        for line, is_heavy in zip(moves, weighs, strict=True):
            assert is_heavy is bool({*STRAINS} & {*marks(line)})
        assert "passent après les autres" in answered.notes[-1]
        assert bool(answered.offers) is not bool(typed["signs"])
    bare = {code: replace(each, environment=()) for code, each in known.items()}
    blind = replace(served, referential=replace(served.referential, occupations=bare))
    [note] = answer(said("aide-soignante", signs=["body"]), blind).notes
    assert "nos fiches ne disent pas l’effort physique" in note


def test_moves_that_meet_the_wishes_come_first_and_none_is_taken_out(served: Served) -> None:
    free = lines(answer(said("serveuse"), served), MOVES)
    wished = lines(answer(said("serveuse", constraints=["day", "week"]), served), MOVES)
    assert {each.code for each in wished} == {each.code for each in free}
    assert wished[0].code == "N12"
    assert "critères : 2 non dit" in marks(wished[0])  # an absence meets nothing
    assert "Non dit, à demander : Sans nuit ni horaires décalés, Sans week-end." in (
        wished[0].details
    )
    assert "critères : 2 contre" in marks(wished[-1])
    assert "Contre vos critères : Sans nuit ni horaires décalés, Sans week-end." in (
        wished[-1].details
    )
    assert not any("critères" in each for line in free for each in (*line.details, *marks(line)))


@pytest.mark.parametrize("wishes", [[], ["day", "load"]])
def test_what_shares_hardly_anything_comes_after_the_rest(
    served: Served, wishes: list[str]
) -> None:
    known = served.referential.occupations
    for code in ("D04", "F01", "G01", "J02"):
        moves = lines(answer(said(known[code].title, constraints=wishes), served), MOVES)
        few = [len({*known[each.code].knowledge} & {*known[code].knowledge}) < 2 for each in moves]
        assert few == sorted(few), code
    first = lines(answer(said("boulanger", constraints=wishes), served), MOVES)[0]
    assert first.title.startswith("Pâtissier")


def test_three_moves_of_ten_leave_the_domain_where_they_are_known(served: Served) -> None:
    known = served.referential.occupations
    own = [code for code in known if code[0] == "F" and code != "F01"][:12]
    ranked = {"F01": [(code, 1.0) for code in own] + [("A01", 0.1), ("B01", 0.1), ("N01", 0.1)]}
    moves = Moves(ranked, {code: one.knowledge for code, one in known.items()})
    proposed = lines(answer(said("maçon"), replace(served, moves=moves)), MOVES)
    assert len(proposed) == 10
    assert {each.code for each in proposed if each.code[0] != "F"} == {"A01", "B01", "N01"}


@pytest.mark.parametrize("moves", [None, Moves({}, {})])
def test_without_moves_the_rest_still_answers(served: Served, moves: Moves | None) -> None:
    answered = answer(said("maçon"), replace(served, moves=moves))
    assert [each.title for each in answered.blocks] == [STANDS, TO_BRING]
    assert "Aucune piste connue" in answered.notes[0]


def test_an_unknown_occupation_is_chosen_among_titles_that_are_known(served: Served) -> None:
    answered = answer(said("technicienne"), served)
    assert (answered.blocks, answered.nearest_field) == ((), "occupation")
    assert answered.silence
    assert answer(said(answered.nearest[0]), served).blocks


def test_what_was_understood_of_a_sentence_is_said(served: Served) -> None:
    answered = answer(said("je répare des moteurs de bateau"), served)
    assert "Mécanicien nautique" in answered.notes[0]
    assert any(text == "bateau" and tone for text, tone in answered.segments())


@pytest.mark.parametrize("text", ["?!", "的 工作", "<script>alert(1)</script>", "%(text)s {0}"])
def test_hostile_or_empty_words_get_a_polite_silence(served: Served, text: str) -> None:
    answered = answer(said(text), served)
    assert answered.silence
    assert answered.blocks == ()
