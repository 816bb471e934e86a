"""Invent job offers in invented employment areas; no row comes from anyone.

A recruitment lasts longer where the occupation is tight, the area remote, the pay low for the
occupation, the hours uneven; employers differ, months differ, chance remains.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

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
