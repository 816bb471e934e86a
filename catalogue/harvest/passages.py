"""Carry out a passage over a source: collect, doubt, decide, take in one by one, report."""

import logging
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalogue.contributions.models import Contribution
from catalogue.contributions.queries.descriptions import Incoming, read_all
from catalogue.harvest import actions as harvests
from catalogue.harvest import collection
from catalogue.harvest.actions import Taken
from catalogue.harvest.collection import Collected, Doubtful, doubt
from catalogue.harvest.enums import ItemState, RunState
from catalogue.harvest.models import ORIGIN, HarvestedRecord, HarvestRun, Source
from catalogue.resources import addresses
from catalogue.resources.fields import Text
from catalogue.resources.models import Resource
from catalogue.standards.readers.record import Reading
from portal.audit.actors import Actor
from portal.audit.outbox import owe
from portal.lib import clock
from portal.lib.refusals import Conflict, Refusal
from portal.lib.web.http import NotFetched

REASONS: dict[str, Text] = {
    "held_by_source": gettext_lazy("Une autre source tient déjà cette fiche."),
    "held_by_organisation": gettext_lazy(
        "Une autre organisation tient déjà une fiche à cette adresse."
    ),
    "held_here": gettext_lazy("Une fiche écrite ici porte déjà cette adresse."),
    "removed_here": gettext_lazy("La fiche a été retirée du catalogue par la Région."),
    "refused_here": gettext_lazy("La fiche a été refusée à la relecture, ou retirée de la file."),
    "deleted": gettext_lazy("La source annonce que cette notice n’existe plus."),
}


@dataclass(frozen=True)
class Step:
    """One record and what is to be done of it. record: how it is known here; beside: its card."""

    incoming: Incoming
    state: ItemState
    code: str = ""
    message: str = ""
    record: HarvestedRecord | None = None
    beside: Resource | None = None
    holder: Resource | None = None


@dataclass
class Plan:
    """The records of a source as they are known here, read once, and what new ones meet."""

    source: Source
    known: dict[str, HarvestedRecord] = field(init=False)
    waiting: set[int] = field(init=False)

    def __post_init__(self) -> None:
        rows = HarvestedRecord.objects.filter(source=self.source).select_related(
            "resource", "source"
        )
        self.known = {row.remote_id: row for row in rows.iterator(chunk_size=500)}
        unread = Contribution.objects.open().filter(
            resource__harvested__source=self.source, base_revision=None
        )
        self.waiting = set(unread.values_list("resource_id", flat=True))

    def absent(self, seen: set[str], unread: set[str]) -> list[HarvestedRecord]:
        """List the known records that a passage did not bring.

        unread: the addresses of those it met without being able to read them.
        """
        rows = [row for key, row in self.known.items() if key not in seen]
        return [row for row in rows if row.canonical_uri not in unread]

    def step(self, incoming: Incoming) -> Step:
        """Decide what is to be done of one record. Reads only; ask again after an act."""
        if incoming.deleted:
            return self._no(incoming, ItemState.SKIPPED, "deleted")
        if incoming.refused:
            code, reason = incoming.refused, incoming.reason
            return Step(incoming, ItemState.REFUSED, code, reason)
        record = self.known.get(incoming.remote_id)
        if record is None:
            return self._newcomer(incoming)
        return self._acquaintance(incoming, record)

    def _acquaintance(self, incoming: Incoming, record: HarvestedRecord) -> Step:
        resource = record.resource
        if resource is None:
            return self._no(incoming, ItemState.SKIPPED, "removed_here", record=record)
        if not resource.live and resource.pk not in self.waiting:
            return self._no(incoming, ItemState.SKIPPED, "refused_here", record=record)
        same = record.digest == incoming.digest and record.metrics == dict(incoming.metrics)
        at_rest = record.missing_since is None and (resource.live or not self.source.publishes)
        state = ItemState.UNCHANGED if same and at_rest else ItemState.UPDATED
        return Step(incoming, state, record=record)

    def _newcomer(self, incoming: Incoming) -> Step:
        uri = incoming.canonical_uri
        others = (
            HarvestedRecord.objects.filter(canonical_uri=uri)
            .exclude(source=self.source)
            .select_related("resource", "source")
        )
        other = others.filter(resource__isnull=False).first() if uri else None
        if other is not None:
            return self._shared(incoming, other)
        resource = self._written_here(incoming)
        if resource is None:
            return Step(incoming, ItemState.CREATED)
        ours = resource.organisation_id == self.source.organisation_id
        code = "held_here" if ours else "held_by_organisation"
        return self._no(incoming, ItemState.REFUSED, code, holder=resource)

    def _shared(self, incoming: Incoming, other: HarvestedRecord) -> Step:
        """Let a source of the same organisation add its voice, where it was set to."""
        mine = self.source.organisation_id
        same_owner = mine is not None and other.source.organisation_id == mine
        if same_owner and self.source.completes and other.resource is not None:
            return Step(incoming, ItemState.UPDATED, beside=other.resource)
        return self._no(incoming, ItemState.REFUSED, "held_by_source", holder=other.resource)

    def _written_here(self, incoming: Incoming) -> Resource | None:
        """Find a card of an organisation, not harvested, that gives this record's address."""
        url = str(incoming.values.get("homepage_url") or incoming.canonical_uri)
        key = addresses.same_page_digest(url)
        if not key:
            return None
        same = Resource.objects.filter(organisation__isnull=False, homepage_key=key)
        return same.exclude(source__startswith=ORIGIN).order_by("pk").first()

    def _no(
        self,
        incoming: Incoming,
        state: ItemState,
        code: str,
        *,
        record: HarvestedRecord | None = None,
        holder: Resource | None = None,
    ) -> Step:
        return Step(incoming, state, code, str(REASONS[code]), record, holder=holder)


