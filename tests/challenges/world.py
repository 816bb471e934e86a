"""A small challenge, really imported and published, whose files are really scored."""

import json
import random
from pathlib import Path
from typing import Any
from uuid import uuid4

from challenges.entries.actions import deposits
from challenges.evaluation.queries import shown_figures
from challenges.exchange.actions.bundles import import_bundle
from challenges.exchange.actions.imports import import_folder
from challenges.models import Challenge, Entry, Reveal, Team
from challenges.organising.actions import challenges
from challenges.results import actions as results
from challenges.worker import drain
from portal.accounts.models import Membership, User
from tests.challenges import kept
from tests.challenges.bundles import folders
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.challenges import TeamFactory, captain_of

ROWS = 120
CANARY = "CNRY-holdout-challenge-held-temoin-5f3a9c1e"


def truth_of(row: int) -> int:
    """Return the hidden answer of a row."""
    return (row * 7919 + row // 3) % 3 + 1


def folder(path: Path, **changes: Any) -> Path:
    """Write a folder of 120 rows, 36 public; each held-out row carries the canary."""
    ids = [f"A{number:04}" for number in range(ROWS)]
    document = folders.document()
    document |= {"slug": "niveau", "expected": None, **changes}
    document.pop("expected")
    for audience in ("public", "held_out"):
        for entry in document["files"][audience]:
            entry.pop("rows", None)
    document["files"]["organiser"].pop()
    parts = ["public" if number % 10 < 3 else "private" for number in range(ROWS)]
    truth = "id,niveau,jeu,zone,groupe,temoin\n" + "".join(
        f"{one},{truth_of(at)},{parts[at]},{'nord' if at % 2 else 'sud'},g{at},{CANARY}\n"
        for at, one in enumerate(ids)
    )
    (path / "niveau").mkdir(parents=True, exist_ok=True)
    return folders.write(
        path / "niveau",
        document,
        test_csv="id,x\n" + "".join(f"{one},{at}\n" for at, one in enumerate(ids)),
        sample_csv="id,niveau\n" + "".join(f"{one},1\n" for one in ids),
        baseline_csv=answer(0.4).decode(),
        truth_csv=truth,
    )


def answer(skill: float, seed: int = 0) -> bytes:
    """Write a file that is right on about this share of the rows."""
    draw = random.Random(seed)  # noqa: S311  # test data
    lines = ["id,niveau"]
    for row in range(ROWS):
        right = truth_of(row)
        lines.append(f"A{row:04},{right if draw.random() < skill else right % 3 + 1}")
    return ("\n".join(lines) + "\n").encode()


def owner() -> User:
    """Make a person who may run challenges."""
    membership: Membership = MembershipFactory(role="referent")
    return membership.user


def imported(path: Path, by: User | None = None, **changes: Any) -> Challenge:
    """Import the small folder as a draft, its prizes described if it has any."""
    found = import_folder(folder=folder(path, **changes), by=by or owner())
    made = found.challenge
    assert made is not None, found.errors
    if made.has_prizes:
        made.prizes_md, made.prize_rule_md = "Un prix.", "Partagé entre ex æquo."
        made.save(update_fields=["prizes_md", "prize_rule_md"])
    return made


def from_bundle(path: Path, by: User | None = None, **answers: str) -> Challenge:
    """Import a bundle as a draft."""
    found = import_bundle(path=path, by=by or owner(), answers=answers).imported
    assert found.errors == ()
    assert found.challenge is not None
    return found.challenge


def licensed(challenge: Challenge) -> Challenge:
    """Name the licence of a draft written by form."""
    licence = {"name": "Licence Ouverte", "spdx": None, "holder": "", "status": "verified"}
    challenge.refresh_from_db()
    challenge.licence = licence
    challenge.bundle = challenge.bundle | {"licence": {"data": licence}}
    challenge.save()
    return challenge


def published(challenge: Challenge, by: User, **given: bool) -> Challenge:
    """Publish a draft: its owner asks, a moderator gives the visa."""
    challenge = challenges.submit(challenge=challenge, by=by)
    return challenges.publish(challenge=challenge, by=UserFactory(region="moderator"), **given)


def opened(path: Path, *, work: bool = True, **changes: Any) -> Challenge:
    """Import and publish the small challenge, its reference scored; kept for the next test."""

    def make() -> int:
        by = owner()
        challenge = published(imported(path, by, **changes), by)
        if work:
            assert drain()
        return challenge.pk

    asked = f"opened {work} {json.dumps(changes, sort_keys=True)}"
    made = Challenge.objects.get(pk=kept.world(asked, make))
    if not (path / "niveau").exists():
        folder(path, **changes)
    return made


def scored(path: Path, *skills: float, **changes: Any) -> Challenge:
    """Open the small challenge and score a file of each skill, each of a new team; kept as well."""

    def make() -> int:
        challenge = opened(path, **changes)
        for seed, skill in enumerate(skills):
            entered(challenge, skill, seed=seed)
        assert drain()
        return challenge.pk

    asked = f"scored {skills} {json.dumps(changes, sort_keys=True)}"
    made = Challenge.objects.get(pk=kept.world(asked, make))
    if not (path / "niveau").exists():
        folder(path, **changes)
    return made


def owner_of(challenge: Challenge) -> User:
    """Return the owner of a challenge."""
    return challenge.organisers.get(role="owner").user


def entered(
    challenge: Challenge,
    skill: float = 0.7,
    *,
    team: Team | None = None,
    seed: int = 0,
    **given: Any,
) -> Entry:
    """Enter a file for a team, a new one by default."""
    team = team or TeamFactory(challenge=challenge)
    values: dict[str, Any] = {
        "phase": given.get("phase") or challenge.phases.get(),
        "team": team,
        "content": answer(skill, seed),
        "original_name": "reponse.csv",
        "idempotency_key": str(uuid4()),
        "by": captain_of(team),
        "again": True,
    }
    return deposits.enter(**{**values, **given}).entry


def worked(entry: Entry) -> Entry:
    """Let the worker do all it has to do."""
    assert drain()
    entry.refresh_from_db()
    return entry


def revealed(challenge: Challenge, by: User | None = None) -> Reveal:
    """Close the phase of a challenge and publish its results, as its owner and the Region do."""
    owner = owner_of(challenge)
    phase = challenges.close(phase=challenge.phases.get(), by=owner)
    results.propose_reveal(phase=phase, by=owner)
    results.confirm_reveal(phase=phase, by=by or UserFactory(region="administrator"))
    assert drain()
    return Reveal.objects.get(phase=phase)


def public_figures(entry: Entry) -> dict[str, dict[str, Any]]:
    """Read the public figures that the team of an entry is shown."""
    fresh = Entry.objects.get(pk=entry.pk)
    return shown_figures([fresh])[entry.pk].scores.get("public", {})
