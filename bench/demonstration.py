"""Invent the data of the demonstration: job offers, what its teams answer, steps of support.

usage: python -m bench.demonstration

Writes again the tables that the opening content holds: those of the challenge
`delai-de-recrutement`, with the scores they should get, and two of steps of support. No row comes
from anyone. A recruitment lasts longer where the occupation is tight, the area
remote, the pay low for the occupation, the hours uneven; employers differ, months differ, chance
remains. The same NumPy gives the same bytes.
"""

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
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
OPENING = Path(__file__).parents[1] / "portal" / "management" / "opening" / "demonstration"
SEED = 20_261_124

TRAIN_ROWS, TEST_ROWS, EMPLOYERS = 6_000, 1_600, 900
PUBLIC_SHARE = 0.3
MAX_DAYS = 240

# Occupation: (label, share of women, log days, hourly pay).
OCCUPATIONS = (
    ("Aide à domicile", 0.94, 3.75, 12.3),
    ("Aide-soignance", 0.90, 3.70, 13.2),
    ("Accueil et secrétariat", 0.92, 2.85, 12.6),
    ("Animation de loisirs", 0.63, 2.95, 12.1),
    ("Boulangerie", 0.33, 3.55, 13.0),
    ("Chaudronnerie", 0.05, 4.05, 15.8),
    ("Comptabilité", 0.80, 3.25, 16.4),
    ("Conduite de poids lourds", 0.04, 3.60, 13.9),
    ("Cuisine", 0.36, 3.50, 13.4),
    ("Développement informatique", 0.21, 3.65, 20.5),
    ("Électricité du bâtiment", 0.03, 3.85, 14.6),
    ("Entretien des locaux", 0.71, 2.90, 12.0),
    ("Espaces verts", 0.09, 3.00, 12.7),
    ("Maçonnerie", 0.02, 3.80, 14.1),
    ("Maintenance industrielle", 0.06, 4.00, 16.2),
    ("Manutention", 0.27, 2.55, 12.2),
    ("Plomberie et chauffage", 0.02, 3.95, 15.0),
    ("Réception en hôtellerie", 0.68, 3.05, 12.4),
    ("Récolte et taille", 0.41, 2.70, 12.0),
    ("Service en salle", 0.60, 3.15, 12.2),
    ("Soins infirmiers", 0.87, 4.10, 17.8),
    ("Soudage", 0.03, 3.90, 15.5),
    ("Télévente", 0.58, 2.75, 12.3),
    ("Vente en magasin", 0.72, 2.80, 12.2),
)
# Employment area: (invented name, kind of territory, log effect).
AREAS = (
    ("Anse-des-Pins", "littoral", -0.05),
    ("Port-Mistral", "littoral", -0.12),
    ("Baie-Dorée", "littoral", 0.10),
    ("Cap-Salins", "littoral", 0.02),
    ("Rade-Claire", "littoral", -0.08),
    ("Les Étangs", "littoral", 0.12),
    ("Val-d’Olivette", "interieur", 0.00),
    ("Plaine-aux-Amandiers", "interieur", 0.04),
    ("Coteaux-de-Garance", "interieur", 0.08),
    ("Pont-sur-Douce", "interieur", -0.06),
    ("Ville-Neuve-des-Ocres", "interieur", 0.03),
    ("Les Restanques", "interieur", 0.15),
    ("Terres-Blanches", "interieur", -0.02),
    ("Haute-Combe", "montagne", 0.30),
    ("Vallée-des-Mélèzes", "montagne", 0.38),
    ("Col-du-Vent", "montagne", 0.45),
    ("Les Crêtes", "montagne", 0.26),
    ("Source-Froide", "montagne", 0.34),
)
CONTRACTS = ("CDI", "CDD de 6 mois ou plus", "CDD de moins de 6 mois", "Intérim")
SIZES = ("1 à 9", "10 à 49", "50 à 249", "250 et plus")
HOURS = ("journée", "décalés", "nuit ou week-end")


@dataclass(frozen=True)
class Offers:
    """Offers as columns of the same length; missing pay is NaN."""

    occupation: Ints
    area: Ints
    contract: Ints
    size: Ints
    hours: Ints
    month: Ints
    experience: Ints
    openings: Ints
    pay: Floats
    employer: Ints
    days: Ints

    def __len__(self) -> int:
        return len(self.days)

    def where(self, kept: NDArray[np.bool_]) -> Offers:
        """Keep some rows."""
        return Offers(**{name: column[kept] for name, column in vars(self).items()})

    @property
    def territory(self) -> list[str]:
        """Name the kind of territory of each offer."""
        return [AREAS[at][1] for at in self.area]

    @property
    def mix(self) -> list[str]:
        """Name the mix of the occupation: less than 35 % of women, more than 65 %, or between."""
        shares = [OCCUPATIONS[at][1] for at in self.occupation]
        return ["masculinise" if s < 0.35 else "feminise" if s > 0.65 else "mixte" for s in shares]


