"""Documents drawn at random come back as they left, unknown keys included."""

import random
from pathlib import Path
from typing import Any

import pytest

from challenges.exchange.actions import exports
from challenges.exchange.actions.bundles import import_bundle
from tests.challenges import world
from tests.challenges.test_exports import again, written

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
LEAN, FULL = 8, 60
WORDS = [
    "emploi",
    "Zône",
    "l’été",
    "« x »",
    "a: b",
    "- c",
    "#d",
    "null",
    "2027-01-01",
    "1.50",
    "oui",
]
DATES = [
    None,
    "2027-03-28T01:59:59+01:00",
    "2027-10-31T02:30:00+02:00",
    "2028-02-29T00:00:00+00:00",
]


def value(draw: random.Random, depth: int = 0) -> Any:
    """Draw what an unknown key may hold."""
    kind = draw.randrange(9 if depth < 3 else 7)
    simple = (None, True, False, draw.randrange(-9, 10**6), draw.random(), draw.choice(WORDS), "")
    if kind < len(simple):
        return simple[kind]
    if kind == len(simple):
        return [value(draw, depth + 1) for _one in range(draw.randrange(4))]
    return {draw.choice(WORDS): value(draw, depth + 1) for _one in range(draw.randrange(4))}


def changes(draw: random.Random) -> dict[str, Any]:
    """Draw the free part of a document."""
    opens, closes = draw.choice(DATES), draw.choice(DATES)
    if opens and closes and closes <= opens:
        closes = None
    board: dict[str, Any] = {
        "kept": draw.choice(["best", "last", "chosen"]),
        "ladder": draw.choice([True, False]),
    }
    found: dict[str, Any] = {
        "title": " ".join(draw.choices(WORDS, k=3)),
        "summary": " ".join(draw.choices(WORDS, k=5)),
        "tags": draw.sample(WORDS, draw.randrange(4)),
        "use_cases": draw.sample(["UC1", "UC3", "UC6"], draw.randrange(3)),
        "prizes": draw.random() < 0.5,
        "quotas": {
            "timezone": "Europe/Paris",
            "per_day": draw.choice([None, 0, 3]),
            "total": draw.choice([None, 0, 60]),
            "final_selections": draw.choice([1, 2, 5]),
        },
        "leaderboard": board,
        "provenance": [{"title": draw.choice(WORDS), "source": "https://exemple.fr/"}],
    }
    if draw.random() < 0.7:
        found["schedule"] = {"opens": opens, "closes": closes}
    if draw.random() < 0.5:
        found["terms"] = "Règlement « maison »\n\n" + " ".join(draw.choices(WORDS, k=9))
    for at in range(draw.randrange(4)):
        found[f"maison_{at}"] = value(draw)
    return found


@pytest.mark.parametrize(
    "seed",
    [seed if seed < LEAN else pytest.param(seed, marks=pytest.mark.full) for seed in range(FULL)],
)
def test_a_drawn_document_comes_back_the_same(seed: int, tmp_path: Path) -> None:
    drawn = changes(random.Random(seed))  # noqa: S311  # test data
    found = import_bundle(
        path=world.folder(tmp_path, **drawn), by=world.owner(), answers={}
    ).imported
    assert found.errors == ()
    challenge = found.challenge
    assert challenge is not None
    made = exports.export(
        challenge=challenge, by=world.owner_of(challenge), reference=tmp_path / "niveau"
    )
    back = again(written(tmp_path / "e.zip", made), challenge, "bundle")
    for key in drawn:
        if key.startswith("maison"):
            assert back.bundle[key] == challenge.bundle[key]
