"""Every metric has a property that compares it with its oracle, on each of the cases drawn."""

from collections.abc import Iterator
from importlib import import_module
from itertools import product
from pathlib import Path
from typing import Any

from challenges.scoring import registry
from challenges.scoring.metric import Shape
from tests.challenges.scoring import parts

TRIED = 12


def properties() -> Iterator[tuple[Any, list[dict[str, Any]]]]:
    """Yield each property with its other parameters, every combination of them."""
    for path in sorted(Path(__file__).parent.glob("test_metrics_*.py")):
        module = import_module(f"{__package__}.{path.stem}")
        for name, found in sorted(vars(module).items()):
            if not name.startswith("test_") or found.__module__ != module.__name__:
                continue
            marks = [m.args for m in getattr(found, "pytestmark", []) if m.name == "parametrize"]
            if "seeds" in {names for names, _ in marks}:
                others = [(names, values) for names, values in marks if names != "seeds"]
                combined = product(*(values for _, values in others))
                keys = [names for names, _ in others]
                yield found, [dict(zip(keys, each, strict=True)) for each in combined]


def test_each_case_of_a_property_computes_its_metrics() -> None:
    parts.COMPUTED.clear()
    count = 0
    for found, combined in properties():
        for more in combined:
            found(seeds=range(TRIED), **more)
            count += 1
    assert count > 30
    wanted = {name for name, metric in registry.METRICS.items() if metric.shape != Shape.FORMULA}
    few = {name: parts.COMPUTED[name] for name in wanted if parts.COMPUTED[name] < TRIED}
    assert few == {}


def test_the_cases_are_those_promised() -> None:
    lean, full = (each.values[0] for each in parts.cases.args[1])
    assert (len(lean), len(full)) == (200, 2000)