def invent(seed: int) -> tuple[Offers, Offers]:
    """Invent the training and the test offers; employers of one are not those of the other.

    Same seed and NumPy, same rows.
    """
    draw = np.random.Generator(np.random.PCG64(seed))
    rows = TRAIN_ROWS + TEST_ROWS
    home = draw.integers(0, len(AREAS), EMPLOYERS)
    trade = draw.integers(0, len(OCCUPATIONS), EMPLOYERS)
    big = np.searchsorted([0.45, 0.78, 0.94], draw.random(EMPLOYERS))
    appeal = 0.18 * _normal(draw, EMPLOYERS)
    # Large employers publish more; the last fifth is kept for the test.
    weight = np.array([1.0, 2.0, 4.0, 7.0])[big]
    cut = int(EMPLOYERS * 0.8)
    employer = np.concatenate(
        [_weighted(draw, weight[:cut], TRAIN_ROWS), cut + _weighted(draw, weight[cut:], TEST_ROWS)]
    )
    same_trade = draw.random(rows) < 0.55
    occupation = np.where(same_trade, trade[employer], draw.integers(0, len(OCCUPATIONS), rows))
    near = draw.random(rows) < 0.9
    area = np.where(near, home[employer], draw.integers(0, len(AREAS), rows))
    offers = Offers(
        occupation=occupation,
        area=area,
        contract=np.searchsorted([0.40, 0.60, 0.84], draw.random(rows)),
        size=big[employer],
        hours=np.searchsorted([0.62, 0.84], draw.random(rows)),
        month=draw.integers(1, 13, rows),
        experience=np.array([0, 0, 12, 24, 36, 60])[draw.integers(0, 6, rows)],
        openings=1 + np.searchsorted([0.72, 0.88, 0.95], draw.random(rows)),
        pay=_pay(draw, occupation),
        employer=employer,
        days=np.zeros(rows, dtype=np.int64),
    )
    middle = _middle(offers) + appeal[employer] + 0.34 * _normal(draw, rows)
    days = np.clip(np.rint(np.exp(middle)), 1, MAX_DAYS).astype(np.int64)
    hidden = draw.random(rows) < 0.12
    offers = Offers(**{**vars(offers), "days": days, "pay": np.where(hidden, np.nan, offers.pay)})
    is_train = np.arange(rows) < TRAIN_ROWS
    return offers.where(is_train), offers.where(~is_train)


def _pay(draw: np.random.Generator, occupation: Ints) -> Floats:
    usual = np.array([row[3] for row in OCCUPATIONS])[occupation]
    return np.round(np.maximum(11.9, usual * np.exp(0.09 * _normal(draw, len(occupation)))), 2)


def _middle(offers: Offers) -> Floats:
    """Give the middle of the log duration: what a perfect model could know."""
    base = np.array([row[2] for row in OCCUPATIONS])[offers.occupation]
    usual = np.array([row[3] for row in OCCUPATIONS])[offers.occupation]
    place = np.array([row[2] for row in AREAS])[offers.area]
    mountain = np.array([row[1] == "montagne" for row in AREAS])[offers.area]
    coast = np.array([row[1] == "littoral" for row in AREAS])[offers.area]
    seasonal = np.isin(offers.occupation, [3, 8, 17, 18, 19])
    summer = np.isin(offers.month, [4, 5, 6])
    gap = np.log(offers.pay / usual)
    tight, industry = base > 3.5, np.isin(offers.occupation, [5, 14, 21])
    care = np.isin(offers.occupation, [0, 1, 20])
    permanent = offers.contract == 0
    return (
        base
        + place
        + np.array([0.10, 0.0, -0.22, -0.45])[offers.contract]
        + np.array([0.12, 0.03, -0.05, -0.10])[offers.size]
        + np.array([0.0, 0.10, 0.24])[offers.hours]
        + np.where(permanent, 0.013, 0.001) * offers.experience
        - np.where(tight, 2.4, 0.3) * gap
        + np.where(industry & coast, 0.35, 0.0)
        + np.where(care & mountain, 0.40, 0.0)
        + np.where(tight & (offers.size == 0) & permanent, 0.25, 0.0)
        + 0.07 * (offers.openings - 1)
        + np.where(seasonal & summer & coast, 0.42, 0.0)
        + np.where(mountain & (offers.hours == 2), 0.25, 0.0)
        + 0.08 * np.cos((offers.month - 2) * np.pi / 6)
    )


