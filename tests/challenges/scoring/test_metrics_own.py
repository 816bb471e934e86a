"""Figures that no library computes, against their definition written out row by row."""

import math
from fractions import Fraction
from typing import Any

import numpy as np

from challenges.scoring import formula
from tests.challenges.scoring.parts import cases, close, figure, part, rng_of, size
from tests.challenges.scoring.test_metrics_labels import TEXTS, labels_of
from tests.challenges.scoring.test_metrics_ranking import ITEMS, ranked
from tests.challenges.scoring.test_metrics_ranking import case as lists_of

QUERIES = 12


@cases
def test_distance_of_an_attribute_by_definition(seeds: range) -> None:
    for i in seeds:
        rng = rng_of(25, i)
        truth, given = lists_of(rng)
        units, items = rng.normal(size=len(truth)), rng.normal(size=len(ITEMS))
        items[rng.random(len(ITEMS)) < 0.2] = np.nan
        chosen = ranked(truth, given, numbers={"share": {"units": units, "items": items}})
        for of, shown in (("submission", given), ("truth", [list(row) for row in truth])):
            means = []
            for unit, row in zip(units.tolist(), shown, strict=True):
                gaps = [abs(items[j] - unit) for j in row if not math.isnan(items[j])]
                means += [math.fsum(gaps) / len(gaps)] if gaps else []
            wanted = math.fsum(means) / len(means) if means else math.nan
            close(figure("attribute_distance", chosen, attribute="share", of=of), wanted)


@cases
def test_share_of_another_prefix_by_definition(seeds: range) -> None:
    for i in seeds:
        rng = rng_of(26, i)
        truth, given = lists_of(rng)
        length = int(rng.integers(1, 3))
        shares = [
            sum(ITEMS[j][:length] != ITEMS[query][:length] for j in row) / len(row)
            for query, row in enumerate(given)
            if row
        ]
        wanted = math.fsum(shares) / len(shares) if shares else math.nan
        close(figure("share_other_prefix", ranked(truth, given), prefix=length), wanted)


@cases
def test_consistency_of_pairs_by_definition(seeds: range) -> None:
    for i in seeds:
        rng = rng_of(7, i)
        n = size(rng, 60)
        jobs, answers = rng.integers(0, max(n // 3, 1), n), rng.integers(0, 3, n)
        # A form of a job stands once, or not at all.
        forms = [int(rng.integers(0, 3)) for _ in range(n)]
        kept = sorted(
            {(j, f): at for at, (j, f) in enumerate(zip(jobs, forms, strict=True))}.values()
        )
        jobs, answers = jobs[kept], answers[kept]
        form = np.array(forms)[kept]
        held: dict[int, dict[int, int]] = {}
        for j, f, a in zip(jobs.tolist(), form.tolist(), answers.tolist(), strict=True):
            held.setdefault(j, {})[f] = a
        whole = [of for of in held.values() if {0, 1} <= set(of)]
        wanted = sum(of[0] == of[1] for of in whole) / len(whole) if whole else math.nan
        codes = {"column:job": jobs.astype(np.int32), "column:form": form.astype(np.int32)}
        names = {"column:job": [str(j) for j in range(n)], "column:form": ["m", "f", "x"]}
        chosen = part(np.zeros(len(kept)), answers, texts=TEXTS, groups=codes, group_names=names)
        told = {"pair": "job", "member": "form", "members": ["m", "f"]}
        close(figure("pair_consistency", chosen, **told), wanted, 1e-12)


@cases
def test_the_number_of_groups_by_definition(seeds: range) -> None:
    for i in seeds:
        y, p = labels_of(rng_of(8, i), 8)
        assert figure("n_clusters", part(y, p)) == len(set(p.tolist()))


OPERATORS = {
    "+": lambda a, b: a + b,
    "−": lambda a, b: a - b,
    "×": lambda a, b: a * b,
    "÷": lambda a, b: a / b,
    "min": min,
    "max": max,
}


def written(rng: np.random.Generator, figures: dict[str, Fraction], deep: int) -> Any:
    """Draw a formula: its text and its value in exact fractions, None where it divides by 0."""
    if not deep or rng.random() < 0.2:
        name = str(rng.choice(list(figures)))
        return (name, figures[name]) if rng.random() < 0.7 else ("0.25", Fraction(1, 4))
    sign = str(rng.choice(list(OPERATORS)))
    (left, a), (right, b) = (written(rng, figures, deep - 1) for _ in range(2))
    text = f"{sign}({left}, {right})" if len(sign) > 1 else f"({left} {sign} {right})"
    if a is None or b is None or (sign == "÷" and b == 0):
        return text, None
    return text, OPERATORS[sign](a, b)


@cases
def test_formulas_equal_exact_fractions(seeds: range) -> None:
    for i in seeds:
        rng = rng_of(90, i)
        figures = {key: Fraction(int(rng.integers(-8, 9)), 8) for key in "abc"}
        text, wanted = written(rng, figures, 4)
        found = formula.read(f"a − a + {text}").value({k: float(v) for k, v in figures.items()})
        close(float(found), math.nan if wanted is None else float(wanted))
