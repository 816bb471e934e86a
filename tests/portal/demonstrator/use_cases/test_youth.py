"""UC4: what to know, to ask and to try of the occupations evoked in an interview."""

from dataclasses import replace

import pytest

from portal.demonstrator.answers import Answer, Block
from portal.demonstrator.engines.moves import Moves
from portal.demonstrator.service import Served
from portal.demonstrator.use_cases.youth_advisor.answer import answer
from portal.demonstrator.use_cases.youth_advisor.form import InterviewForm


def block(answered: Answer, ending: str) -> Block:
    """Find the first block whose title ends so."""
    return next(each for each in answered.blocks if each.title.endswith(ending))


def test_the_form_asks_for_occupations_and_nothing_of_the_person(served: Served) -> None:
    asked = InterviewForm({"second": "maçon"}, served=served)
    assert set(asked.fields) == {"first", "second", "third", "zone"}
    assert set(asked.errors) == {"first"}
    assert set(InterviewForm({"first": "a" * 20_000}, served=served).errors) == {"first"}
    assert InterviewForm({"first": "maçon"}, served=served).is_valid()


def test_an_occupation_gives_what_to_know_to_ask_and_to_try(served: Served) -> None:
    answered = answer({"first": "maçonne", "second": "", "third": "", "zone": "gap"}, served)
    one = served.referential.occupations["F01"]
    known = [served.referential.knowledge[each] for each in one.knowledge]
    assert [each.title for each in block(answered, "à savoir faire").lines] == known
    asked = block(answered, "Questions pour l’entretien").lines
    assert not {each.title for each in asked} & {*one.questions}  # an employer's
    assert "port de charges" in asked[1].reason
    assert one.tasks[0] in asked[2].reason
    assert [each.is_kept for each in asked] == [True, True, True, False]
    itself, *others = block(answered, "Immersions à proposer").lines
    assert [itself.is_kept, *(each.is_kept for each in others)] == [True, False, False, False]
    assert itself.code == "F01"
    assert one.tasks[0] in itself.details[0]
    assert itself.marks == (("garance", "tension très forte"),)
    assert [each.code for each in others] == ["B07", "F08", "F07"]
    assert "lire un plan" in others[0].reason


def test_nothing_is_tried_where_nothing_is_shared(served: Served) -> None:
    moves = Moves({"F01": [("M07", 1.0), ("F07", 0.5)]}, {})  # a developer, a tiler
    lines = block(answer({"first": "maçon"}, replace(served, moves=moves)), "à proposer").lines
    assert [each.code for each in lines] == ["F01", "F07"]


def test_several_occupations_say_what_they_have_in_common(served: Served) -> None:
    typed = {"first": "auxiliaire de puériculture", "second": "animateur périscolaire"}
    first, *others = answer(typed, served).blocks
    assert [each.title for each in first.lines] == ["proposer des jeux et des activités d’éveil"]
    assert len(others) == 4  # what each asks, the questions, where to try
    shown = [line.title for each in others for line in each.lines]
    assert len(shown) == len({*shown})  # nothing comes twice
    assert "Proposer des jeux et des activités d’éveil" not in shown
    asked = block(answer(typed, served), "Questions pour l’entretien").lines
    assert len(asked) == 4  # as of one: a condition names whose it is
    assert "(Animateur" in asked[1].reason
    twice = answer({"first": "serveur", "second": "serveuses"}, served)
    assert len(twice.blocks) == 3


def test_an_occupation_that_is_not_known_leaves_the_others_answered(served: Served) -> None:
    answered = answer({"first": "maçon", "second": "technicienne"}, served)
    assert block(answered, "à savoir faire").title.startswith("Maçon")
    assert answered.silence == ""
    assert answered.notes == ("Deuxième métier : non reconnu parmi les 157 métiers de nos fiches.",)
    # What was typed may name the person: it is not repeated.
    assert (answered.text, answered.understood) == ("", "Maçon / Maçonne")
    assert answered.nearest
    assert answered.nearest_field == "second"


def test_titles_are_offered_for_one_word_which_is_named_once(served: Served) -> None:
    answered = answer({"first": "policier", "second": "technicienne", "third": "maçon"}, served)
    assert answered.nearest_field == "second"
    assert [each.split(" :")[0] for each in answered.notes] == [
        "Métier évoqué en entretien",
        "Deuxième métier",
    ]
    alone = answer({"first": "maçon", "second": "policier", "third": "policier"}, served)
    assert alone.nearest == ()
    assert len(alone.notes) == 2


def test_without_moves_the_neighbours_are_those_of_the_referentiel(served: Served) -> None:
    lines = block(answer({"first": "maçon"}, replace(served, moves=None)), "à proposer").lines
    near = served.referential.occupations["F01"]
    assert {each.code for each in lines[1:]} <= {*near.near, *near.further}
    assert len(lines) == 4


@pytest.mark.parametrize("text", ["", "?!", "的 工作", "<script>", "06 12 34 56 78", "%(text)s"])
def test_what_is_no_occupation_gets_a_polite_silence(served: Served, text: str) -> None:
    answered = answer({"first": text}, served)
    assert answered.silence
    assert answered.nearest_field == "first"
    assert answered.blocks == ()
