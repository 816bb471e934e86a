"""A command that speaks French to people and prints one JSON object to machines."""

import json
import sys
import time
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.core.management import CommandError
from django.core.management.base import BaseCommand

from challenges.organising.models.challenges import Challenge, Phase
from challenges.organising.queries import current_phase, phase_of
from challenges.worker import drain
from portal.accounts.models import User
from portal.lib import clock
from portal.lib.refusals import Invalid, Refusal

WAIT_SECONDS = 900


class SpeakingCommand(BaseCommand):
    """Run one action; exit 0 when done, 1 on a refusal, 2 on a wrong usage."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Accept the machine form."""
        parser.add_argument(
            "--json", action="store_true", dest="as_json", help="un objet JSON en dernière ligne"
        )

    def add_challenge(self, parser: ArgumentParser, *, phase: bool = False) -> None:
        """Accept a challenge and, if asked, one of its phases."""
        parser.add_argument("slug", help="nom du challenge dans son adresse")
        if phase:
            parser.add_argument("--phase", type=int, default=None, help="numéro de la phase")

    def add_waiting(self, parser: ArgumentParser) -> None:
        """Accept --wait and --work."""
        parser.add_argument("--wait", action="store_true", help="attendre que ce soit fait")
        parser.add_argument(
            "--work", action="store_true", help="faire le travail du service de notation"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Act, then print the answer or the refusal; a wrong usage is told to machines too."""
        try:
            answer, done = self.act(**options)
        except Refusal as refusal:
            answer, done = {**self.empty(**options), **refused(refusal)}, False
        except CommandError as error:
            if options["as_json"]:
                misuse = {"error": {"code": "usage", "message": str(error)}}
                answer = {**self.empty(**options), **misuse}
                self.stdout.write(json.dumps(answer, ensure_ascii=False, default=str))
            raise
        if options["as_json"]:
            self.stdout.write(json.dumps(answer, ensure_ascii=False, default=str))
        else:
            if "error" in answer:
                self.stderr.write(answer["error"]["message"])
            self.tell(answer)
        if not done:
            sys.exit(1)

    def act(self, **options: Any) -> tuple[dict[str, Any], bool]:
        """Do it; return the answer and whether the command succeeded."""
        raise NotImplementedError

    def empty(self, **options: Any) -> dict[str, Any]:
        """Return the keys of an answer when nothing was done."""
        return {}

    def tell(self, answer: dict[str, Any]) -> None:
        """Show an answer to a person."""
        for key, value in answer.items():
            if key != "error":
                self.stdout.write(f"{key} : {value}")

    def wait(self, done: Callable[[], bool], options: dict[str, Any]) -> bool:
        """Wait until it is done, doing the work here with --work; True when it is done."""
        if options["work"]:
            return drain(done, seconds=WAIT_SECONDS, name="command")
        if options["wait"]:
            deadline = time.monotonic() + WAIT_SECONDS
            while not done():
                if time.monotonic() > deadline:
                    return False
                time.sleep(0.3)
        return True


def refused(refusal: Refusal) -> dict[str, Any]:
    """Tell a refusal to a machine."""
    answer: dict[str, Any] = {"error": {"code": refusal.code, "message": str(refusal)}}
    answer["error"].update({key: _plain(value) for key, value in refusal.facts.items()})
    if isinstance(refusal, Invalid):
        answer["faults"] = [fault for fault in refusal.faults if isinstance(fault, dict)]
    return answer


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def person(name: str) -> User:
    """Return the person of this user name or e-mail."""
    try:
        return User.objects.named(name)
    except User.DoesNotExist as error:
        raise CommandError(f"Personne inconnue : {name}", returncode=2) from error


def challenge(slug: str) -> Challenge:
    """Return the challenge of this name."""
    found = Challenge.objects.filter(slug=slug).first()
    if found is None:
        raise CommandError(f"Challenge inconnu : {slug}", returncode=2)
    return found


def phase(slug: str, index: int | None) -> Phase:
    """Return a phase of the challenge of this name, by default the one its page shows."""
    found = challenge(slug)
    if index is not None:
        return phase_of(found, index)
    return current_phase(list(found.phases.order_by("index")), clock.now()) or phase_of(found)


def instant(text: str) -> datetime:
    """Read an ISO 8601 date; without an offset it is taken in Europe/Paris.

    Raises ArgumentTypeError for another form, and for an hour of Paris that does not exist or
    exists twice: its offset must then be written.
    """
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(
            f"date illisible : {text} ; exemple : 2026-12-17T17:00:00+01:00"
        ) from error
    found = at if at.tzinfo else clock.from_paris(at)
    if found is None:
        raise ArgumentTypeError(
            f"{text} n’existe pas, ou existe deux fois, le jour du changement d’heure à Paris ; "
            f"écrivez le décalage : {text}+01:00 ou {text}+02:00"
        )
    return found
