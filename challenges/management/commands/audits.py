"""Compute again the fairness audits of a challenge and compare them with what was told."""

from argparse import ArgumentParser
from typing import Any

from django.utils.translation import gettext as _

from challenges.evaluation.worker import take_key
from challenges.management.speaking import SpeakingCommand, phase
from challenges.results import worker as result_worker
from challenges.results.worker import Opened
from portal.lib.refusals import Conflict


class Command(SpeakingCommand):
    """Open the sealed results of a revealed phase; exit 1 when something differs."""

    help = "Recalcule les audits d’équité d’un challenge et les compare à ce qui est publié."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Accept the challenge and the phase."""
        super().add_arguments(parser)
        self.add_challenge(parser, phase=True)

    def empty(self, **options: Any) -> dict[str, Any]:
        """Return the answer of a phase that is not revealed."""
        return {"challenge": options["slug"], "same": [], "different": []}

    def act(self, **options: Any) -> tuple[dict[str, Any], bool]:
        """Compare, in a process that may take the private key."""
        found = phase(options["slug"], options["phase"])
        if not found.is_revealed:
            raise Conflict(_("Les résultats ne sont pas publiés."), code="not_revealed")
        if not take_key():
            raise Conflict(_("Ce processus n’a pas la clé de notation."), code="no_key")
        told = result_worker.compare_findings(found, Opened().of)
        return {"challenge": options["slug"], **told}, not told["different"]

    def tell(self, answer: dict[str, Any]) -> None:
        """Say how many are the same."""
        same, different = len(answer["same"]), len(answer["different"])
        self.stdout.write(
            _("%(same)d identiques, %(different)d différents")
            % {"same": same, "different": different}
        )
