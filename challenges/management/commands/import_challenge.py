"""Import a challenge, ours or another platform's, as a draft; publish it if a moderator says so."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import CommandError

from challenges.bundles import portable
from challenges.entries.models import Entry
from challenges.exchange import worker as exchange_worker
from challenges.exchange.actions.bundles import ForeignImported, import_bundle
from challenges.exchange.forms import asked
from challenges.exchange.worker import rehearsed
from challenges.management.speaking import SpeakingCommand, instant, person
from challenges.organising.actions import challenges
from challenges.organising.enums import ChallengeStatus
from challenges.organising.models.challenges import Challenge
from challenges.queue.enums import JobKind
from challenges.queue.models import Job


class Command(SpeakingCommand):
    """Print the report; exit 1 when the folder or the publication is refused."""

    help = (
        "Importe un challenge : un dossier ou un zip, challenge.yaml, Codabench, CodaLab, EvalAI, "
        "Kaggle, Hugging Face ou TREC."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        self.add_waiting(parser)
        parser.add_argument("path", type=Path, help="dossier ou archive zip du challenge")
        parser.add_argument(
            "--answer",
            action="append",
            default=[],
            metavar="CLÉ=VALEUR",
            help="réponse à une question du rapport, plusieurs fois au besoin",
        )
        parser.add_argument("--owner", default="", help="propriétaire : nom ou adresse")
        parser.add_argument("--publish", action="store_true", help="publier après l’import")
        parser.add_argument("--by", default="", help="personne de la Région qui publie")
        parser.add_argument("--opens", type=instant, help="ouverture, ISO 8601")
        parser.add_argument("--closes", type=instant, help="fermeture, ISO 8601")

    def empty(self, **options: Any) -> dict[str, Any]:
        read = portable.read_challenge(options["path"]).spec
        slug = read.slug if read else None
        return {"slug": slug, "status": "refused", "errors": [], "warnings": []}

    def act(self, **options: Any) -> tuple[dict[str, Any], bool]:
        """Import, then ask for the visa and publish, then wait for the truth to be compiled."""
        owner = self._owner(options["owner"])
        if options["publish"] and not options["by"]:
            raise CommandError("--publish demande --by, une personne qui relit.", returncode=2)
        found = import_bundle(
            path=options["path"],
            by=owner,
            answers=dict(_answer(each) for each in options["answer"]),
            evaluate=exchange_worker.local_evaluator,
            rehearse=rehearsed,
            unseal=exchange_worker.unsealer(owner) if exchange_worker.can_open() else None,
            opens_at=options["opens"],
            closes_at=options["closes"],
        )
        challenge = found.imported.challenge
        if challenge is None:
            return self._answer(found, None), False
        if options["publish"]:
            if challenge.status == ChallengeStatus.DRAFT:
                challenge = challenges.submit(challenge=challenge, by=owner)
            challenge = challenges.publish(
                challenge=challenge, confirm_licence=True, by=person(options["by"])
            )
        ready = self.wait(lambda: settled(challenge), options)
        return self._answer(found, challenge), ready

    def _owner(self, name: str) -> Any:
        if not name and not settings.EMBEDDED:
            raise CommandError("--owner est demandé hors du mode embarqué.", returncode=2)
        return person(name or "organisation")

    def _answer(self, found: ForeignImported, challenge: Challenge | None) -> dict[str, Any]:
        told = {
            "slug": challenge.slug if challenge else None,
            "status": challenge.status if challenge else "refused",
            "errors": [problem.to_json() for problem in found.imported.errors],
            "warnings": [problem.to_json() for problem in found.imported.warnings],
        }
        if found.report is None:
            return told
        questions = [asked(each.to_json()) for each in found.report.questions]
        return {**found.report.to_json(), "questions": questions, **told}

    def _ask(self, question: dict[str, Any]) -> None:
        proposal = question["proposal"] or "réponse attendue"
        self.stdout.write(f"--answer {question['key']}=… : {question['text']} [{proposal}]")
        if question["help"]:
            self.stdout.write(f"    {question['help']}")
        for choice in question["choices"]:
            self.stdout.write(f"    {choice['value']} : {choice['label']}")

    def tell(self, answer: dict[str, Any]) -> None:
        for kind in ("errors", "warnings"):
            for problem in answer[kind]:
                self.stdout.write(" · ".join(str(part) for part in problem.values() if part))
                if problem["code"] == "E_SLUG_TAKEN" and answer.get("format"):
                    self.stdout.write("    --answer slug=…")
        for question in answer.get("questions", ()):
            self._ask(question)
        for sentence in answer.get("dry_run", ()):
            self.stdout.write(f"essai à blanc, {sentence}")
        if answer.get("facts"):
            self.stdout.write(json.dumps(answer["facts"], ensure_ascii=False, indent=1))
        self.stdout.write(f"{answer['slug']} : {answer['status']}")


def _answer(text: str) -> tuple[str, str]:
    """Part a key from its value; raises CommandError without « = »."""
    key, equal, value = text.partition("=")
    if not equal or not key.strip():
        raise CommandError(f"--answer attend CLÉ=VALEUR, pas « {text[:64]} ».", returncode=2)
    return key.strip(), value.strip()


def settled(challenge: Challenge) -> bool:
    """Say whether the truth is compiled and the reference scored and listed."""
    tasks = [
        str(pk)
        for pk in challenge.phases.order_by("pk").values_list("tasks__pk", flat=True)
        if pk is not None
    ]
    phases = [str(pk) for pk in challenge.phases.order_by("pk").values_list("pk", flat=True)]
    alive = Job.objects.alive()
    return not (
        alive.filter(kind=JobKind.COMPILE, subject_id__in=tasks).exists()
        or Entry.objects.unfinished().filter(enrolment__phase__challenge=challenge).exists()
        or alive.filter(kind=JobKind.STANDINGS, subject_id__in=phases).exists()
    )
