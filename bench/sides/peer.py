"""Score a file as a team or an organiser would: pandas and scikit-learn, without an interval.

python -m bench.sides.peer TASK FOLDER

One row an identifier: read both files, merge one to one, call the metric. Rankings: an
expert's way, one call of ndcg_score for all queries of one size.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn import metrics

from bench.sides.sample import tell

TRUTHS = {
    "accuracy": "y_bin",
    "macro_f1": "y_multi",
    "rmse": "y_reg",
    "roc_auc": "y_bin",
    "hex": "y_bin",
}


def plain(task: str, folder: Path) -> float:
    """Score one answer an identifier."""
    truth = pd.read_csv(folder / ("truth_hex.csv" if task == "hex" else "truth.csv"))
    answer = pd.read_csv(folder / f"{task}.csv")
    column = TRUTHS[task]
    both = truth[["id", column]].merge(answer, on="id", how="left", validate="one_to_one")
    if len(answer) != len(truth) or both["pred"].isna().any():
        raise ValueError("identifiers")
    y, p = both[column], both["pred"]
    if task == "accuracy":
        return float(metrics.accuracy_score(y, p))
    if task == "macro_f1":
        return float(metrics.f1_score(y, p, average="macro"))
    if task == "rmse":
        return float(metrics.root_mean_squared_error(y, p))
    return float(metrics.roc_auc_score(y, p))


def ranking(folder: Path) -> float:
    """Score rankings, the queries of one size at once; those without a relevant item are out."""
    truth, answer = pd.read_csv(folder / "truth_ndcg.csv"), pd.read_csv(folder / "ndcg.csv")
    both = truth.merge(answer, on=["qid", "item"], how="left", validate="one_to_one")
    if len(answer) != len(truth) or both["score"].isna().any():
        raise ValueError("identifiers")
    both = both.sort_values("qid", kind="stable")
    size = both.groupby("qid", sort=False).size().to_numpy()
    start = np.r_[0, np.cumsum(size)[:-1]]
    relevance, score = both["rel"].to_numpy(), both["score"].to_numpy()
    total = held = 0.0
    for length in np.unique(size):
        at = start[size == length][:, None] + np.arange(length)
        gains = relevance[at]
        supported = gains.max(1) > 0
        count = int(supported.sum())
        if count:
            total += metrics.ndcg_score(gains[supported], score[at][supported], k=10) * count
            held += count
    return total / held


def main() -> None:
    """Take one sample."""
    task, folder = sys.argv[1], Path(sys.argv[2])
    tell(lambda: ranking(folder) if task == "ndcg" else plain(task, folder))


if __name__ == "__main__":
    main()
