"""Sentences of small firms, on official data: how many are understood. None was used to choose."""

from pathlib import Path

import pytest

from bench import demonstrator
from portal.demonstrator.building import official
from tests.conftest import shared_cases

REACHED = 0.8


@pytest.mark.full
@pytest.mark.slow
def test_most_sentences_of_small_firms_get_a_right_occupation_among_three(
    tmp_path: Path,
) -> None:
    """Learning all the titles takes minutes."""
    if shared_cases("challenges", "codage-appellations-rome") is None:
        pytest.skip("the official titles (../shared/cases) are not on this machine")
    pytest.importorskip("sklearn", reason="scikit-learn learns official data, and is not installed")
    rome, mobilities, _levels = demonstrator.contents(demonstrator.CASES)
    demonstrator.learn_text(official.referential(rome, mobilities), rome, tmp_path)

    told = demonstrator.employers(tmp_path)

    assert len(told) == 30
    assert sum(each["says"] == "hit" for each in told.values()) / len(told) >= REACHED
