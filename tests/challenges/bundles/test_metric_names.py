"""The two lists of metrics agree: what a folder may name, what the engine computes."""

from challenges.bundles.metric_names import KNOWN
from challenges.scoring.registry import METRICS


def test_a_folder_may_name_every_metric_with_its_parameters_and_its_direction() -> None:
    assert set(KNOWN) == set(METRICS)
    for name, known in KNOWN.items():
        assert known.params == METRICS[name].required | METRICS[name].optional
        assert known.direction in ("", METRICS[name].direction)