log = logging.getLogger("catalogue.harvest")
Progress = Callable[[str, int, int | None], None]  # stage, done, in all
PREVIEW_ITEMS = 20
ERRORS_KEPT, LINES_KEPT = 100, 2_000
BEAT_SECONDS = 30  # it says that it lives once in so many
LEAST_SHARE = 0.5  # of the previous count: below, nothing is touched
MISSING_DAYS, MISSING_RUNS = 7, 3  # both, before a missing card is archived


def quiet(_stage: str, _done: int, _total: int | None) -> None:
    """Tell nobody how far a passage is."""


@dataclass
class Report:
    """What a passage did, line by line within its bounds."""

    every_line: bool = False
    counts: Counter[str] = field(default_factory=Counter)
    lines: list[dict[str, Any]] = field(default_factory=list)
    errors: int = 0

    def note(self, state: ItemState, line: dict[str, Any]) -> None:
        """Count an item, and keep its line when it says something."""
        self.counts[state.value] += 1
        remarks = line.pop("remarks", [])[: max(0, ERRORS_KEPT - self.errors)]
        self.errors += len(remarks)
        plain = state is ItemState.UNCHANGED and not self.every_line
        if plain or len(self.lines) >= LINES_KEPT:
            return
        self.lines.append({"state": state.value, "remarks": remarks, **line})


@dataclass(frozen=True)
class Gathered:
    """What a source gave, before anything is decided of it. doubt: why it is not believed."""

    collected: Collected = field(default_factory=Collected)
    incomings: list[Incoming] = field(default_factory=list)
    doubt: Doubtful | None = None


def gather(
    kind: str, url: str, *, place: Path | None = None, progress: Progress = quiet
) -> Gathered:
    """Read a source, or a folder in its place; nothing is written, no transaction is held."""

    def tell(done: int, total: int | None) -> None:
        progress("read", done, total)

    try:
        if place is not None:
            collected = collection.from_folder(kind, place, tell=tell)
        else:
            collected = collection.from_site(kind, url, tell=tell)
    except Doubtful as reason:
        return Gathered(doubt=reason)
    except NotFetched as reason:
        return Gathered(doubt=Doubtful(reason.code, str(reason)))
    incomings = read_all(collected.records)
    return Gathered(collected, incomings, None if _present(incomings) else doubt("empty"))


