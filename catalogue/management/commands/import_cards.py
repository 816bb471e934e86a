"""Import a table of cards from the command line, as the page does."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.db.models import Q

from catalogue.contributions.actions import tables
from catalogue.contributions.enums import RowOutcome
from catalogue.contributions.models import ContributionBatch
from catalogue.contributions.queries import tables as told
from portal.accounts.models import Organisation, User
from portal.lib.refusals import Refusal

SHOWN_LINES = 20


class Command(BaseCommand):
    """Tell what a table would do, or do it; the same table again changes nothing."""

    help = "Importe un tableau CSV de fiches d’une organisation. --dry-run : ne rien écrire."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Accept the file, for whom and by whom."""
        parser.add_argument("file", metavar="FILE", type=Path)
        parser.add_argument("--organisation", required=True, metavar="ADRESSE")
        parser.add_argument("--by", required=True, metavar="ADRESSE", help="membre qui l’édite")
        parser.add_argument("--dry-run", action="store_true", help="ne rien écrire")
        parser.add_argument("--send", action="store_true", help="envoyer ce qui est prêt : vaut "
                            "acceptation de la charte de contribution")  # fmt: skip
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read, tell, import; status 1 when the file does not read or somebody may not."""
        holder = Organisation.objects.filter(slug=options["organisation"]).first()
        name = options["by"]
        by = User.objects.filter(Q(email__iexact=name) | Q(username=name)).first()
        if holder is None or by is None:
            raise CommandError("--organisation ou --by : personne à cette adresse")
        try:
            table = tables.read_table(options["file"].read_bytes())
        except OSError as error:
            raise CommandError(f"{options['file']} ne se lit pas") from error
        if table.faults:
            where = f"ligne {table.faults[0].line} : " if table.faults[0].line else ""
            raise CommandError(f"{where}{table.faults[0].message} ({table.faults[0].code})")
        try:
            with transaction.atomic():
                batch = tables.prepare(
                    organisation=holder,
                    name=options["file"].name,
                    columns=table.columns,
                    rows=table.rows,
                    by=by,
                )
                lines = told.plan(batch)
                if options["dry_run"]:
                    transaction.set_rollback(True)
            if not options["dry_run"]:
                batch = self._import(batch, by, sends=options["send"])
        except Refusal as refusal:
            raise CommandError(f"{refusal} ({refusal.code})") from refusal
        self._say(batch, lines, options)

    def _import(self, batch: ContributionBatch, by: User, *, sends: bool) -> ContributionBatch:
        charter = settings.CHARTER_VERSION if sends else ""
        tables.ask(batch=batch, sends=sends, charter=charter, by=by)
        tables.carry_out(batch)
        return ContributionBatch.objects.get(pk=batch.pk)

    def _say(
        self, batch: ContributionBatch, lines: list[told.Line], options: dict[str, Any]
    ) -> None:
        counts = told.counts(lines) if options["dry_run"] else batch.counts
        faults = [[str(cell) for cell in row] for row in told.fault_rows(lines)]
        if options["as_json"]:
            self.stdout.write(json.dumps({"counts": counts, "faults": faults}))
            return
        for outcome in RowOutcome:
            if counts.get(str(outcome)):
                self.stdout.write(f"{outcome.label} : {counts[str(outcome)]}")
        for line, title, column, value, cause in faults[:SHOWN_LINES]:
            self.stdout.write(f"  ligne {line}, {title}, {column} « {value[:64]} » : {cause}")
        if len(faults) > SHOWN_LINES:
            self.stdout.write(f"  et {len(faults) - SHOWN_LINES} autres défauts")
        if batch.message:
            raise CommandError(batch.message)
