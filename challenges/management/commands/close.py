"""Close the phases of a challenge that have no announced close."""

from argparse import ArgumentParser
from typing import Any

from challenges.management.speaking import SpeakingCommand, person
from challenges.management.speaking import challenge as named
from challenges.organising.actions import challenges
from challenges.organising.enums import PhaseMoment
from challenges.organising.queries import phase_of


class Command(SpeakingCommand):
    """Close now; exit 1 on a refusal."""

    help = "Ferme un challenge qui n’a pas de fermeture annoncée."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        self.add_challenge(parser)
        parser.add_argument("--by", required=True, help="organisateur : nom ou adresse")

    def empty(self, **options: Any) -> dict[str, Any]:
        return {"slug": options["slug"], "status": "refused"}

    def act(self, **options: Any) -> tuple[dict[str, Any], bool]:
        """Close every phase that is open, or note those that are over."""
        challenge = named(options["slug"])
        by = person(options["by"])
        phases = list(challenge.phases.order_by("index")) or [phase_of(challenge)]
        started = [
            phase for phase in phases if phase.moment() in {PhaseMoment.OPEN, PhaseMoment.CLOSED}
        ]
        for phase in started or phases[:1]:
            challenges.close(phase=phase, by=by)
        challenge.refresh_from_db()
        closes = challenge.phases.order_by("index").values_list("closes_at", flat=True)
        return {
            "slug": challenge.slug,
            "status": challenge.status,
            "closes_at": [at.isoformat() if at else None for at in closes],
        }, True