def carry_out(
    run: HarvestRun,
    *,
    by: Actor,
    place: Path | None = None,
    gathered: Gathered | None = None,
    progress: Progress = quiet,
) -> HarvestRun:
    """Do a waiting passage to its end; return it closed, with its report.

    place: a folder or a file of this machine instead of the address of the source. gathered: what
    was read of it already. Raises Conflict when it is not to be done now, or was closed meanwhile.
    Whatever happens to one item, the others are done; whatever happens, the passage ends.
    """
    run = harvests.begin_run(run=run)
    report = Report(every_line=run.is_preview)
    try:
        state, told = _passed(run, report, by, place, gathered, progress)
    except Conflict:
        raise
    except Exception as error:  # the boundary of a passage: the next one may begin
        log.exception("harvest of %s: the passage was interrupted", run.source.key)
        state = RunState.FAILED
        told = {
            "reason": type(error).__name__[:40],
            "message": _("Erreur du portail sur ce passage : elle est signalée à l’exploitation."),
            "figures": {"counts": dict(report.counts)},
        }
    return harvests.finish_run(run=run, state=state, lines=report.lines, by=by, **told)


def _passed(
    run: HarvestRun,
    report: Report,
    by: Actor,
    place: Path | None,
    gathered: Gathered | None,
    progress: Progress,
) -> tuple[RunState, dict[str, Any]]:
    """Read the source, then take its records in; say how it ended, and with which figures."""
    began = time.monotonic()
    progress = _alive(run, progress)
    if gathered is None:
        gathered = gather(run.source.kind, run.source.url, place=place, progress=progress)
    doubted = gathered.doubt or _fewer(run, gathered)
    if doubted is not None:
        told = {"reason": doubted.code, "message": doubted.message, "figures": {}}
        return RunState.SUSPICIOUS, told
    collected, incomings = gathered.collected, gathered.incomings
    _take_in(run, collected, incomings, by, progress, report)
    log.info("harvest of %s: %.1f s", run.source.key, time.monotonic() - began)
    figures = {
        "read_count": _present(incomings),
        "page_count": collected.pages,
        "byte_count": collected.byte_count,
        "counts": dict(report.counts),
    }
    return RunState.COMPLETE, {"figures": figures}


def _alive(run: HarvestRun, progress: Progress) -> Progress:
    """Have a passage say that it is alive where it says how far it is, once in a while."""
    last = time.monotonic()

    def tell(stage: str, done: int, total: int | None) -> None:
        nonlocal last
        if time.monotonic() - last >= BEAT_SECONDS:
            harvests.beat_run(run=run)
            last = time.monotonic()
        progress(stage, done, total)

    return tell


def _fewer(run: HarvestRun, gathered: Gathered) -> Doubtful | None:
    """Doubt a source that gives far less than last time."""
    before = run.source.runs.complete().values_list("read_count", flat=True).first()
    present = _present(gathered.incomings)
    if before and present < before * LEAST_SHARE:
        return doubt("fewer", read=present, before=before)
    return None


def _present(incomings: list[Incoming]) -> int:
    """Count the records that are there: what a source says it removed is not one."""
    return sum(not each.deleted for each in incomings)


def _take_in(
    run: HarvestRun,
    collected: Collected,
    incomings: list[Incoming],
    by: Actor,
    progress: Progress,
    report: Report,
) -> None:
    plan = Plan(run.source)
    shown = incomings[:PREVIEW_ITEMS] if run.is_preview else incomings
    for number, incoming in enumerate(shown, 1):
        report.note(*_done(plan.step(incoming), plan, by, undo=run.is_preview))
        progress("take", number, len(shown))
    for name, reading in collected.broken:
        report.note(ItemState.FAILED, _of_document(name, reading))
    for name, reading in collected.remarked:
        report.note(ItemState.REMARKED, _of_document(name, reading))
    if not run.is_preview and collected.tells_absences:
        seen = {each.remote_id for each in incomings if not each.deleted}
        for record in plan.absent(seen, collected.unread):
            _note_absence(record, report, by)


