"""Measure the engines of the Démonstrateur on official data against the bars they must reach.

python -m bench.demonstrator [--cases FOLDER] [--json]

The data are the portable challenge folders beside the checkout (../shared/cases/challenges). Each
engine learns from what a team is given, and is measured here on the private part alone. What was
chosen was chosen on the public part or by cross-validation, and stands in `choices`. A tie: the
baseline of the challenge lies in the interval of our figure. Speed and memory are those of a
process of its own, on one thread, that reads the arrays and answers. Thirty sentences of small
firms, written before any engine read them and never used to choose, are told one by one.
"""

import argparse
import csv
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

CASES = Path(__file__).resolve().parent.parent.parent / "shared" / "cases" / "challenges"
TITLES, MOVES, PLACES = "codage-appellations-rome", "mobilites-metiers", "tensions-bassins-sud"
EMPLOYERS = (
    Path(__file__).resolve().parent.parent
    / "tests"
    / "portal"
    / "demonstrator"
    / "employer_sentences.csv"
)
CHOICES = {
    "text": "cost of the machines: the challenge's own; their weight (2) and that of sheets (4) "
    "beside the softmax, its turns (9): public part; softmaxes of domains (0.3): public part and "
    "the latest titles given",
    "moves": "penalty (20), no domain label, no graph, ranks from both sides: cross-validation "
    "over the occupations given",
    "tension": "size of the trees: folds of other regions; the median level: public part",
}
# Our name of a figure → the least or the most it should be.
BARS = {
    "accuracy_at_1": (">=", 0.47),
    "accuracy_at_3": (">=", 0.68),
    "accuracy_at_5": (">=", 0.75),
    "same_for_both_genders": (">=", 0.95),
    "accuracy_of_most_certain": (">=", 0.72),
    "ndcg_at_10": (">=", 0.57),
    "share_outside_domain": (">=", 0.25),
    "kappa_quadratic": (">=", 0.65),
}
LEAST = {"employers_at_3": 0.8}
MOST = {"answer_p95_s": 1.0, "memory_mb": 300.0, "import_s": 1.0}
# Our name → where the challenge wrote the figure of its own baseline.
BASELINES = {
    "accuracy_at_1": (TITLES, "exactitude"),
    "same_for_both_genders": (TITLES, "coherence_paires"),
    "ndcg_at_10": (MOVES, "ndcg10"),
    "share_outside_domain": (MOVES, "part_hors_grand_domaine"),
    "gender_mix_gap": (MOVES, "ecart_mixite_propositions"),
    "kappa_quadratic": (PLACES, "kappa_quadratique"),
    "mae": (PLACES, "mae"),
}
SENTENCES = (
    "Je cherche quelqu’un pour réparer des moteurs de bateau et accueillir les clients du port",
    "serveuse pour la saison, anglais courant",
    "aide à domicile pour une personne âgée : toilette, repas, courses",
    "conducteur de travaux en rénovation énergétique, dix ans d’expérience",
    "x" * 20_000,
)
ANSWERS = 40  # of each sentence


def baselines(cases: Path) -> dict[str, float]:
    """Read what the baseline of each challenge gets on the private part."""
    found = {}
    for name, (folder, key) in BASELINES.items():
        told = json.loads((cases / folder / "scores_exact.json").read_text(encoding="utf-8"))
        found[name] = float(told["reference"]["private"][key])
    return found


