"""Read a table of cards, and import one: row by row, from where it was left."""

import logging
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from catalogue import rules
from catalogue.actions import batches
from catalogue.enums import ContributionStatus
from catalogue.models import Contribution, ContributionBatch
from catalogue.queries.batches import plan
from catalogue.standards import readers
from catalogue.standards.readers.record import Fault, fault, gettext_noop
from catalogue.validators import sheets
from portal.accounts.models import User
from portal.audit.actors import SystemActor
from portal.lib import failpoints
from portal.lib.refusals import Conflict, Refusal

log = logging.getLogger("catalogue.import")
IMPORTER = SystemActor("import")


@dataclass(frozen=True)
class Table:
    """A table as it was read: its columns and rows, or the faults that forbid it."""

    columns: list[str]
    rows: list[list[Any]]
    faults: list[Fault]


def read(content: bytes) -> Table:
    """Read a table in the confined child; a column that no kind has forbids it, as a typo would."""
    found = readers.read("cards_csv", content)
    if found.faults or not found.records:
        return Table([], [], list(found.faults))
    header, *records = found.records
    columns = list(header.fields)
    rows: list[list[Any]] = [
        [
            int(each.remote_id),
            {name: value.value for name, value in each.fields.items()},
            asdict(each.faults[0]) if each.faults else None,
        ]
        for each in records
    ]
    return Table(columns, rows, list(_faults(columns, rows)))


def _faults(columns: list[str], rows: list[list[Any]]) -> list[Fault]:
    strangers = sheets.unknown(columns)
    if strangers:
        template = gettext_noop(
            "Ces colonnes n’existent pas dans le catalogue : %(names)s. "
            "Corrigez-les ou retirez-les."
        )
        return [fault("unknown_columns", template, fatal=True, names=", ".join(strangers))]
    if not rows:
        return [fault("no_rows", gettext_noop("Ce tableau n’a pas de ligne."), fatal=True)]
    return []


def carry_out(batch: ContributionBatch) -> ContributionBatch:
    """Import a lot, then send it when that was asked; raises Conflict when another worker has it.

    Each row, and each sending, is a transaction: what was cut short goes on at its cursor.
    """
    batch = batches.begin(batch=batch)
    by = User.objects.filter(pk=batch.asked_by_id or 0, is_active=True).first()
    if by is None or not rules.may_import(by, batch.organisation):
        message = _("La personne qui l’a demandé n’écrit plus pour cette organisation.")
        batches.finish(batch=batch, message=message, by=IMPORTER)
        return batch
    if batch.cursor < batch.row_count:
        for at, line in enumerate(plan(batch)):
            if at >= batch.cursor:
                batches.write(batch=batch, at=at, line=line, by=by)
                failpoints.hit("batches.after_row")
    message = _send(batch, by) if batch.sends else ""
    batches.finish(batch=batch, message=message, by=IMPORTER)
    return batch


def _send(batch: ContributionBatch, by: User) -> str:
    """Send what is ready; stop where the person may send no more, and say why."""
    for pk in _to_send(batch):
        rows = Contribution.objects.select_related(
            "resource__organisation", "organisation", "revision", "author"
        )
        try:
            batches.hand_over(batch=batch, contribution=rows.get(pk=pk), by=by)
            failpoints.hit("batches.after_sending")
        except Conflict:
            continue  # somebody wrote or sent it meanwhile
        except Refusal as refusal:
            log.info("contribution %s of a lot is not sent: %s", pk, refusal.code)
            return str(refusal)
    return ""


def _to_send(batch: ContributionBatch) -> list[int]:
    """List the drafts of a lot, and what came back and was corrected since, in order."""
    own = batch.contributions.filter(organisation=batch.organisation)
    rows = own.order_by("pk").values_list("pk", "status", "edited_at", "decided_at")
    return [pk for pk, status, edited, decided in rows if _is_ready(status, edited, decided)]


def _is_ready(status: str, edited: datetime | None, decided: datetime | None) -> bool:
    if status == ContributionStatus.CHANGES_REQUESTED:
        return edited is not None and decided is not None and edited > decided
    return status == ContributionStatus.DRAFT
