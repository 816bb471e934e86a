"""Make audited parts and run audits on them, without files."""

from typing import Any

import numpy as np

from challenges.scoring import registry
from challenges.scoring.audit.run import audit
from challenges.scoring.contract import ScoringContract
from challenges.scoring.evaluation import measure
from challenges.scoring.intervals import draw_weights
from challenges.scoring.metric import Part
from tests.challenges.scoring import boards
from tests.challenges.scoring.answers import SHARE, one_row

WEIGHTS: dict[tuple[int, int], Any] = {}


def contract(metric: str = "accuracy", kind: str = "float", **more: Any) -> ScoringContract:
    """Declare a metric, the attributes that groups name, and an audit of them."""
    groups = more.pop("groups", ("sexe",))
    params, cluster = more.pop("params", {}), more.pop("cluster", None)
    direction = more.pop("direction", "max")
    figure = {"key": "score", "metric": metric, "params": params, "direction": direction}
    fairness = {
        "min_rows": more.pop("min_rows", 11),
        "attributes": [{"key": key, "source": "truth", "column": key} for key in groups],
        "audit": {"shown": "public"} | more,
    }
    return boards.contract_of(
        one_row(type=kind, **(SHARE if kind == "float" else {})),
        figure,
        truth=boards.ROWS | {"cluster": cluster},
        fairness=fairness,
    )


def part(y: Any, p: Any, groups: dict[str, Any], **more: Any) -> Part:
    """Make a part whose rows are each their own person. groups: {key: texts}."""
    n = len(y)
    names = {key: sorted(set(values)) for key, values in groups.items()}
    codes = {
        key: np.array([names[key].index(value) for value in values], np.int32)
        for key, values in groups.items()
    }
    bucket = more.pop("bucket", np.arange(n) % 2000)
    return Part(
        y=np.asarray(y),
        p=np.asarray(p),
        bucket=bucket,
        buckets=int(bucket.max()) + 1,
        groups=codes,
        group_names=names,
        **more,
    )


def run(chosen: ScoringContract, audited: Part, replicates: int = 1000) -> Any:
    """Run the declared audit."""
    size = (replicates, audited.buckets)
    if size not in WEIGHTS:
        WEIGHTS[size] = draw_weights(audited.buckets, replicates, b"audit")
    weights = WEIGHTS[size]
    spec = chosen.primary
    independent = chosen.truth.cluster is None

    def primary(rows: Part) -> Any:
        metric = registry.metric(spec.metric)
        return measure(metric, spec, rows, weights, independent=independent, level=chosen.level)

    return audit(chosen, audited, weights, primary)


def figure(record: Any, key: str, at: int = 0) -> Any:
    """Return a figure of a slice."""
    return next(each for each in record["slices"][at]["figures"] if each["key"] == key)