def _normal(draw: np.random.Generator, count: int) -> Floats:
    """Draw standard normals by Box and Muller: the stream of uniforms is the stable one."""
    low = np.maximum(draw.random(count), 1e-12)
    return np.sqrt(-2 * np.log(low)) * np.cos(2 * np.pi * draw.random(count))


def _weighted(draw: np.random.Generator, weight: Floats, count: int) -> Ints:
    bounds = np.cumsum(weight) / weight.sum()
    return np.minimum(np.searchsorted(bounds, draw.random(count)), len(weight) - 1)


def constant(train: Offers, test: Offers) -> Floats:
    """Answer the median of all offers."""
    return np.full(len(test), float(np.median(train.days)))


def by_occupation(train: Offers, test: Offers) -> Floats:
    """Answer the median of the occupation."""
    medians = np.array(
        [np.median(train.days[train.occupation == at]) for at in range(len(OCCUPATIONS))]
    )
    return medians[test.occupation]


def by_contract_mean(train: Offers, test: Offers) -> Floats:
    """Answer the mean of the contract: long tails pull it up, a beginner's choice."""
    means = np.array([train.days[train.contract == at].mean() for at in range(4)])
    return means[test.contract]


def by_occupation_and_area(train: Offers, test: Offers) -> Floats:
    """Answer the median of the occupation, corrected by the middle of the area."""
    base = by_occupation(train, train)
    ratio = np.log(train.days / base)
    place = np.array([np.median(ratio[train.area == at]) for at in range(len(AREAS))])
    return _days(np.log(by_occupation(train, test)) + place[test.area])


def shrunk_cells(train: Offers, test: Offers, *, weight: float = 12.0) -> Floats:
    """Answer the mean log of occupation x area, drawn towards both of them."""
    logs = np.log(train.days)
    middle = logs.mean()
    trade = _effect(train.occupation, logs - middle, len(OCCUPATIONS), weight)
    rest = logs - middle - trade[train.occupation]
    place = _effect(train.area, rest, len(AREAS), weight)
    rest = rest - place[train.area]
    cells = len(AREAS)
    cell = _effect(train.occupation * cells + train.area, rest, len(OCCUPATIONS) * cells, weight)
    found = middle + trade[test.occupation] + place[test.area]
    return _days(found + cell[test.occupation * cells + test.area])


def ridge(train: Offers, test: Offers, *, penalty: float = 5.0) -> Floats:
    """Fit the log of the days on one-hot columns and a few numbers, with a ridge penalty."""
    pay = _usual_pay(train)
    x, z = _design(train, pay), _design(test, pay)
    middle, spread = x.mean(0), x.std(0) + 1e-9
    x, z = (x - middle) / spread, (z - middle) / spread
    logs = np.log(train.days)
    gram = x.T @ x + penalty * np.eye(x.shape[1])
    slope = np.linalg.solve(gram, x.T @ (logs - logs.mean()))
    return _days(logs.mean() + z @ slope)


def blend(*parts: Floats) -> Floats:
    """Average predictions on the log scale."""
    return _days(np.mean([np.log(part) for part in parts], axis=0))


def _effect(code: NDArray[np.int64], values: Floats, size: int, weight: float) -> Floats:
    sums = np.bincount(code, values, size)
    effect: Floats = sums / (np.bincount(code, minlength=size) + weight)
    return effect


def _usual_pay(train: Offers) -> Floats:
    """Give the median pay of each occupation, as the training offers show it."""
    return np.array(
        [np.nanmedian(train.pay[train.occupation == at]) for at in range(len(OCCUPATIONS))]
    )


def _gap(offers: Offers, usual: Floats) -> Floats:
    gap: Floats = np.nan_to_num(np.log(offers.pay / usual[offers.occupation]), nan=0.0)
    return gap


def _design(offers: Offers, usual: Floats) -> Floats:
    gap = _gap(offers, usual)
    turn = offers.month * np.pi / 6
    numbers = [
        gap, np.maximum(gap, 0), np.isnan(offers.pay), offers.experience, offers.openings,
        np.cos(turn), np.sin(turn),
    ]  # fmt: skip
    hot = [
        column[:, None] == np.arange(size)
        for column, size in (
            (offers.occupation, len(OCCUPATIONS)),
            (offers.area, len(AREAS)),
            (offers.contract, 4),
            (offers.size, 4),
            (offers.hours, 3),
        )
    ]
    return np.concatenate([np.stack(numbers, 1).astype(float), *[h.astype(float) for h in hot]], 1)


def _days(logs: Floats) -> Floats:
    days: Floats = np.maximum(1.0, np.exp(logs))
    return days


Predictor = Callable[[Offers, Offers], Floats]
DECIMALS = 2


