"""Import many cards of an organisation as one lot, row by row; or take all of them out."""

import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from catalogue.contributions.actions import drafts
from catalogue.contributions.enums import (
    OPEN_CONTRIBUTIONS,
    BatchState,
    ContributionStatus,
    RowOutcome,
)
from catalogue.contributions.models import Contribution, ContributionBatch
from catalogue.contributions.queries import holdings
from catalogue.contributions.queries import tables as table_rows
from catalogue.contributions.queries.tables import Line, plan
from catalogue.resources import rules
from catalogue.resources.enums import ResourceKind
from catalogue.standards import readers
from catalogue.standards.readers.record import Fault, fault, gettext_noop
from portal.accounts.authorization import require
from portal.accounts.models import Organisation, User
from portal.audit.actors import Actor, SystemActor
from portal.audit.outbox import owe
from portal.audit.record import record
from portal.lib import clock, failpoints
from portal.lib.queue import nudge
from portal.lib.refusals import Conflict, Invalid, Refusal, unless_taken
from portal.lib.storage.files import safe_name

TASK = "catalogue.import_cards"
ORIGIN = "import:csv"
FAILURES_KEPT = 1_000
READ_KEPT_DAYS = 7  # a table that was read and never imported


@transaction.atomic
def prepare(
    *,
    organisation: Organisation,
    name: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    by: User,
) -> ContributionBatch:
    """Keep a table that was read, for its author to see what it would do; no card is written.

    rows: line, cells by column, fault or None. Event "batch.read". Raises NotAllowed.
    """
    require(rules.edits_for, by, organisation)
    batch = ContributionBatch.objects.create(
        organisation=organisation,
        author=by,
        name=safe_name(name),
        columns=list(columns),
        rows=list(rows),
        row_count=len(rows),
        read_at=clock.now(),
    )
    record("batch.read", by=by, on=batch, organisation=organisation, rows=len(rows))
    return batch


@transaction.atomic
def ask(*, batch: ContributionBatch, sends: bool, charter: str, by: User) -> ContributionBatch:
    """Ask for the import of a table that was read: a worker does it, row by row.

    sends: what it makes goes to the review too, which needs the accepted charter. In order: the
    lot, WAITING; event "batch.asked"; a nudge. Raises NotAllowed, Invalid without charter,
    Conflict when it was asked already or another one of the organisation is under way.
    """
    batch = _held(batch, BatchState.READ, _("Cet import a déjà été demandé."), by=by)
    return _ask(batch, sends=sends, charter=charter, by=by)


@transaction.atomic
def send(*, batch: ContributionBatch, charter: str, by: User) -> ContributionBatch:
    """Ask that the drafts of an imported lot go to the review. As `ask`."""
    batch = _held(batch, BatchState.DONE, _("Cet import est en cours."), by=by)
    return _ask(batch, sends=True, charter=charter, by=by)


@transaction.atomic
def begin(*, batch: ContributionBatch) -> ContributionBatch:
    """Take a lot that waits, or that its worker left; raises Conflict when another has it."""
    fresh = ContributionBatch.objects.locked(batch)
    stale = clock.now() - timedelta(minutes=settings.BATCH_STALE_MINUTES)
    left = fresh.state == BatchState.RUNNING and (fresh.beat_at is None or fresh.beat_at < stale)
    if fresh.state != BatchState.WAITING and not left:
        raise Conflict(code="wrong_state", state=fresh.state)
    fresh.state, fresh.beat_at = BatchState.RUNNING, clock.now()
    fresh.save(update_fields=["state", "beat_at"])
    return fresh


@transaction.atomic
def write(*, batch: ContributionBatch, at: int, line: Line, by: User) -> RowOutcome:
    """Do one row, and count it in the same transaction; what is refused is noted and left out.

    at: the place of the row. In order: the draft of a new card, part of the lot; the lot's
    cursor. Raises Conflict when this row is done already.
    """
    fresh = ContributionBatch.objects.locked(batch)
    if fresh.state != BatchState.RUNNING or fresh.cursor != at:
        raise Conflict(code="wrong_state", cursor=fresh.cursor)
    outcome = line.outcome
    try:
        with transaction.atomic():
            _write(fresh, line, by)
    except Refusal as refusal:
        outcome = RowOutcome.REFUSED
        _note(fresh, line, "", str(refusal))
    for each in line.faults:
        _note(fresh, line, each.column, str(each.message), each.value)
    fresh.cursor = at + 1
    fresh.counts = {**fresh.counts, str(outcome): fresh.counts.get(str(outcome), 0) + 1}
    fresh.beat_at = clock.now()
    fresh.save(update_fields=["cursor", "counts", "failures", "beat_at"])
    return outcome


