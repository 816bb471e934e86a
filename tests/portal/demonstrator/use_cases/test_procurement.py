"""UC3: needs are ranked no further than their intervals allow, and what is not known is said."""

import random
import re
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from portal.demonstrator.answers import Answer
from portal.demonstrator.engines.ranking import TOGETHER, places, together
from portal.demonstrator.engines.tension import Tension, Tensions
from portal.demonstrator.service import Served
from portal.demonstrator.use_cases.training_procurement.answer import answer
from portal.demonstrator.use_cases.training_procurement.form import ProcurementForm

SURE = {level: tuple(float(each == level) for each in range(1, 6)) for level in range(1, 6)}
HIGH = (0.0, 0.0, 0.0, 0.5, 0.5)
MIDDLE = (0.0, 0.3, 0.4, 0.3, 0.0)


def asked(
    served: Served, domain: str, zone: str, chances: Mapping[tuple[str, str], tuple[float, ...]]
) -> Answer:
    """Answer from these chances alone."""
    rows = np.array(list(chances.values()), np.float32)
    tension = Tensions(rows, {place: at for at, place in enumerate(chances)})
    return answer({"domain": domain, "zone": zone}, replace(served, tension=tension))


def test_a_place_says_which_ranks_the_intervals_leave() -> None:
    drawn = random.Random(3)  # noqa: S311  # test data
    for _turn in range(200):
        found = {}
        for at in range(drawn.randrange(1, 9)):
            low = drawn.randint(1, 5)
            found[f"{at}"] = Tension(low, low, drawn.randint(low, 5))
        placed = places(found)
        for one, mine in found.items():
            above = [each for each in found if found[each].low > mine.high]
            below = [each for each in found if found[each].high < mine.low]
            assert placed[one].first == 1 + len(above)
            assert placed[one].last == len(found) - len(below)


def test_occupations_have_the_ranks_that_they_may_hold(served: Served) -> None:
    chances = {
        ("D05", "gap"): HIGH,
        ("D04", "gap"): SURE[5],
        ("D06", "gap"): MIDDLE,
        ("D07", "gap"): SURE[1],
    }
    found = asked(served, "D", "gap", chances)
    # Boulanger is not said to be above Pâtissier for sure.
    assert [(each.code, each.place) for each in found.intervals] == [
        ("D04", "1–2 sur 4"),
        ("D05", "1–3 sur 4"),
        ("D06", "2–3 sur 4"),
        ("D07", "4 sur 4"),
    ]
    assert found.notes[0].startswith("3 métiers sur 4 sont nettement au-dessus d’un autre")
    alike = asked(served, "D", "gap", {("D04", "gap"): HIGH, ("D05", "gap"): HIGH})
    assert alike.notes[0].startswith("Aucun des 2 métiers ne se distingue")
    # The eight others of the domain are named as unknown, not as without need.
    [*_said, without] = found.blocks[-1].lines
    assert without.title == "Les métiers sans niveau : 8"
    assert "Fleuriste" in without.reason


def test_it_says_where_it_is_harder_and_only_where_that_is_clear(served: Served) -> None:
    chances = {
        ("D04", "gap"): SURE[5],
        ("D04", "nice"): MIDDLE,
        ("D05", "gap"): HIGH,
        ("D05", "nice"): (0.0, 0.0, 0.4, 0.3, 0.3),
    }
    here, there, region = (asked(served, "D", zone, chances) for zone in ("gap", "nice", ""))
    [line] = here.blocks[-3].lines
    assert line.code == "D04"
    assert line.reason == "Gap : nettement plus tendu que dans l’autre zone connue"
    assert there.blocks[-3].lines == ()
    assert region.blocks[-3].lines == here.blocks[-3].lines
    low = asked(served, "D", "gap", {("D04", "gap"): SURE[2], ("D04", "nice"): SURE[1]})
    assert low.blocks[-3].lines == ()  # low, though others are lower


def test_zones_that_disagree_make_the_region_doubtful(served: Served) -> None:
    rows = np.array([SURE[1], SURE[5]], np.float32)
    tensions = Tensions(rows, {("D04", "gap"): 0, ("D04", "nice"): 1})
    pooled = together(tensions, ["D04", "D05"], ["gap", "nice", "arles"])
    level = pooled.level("D04", TOGETHER)
    assert level is not None
    assert (level.low, level.high) == (1, 5)
    assert pooled.level("D05", TOGETHER) is None
    assert together(tensions, [], ["gap"]).places == {}


def test_knowledge_is_shared_by_tense_occupations_alone(served: Served) -> None:
    known, labels = served.referential.occupations, served.referential.knowledge
    found = asked(
        served,
        "D",
        "gap",
        {("D04", "gap"): SURE[5], ("D05", "gap"): SURE[4], ("D06", "gap"): SURE[1]},
    )
    both = set(known["D04"].knowledge) & set(known["D05"].knowledge)
    assert both
    assert {each.title for each in found.blocks[-2].lines} == {labels[each] for each in both}
    alone = asked(served, "D", "gap", {("D04", "gap"): SURE[5]})
    assert alone.blocks[-2].lines == ()


def test_without_a_level_nothing_is_proposed(served: Served) -> None:
    assert asked(served, "D", "nice", {("D04", "gap"): SURE[5]}).silence
    unread = answer({"domain": "D", "zone": ""}, replace(served, tension=None))
    assert unread.silence
    assert not unread.blocks


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({}, "domain"),
        ({"domain": "hello"}, "domain"),
        ({"domain": "D" * 20_000}, "domain"),
        ({"domain": "D", "zone": "<script>"}, "zone"),
    ],
)
def test_the_form_names_the_field(served: Served, sent: dict[str, str], field: str) -> None:
    assert list(ProcurementForm(sent, served=served).errors) == [field]


def test_the_form_offers_each_domain_by_its_name(served: Served) -> None:
    form = ProcurementForm({"domain": "G"}, served=served)
    assert form.is_valid()
    assert str(form["domain"]).count("<option") == 15
    assert not re.search(r">.</option>", str(form["domain"]))
