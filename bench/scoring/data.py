"""Write truths and answers, the same bytes at each run, for the benchmarks of the engine.

python -m bench.scoring.data FOLDER ROWS…
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

SEED = 41
LABELS = [f"L{number:03d}" for number in range(101, 121)]
POSITIVES = 0.22
ITEMS = 60_000
QUERY_SIZES = (4, 16)
CHUNK = 500_000
Array = NDArray[Any]


def identifiers(rng: np.random.Generator, count: int) -> Array:
    """Draw different numbers of ten digits, in no order."""
    drawn = np.unique(rng.integers(10**9, 10**10, count + count // 50 + 16))
    return rng.permutation(drawn)[:count]


def columns(rng: np.random.Generator, count: int) -> tuple[dict[str, Array], dict[str, Array]]:
    """Draw a truth and an answer: a yes or no, one label of twenty, a duration, a score."""
    share = 1 / np.arange(1, len(LABELS) + 1)
    share /= share.sum()
    yes = (rng.random(count) < POSITIVES).astype(np.int64)
    label = rng.choice(len(LABELS), count, p=share)
    days = np.round(np.exp(rng.normal(4.0, 0.8, count)), 3)
    guess = np.where(rng.random(count) < 0.65, label, rng.choice(len(LABELS), count, p=share))
    logit = rng.normal(0, 1, count) + 1.4 * yes - 1.0
    names = np.array(LABELS)
    truth = {"yes": yes, "label": names[label], "days": days}
    answer = {
        "yes": np.where(rng.random(count) < 0.85, yes, 1 - yes),
        "label": names[guess],
        "days": np.round(days * np.exp(rng.normal(0, 0.4, count)), 3),
        "score": np.round(1 / (1 + np.exp(-logit)), 6),
    }
    return truth, answer


def hexadecimal(numbers: Array) -> Array:
    """Turn numbers into different identifiers of 16 hexadecimal digits."""
    mixed = numbers.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    return np.array([f"{number:016x}" for number in mixed.tolist()])


def write_rows(folder: Path, count: int) -> None:
    """Write the truth of one row per identifier, and shuffled answers to it."""
    rng = np.random.default_rng([SEED, count])
    ids = identifiers(rng, count)
    truth, answer = columns(rng, count)
    order = rng.permutation(count)
    write(folder / f"truth_{count}.csv", {"id": ids, **truth})
    for name, values in answer.items():
        write(folder / f"{name}_{count}.csv", {"id": ids[order], "prediction": values[order]})
    if count <= 10**6:
        names = hexadecimal(ids)
        write(folder / f"hex_truth_{count}.csv", {"id": names, "yes": truth["yes"]})
        scores = answer["score"][order]
        write(folder / f"hex_score_{count}.csv", {"id": names[order], "prediction": scores})


def write_ranking(folder: Path, queries: int) -> None:
    """Write a truth of graded candidates of queries, and a shuffled answer of scores."""
    rng = np.random.default_rng([SEED, queries, 1])
    sizes = rng.integers(QUERY_SIZES[0], QUERY_SIZES[1] + 1, queries)
    query = np.repeat(np.arange(queries), sizes)
    item = np.concatenate([rng.choice(ITEMS, size, replace=False) for size in sizes.tolist()])
    gain = rng.choice(4, len(query), p=[0.7, 0.15, 0.1, 0.05])
    score = np.round(rng.normal(0, 1, len(query)) + 0.6 * gain, 5)
    order = rng.permutation(len(query))
    truth = {"query": query, "item": item, "gain": gain}
    write(folder / f"ranking_truth_{queries}.csv", truth)
    answer = {"query": query[order], "item": item[order], "score": score[order]}
    write(folder / f"ranking_{queries}.csv", answer)


def write(path: Path, table: Mapping[str, Array]) -> None:
    """Write columns as CSV."""
    with path.open("w", encoding="ascii", newline="") as file:
        file.write(",".join(table) + "\n")
        size = len(next(iter(table.values())))
        for start in range(0, size, CHUNK):
            pieces = [values[start : start + CHUNK].tolist() for values in table.values()]
            rows = zip(*pieces, strict=True)
            file.write("".join(",".join(map(str, row)) + "\n" for row in rows))


def main(arguments: Sequence[str]) -> None:
    """Write the files of some numbers of rows."""
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    for count in map(int, arguments[1:]):
        write_rows(folder, count)
        write_ranking(folder, max(1, count // 10))


if __name__ == "__main__":
    main(sys.argv[1:])