@transaction.atomic
def hand_over(*, batch: ContributionBatch, contribution: Contribution, by: User) -> None:
    """Send one contribution of a lot to the review, unless its own checks keep it back.

    Raises QuotaSpent, NotAllowed, Conflict.
    """
    ContributionBatch.objects.filter(pk=batch.pk).update(beat_at=clock.now())
    with suppress(Invalid), transaction.atomic():
        drafts.send_of_lot(contribution=contribution, charter=batch.charter_version, by=by)


@transaction.atomic
def finish(*, batch: ContributionBatch, message: str = "", by: Actor) -> None:
    """Close an import: its table goes; event "batch.imported"; one letter to each side when sent.

    message: why it ended before its last row, if it did.
    """
    fresh = ContributionBatch.objects.locked(batch)
    if fresh.state != BatchState.RUNNING:
        raise Conflict(code="wrong_state", state=fresh.state)
    fresh.state, fresh.finished_at, fresh.message = BatchState.DONE, clock.now(), message[:400]
    fresh.cursor, fresh.rows = fresh.row_count, []  # nothing of its table is read again
    fresh.save(update_fields=["state", "finished_at", "message", "cursor", "rows"])
    # By whichever worker: one may have died after the last.
    sent = fresh.contributions.filter(submitted_at__gte=fresh.asked_at).count()
    record("batch.imported", by=by, on=fresh, counts=fresh.counts, sent=sent)
    if sent:
        key = f"{fresh.pk}-{fresh.finished_at.isoformat()}"
        owe("mail.batch_received", key=key, batch_id=fresh.pk)
        owe("mail.batch_to_review", key=key, batch_id=fresh.pk)


@transaction.atomic
def withdraw(*, batch: ContributionBatch, by: User) -> int:
    """Take back all that a lot still has open; return how many. Cards online stay as they are.

    In order, for each: status WITHDRAWN, event "contribution.withdrawn"; event "batch.withdrawn".
    Raises NotAllowed; Conflict while the import is under way.
    """
    batch = _held(batch, BatchState.DONE, _("Cet import n’est pas terminé."), by=by)
    rows = batch.contributions.select_for_update(of=("self",)).filter(status__in=OPEN_CONTRIBUTIONS)
    found = list(rows.filter(organisation=batch.organisation).order_by("pk"))
    for each in found:
        each.become(ContributionStatus.WITHDRAWN, at=clock.now())
        record("contribution.withdrawn", by=by, on=each)
    record("batch.withdrawn", by=by, on=batch, count=len(found))
    return len(found)


@transaction.atomic
def discard(*, batch: ContributionBatch, by: User) -> None:
    """Forget a table that was read and not imported. Event "batch.discarded".

    Raises NotAllowed, Conflict.
    """
    batch = _held(batch, BatchState.READ, _("Cet import a déjà été demandé."), by=by)
    record("batch.discarded", by=by, on=batch)
    batch.delete()


@transaction.atomic
def forget_old() -> int:
    """Forget the tables that were read long ago and never imported; return how many."""
    before = clock.now() - timedelta(days=READ_KEPT_DAYS)
    old = ContributionBatch.objects.filter(state=BatchState.READ, read_at__lt=before)
    count = old.count()
    old.delete()
    return count


def nudge_waiting() -> int:
    """Nudge the worker again about what waits, or was cut short; return how many. Repeatable."""
    stale = clock.now() - timedelta(minutes=settings.BATCH_STALE_MINUTES)
    waiting = Q(state=BatchState.WAITING) | Q(state=BatchState.RUNNING, beat_at__lt=stale)
    found = list(ContributionBatch.objects.filter(waiting).values_list("pk", flat=True))
    for pk in found:
        nudge(TASK, batch_id=pk)
    return len(found)


