"""The demonstration challenge: written, imported, published, entered; scored by the worker."""

import hashlib
import io
import tempfile
from pathlib import Path

from django.core.management import call_command

from challenges.entries.actions import deposits
from challenges.management.commands.enter import joined, member_named_after
from challenges.organising.models.challenges import Challenge
from challenges.organising.queries import phase_of
from portal.management.opening import demonstration
from portal.management.opening.demonstration.folder import SLUG

SEED = 20_261_124
OWNER, MODERATOR = "organisation", "moderation"


def open_challenge() -> int:
    """Open the demonstration challenge and send its teams' files; return how many were sent.

    Nothing is written when it is there already. The entries wait in the queue: the worker
    scores them like any other.
    """
    if Challenge.objects.filter(slug=SLUG).exists():
        return 0
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / SLUG
        demonstration.write(folder, SEED)
        call_command(
            "import_challenge",
            str(folder),
            owner=OWNER,
            publish=True,
            by=MODERATOR,
            stdout=io.StringIO(),
        )
        return sum(_send(team, folder) for team in demonstration.TEAMS)


def _send(team: demonstration.Team, folder: Path) -> int:
    challenge = Challenge.objects.get(slug=SLUG)
    person = member_named_after(team.name)
    competing = joined(challenge, team.name, person)
    for name in team.files:
        with (folder / name).open("rb") as content:
            deposits.enter(
                phase=phase_of(challenge),
                team=competing,
                content=content,
                original_name=Path(name).name,
                idempotency_key=hashlib.sha256(f"{SEED}/{name}".encode()).hexdigest()[:32],
                by=person,
            )
    return len(team.files)