# What each team sends, one after the other: real models of unequal worth.
SENT: dict[str, tuple[Predictor, ...]] = {
    "Équipe Garlaban": (by_occupation_and_area, ridge),
    "Atelier Camargue": (
        shrunk_cells,
        lambda train, test: ridge(train, test, penalty=60.0),
    ),
    "Collectif Luberon": (
        lambda train, test: shrunk_cells(train, test, weight=40.0),
        shrunk_cells,
    ),
    "Les Calanques": (
        lambda train, test: ridge(train, test, penalty=9_000.0),
        lambda train, test: ridge(train, test, penalty=900.0),
    ),
    "Mercantour Données": (
        by_occupation_and_area,
        lambda train, test: blend(ridge(train, test), shrunk_cells(train, test)),
    ),
    "Premiers Pas": (by_contract_mean,),
}


def _path(name: str, number: int) -> str:
    plain = name.lower().translate(str.maketrans("éèê ", "eee-"))
    return f"equipes/{plain}-{number}.csv"


def write(folder: Path) -> None:
    """Write what is drawn of the challenge beside its texts and its programs."""
    train, test = invent(SEED)
    ids = [f"T{number:04d}" for number in range(1, len(test) + 1)]
    parts = _parts(test)
    files = {
        "train.csv": _training(train),
        "test_features.csv": _features(test, ids, days=False),
        "truth.csv": _truth(test, ids, parts),
        "sample_submission.csv": _answers(ids, constant(train, test)),
    }
    for name, sent in SENT.items():
        for number, predict in enumerate(sent, 1):
            files[_path(name, number)] = _answers(ids, predict(train, test))
    for path, content in files.items():
        (folder / path).write_bytes(content)
    runpy.run_path(str(folder / "baseline.py"))["main"](folder)
    program = runpy.run_path(str(folder / "baseline_lineaire.py"))
    program["main"](folder, "equipes/exemple-lineaire.csv")
    scores = {
        "reference": _scores(test, parts, folder / "submission.csv"),
        "exemple_constant": _scores(test, parts, folder / "sample_submission.csv"),
    }
    text = json.dumps(scores, indent=1, ensure_ascii=False)
    (folder / "scores.json").write_text(text + "\n", encoding="utf-8")


def _training(train: Offers) -> bytes:
    return _features(train, [f"E{number:04d}" for number in range(1, len(train) + 1)], days=True)


def _parts(test: Offers) -> NDArray[np.bool_]:
    """Say which rows are public: three employers in ten, whole."""
    draw = np.random.Generator(np.random.PCG64(SEED + 1))
    public = draw.random(EMPLOYERS) < PUBLIC_SHARE
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
            OCCUPATIONS[offers.occupation[at]][0],
            AREAS[offers.area[at]][0],
            CONTRACTS[offers.contract[at]],
            SIZES[offers.size[at]],
            HOURS[offers.hours[at]],
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


def paths(rows: int, *, seed: int) -> bytes:
    """Invent steps of support as CSV; about a quarter of the columns has blanks."""
    draw = np.random.Generator(np.random.PCG64(seed))
    zones = ("Anse-des-Pins", "Val-d’Olivette", "Haute-Combe", "Port-Mistral", "Terres-Blanches")
    steps = ("entretien", "atelier", "immersion", "formation", "contrat", "sortie")
    outcomes = ("emploi durable", "contrat court", "formation", "recherche d’emploi")
    trades = ("G1603", "J1501", "F1704", "D1106", "N1103", "K1304", "A1203")

    def pick(values: Sequence[str]) -> str:
        return values[int(draw.random() * len(values))]

    def blank(share: float, value: str) -> str:
        return "" if draw.random() < share else value

    target = io.StringIO()
    out = csv.writer(target, lineterminator="\n")
    header = (
        "jeton date_etape type_etape code_rome_vise niveau_formation zone_emploi tranche_age "
        "sexe sortie_6_mois"
    )
    out.writerow(header.split())
    for _ in range(rows):
        out.writerow(
            [
                f"p{int(draw.random() * 16**6):06x}",
                f"{2023 + int(draw.random() * 3)}-T{1 + int(draw.random() * 4)}",
                pick(steps),
                blank(0.18, pick(trades)),
                blank(0.03, str(3 + int(draw.random() * 5))),
                blank(0.01, pick(zones)),
                pick(("16-17", "18-21", "22-25")),
                blank(0.01, pick(("femme", "homme"))),
                blank(0.29, pick(outcomes)),
            ]
        )
    return target.getvalue().encode()


def main() -> None:
    """Write it all where the opening content holds it."""
    write(OPENING / "delai-de-recrutement")
    (OPENING / "parcours.csv").write_bytes(paths(3_000, seed=SEED))
    (OPENING / "parcours-echantillon.csv").write_bytes(paths(200, seed=SEED + 1))


if __name__ == "__main__":
    main()
