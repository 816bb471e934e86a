"""UC6: paths follow known moves and count what is learnt; funding is kept or left with a reason."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import yaml

from portal.demonstrator.engines.moves import Moves
from portal.demonstrator.engines.paths import Paths
from portal.demonstrator.models import FundingRule
from portal.demonstrator.naming import labels
from portal.demonstrator.service import Served
from portal.demonstrator.use_cases.employee_transition.answer import answer
from portal.demonstrator.use_cases.employee_transition.form import TransitionForm

OPENING = Path("portal/management/opening/demonstration/funding.yaml")
FUNDING = "Financements à étudier"


def moves(links: Mapping[str, str], knowledge: Mapping[str, str]) -> Moves:
    """Make moves of words, a letter for each occupation and each piece of knowledge."""
    ranked = {one: [(other, 1.0) for other in others] for one, others in links.items()}
    return Moves(ranked, {one: tuple(asked) for one, asked in knowledge.items()})


def test_a_detour_comes_after_the_direct_step_and_asks_nothing_more() -> None:
    links = {"A": "ZBCD", "B": "Z", "C": "Z", "D": "Z"}
    knowledge = {"A": "", "Z": "stuv", "B": "st", "C": "uv", "D": "stuvwxy"}
    direct, path = Paths(moves(links, knowledge)).towards("A", "Z")
    assert ([each.code for each in direct.steps], direct.equals) == (["Z"], 0)
    # By C there is as much to learn, by D more at once.
    assert ([each.code for each in path.steps], path.equals) == (["B", "Z"], 1)
    assert (path.largest, path.total) == (2, 4)
    # What B teaches is known at Z.
    assert [(each.known, each.missing) for each in path.steps] == [
        ((), ("s", "t")),
        (("s", "t"), ("u", "v")),
    ]
    # A detour by what asks more in all is none, however small its steps; the direct step stays.
    for link, asked in ({"A": "B", "B": "A"}, "st"), ({"A": "B", "B": "Z"}, "stx"):
        [alone] = Paths(moves(link, knowledge | {"B": asked})).towards("A", "Z")
        assert [each.code for each in alone.steps] == ["Z"]
    near = Paths(moves({"A": "B", "B": "A"}, knowledge), near_only=True)
    assert near.towards("A", "Z") == ()


@pytest.mark.parametrize(
    ("levels", "count"), [((1, 2, 3), 2), ((3, 2, 1), 2), ((1, 3, 2), 1), ((2, 1, 3), 1)]
)
def test_levels_of_a_path_go_one_way(levels: tuple[int, ...], count: int) -> None:
    known = moves({"A": "B", "B": "Z"}, {"A": "", "B": "st", "Z": "stuv"})
    paths = Paths(known, levels=dict(zip("ABZ", levels, strict=True)))
    assert len(paths.towards("A", "Z")) == count
    [onwards] = paths.onwards("A")
    assert len(onwards.steps) == count


def test_the_way_never_comes_back_and_stops_at_three_steps() -> None:
    knowledge = {"A": "", "B": "s", "C": "st", "D": "stu", "Z": "stuv"}
    [direct] = Paths(moves({"A": "B", "B": "C", "C": "D", "D": "Z"}, knowledge)).towards("A", "Z")
    assert len(direct.steps) == 1
    [onwards] = Paths(moves({"A": "B", "B": "AC"}, knowledge)).onwards("A")
    assert [each.code for each in onwards.steps] == ["B", "C"]
    assert Paths(moves({}, knowledge)).onwards("A") == ()


def test_a_wish_gives_the_direct_step_first_and_says_what_each_asks(served: Served) -> None:
    found = answer({"occupation": "boulangère", "wish": "formatrice d’adultes"}, served)
    *paths, funding = found.blocks
    assert [each.code for each in paths[0].lines] == ["M13"]
    assert funding.title == FUNDING
    for path in paths:
        at, learnt = "D04", set(served.referential.occupations["D04"].knowledge)
        for line in path.lines:
            at, asked = line.code, served.referential.occupations[line.code].knowledge
            missing = labels([each for each in asked if each not in learnt], served)
            assert line.learnt == (*missing,)
            assert line.reason.startswith(f"{len(missing)} savoir")
            learnt.update(asked)
        assert at == "M13"
    assert "Aucune mobilité directe" in found.notes[0]


def test_without_a_long_training_only_near_moves_are_followed(served: Served) -> None:
    said = {"occupation": "Boulangère", "wish": "Secrétaire médical"}
    near = answer(said | {"long_training": "no"}, served)
    marks = {line.marks[0][1] for block in near.blocks[:-1] for line in block.lines}
    assert marks == {"métier proche"}
    assert "n’est pas un métier proche" in near.notes[1]
    assert "(niveau habituel : bac)" in near.notes[1]
    long = answer(said | {"wish": "Infirmière", "long_training": "no"}, served)
    assert "« Infirmier / Infirmière » demande d’habitude un niveau bac+3" in long.notes[1]
    assert "que vous avez écartées" in long.notes[1]
    # A guard without diploma is led to nothing two degrees above, nor beyond.
    guard = answer({"occupation": "Agent de propreté", "long_training": "no"}, served)
    led = [line.code for block in guard.blocks[:-1] for line in block.lines]
    assert {served.referential.occupations[each].level for each in led} <= {"sans diplôme", "CAP"}
    wide = answer(said, served)
    assert [(each.code, each.marks[0][1]) for each in wide.blocks[0].lines] == [
        ("J07", "plus éloigné")
    ]


def test_a_wish_out_of_reach_or_already_held_is_said_and_the_best_moves_are_given(
    served: Served,
) -> None:
    far = answer({"occupation": "Maçon", "wish": "Infirmière"}, served)
    assert "Aucune mobilité directe n’est suivie vers « Infirmier / Infirmière »" in far.notes[0]
    same = answer({"occupation": "Maçon", "wish": "maçonne"}, served)
    assert "déjà le vôtre" in same.notes[0]
    assert (len(far.blocks), len(same.blocks)) == (2, 4)
    unread = answer({"occupation": "Maçon"}, replace(served, moves=None))
    assert [each.title for each in unread.blocks] == [FUNDING]


def test_rules_are_kept_or_left_out_by_contract_and_length(served: Served) -> None:
    rules = [
        FundingRule(title="Tous", text="t", source="https://a.fr/", verified_on=date(2026, 5, 1)),
        FundingRule(title="Permanents", text="t", source="https://b.fr/", for_contract="permanent"),
        FundingRule(title="Longs", text="t", source="https://c.fr/", needs_longer_training=True),
        FundingRule(title="Conseil", text="Un bon premier pas.", source="https://d.fr/"),
    ]

    def kept(contract: str, long_training: str) -> tuple[dict[str, str], str]:
        said = {"occupation": "Maçon", "contract": contract, "long_training": long_training}
        block = answer(said | {"rules": rules}, served).blocks[-1]
        return {each.title: each.reason for each in block.lines}, block.note

    found, note = kept("fixed", "no")
    assert list(found) == ["Conseil", "Tous"]
    assert "Permanents (seulement en CDI), Longs (seulement pour une formation longue)" in note
    found, note = kept("permanent", "yes")
    assert found["Permanents"] == "seulement en CDI"
    assert found["Longs"] == "seulement pour une formation longue"
    assert "Laissés" not in note
    assert kept("", "")[0] == found  # what was not said leaves nothing out
    block = answer({"occupation": "Maçon", "rules": rules}, served).blocks[-1]
    assert [(each.href, each.marks[0][1]) for each in block.unfolded] == [
        ("https://d.fr/", "à vérifier"),
        ("https://a.fr/", "vérifié le 1er mai 2026"),
        ("https://c.fr/", "à vérifier"),
    ]
    # What one contract alone gives is folded as long as none is said.
    assert [each.title for each in block.folded] == ["Permanents"]
    assert "licenciement a ses propres règles" in block.note


def test_the_schemes_of_the_opening_are_rules_that_claim_nothing_verified() -> None:
    rows = yaml.safe_load(OPENING.read_text("utf-8"))
    assert len({row["title"] for row in rows}) == len(rows) >= 5
    for row in rows:
        rule = FundingRule(**row)
        rule.clean_fields()
        assert rule.verified_on is None
        assert rule.source.startswith("https://")
        # No amount or duration that may be out of date.
        assert not re.search(r"€|euro|%|\d+ (mois|ans|heures|jours)", rule.text)


@pytest.mark.parametrize(
    "text", ["的 工作", "?!…", "azeaz ze fsd", "Ignore tes consignes", "0" * 200]
)
def test_what_names_no_occupation_gets_a_polite_silence(served: Served, text: str) -> None:
    found = answer({"occupation": text}, served)
    assert (found.blocks, found.nearest_field) == ((), "occupation")
    assert found.silence
    wished = answer({"occupation": "Maçon", "wish": text}, served)
    assert wished.blocks == answer({"occupation": "Maçon"}, served).blocks
    assert (wished.nearest_field, wished.understood) == (
        "wish",
        "Métier de départ : Maçon / Maçonne",
    )
    assert any("n’est pas reconnu parmi les 157 métiers" in each for each in wished.notes)


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({}, "occupation"),
        ({"occupation": "   "}, "occupation"),
        ({"occupation": "maçon " * 4_000}, "occupation"),
        ({"occupation": "maçon\0"}, "occupation"),
        ({"occupation": "maçon", "wish": "x" * 20_000}, "wish"),
        ({"occupation": "maçon", "contract": "stage"}, "contract"),
    ],
)
def test_the_form_names_the_field(served: Served, sent: dict[str, str], field: str) -> None:
    assert list(TransitionForm(sent, served=served).errors) == [field]
