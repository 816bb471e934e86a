"""Enter a file for a team, as the page does."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from uuid import uuid4

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.management import CommandError
from django.db import transaction
from django.utils.text import slugify

from challenges.entries.actions import deposits
from challenges.entries.enums import LADDER_WAITS, EntryStatus
from challenges.entries.models import Entry
from challenges.evaluation.enums import Split
from challenges.evaluation.queries import shown_figures
from challenges.management.speaking import SpeakingCommand, person
from challenges.management.speaking import challenge as named
from challenges.management.speaking import phase as phase_named
from challenges.organising.models.challenges import Challenge
from challenges.queue.enums import JobKind
from challenges.queue.models import Job
from challenges.teams.actions import teams
from challenges.teams.models import Team
from challenges.teams.queries import has_accepted_terms, is_registered
from portal.accounts.models import User


class Command(SpeakingCommand):
    """Print the receipt and, with --wait or --work, the scores; exit 1 on a refusal."""

    help = "Envoie un fichier de prédictions pour une équipe."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        self.add_waiting(parser)
        self.add_challenge(parser, phase=True)
        parser.add_argument("file", type=Path, help="fichier de prédictions")
        parser.add_argument("--team", required=True, help="nom de l’équipe")
        parser.add_argument("--by", default="", help="membre qui envoie : nom ou adresse")
        parser.add_argument(
            "--key", default="", help="clé d’envoi : la même rend le même récépissé"
        )

    def empty(self, **options: Any) -> dict[str, Any]:
        return {"entry": None, "status": "refused", "receipt": None, "scores": {}, "faults": []}

    def act(self, **options: Any) -> tuple[dict[str, Any], bool]:
        """Join, enter, wait, tell."""
        challenge = named(options["slug"])
        by = self._sender(options["by"], options["team"])
        phase = phase_named(options["slug"], options["phase"])
        team = joined(challenge, options["team"], by)
        try:
            content = options["file"].open("rb")
        except OSError as error:
            raise CommandError(f"Fichier illisible : {options['file']}", returncode=2) from error
        with content:
            accepted = deposits.enter(
                phase=phase,
                team=team,
                content=content,
                original_name=options["file"].name,
                idempotency_key=options["key"] or str(uuid4()),
                by=by,
                again=True,  # who runs the command knows what they send
            )
        ended = self.wait(lambda: settled(accepted.entry), options)
        entry = Entry.objects.get(pk=accepted.entry.pk)
        told = answer(entry)
        refused = {EntryStatus.REJECTED, EntryStatus.FAILED, EntryStatus.NEEDS_ATTENTION}
        return told, ended and entry.status not in refused

    def _sender(self, name: str, team: str) -> User:
        if name:
            return person(name)
        if not settings.EMBEDDED:
            raise CommandError("--by est demandé hors du mode embarqué.", returncode=2)
        return member_named_after(team)

    def tell(self, answer: dict[str, Any]) -> None:
        self.stdout.write(f"{answer['entry']} : {answer['status']}")
        for fault in answer["faults"]:
            self.stdout.write(f"{fault['code']} · ligne {fault['line']} · {fault['message']}")
        for key, score in answer["scores"].items():
            self.stdout.write(f"{key} = {score['value']} [{score['low']} ; {score['high']}]")
        if answer.get("message"):
            self.stdout.write(answer["message"])


@transaction.atomic
def member_named_after(team: str) -> User:
    """Return the person of this installation who stands for a team, made at first use."""
    username = f"membre-{slugify(team) or 'equipe'}"[:150]
    found = User.objects.filter(username=username).first()
    if found is not None:
        return found
    address = f"{username}@demonstration.invalid"
    user = User(username=username, email=address, display_name=team[:80], is_demonstration=True)
    user.set_unusable_password()
    user.save()
    EmailAddress.objects.create(user=user, email=address, verified=True, primary=True)
    return user


def joined(challenge: Challenge, name: str, by: User) -> Team:
    """Return the team of this name, its rules accepted and itself made where they were not."""
    if not (has_accepted_terms(challenge, by) and is_registered(challenge, by)):
        teams.accept_terms(challenge=challenge, grant=challenge.grant, by=by)
    found = challenge.teams.of_people().filter(slug=slugify(name)).first()
    return found or teams.create(challenge=challenge, name=name, by=by)


def settled(entry: Entry) -> bool:
    """Say whether the entry has its outcome and, once scored, stands on the board."""
    fresh = Entry.objects.get(pk=entry.pk)
    if fresh.is_unfinished:
        return False
    boards = Job.objects.alive().filter(
        kind=JobKind.STANDINGS, subject_id=str(fresh.enrolment.phase_id)
    )
    return fresh.status != EntryStatus.SCORED or not boards.exists()


def answer(entry: Entry) -> dict[str, Any]:
    """Tell where an entry stands."""
    faults = [
        {"code": fault["code"], "line": fault.get("line"), "message": fault.get("message", "")}
        for fault in entry.verdict.get("faults", [])
    ]
    if entry.reason_code and not faults:
        faults = [{"code": entry.reason_code, "line": None, "message": entry.reason_sentence}]
    shown = shown_figures([entry])[entry.pk]
    waits = entry.status == EntryStatus.SCORED and entry.climbs and shown.rung is None
    message = str(LADDER_WAITS) if waits else shown.message
    return {
        "entry": str(entry.pk),
        "status": entry.status,
        "receipt": json.loads(entry.receipt),
        "scores": {
            key: {bound: score[bound] for bound in ("value", "low", "high")}
            for key, score in shown.scores.get(Split.PUBLIC, {}).items()
        },
        "faults": faults,
        "warnings": entry.verdict.get("warnings", []),
        **({"score_of": shown.score_of, "message": message} if message else {}),
    }
