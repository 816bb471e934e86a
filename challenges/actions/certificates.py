"""Issue the certificate of a team, signed; the next one names the one it replaces."""

import hashlib
import logging
from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from challenges import rules
from challenges.models import Certificate, Phase, Team
from challenges.queries import certificates as reads
from challenges.queue.actions import WORKER
from challenges.receipts import actions as receipts
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.audit.record import record
from portal.lib import clock, immutable
from portal.lib.refusals import Conflict

log = logging.getLogger("challenges.certificates")
# In one transaction: the journal is written by one at a time.
TOLD_AT_ONCE = 50


@transaction.atomic
def issue(*, team: Team, phase: Phase, by: User) -> Certificate:
    """Issue what a team obtained in a revealed phase, by a member or the Region.

    In order: certificate; event "certificate.issued". Twice changes nothing while what it
    states is the same. Raises NotAllowed; Conflict when none is due.
    """
    team = Team.objects.locked(team)
    require(rules.may_read_certificate, by, team)
    stated = reads.stated(team, phase)
    if stated is None:
        raise Conflict(
            _("Aucun certificat n’est dû à cette équipe pour cette phase."),
            code="certificate_not_due",
        )
    last = reads.head(team, phase)
    if last is not None and reads.same(stated, reads.payload_of(last), stated):
        return last
    made = _made(team, phase, stated, last)
    with immutable.writes(Certificate):
        made.save(force_insert=True)
    record("certificate.issued", by=by, on=made, phase=phase.index, serial=made.serial)
    return made


def review() -> int:
    """Write which certificates in force stopped saying what the final board does, or do again.

    Call it outside any transaction. The boards are read in none, once each; what changed is
    written by short ones, so that nobody waits for all of it to write into the journal. In
    order, for each that changed: event "certificate.revoked" or "certificate.restored". Nothing
    is rewritten: what is signed stays. A phase that fails is logged and stops no other, the next
    hour reads it again. Returns how many changed.
    """
    changed = 0
    certified = Certificate.objects.in_force().order_by().values("phase")
    phases = Phase.objects.filter(pk__in=certified).select_related("reveal", "challenge__organiser")
    for phase in phases.order_by("pk"):
        try:
            changed += _review(phase)
        except Exception:  # the boundary of a phase: one that fails stops no other
            log.exception("certificates of phase %s are not reviewed", phase.pk)
    return changed


def _review(phase: Phase) -> int:
    heads = list(Certificate.objects.in_force().filter(phase=phase).order_by("pk"))
    for each in heads:
        each.phase = phase  # one, whose board and reveal are read once
    fallen = reads.fallen(heads)
    revoked = reads.told_revoked(heads)
    moved = [each.pk for each in heads if (each.pk in fallen) != (each.pk in revoked)]
    return sum(
        _tell(moved[start : start + TOLD_AT_ONCE], fallen, phase)
        for start in range(0, len(moved), TOLD_AT_ONCE)
    )


@transaction.atomic
def _tell(moved: Collection[UUID], fallen: Collection[UUID], phase: Phase) -> int:
    """Write what became of these, unless another run of the duty has told it since."""
    Phase.objects.locked(phase)  # the certificates themselves cannot be: no role may change one
    rows = list(Certificate.objects.in_force().filter(pk__in=moved).order_by("pk"))
    revoked = reads.told_revoked(rows)
    untold = [each for each in rows if (each.pk in fallen) != (each.pk in revoked)]
    for each in untold:
        verb = "certificate.revoked" if each.pk in fallen else "certificate.restored"
        record(verb, by=WORKER, on=each, phase=phase.index, serial=each.serial)
    return len(untold)


def _made(
    team: Team, phase: Phase, stated: dict[str, Any], last: Certificate | None
) -> Certificate:
    now = clock.now()
    serial = last.serial + 1 if last else 1
    payload = {
        "kind": "certificate",
        "version": 1,
        **stated,
        "serial": serial,
        "replaces": {"serial": last.serial, "sha256": last.sha256} if last else None,
        "issued_at": now.astimezone(clock.PARIS).isoformat(timespec="seconds"),
    }
    text = receipts.sign_receipt(payload)
    return Certificate(
        team=team,
        phase=phase,
        entry_id=stated["entry"],
        serial=serial,
        text=text,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        replaces=last,
        issued_at=now,
    )
