"""Reveal the private part of a challenge: one person proposes, another confirms."""

from argparse import ArgumentParser
from typing import Any

from django.db import transaction

from challenges.management.speaking import SpeakingCommand, person
from challenges.management.speaking import challenge as named
from challenges.organising.models.challenges import Phase
from challenges.organising.queries import phase_of
from challenges.results import actions as results
from challenges.results.models.boards import Reveal


class Command(SpeakingCommand):
    """Propose and confirm; exit 1 on a refusal."""

    help = "Publie les résultats définitifs d’un challenge clos (deux personnes)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        self.add_waiting(parser)
        self.add_challenge(parser, phase=True)
        parser.add_argument("--by", required=True, help="organisateur qui propose")
        parser.add_argument(
            "--with", required=True, dest="confirmer", help="personne de la Région qui confirme"
        )

    def empty(self, **options: Any) -> dict[str, Any]:
        return {"slug": options["slug"], "status": "refused", "revealed_at": None}

    def act(self, **options: Any) -> tuple[dict[str, Any], bool]:
        """Propose, confirm, wait for the worker."""
        challenge = named(options["slug"])
        chosen = options["phase"]
        phases: list[Phase] = (
            list(challenge.phases.order_by("index"))
            if chosen is None
            else [phase_of(challenge, chosen)]
        )
        proposer, confirmer = person(options["by"]), person(options["confirmer"])
        with transaction.atomic():  # a refused confirmation leaves no proposal behind
            for phase in phases:
                results.propose_reveal(phase=phase, by=proposer)
                results.confirm_reveal(phase=phase, by=confirmer)
        self.wait(lambda: _settled(phases), options)
        done = _executed(phases) or not (options["wait"] or options["work"])
        challenge.refresh_from_db()
        at = [
            reveal.executed_at
            for reveal in Reveal.objects.filter(phase__in=phases).order_by("phase__index")
        ]
        return {
            "slug": challenge.slug,
            "status": challenge.status,
            "revealed_at": at[-1].isoformat() if at and at[-1] else None,
        }, done


def _settled(phases: list[Phase]) -> bool:
    """Say whether each reveal is executed, or its confirmation set back by the worker."""
    waiting = Reveal.objects.filter(
        phase__in=phases, decided_at__isnull=False, executed_at__isnull=True
    )
    return not waiting.exists()


def _executed(phases: list[Phase]) -> bool:
    return Reveal.objects.filter(phase__in=phases, executed_at__isnull=False).count() == len(phases)
