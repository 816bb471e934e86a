"""Measure the fairness audit against fairlearn, and the ranks of 100 teams from stored sums.

python -m bench.fairness [--rows 1000000] [--rounds 5] [--json]

Both sides run in turns in this process, on the same arrays; medians. fairlearn gives the point
estimates, then one bootstrap replicate at a time, whose time is multiplied by ours: 1,000. Our
side is the audit as it runs at a scoring: counts, what may be shown, intervals, verdicts.
"""

import argparse
import json
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from challenges.scoring.audit.run import audit
from challenges.scoring.contract import ScoringContract
from challenges.scoring.intervals import Buckets, draw_weights
from challenges.scoring.metric import Part, dense
from challenges.scoring.tiers import Listed, tiers

REPLICATES = 1000
BUCKETS = 2000
TEAMS = 100
TARGETS = {"audit_16_cells_s": 0.1, "audit_5_attributes_s": 1.0, "ranks_100_teams_s": 0.1}
RATES = ["demographic_parity", "equal_opportunity", "equalised_odds"]
KEYS = ("sexe", "age", "handicap", "departement", "diplome")


def rows(count: int) -> tuple[Any, Any, dict[str, Any]]:
    """Draw truths, scores and five attributes, as ../shared/bench/fair_bench.py does three."""
    rng = np.random.default_rng(11)
    sex, handicap = rng.integers(0, 2, count), (rng.random(count) < 0.06).astype(int)
    age = rng.choice(4, count, p=[0.25, 0.35, 0.25, 0.15])
    department = rng.choice(6, count, p=[0.04, 0.03, 0.22, 0.40, 0.21, 0.10])
    diploma = rng.choice(5, count, p=[0.2, 0.3, 0.25, 0.15, 0.1])
    y = (rng.random(count) < 0.35 + 0.05 * (age == 1) - 0.08 * handicap).astype(float)
    score = 1 / (1 + np.exp(-(rng.normal(0, 1, count) + 1.3 * y - 0.9 - 0.15 * sex)))
    groups = dict(zip(KEYS, (sex, age, handicap, department, diploma), strict=True))
    return y, score, {key: value.astype(np.int32) for key, value in groups.items()}


def contract(keys: list[str], measures: list[str], crossings: list[list[str]]) -> ScoringContract:
    """Declare an audit of some attributes."""
    return ScoringContract.from_json(
        {
            "submission": {
                "layout": "one_row_per_id",
                "columns": [
                    {"name": "id", "role": "id", "type": "string"},
                    {"name": "p", "role": "target", "type": "float", "min": 0, "max": 1},
                ],
            },
            "truth": {"id": "id", "target": "y"},
            "metrics": [{"key": "score", "metric": "roc_auc", "direction": "max", "primary": True}],
            "fairness": {
                "min_rows": 11,
                "attributes": [{"key": k, "source": "truth", "column": k} for k in keys],
                "audit": {"measures": measures, "crossings": crossings},
            },
        }
    )