def learn(cases: Path, folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Learn each engine, write its arrays below a folder, and return its figures."""
    from portal.demonstrator.building import moves, official, tension  # noqa: PLC0415 (slow import)

    rome, mobilities, levelled = contents(cases)
    known = official.referential(rome, mobilities)
    of_text = learn_text(known, rome, folder)
    moved, of_moves = moves.learn(official.moves_known(known, rome, mobilities))
    levels = official.places(levelled, [*known.occupations])
    placed, of_places = tension.learn_places(*levels)
    for name, each in (("moves", moved), ("tension", placed)):
        np.savez_compressed(folder / f"{name}.npz", allow_pickle=False, **each)
    return {"text": of_text, "moves": of_moves, "tension": of_places}


def contents(cases: Path) -> tuple[Mapping[str, Any], ...]:
    """Read the titles, the moves and the tensions."""
    from portal.demonstrator.building import reading, tables  # noqa: PLC0415 (slow import)
    from portal.demonstrator.enums import ReferentialKind  # noqa: PLC0415

    kinds = {
        ReferentialKind.ROME: TITLES,
        ReferentialKind.MOBILITIES: MOVES,
        ReferentialKind.TENSION: PLACES,
    }
    return tuple(reading.read(kind, tables.Source(cases / at))[0] for kind, at in kinds.items())


def learn_text(known: Any, rome: Mapping[str, Any], folder: Path) -> list[dict[str, Any]]:
    """Learn the text engine, write its arrays below a folder, and return its figures."""
    from portal.demonstrator import building  # noqa: PLC0415 (slow import)
    from portal.demonstrator.building import official, text  # noqa: PLC0415

    given = official.texts(known, rome)
    arrays, told = text.learn_many(given.examples, given.held)
    kept = arrays.to_mapping() | {"referential": building.referential_array(known)}
    np.savez_compressed(folder / "text.npz", allow_pickle=False, **kept)
    return told


def table(
    figures: Mapping[str, list[dict[str, Any]]], beside: Mapping[str, float]
) -> dict[str, dict[str, Any]]:
    """Lay each figure beside the challenge's baseline and its bar, and say a tie as a tie."""
    told = {each["metric"]: each["value"] for every in figures.values() for each in every}
    bars = BARS | {"gender_mix_gap": ("<=", told["gender_mix_gap_of_truth"])}
    rows = {}
    for engine, every in figures.items():
        for each in every:
            name = each["metric"]
            baseline, bar = beside.get(name), bars.get(name)
            rows[f"{engine}: {name}"] = {
                "value": round(each["value"], 4),
                "low": each["low"] and round(each["low"], 4),
                "high": each["high"] and round(each["high"], 4),
                "n": each["n"],
                "baseline": baseline and round(baseline, 4),
                "bar": f"{bar[0]} {bar[1]:.4g}" if bar else "",
                "says": _says(each, baseline, bar),
            }
    return rows


def _says(figure: Mapping[str, Any], baseline: float | None, bar: tuple[str, float] | None) -> str:
    said = []
    if bar is not None:
        sense = 1 if bar[0] == ">=" else -1
        is_reached = sense * figure["value"] >= sense * bar[1]
        within = figure["low"] is not None and figure["low"] <= bar[1] <= figure["high"]
        said.append("reached" if is_reached else "missed")
        if within:
            said.append("tie with the bar")
    if baseline is not None and figure["low"] is not None:
        is_tie = figure["low"] <= baseline <= figure["high"]
        said.append("tie with the baseline" if is_tie else "apart from the baseline")
    return ", ".join(said)


def groups(figures: Mapping[str, list[dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    """Lay the figures by group that the bars ask for."""
    shown = {"accuracy_at_1", "mae"}
    return {
        each["metric"]: {
            f"{group['group']} (n {group['n']})": round(group["value"], 4)
            for group in each["groups"]
        }
        for every in figures.values()
        for each in every
        if each["metric"] in shown
    }


def employers(folder: Path) -> dict[str, dict[str, str]]:
    """Ask the text engine what each sentence of a small firm means, and lay out its first three."""
    from portal.demonstrator.engines.text import Arrays, Lexical  # noqa: PLC0415 (slow import)

    with np.load(folder / "text.npz", allow_pickle=False) as stored:
        engine = Lexical(Arrays.read(stored))
    rows = {}
    with EMPLOYERS.open(encoding="utf-8") as file:
        sentences = list(csv.DictReader(file, delimiter=";"))
    for each in sentences:
        answer = engine.rank(each["sentence"], count=3)
        first = [one.code for one in answer.nearest]
        is_hit = not {*first}.isdisjoint(each["codes"].split())
        rows[each["sentence"]] = {
            "right": each["codes"],
            "first_three": " ".join(first),
            "proposed": "yes" if answer.proposals else "no",
            "says": "hit" if is_hit else "miss",
        }
        print("; ".join((*rows[each["sentence"]].values(), each["sentence"])), file=sys.stderr)
    return rows


def answer(folder: Path) -> dict[str, float]:
    """Read the arrays and answer, as a process that serves pages does; it imports nothing else."""
    began = time.perf_counter()
    from portal.demonstrator.engines.moves import Moves  # noqa: PLC0415 (timed)
    from portal.demonstrator.engines.tension import Tensions  # noqa: PLC0415 (timed)
    from portal.demonstrator.engines.text import Arrays, Lexical  # noqa: PLC0415 (timed)
    from portal.demonstrator.referential import from_plain  # noqa: PLC0415 (timed)

    imported = time.perf_counter() - began
    before = resident_mb()
    stored = {}
    for name in ("text", "moves", "tension"):
        with np.load(folder / f"{name}.npz", allow_pickle=False) as each:
            stored[name] = {key: each[key] for key in each.files}
    known = from_plain(json.loads(stored["text"].pop("referential").tobytes()))
    text = Lexical(Arrays.read(stored["text"]))
    asked = {code: one.knowledge for code, one in known.occupations.items()}
    moves = Moves.read(stored["moves"], asked)
    tension = Tensions.read(stored["tension"])
    zones = [str(each) for each in stored["tension"]["zones"]]
    took = []
    for sentence in SENTENCES * ANSWERS:
        start = time.perf_counter()
        for each in text.rank(sentence).nearest:
            for move in moves.rank(each.code, outside=3):
                for zone in zones:
                    tension.level(move.code, zone)
        took.append(time.perf_counter() - start)
    return {
        "answer_median_s": round(statistics.median(took), 4),
        "answer_p95_s": round(sorted(took)[int(len(took) * 0.95)], 4),
        "memory_mb": round(resident_mb() - before, 1),
        "import_s": round(imported, 3),
    }


def resident_mb() -> float:
    """Give the memory that this process holds."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def measure(cases: Path) -> dict[str, Any]:
    """Learn, measure, then answer in a process of its own on one thread."""
    with tempfile.TemporaryDirectory() as place:
        began = time.perf_counter()
        figures = learn(cases, Path(place))
        learnt = time.perf_counter() - began
        asked = employers(Path(place))
        threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
        done = subprocess.run(
            [sys.executable, "-m", "bench.demonstrator", "--answer", place],
            env={**os.environ, **threads},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    return {
        "demonstrator_bars": table(figures, baselines(cases)),
        "demonstrator_groups": groups(figures),
        "demonstrator_employers": asked,
        "employers_at_3": round(statistics.mean(one["says"] == "hit" for one in asked.values()), 4),
        **json.loads(done.stdout),
        "learnt_s": round(learnt, 1),
        **{f"chosen_{name}": told for name, told in CHOICES.items()},
    }


def main() -> int:
    """Print the figures; return 1 when one misses its bar."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=Path, default=CASES)
    parser.add_argument("--answer", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--json", action="store_true", dest="as_json")
    options = parser.parse_args()
    if options.answer:
        print(json.dumps(answer(options.answer)))
        return 0
    if not options.cases.is_dir():
        sys.exit("The official data (../shared/cases/challenges) are not on this machine.")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    import django  # noqa: PLC0415 (after its settings are named)

    django.setup()
    found = measure(options.cases)
    missed = [
        f"{row}: {each['value']} (bar {each['bar']})"
        for row, each in found["demonstrator_bars"].items()
        if each["says"].startswith("missed")
    ]
    missed += [f"{name}: {found[name]}" for name, most in MOST.items() if found[name] > most]
    missed += [f"{name}: {found[name]}" for name, least in LEAST.items() if found[name] < least]
    found["missed"] = missed
    print(json.dumps(found) if options.as_json else json.dumps(found, indent=1, ensure_ascii=False))
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