def _held(
    batch: ContributionBatch, state: BatchState, sentence: str, *, by: User
) -> ContributionBatch:
    """Lock a lot and judge who asks; Conflict, in these words, when it is in another state."""
    batch = ContributionBatch.objects.locked(batch)
    require(rules.edits_for, by, batch.organisation)
    if batch.state != state:
        raise Conflict(sentence, code="wrong_state", state=batch.state)
    return batch


def _ask(batch: ContributionBatch, *, sends: bool, charter: str, by: User) -> ContributionBatch:
    if sends and not charter:
        raise Invalid(code="charter", faults=["charter"])
    batch.state, batch.sends, batch.charter_version = BatchState.WAITING, sends, charter
    batch.asked_by, batch.asked_at, batch.message = by, clock.now(), ""
    sentence = _("Un autre import de cette organisation est en cours : attendez qu’il finisse.")
    with unless_taken(Conflict(sentence, code="under_way")):
        batch.save()
    record("batch.asked", by=by, on=batch, sends=sends)
    nudge(TASK, batch_id=batch.pk)
    return batch


def _write(batch: ContributionBatch, line: Line, by: User) -> None:
    if line.outcome != RowOutcome.CREATE:
        return
    values = dict(line.values or {})
    made = drafts.start(
        kind=ResourceKind(line.kind), by=by, organisation=batch.organisation, **values
    )
    _tell_origin(made, values)
    Contribution.objects.filter(pk=made.pk).update(batch=batch)


def _tell_origin(contribution: Contribution, values: Mapping[str, Any]) -> None:
    """Say of each value of a new card that a table brought it."""
    day, revision = clock.paris_day(clock.now()).isoformat(), contribution.revision
    assert revision is not None  # noqa: S101  # a draft has one
    told = {"origin": ORIGIN, "date": day, "verified": True}
    revision.content["provenance"] = dict.fromkeys(values, told)
    revision.save(update_fields=["content"])


def _note(batch: ContributionBatch, line: Line, column: str, message: str, value: str = "") -> None:
    if len(batch.failures) < FAILURES_KEPT:
        told = {"line": line.line, "title": line.title, "column": column}
        batch.failures = [*batch.failures, told | {"value": value[:200], "message": message}]


@transaction.atomic
def take_out(*, organisation: Organisation, by: User) -> None:
    """Let an editor take the cards of an organisation away, drafts and decisions too.

    Event "holdings.taken_out". Raises NotAllowed.
    """
    require(rules.edits_for, by, organisation)
    count = holdings.cards(organisation).count()
    record("holdings.taken_out", by=by, on=organisation, cards=count)


log = logging.getLogger("catalogue.import")
IMPORTER = SystemActor("import")


@dataclass(frozen=True)
class Table:
    """A table as it was read: its columns and rows, or the faults that forbid it."""

    columns: list[str]
    rows: list[list[Any]]
    faults: list[Fault]


def read_table(content: bytes) -> Table:
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
    strangers = table_rows.unknown(columns)
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
    batch = begin(batch=batch)
    by = User.objects.filter(pk=batch.asked_by_id or 0, is_active=True).first()
    if by is None or not rules.edits_for(by, batch.organisation):
        message = _("La personne qui l’a demandé n’écrit plus pour cette organisation.")
        finish(batch=batch, message=message, by=IMPORTER)
        return batch
    if batch.cursor < batch.row_count:
        for at, line in enumerate(plan(batch)):
            if at >= batch.cursor:
                write(batch=batch, at=at, line=line, by=by)
                failpoints.hit("batches.after_row")
    message = _send(batch, by) if batch.sends else ""
    finish(batch=batch, message=message, by=IMPORTER)
    return batch


def _send(batch: ContributionBatch, by: User) -> str:
    """Send what is ready; stop where the person may send no more, and say why."""
    for pk in _to_send(batch):
        rows = Contribution.objects.select_related(
            "resource__organisation", "organisation", "revision", "author"
        )
        try:
            hand_over(batch=batch, contribution=rows.get(pk=pk), by=by)
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
