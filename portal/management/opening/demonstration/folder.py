"""Write the demonstration challenge as a portable folder, with the teams' files beside it."""

from __future__ import annotations

import csv
import io
import json
import math
import runpy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from challenges.bundles import exporting
from challenges.bundles.spec import CHALLENGE_FILE
from portal.management.opening.demonstration import offers as made
from portal.management.opening.demonstration import predictors
from portal.management.opening.demonstration.offers import Offers

Floats = NDArray[np.float64]
Predictor = Callable[[Offers, Offers], Floats]
FILES = Path(__file__).with_name("files")
SLUG = "delai-de-recrutement"
DECIMALS = 2


@dataclass(frozen=True)
class Team:
    """A demonstration team: its name and the files it sends, in order, inside the folder."""

    name: str
    files: tuple[str, ...]


# What each team sends, one after the other: real models of unequal worth.
_SENT: dict[str, tuple[Predictor, ...]] = {
    "Équipe Garlaban": (predictors.by_occupation_and_area, predictors.ridge),
    "Atelier Camargue": (
        predictors.shrunk_cells,
        lambda train, test: predictors.ridge(train, test, penalty=60.0),
    ),
    "Collectif Luberon": (
        lambda train, test: predictors.shrunk_cells(train, test, weight=40.0),
        predictors.shrunk_cells,
    ),
    "Les Calanques": (
        lambda train, test: predictors.ridge(train, test, penalty=9_000.0),
        lambda train, test: predictors.ridge(train, test, penalty=900.0),
    ),
    "Mercantour Données": (
        predictors.by_occupation_and_area,
        lambda train, test: predictors.blend(
            predictors.ridge(train, test), predictors.shrunk_cells(train, test)
        ),
    ),
    "Premiers Pas": (predictors.by_contract_mean,),
}


def _path(name: str, number: int) -> str:
    plain = name.lower().translate(str.maketrans("éèê ", "eee-"))
    return f"equipes/{plain}-{number}.csv"


TEAMS: tuple[Team, ...] = (
    *(
        Team(name, tuple(_path(name, number) for number in range(1, len(sent) + 1)))
        for name, sent in _SENT.items()
    ),
    Team("Exemple linéaire", ("equipes/exemple-lineaire.csv",)),
)


def write(folder: Path, seed: int) -> None:
    """Write the whole challenge into `folder`, which must not hold one.

    The same seed gives the same bytes. About two seconds.
    """
    train, test = made.invent(seed)
    ids = [f"T{number:04d}" for number in range(1, len(test) + 1)]
    parts = _parts(test, seed)
    files = {
        "README.md": (FILES / "README.md").read_bytes(),
        "baseline.py": (FILES / "baseline.py").read_bytes(),
        "baseline_lineaire.py": (FILES / "baseline_lineaire.py").read_bytes(),
        "train.csv": _training(train),
        "test_features.csv": _features(test, ids, days=False),
        "truth.csv": _truth(test, ids, parts),
        "sample_submission.csv": _answers(ids, predictors.constant(train, test)),
    }
    for name, sent in _SENT.items():
        for number, predict in enumerate(sent, 1):
            files[_path(name, number)] = _answers(ids, predict(train, test))
    document = yaml.safe_load((FILES / CHALLENGE_FILE).read_text(encoding="utf-8"))
    exporting.write_folder(folder, document, files)
    runpy.run_path(str(folder / "baseline.py"))["main"](folder)
    program = runpy.run_path(str(folder / "baseline_lineaire.py"))
    program["main"](folder, "equipes/exemple-lineaire.csv")
    scores = {
        "reference": _scores(test, parts, folder / "submission.csv"),
        "exemple_constant": _scores(test, parts, folder / "sample_submission.csv"),
    }
    text = json.dumps(scores, indent=1, ensure_ascii=False)
    (folder / "scores.json").write_text(text + "\n", encoding="utf-8")


def training_table(seed: int) -> bytes:
    """Give the training offers as CSV, the same as in the folder of this seed."""
    return _training(made.invent(seed)[0])


def _training(train: Offers) -> bytes:
    return _features(train, [f"E{number:04d}" for number in range(1, len(train) + 1)], days=True)


def _parts(test: Offers, seed: int) -> NDArray[np.bool_]:
    """Say which rows are public: three employers in ten, whole."""
    draw = np.random.Generator(np.random.PCG64(seed + 1))
    public = draw.random(made.EMPLOYERS) < made.PUBLIC_SHARE
    return public[test.employer]


def _table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> bytes:
    target = io.StringIO()
    out = csv.writer(target, lineterminator="\n")
    out.writerow(header)
    out.writerows(rows)
    return target.getvalue().encode()


def _features(offers: Offers, ids: Sequence[str], *, days: bool) -> bytes:
    header = [
        "id", "employeur", "metier", "bassin", "contrat", "taille", "horaires", "mois",
        "experience_mois", "postes", "salaire_horaire",
    ]  # fmt: skip
    rows = [
        [
            ids[at],
            f"F{offers.employer[at]:03d}",
            made.OCCUPATIONS[offers.occupation[at]][0],
            made.AREAS[offers.area[at]][0],
            made.CONTRACTS[offers.contract[at]],
            made.SIZES[offers.size[at]],
            made.HOURS[offers.hours[at]],
            int(offers.month[at]),
            int(offers.experience[at]),
            int(offers.openings[at]),
            "" if math.isnan(offers.pay[at]) else f"{offers.pay[at]:.2f}",
            *([int(offers.days[at])] if days else []),
        ]
        for at in range(len(offers))
    ]
    return _table([*header, "delai_jours"] if days else header, rows)


def _truth(test: Offers, ids: Sequence[str], public: NDArray[np.bool_]) -> bytes:
    territory, mix = test.territory, test.mix
    rows = [
        [
            ids[at],
            int(test.days[at]),
            "public" if public[at] else "private",
            f"F{test.employer[at]:03d}",
            territory[at],
            mix[at],
        ]
        for at in range(len(test))
    ]
    return _table(["id", "delai_jours", "jeu", "employeur", "zone", "mixite"], rows)


def _answers(ids: Sequence[str], days: Floats) -> bytes:
    return _table(
        ["id", "delai_jours"],
        [[one, f"{value:.2f}"] for one, value in zip(ids, days, strict=True)],
    )


def _scores(test: Offers, public: NDArray[np.bool_], path: Path) -> dict[str, object]:
    """Compute the declared figures of a submission, part by part."""
    with path.open(encoding="utf-8", newline="") as file:
        days = np.array([float(row["delai_jours"]) for row in csv.DictReader(file)])
    error = np.abs(days - test.days)
    zone, mix = np.array(test.territory), np.array(test.mix)
    found: dict[str, object] = {}
    for name, part in (("public", public), ("private", ~public)):
        by_zone = {z: _mean(error[part & (zone == z)]) for z in sorted(set(zone[part]))}
        found[name] = {
            "n": int(part.sum()),
            "mae": _mean(error[part]),
            "rmse": round(float(np.sqrt(np.mean(error[part] ** 2))), DECIMALS),
            "mae_par_zone": by_zone,
            "ecart_zones": round(max(by_zone.values()) - min(by_zone.values()), DECIMALS),
            "mae_par_mixite": {m: _mean(error[part & (mix == m)]) for m in sorted(set(mix[part]))},
        }
    return found


def _mean(values: Floats) -> float:
    return round(float(np.mean(values)), DECIMALS)