def part(y: Any, score: Any, groups: dict[str, Any]) -> Part:
    """Make the audited part, its rows spread over the buckets."""
    bucket = (np.arange(len(y), dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(40)
    return Part(
        y=y,
        p=score,
        bucket=(bucket % BUCKETS).astype(np.uint16),
        buckets=BUCKETS,
        groups=groups,
        group_names={k: [f"{k}{i}" for i in range(int(v.max()) + 1)] for k, v in groups.items()},
    )


def boards() -> list[Listed]:
    """Make the stored sums of 100 teams that are 0.0006 apart."""
    rng = np.random.default_rng(6)
    weights = draw_weights(BUCKETS, REPLICATES, b"bench").astype(np.float64)
    shared = rng.normal(0, 0.35, BUCKETS)
    entries = []
    for team in range(TEAMS):
        right = 500 * (0.8 - 0.0006 * team) + 9 * (shared + rng.normal(0, 0.1, BUCKETS))
        count = np.full(BUCKETS, 500.0)
        buckets = Buckets.of(dense(count, right), np.arange(BUCKETS), BUCKETS)
        meta = {
            "units": BUCKETS,
            "rarest": None,
            "value": float(right.sum() / count.sum()),
            "interval": None,
        }
        drawn = (weights @ right) / (weights @ count)
        sums = buckets.to_bytes(meta, replicates=drawn)
        entries.append(Listed(f"team{team}", round(meta["value"], 4), sums))
    return entries


def timed(act: Callable[[], Any]) -> tuple[float, Any]:
    """Run once; return seconds and what it gave."""
    started = time.perf_counter()
    found = act()
    return time.perf_counter() - started, found


def primary(_rows: Part) -> Any:
    """Refuse to compute the metric itself: it is not what is measured."""
    raise AssertionError("the worst group is not asked for")


def measure(count: int, rounds: int) -> dict[str, Any]:
    """Measure both sides in turns; return the figures."""
    from fairlearn import metrics as fair  # noqa: PLC0415 (slow import)

    warnings.simplefilter("ignore")
    y, score, groups = rows(count)
    answer = (score >= 0.5).astype(int)
    three = {key: groups[key] for key in KEYS[:3]}
    joint = ((three["sexe"] * 4 + three["age"]) * 2 + three["handicap"]).astype(np.int32)
    weights = draw_weights(BUCKETS, REPLICATES, b"bench")
    narrow, cells = contract(["croise"], RATES, []), part(y, score, {"croise": joint})
    crossings = [["sexe", "age"], ["sexe", "handicap"], ["age", "diplome"]]
    every = [*RATES, "predictive_parity", "calibration"]
    wide, five = contract(list(KEYS), every, crossings), part(y, score, groups)
    oracles = {
        "selection": fair.selection_rate,
        "tpr": fair.true_positive_rate,
        "fpr": fair.false_positive_rate,
    }

    def frame(replicates: int = 0) -> Any:
        more = {"n_boot": replicates, "ci_quantiles": [0.025, 0.975]} if replicates else {}
        return fair.MetricFrame(
            metrics=oracles, y_true=y, y_pred=answer, sensitive_features=three, **more
        )

    entries = boards()
    took: dict[str, list[float]] = {}

    def note(name: str, act: Callable[[], Any]) -> Any:
        seconds, found = timed(act)
        took.setdefault(name, []).append(seconds)
        return found

    record: Any = None
    peer: Any = None
    for _ in range(rounds):
        record = note("audit_16_cells_s", lambda: audit(narrow, cells, weights, primary))
        peer = note("fairlearn_point_s", frame)
        note("audit_5_attributes_s", lambda: audit(wide, five, weights, primary))
        note("ranks_100_teams_s", lambda: tiers(entries, "max"))
    note("fairlearn_one_replicate_s", lambda: frame(1))
    medians = {name: round(statistics.median(times), 4) for name, times in took.items()}
    one = max(medians["fairlearn_one_replicate_s"] - medians["fairlearn_point_s"], 0.0)
    bootstrap = medians["fairlearn_point_s"] + REPLICATES * one
    return medians | {
        "rows": count,
        "replicates": REPLICATES,
        "rounds": rounds,
        "fairlearn_bootstrap_s": round(bootstrap),
        "point_ratio": round(medians["fairlearn_point_s"] / medians["audit_16_cells_s"], 1),
        "bootstrap_ratio": round(bootstrap / medians["audit_16_cells_s"]),
        "largest_difference": _difference(record, peer),
    }


def _difference(record: Any, peer: Any) -> float:
    """Return the largest difference between our point estimates and fairlearn's."""
    worst = 0.0
    for figure in record["slices"][0]["figures"]:
        theirs = peer.by_group[figure["key"]]
        for group, cell in zip(record["slices"][0]["groups"], figure["groups"], strict=True):
            code = int(group["key"][0].removeprefix("croise"))
            wanted = theirs.loc[(code // 8, code // 2 % 4, code % 2)]
            worst = max(worst, abs(cell["value"] - float(wanted)))
    return worst


def main() -> int:
    """Print the figures; return 1 when one misses its target."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true", dest="as_json")
    options = parser.parse_args()
    found = measure(options.rows, options.rounds)
    if options.as_json:
        print(json.dumps(found))
    else:
        for name, value in found.items():
            print(f"{name}: {value}")
    late = [name for name, most in TARGETS.items() if found[name] > most]
    return int(bool(late) or found["largest_difference"] > 1e-12)


if __name__ == "__main__":
    sys.exit(main())
