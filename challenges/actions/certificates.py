"""Issue the certificate of a team, signed; the next one names the one it replaces."""

import hashlib
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from challenges import rules
from challenges.actions import receipts
from challenges.actions.jobs import WORKER
from challenges.models import Certificate, Phase, Team
from challenges.queries import certificates as reads
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.audit.record import record
from portal.lib import clock, immutable
from portal.lib.refusals import Conflict


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


@transaction.atomic
def review() -> int:
    """Write which certificates in force stopped saying what the final board does, or do again.

    In order, for each that changed: event "certificate.revoked" or "certificate.restored".
    Nothing is rewritten: what is signed stays. Returns how many changed.
    """
    heads = list(Certificate.objects.in_force().order_by("pk"))
    revoked = reads.told_revoked(heads)
    changed = 0
    for each in heads:
        fallen = not reads.stands(each)
        if fallen != (each.pk in revoked):
            verb = "certificate.revoked" if fallen else "certificate.restored"
            record(verb, by=WORKER, on=each, phase=each.phase.index, serial=each.serial)
            changed += 1
    return changed


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
    text = receipts.issue(payload)
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