def _done(step: Step, plan: Plan, by: Actor, *, undo: bool) -> tuple[ItemState, dict[str, Any]]:
    """Do one step in its transaction, undone at once for a preview; say what came of it."""
    line: dict[str, Any] = {
        "id": step.incoming.remote_id,
        "title": step.incoming.title[:120],
        "code": step.code,
        "message": step.message,
        "remarks": [vars(remark) for remark in step.incoming.remarks],
    }
    if step.state in (ItemState.CREATED, ItemState.UPDATED):
        try:
            with transaction.atomic():
                taken = _act(step, plan, by)
                transaction.set_rollback(undo)
        except Refusal as refusal:
            return ItemState.REFUSED, {**line, "code": refusal.code, "message": str(refusal)}
        except Exception as error:  # the boundary of an item: it stops no other
            log.exception("harvest of %s: one item failed", plan.source.key)
            message = _("Erreur du portail sur cette notice : elle est signalée à l’exploitation.")
            return ItemState.FAILED, {**line, "code": type(error).__name__, "message": message}
        return step.state, {**line, **_told(taken)}
    if step.code.startswith("held_") and not undo:
        _tell_holders(step, plan)
    slug = step.record.resource.slug if step.record and step.record.resource else ""
    return step.state, {**line, "slug": slug}


def _act(step: Step, plan: Plan, by: Actor) -> Taken:
    if step.record is not None:
        return harvests.update(record=step.record, incoming=step.incoming, by=by)
    return harvests.create(source=plan.source, incoming=step.incoming, beside=step.beside, by=by)


def _told(taken: Taken) -> dict[str, Any]:
    words = []
    if taken.revived:
        words.append(_("Revenue dans la source : la fiche n’est plus archivée."))
    if taken.proposed:
        words.append(_("Des champs modifiés ici sont restés : la source propose d’autres valeurs."))
    return {
        "slug": taken.resource.slug,
        "fields": list(taken.changed),
        "proposed": list(taken.proposed),
        "message": " ".join(words),
    }


def _tell_holders(step: Step, plan: Plan) -> None:
    """Write to both sides of a conflict, once for a card and a source."""
    if step.holder is not None:
        key = f"{plan.source.pk}-{step.holder.pk}"
        owe(
            "mail.harvest_conflict",
            key=key,
            source_id=plan.source.pk,
            resource_id=step.holder.pk,
        )


def _of_document(name: str, reading: Reading) -> dict[str, Any]:
    if not reading.faults:  # a page that gives fewer records than it says it returned
        message = _("Cette page est incomplète : elle annonce plus de notices qu’elle n’en donne.")
        line = {"id": name, "title": name[:120], "code": "incomplete", "message": message}
        return {**line, "remarks": []}
    first = reading.faults[0]
    place = _(", ligne %(line)d") % {"line": first.line} if first.line else ""
    return {
        "id": name,
        "title": name[:120],
        "code": first.code,
        "message": f"{first.message}{place}",
        "remarks": [
            {"code": f.code, "message": str(f.message), "field": f.field, "value": ""}
            for f in reading.faults
        ],
    }


def _note_absence(record: HarvestedRecord, report: Report, by: Actor) -> None:
    """Count an absence; long and often enough, archive the card: nothing is ever deleted."""
    resource = record.resource
    if resource is None or record.archived_at is not None:
        return
    line = {"id": record.remote_id, "title": resource.title, "slug": resource.slug, "code": ""}
    fresh = harvests.note_absence(record=record)
    grace = clock.now() - timedelta(days=MISSING_DAYS)
    since = fresh.missing_since
    often = fresh.missing_runs >= MISSING_RUNS
    if not often or since is None or since > grace:
        message = _("Absente de la source ; rien ne change pour l’instant.")
        report.note(ItemState.MISSING, {**line, "message": message})
        return
    reason = _("N’est plus dans la source « %(source)s ».") % {"source": record.source.title}
    harvests.archive(record=record, reason=reason, by=by)
    report.note(ItemState.ARCHIVED, {**line, "message": reason})
