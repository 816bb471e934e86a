"""Harvest a catalogue from the command line: a site, a folder of documents, or one document."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.db.models import Q
from django.utils.text import slugify

from catalogue.harvest import actions as harvests
from catalogue.harvest import passages
from catalogue.harvest.enums import ItemState, RunState, SourceKind
from catalogue.harvest.models import HarvestRun
from catalogue.resources import rules
from portal.accounts.models import Organisation, User
from portal.audit.actors import Actor, SystemActor
from portal.lib.refusals import Refusal

SHOWN_LINES = 20
STEP = 25


class Command(BaseCommand):
    """Do one passage, as the scheduled ones do; a second one changes nothing."""

    help = (
        "Moissonne un catalogue : l’adresse d’un site, un dossier de notices ou un fichier. "
        "Sans --publish, les nouvelles fiches attendent leur relecture."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", choices=SourceKind.values)
        parser.add_argument("place", metavar="PATH_OR_URL")
        parser.add_argument("--dry-run", action="store_true", help="ne rien écrire")
        parser.add_argument(
            "--publish", action="store_true", help="mettre en ligne : vaut accord de la Région"
        )
        parser.add_argument("--by", default="", metavar="ADRESSE", help="qui donne cet accord")
        parser.add_argument("--source", default="", metavar="CLÉ", help="clé de la source")
        parser.add_argument("--organisation", default="", metavar="ADRESSE", help="détentrice")
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do the passage and say what it did; a suspicious one ends with an error."""
        by = self._actor(options["by"], publish=options["publish"])
        try:
            run = self._tried(options, by) if options["dry_run"] else self._run(options, by)
        except Refusal as refusal:
            raise CommandError(f"{refusal} ({refusal.code})") from refusal
        self._say(run, options)
        if run.state != RunState.COMPLETE:
            raise CommandError(f"{run.message} ({run.reason})")

    def _tried(self, options: dict[str, Any], by: Actor) -> HarvestRun:
        """Read the source first, then do the passage in a transaction that is undone."""
        place, url = _place(options["place"])
        found = passages.gather(options["kind"], url, place=place, progress=self._progress)
        with transaction.atomic():
            run = self._run(options, by, found)
            transaction.set_rollback(True)
        return run

    def _run(
        self, options: dict[str, Any], by: Actor, gathered: passages.Gathered | None = None
    ) -> HarvestRun:
        place, url = _place(options["place"])
        source = harvests.register(
            key=slugify(options["source"])[:50] or _key(options["kind"], options["place"]),
            title=options["source"] or options["place"],
            kind=SourceKind(options["kind"]),
            url=url,
            publishes=options["publish"],
            organisation=_organisation(options["organisation"]),
            by=by,
        )
        run = harvests.open_run_here(source=source, by=by)
        return passages.carry_out(
            run, by=by, place=place, gathered=gathered, progress=self._progress
        )

    def _actor(self, address: str, *, publish: bool) -> Actor:
        """Name who stands for the approval of the Region; on one machine, nobody need be named."""
        if address:
            found = User.objects.filter(Q(email__iexact=address) | Q(username=address)).first()
            if found is None or not rules.may_moderate(found):
                raise CommandError("--by : ce n’est pas l’adresse d’un modérateur de la Région")
            return found
        if publish and not settings.EMBEDDED:
            raise CommandError("--publish demande --by : un modérateur donne l’accord de la Région")
        return SystemActor("harvest")

    def _progress(self, stage: str, done: int, total: int | None) -> None:
        """Say on the error output how far the passage is."""
        if done % STEP and done != total:
            return
        what = "lues" if stage == "read" else "traitées"
        self.stderr.write(f"{done}{f' sur {total}' if total else ''} {what}")

    def _say(self, run: HarvestRun, options: dict[str, Any]) -> None:
        if options["as_json"]:
            told = {"state": run.state, "reason": run.reason, "read": run.read_count}
            self.stdout.write(json.dumps({**told, "counts": run.counts, "lines": run.lines}))
            return
        self.stdout.write(f"{run.read_count} notice(s) : {run.get_state_display()}")
        for state in ItemState:
            if run.counts.get(state.value):
                self.stdout.write(f"  {state.label} : {run.counts[state.value]}")
        told_states = (ItemState.REFUSED, ItemState.FAILED, ItemState.SKIPPED)
        wrong = [line for line in run.lines if line["state"] in told_states]
        for line in wrong[:SHOWN_LINES]:
            self.stdout.write(f"  {line['id']} : {line['message']} ({line['code']})")
        if len(wrong) > SHOWN_LINES:
            self.stdout.write(f"  et {len(wrong) - SHOWN_LINES} autres")


def _place(text: str) -> tuple[Path | None, str]:
    """Tell a folder or a file from an address."""
    if text.startswith(("http://", "https://")):
        return None, text
    place = Path(text)
    if not place.exists():
        raise CommandError(f"{text} n’existe pas")
    return place.resolve(), ""


def _key(kind: str, place: str) -> str:
    """Name a source after its kind and the last words of its place."""
    words = [part for part in place.rstrip("/").split("/") if part][-2:]
    return slugify(f"{kind}-{'-'.join(words)}".replace(".", "-"))[:50]


def _organisation(slug: str) -> Organisation | None:
    if not slug:
        return None
    found = Organisation.objects.filter(slug=slug).first()
    if found is None:
        raise CommandError(f"aucune organisation à l’adresse {slug}")
    return found
