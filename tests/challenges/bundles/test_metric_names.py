"""The two lists of metrics agree: what a folder may name, what the engine computes."""

from challenges.bundles.metric_names import KNOWN
from challenges.scoring.registry import METRICS, REACHABLE


def test_each_metric_of_the_form_is_computed_in_the_direction_it_says() -> None:
    assert set(KNOWN) - set(METRICS) == set()
    for name, known in KNOWN.items():
        if known.direction:
            assert (name, METRICS[name].direction) == (name, known.direction)


def test_a_folder_may_name_every_metric_that_its_answers_reach() -> None:
    assert set(KNOWN) == {name for name, one in METRICS.items() if one.shape in REACHABLE}
