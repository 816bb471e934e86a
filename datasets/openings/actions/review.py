"""Examine an opening, make its checks, approve it by two people, refuse it."""

import json
import logging
import shutil
import tempfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, cast

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from datasets.access.queries import last_act
from datasets.openings import queries, rules
from datasets.openings.actions.deposits import close, declared_of
from datasets.openings.enums import EDGES, OpeningRefusal, OpeningStatus
from datasets.openings.models import Opening, OpeningReport
from datasets.releases import actions as releases
from datasets.releases.models import DataFile
from datasets.standards import disclosure
from datasets.standards.profile import TableFault
from datasets.standards.tables import header_of
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.audit.actors import SystemActor
from portal.audit.outbox import owe
from portal.audit.record import record
from portal.lib import canonical, clock, immutable, signing
from portal.lib.refusals import Conflict, Invalid
from portal.lib.storage import objects

log = logging.getLogger("datasets.openings")
CHECKER = SystemActor("checks")


def _locked(opening: Opening, attempt: int, rule: Callable[..., bool], by: User) -> Opening:
    """Lock and read the row again; NotAllowed, then Conflict when it changed since it was read."""
    fresh = Opening.objects.locked(opening)
    require(rule, by, fresh)
    if fresh.attempt != attempt:
        raise Conflict(
            _("Un autre fichier a été déposé depuis que vous avez lu cette page : relisez-la."),
            code="opening_changed",
        )
    return fresh


@transaction.atomic
def admit(*, opening: Opening, attempt: int, by: User) -> Opening:
    """Find interest, legal basis, licence and producer's agreement in order, by an officer.

    Status CHECKING: the checks are made within minutes; event "opening.admitted". Raises
    NotAllowed; Conflict when it changed since it was read.
    """
    opening = _locked(opening, attempt, rules.may_examine, by)
    opening.become(OpeningStatus.CHECKING, officer=by, admitted_at=clock.now())
    record("opening.admitted", by=by, on=opening, attempt=attempt)
    return opening


@transaction.atomic
def request_changes(*, opening: Opening, text: str, attempt: int, by: User) -> Opening:
    """Ask the producer for changes, by an officer: approvals given so far are undone.

    Event "opening.changes_requested"; a letter. Raises NotAllowed; Invalid without a text;
    Conflict when it changed since it was read.
    """
    opening = _locked(opening, attempt, rules.may_examine, by)
    if not text.strip():
        raise Invalid(_("Écrivez ce qu’il faut changer."), code="reason_missing")
    _send_back(opening, text.strip())
    record("opening.changes_requested", by=by, on=opening, attempt=attempt)
    return opening


def _send_back(opening: Opening, text: str) -> None:
    opening.become(
        OpeningStatus.CHANGES_REQUESTED,
        changes_asked=text,
        approver=None,
        approved_at=None,
        second_approver=None,
        second_approved_at=None,
    )
    key = f"{opening.pk}:{opening.attempt}:changes"
    owe("mail.opening_told", key=key, opening_id=opening.pk, about="changes")


def check_waiting() -> None:
    """Make the checks of every opening that waits for them; each has its own transaction."""
    for opening in Opening.objects.filter(status=OpeningStatus.CHECKING).order_by("pk"):
        try:
            check(opening)
        except Exception:  # one that cannot be checked keeps no other waiting
            log.exception("the checks of %s failed", opening.number)


def check(opening: Opening) -> OpeningReport | None:
    """Check what was deposited, in a killable child, and sign the report.

    Then in one transaction: the report; status READY, or CHANGES_REQUESTED where a check fails;
    event "opening.checked"; letters. Returns None when another did it meanwhile.
    """
    content, sample = _examined(opening)
    with transaction.atomic():
        fresh = Opening.objects.locked(opening)
        wanted = (OpeningStatus.CHECKING, opening.attempt)
        if (fresh.status, fresh.attempt) != wanted:
            return None
        failed = disclosure.verdict(content["checks"])
        passed = not failed and "fault" not in content
        with immutable.writes(OpeningReport):
            report: OpeningReport = OpeningReport.objects.create(
                opening=fresh,
                attempt=fresh.attempt,
                content=content,
                digest=canonical.digest(content),
                signature=signing.sign(canonical.dumps(content)).hex(),
                sample=sample,
                passed=passed,
                made_at=clock.now(),
            )
        record("opening.checked", by=CHECKER, on=fresh, failed=failed, report=report.digest)
        if not passed:
            _send_back(fresh, "")
            return report
        fresh.become(OpeningStatus.READY)
        key = f"{fresh.pk}:{fresh.attempt}"
        owe("mail.opening_to_approve", key=key, opening_id=fresh.pk)
    return report


