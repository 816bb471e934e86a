"""What is learnt, measured, kept and served, on the référentiel d'essai."""

import io
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from unittest import mock

import numpy as np
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from pytest_django import DjangoAssertNumQueries

from portal.demonstrator import building, invariants, service
from portal.demonstrator.building import measuring, moves, tension, text
from portal.demonstrator.engines.text import Arrays
from portal.demonstrator.enums import EngineName
from portal.demonstrator.models import Build
from portal.demonstrator.referential import trial
from portal.demonstrator.registry import CASES
from portal.lib.refusals import Unavailable
from portal.lib.storage import objects
from tests.portal.demonstrator import test_engines

Learnt = Mapping[EngineName, building.Learnt]
# A use case that needs every engine.
ALL = CASES[0].sheet


@pytest.fixture(scope="module")
def learnt() -> Learnt:
    """Learn each engine from the référentiel d'essai, once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text, "learn", lambda _examples: test_engines.learnt())
        return {plan.engine: plan.learn() for plan in building.trial_plans()}


@pytest.fixture
def built(
    db: None, nothing_read: None, learnt: Learnt, monkeypatch: pytest.MonkeyPatch
) -> list[Build]:
    """Build them all, without learning again."""
    given = {
        "text": (text, "learn_few", _text(learnt)),
        "moves": (moves, "learn", learnt[EngineName.MOVES]),
        "tension": (tension, "learn_years", learnt[EngineName.TENSION]),
    }
    for module, name, found in given.values():
        monkeypatch.setattr(module, name, lambda *_arguments, found=found: found)
    return building.build(building.plans())


def _text(learnt: Learnt) -> Any:
    arrays, figures = learnt[EngineName.TEXT]
    return Arrays.read(arrays), figures


def values(figures: list[measuring.Figure]) -> dict[str, measuring.Figure]:
    """Name each figure."""
    return {each["metric"]: each for each in figures}


def test_each_engine_beats_its_baseline_on_what_it_did_not_learn(learnt: Learnt) -> None:
    found = {engine: values(figures) for engine, (_arrays, figures) in learnt.items()}
    for engine, name in (
        (EngineName.TEXT, "accuracy_at_1"),
        (EngineName.MOVES, "ndcg_at_10"),
        (EngineName.TENSION, "kappa_quadratic"),
    ):
        figure = found[engine][name]
        assert figure["low"] > figure["baseline"]
        assert figure["low"] < figure["value"] < figure["high"]
    said = found[EngineName.TEXT]
    assert said["accuracy_at_1"]["value"] < said["accuracy_at_3"]["value"]
    assert said["accuracy_of_most_certain"]["low"] > said["accuracy_at_1"]["high"]
    assert said["same_for_both_genders"]["value"] >= 0.95
    assert [each["group"] for each in said["accuracy_at_1"]["groups"]] == [
        "feminine",
        "masculine",
        "other",
    ]
    assert found[EngineName.MOVES]["share_outside_domain"]["value"] > 0.25
    late = found[EngineName.TENSION]
    assert late["mae"]["value"] < late["mae"]["baseline"]
    assert late["within_interval"]["low"] > 0.8


def test_figures_draw_together_what_belongs_together() -> None:
    hits, alone = [1.0, 0.0] * 50, [str(at) for at in range(100)]
    pairs = [str(at // 10 % 2) for at in range(100)]
    plain = measuring.mean("hits", hits, alone, groups=["a", "b"] * 50, baseline=0.4)
    assert plain["value"] == 0.5
    assert plain["n"] == 100
    assert plain["groups"] == [
        {"group": "a", "value": 1.0, "n": 50},
        {"group": "b", "value": 0.0, "n": 50},
    ]
    assert 0.38 < plain["low"] < 0.45 < plain["baseline"] + 0.06
    assert measuring.mean("hits", hits, pairs)["high"] == 0.5  # ten by ten, they are all alike
    few = measuring.mean("gaps", [0.2, float("nan"), 0.4], ["a", "b", "c"])
    assert (few["value"], few["n"]) == (pytest.approx(0.3), 2)


def test_what_was_learnt_is_served_in_one_statement(
    built: list[Build], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        now = service.served(ALL)
    assert now is not None
    assert now.is_trial
    assert now.referential == trial()
    assert {"stems", "sheets", "label_counts", "title_heads"} <= {*vars(now.referential)}
    assert {*now.builds} == {*EngineName}
    assert now.text.rank("boulanger").proposals[0].code in now.referential.occupations
    assert now.moves is not None
    assert now.tension is not None
    best = now.moves.rank("A01", outside=3)
    assert len(best) == 10
    assert sum(each.code[0] != "A" for each in best) >= 3
    assert {zone for zone in now.zones if now.tension.level("A01", zone)} == set(now.zones)
    assert (len(now.zones), now.zones["9312"]) == (18, "Marseille")
    with django_assert_num_queries(1):
        assert service.served(ALL) is now


def test_a_second_run_writes_nothing_and_new_data_leave_the_former_measure(
    built: list[Build], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(built) == Build.objects.count() == 3
    assert building.build(building.plans()) == []
    monkeypatch.setitem(building.RECIPES, EngineName.TEXT, 99)
    [again] = building.build(building.plans())
    assert Build.objects.filter(engine=EngineName.TEXT).count() == 2
    now = service.served(ALL)
    assert now is not None
    assert now.builds[EngineName.TEXT] == again


def test_nothing_built_serves_nothing(db: None) -> None:
    assert service.served(ALL) is None


def test_what_may_not_be_shown_is_not_served(built: list[Build]) -> None:
    Build.objects.update(is_public=False)
    assert service.served(ALL) is None


@pytest.mark.parametrize("fault", ["lost", "away"])
def test_what_cannot_be_read_is_tried_again_after_a_minute(
    built: list[Build],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        if fault == "lost":
            for each in built:
                objects.store().delete(each.arrays_sha256)
            assert len(list(invariants.unreadable())) == 3
        else:
            patch.setattr(objects, "read", mock.Mock(side_effect=Unavailable))
        assert [service.served(ALL), service.served(ALL)] == [None, None]
    assert len(caplog.records) == 1
    if fault == "lost":
        # The same bytes, under the rows that name them.
        assert [each.pk for each in building.build(building.plans())] == [each.pk for each in built]
        assert list(invariants.unreadable()) == []
    later = time.monotonic() + service.RETRY_SECONDS
    monkeypatch.setattr(service.time, "monotonic", lambda: later)
    assert service.served(ALL) is not None


def test_a_case_leaves_what_answers_it_when_all_its_engines_are_there(built: list[Build]) -> None:
    small, whole = (replace(ALL, slug=slug) for slug in ("small", "whole"))
    small = replace(small, engines=(EngineName.TEXT,))

    def learnt(engine: EngineName) -> Build:
        row = next(each for each in built if each.engine == engine)
        row.pk, row.is_trial, row.data_sha256 = None, False, "official"
        row.save(force_insert=True)
        return row

    text = learnt(EngineName.TEXT)
    now = service.served_each([small, whole])
    assert now["small"] is not None
    assert now["small"].builds == {EngineName.TEXT: text}
    assert now["whole"] is not None
    assert (now["small"].is_trial, now["whole"].is_trial) == (False, True)
    for engine in (EngineName.MOVES, EngineName.TENSION):
        learnt(engine)
    now = service.served_each([small, whole])
    assert now["small"] is now["whole"]
    assert now["whole"] is not None
    assert not now["whole"].is_trial


def test_the_sweep_keeps_what_a_build_names(built: list[Build]) -> None:
    named = {each.arrays_sha256 for each in built}
    assert objects.referenced(named) == named
    assert not named & set(objects.unnamed(hours=-1))


def test_arrays_have_the_same_bytes_each_time(learnt: Learnt) -> None:
    arrays, _figures = learnt[EngineName.MOVES]
    kept = [io.BytesIO(), io.BytesIO()]
    for each in kept:
        np.savez_compressed(each, allow_pickle=False, **arrays)
    assert kept[0].getvalue() == kept[1].getvalue()
    assert sum(len(each.tobytes()) for each in arrays.values()) < 300_000


def test_the_command_names_what_it_built(
    db: None, learnt: Learnt, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tension, "learn_years", lambda *_arguments: learnt[EngineName.TENSION])
    said = io.StringIO()
    call_command("build_prototypes", "tension", stdout=said)
    assert said.getvalue().startswith("tension (essai), ")
    assert "kappa_quadratic 0." in said.getvalue()
    call_command("build_prototypes", "tension", stdout=said)
    assert "Rien de nouveau" in said.getvalue()
    with pytest.raises(CommandError, match="Moteur inconnu : rien"):
        call_command("build_prototypes", "rien")
