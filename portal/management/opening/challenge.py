"""The demonstration challenge: imported, published, entered; scored by the worker.

Its folder holds invented job offers and what small models answer: `bench.demonstration` made them.
"""

import hashlib
import io
from collections.abc import Iterable
from pathlib import Path

from django.core.management import call_command

from challenges.entries.actions import deposits
from challenges.management.commands.enter import joined, member_named_after
from challenges.organising.models.challenges import Challenge
from challenges.organising.queries import phase_of

SLUG = "delai-de-recrutement"
FOLDER = Path(__file__).with_name("demonstration") / SLUG
OWNER, MODERATOR = "organisation", "moderation"
# What each team sends, one after the other, of the files in `equipes`.
TEAMS = {
    "Équipe Garlaban": ("equipe-garlaban-1", "equipe-garlaban-2"),
    "Atelier Camargue": ("atelier-camargue-1", "atelier-camargue-2"),
    "Collectif Luberon": ("collectif-luberon-1", "collectif-luberon-2"),
    "Les Calanques": ("les-calanques-1", "les-calanques-2"),
    "Mercantour Données": ("mercantour-donnees-1", "mercantour-donnees-2"),
    "Premiers Pas": ("premiers-pas-1",),
    "Exemple linéaire": ("exemple-lineaire",),
}


def open_challenge() -> None:
    """Open the demonstration challenge and send its teams' files.

    Nothing is written when it is there already. The entries wait in the queue: the worker
    scores them like any other.
    """
    if Challenge.objects.filter(slug=SLUG).exists():
        return
    call_command(
        "import_challenge",
        str(FOLDER),
        owner=OWNER,
        publish=True,
        by=MODERATOR,
        stdout=io.StringIO(),
    )
    challenge = Challenge.objects.get(slug=SLUG)
    for team, names in TEAMS.items():
        _send(challenge, team, names)


def _send(challenge: Challenge, team: str, names: Iterable[str]) -> None:
    person = member_named_after(team)
    competing = joined(challenge, team, person)
    for name in names:
        with (FOLDER / "equipes" / f"{name}.csv").open("rb") as content:
            deposits.enter(
                phase=phase_of(challenge),
                team=competing,
                content=content,
                original_name=f"{name}.csv",
                idempotency_key=hashlib.sha256(f"{SLUG}/{name}".encode()).hexdigest()[:32],
                by=person,
            )