def _examined(opening: Opening) -> tuple[dict[str, Any], str]:
    """Make the content of a report and the synthetic sample."""
    start = clock.now()
    content: dict[str, Any] = {
        "number": opening.number,
        "title": opening.title,
        "attempt": opening.attempt,
        "file": {
            "name": opening.file_name,
            "size": opening.file_size,
            "sha256": opening.file_sha256,
        },
        "declared": opening.declared,
        "of_personal_origin": opening.of_personal_origin,
        "checks": [],
        "made_at": start,
    }
    sample = ""
    try:
        made = _report(opening)
        sample = made.pop("sample")
        content |= made
    except TableFault as fault:
        content["fault"] = {"code": fault.code, "line": fault.line, **fault.facts}
    except releases.Unreadable:
        content["fault"] = {"code": "csv", "line": 1}
    content["seconds"] = round((clock.now() - start).total_seconds(), 1)
    content["sample_sha256"] = sha256(sample.encode()).hexdigest()
    # As it comes back from the database: its digest holds there.
    plain: dict[str, Any] = json.loads(canonical.dumps(content))
    return plain, sample


def _report(opening: Opening) -> dict[str, Any]:
    kept = releases.Deposit(opening.deposit_sha256, opening.deposit_keys)
    with tempfile.TemporaryDirectory(prefix="ouverture-") as place, releases.read(kept) as content:
        folder = Path(place)
        former = queries.former_table(opening)
        old = _copied(former, folder) if former is not None else None
        names = header_of(content)
        others = [
            (each.release.dataset.resource.title, _copied(each, folder))
            for each in queries.open_tables(names, apart_from=opening.card)
        ]
        made = disclosure.examine_apart(
            content,
            declared_of(opening),
            seconds=settings.OPENING_CHECK_SECONDS,
            old=old,
            others=others,
        )
        for code, title in queries.too_large(names, card=opening.card):
            made["checks"].append(disclosure.not_compared(code, title))
        return made


def _copied(file: DataFile, folder: Path) -> Path:
    """Copy an open file where the child reads it; it is open: anybody may have it."""
    target = folder / f"{file.pk}.csv"
    with objects.open(file.sha256) as source, target.open("xb") as copy:
        shutil.copyfileobj(cast(BinaryIO, source), copy)
    return target


@transaction.atomic
def approve(*, opening: Opening, attempt: int, by: User) -> Opening:
    """Approve what the checks let through, as one of two: an approver, and another or the DPO.

    In order: the place that `rules.place_of` gives; with the second, status APPROVED and a letter;
    event "opening.approved". Raises NotAllowed for who belongs to the producer, proposed it,
    examined it or approved it already; Conflict when it changed since it was read.
    """
    opening = _locked(opening, attempt, rules.may_judge, by)
    if opening.status != OpeningStatus.READY:
        raise Conflict(
            _("Cette ouverture n’attend pas d’approbation.") + last_act(opening),
            code="opening_status",
        )
    require(rules.may_approve, by, opening)
    place = rules.place_of(by, opening)
    setattr(opening, place, by)
    setattr(opening, place.replace("approver", "approved_at"), clock.now())
    record("opening.approved", by=by, on=opening, attempt=attempt, place=place)
    if opening.approver_id is None or opening.second_approver_id is None:
        opening.save()
        return opening
    opening.become(OpeningStatus.APPROVED)
    key = f"{opening.pk}:{attempt}:approved"
    owe("mail.opening_told", key=key, opening_id=opening.pk, about="approved")
    return opening


@transaction.atomic
def refuse(
    *, opening: Opening, reason: OpeningRefusal, text: str, attempt: int, by: User
) -> Opening:
    """Refuse an opening, by an approver or the DPO who did not approve it: a reason and a text.

    Event "opening.refused"; a letter. Raises NotAllowed; Invalid without a text; Conflict when it
    changed since it was read.
    """
    opening = _locked(opening, attempt, rules.may_refuse, by)
    if OpeningStatus.REFUSED not in EDGES[opening.status_enum]:
        raise Conflict(
            _("Cette ouverture a changé d’état : cet acte n’est plus possible.")
            + last_act(opening),
            code="opening_status",
        )
    return close(opening, reason, text, by)
