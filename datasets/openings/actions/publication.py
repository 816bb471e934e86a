"""Publish what two people approved; take it back in an emergency, by two people too."""

import io
import json
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from datasets.openings import queries, rules
from datasets.openings.enums import OpeningStatus
from datasets.openings.models import Opening, OpeningReport, OpeningWithdrawal
from datasets.releases import actions as releases
from datasets.releases.actions import Description, NewFile
from datasets.releases.enums import AccessLevel, FileRole
from datasets.releases.models import Dataset, Release
from portal.accounts.actions.notifications import take_back
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.audit.outbox import owe
from portal.audit.record import record
from portal.lib import clock
from portal.lib.decisions import Answer
from portal.lib.refusals import Conflict, Invalid, unless_taken

SAMPLE, REPORT = "echantillon-synthetique.csv", "rapport-d-ouverture.json"
NOTE = "ce-qui-a-ete-retire.md"
BESIDE = frozenset({SAMPLE, REPORT, NOTE})


def publish(*, opening: Opening, by: User) -> Release:
    """Publish an approved opening on its card, by its producer.

    With the file: the synthetic sample, the signed report, the note of what was removed; schema,
    profile and dictionary as of any release, a column that the dictionary leaves out keeping the
    description of the former release; the legal basis that the Region examined. In the transaction
    of the release: status PUBLISHED, the sealed deposit forgotten; event "opening.published"; a
    letter. Raises NotAllowed; Conflict unless it is approved and its card is online, where its
    origin is now known to be personal, or where the card denies it; what `releases.publish` raises.
    """
    opening = Opening.objects.select_related("producer", "card").get(pk=opening.pk)
    require(rules.may_write, by, opening.producer)
    if opening.status != OpeningStatus.APPROVED:
        raise Conflict(_("Cette ouverture n’est pas approuvée."), code="opening_status")
    card = opening.card
    if card is None or not card.live:
        raise Conflict(
            _("La fiche n’est pas en ligne : publiez la fiche, puis ouvrez les données."),
            code="card_offline",
        )
    if rules.contradicts(card, opening.of_personal_origin):
        raise Conflict(rules.CONTRADICTED, code="card_denies_origin")
    dataset = Dataset.objects.filter(resource=card).first()
    if dataset is None:
        description = Description(legal_basis=opening.legal_basis)
        dataset = releases.describe(resource=card, description=description, by=by)
    kept = releases.Deposit(opening.deposit_sha256, opening.deposit_keys)
    former = queries.former_table(opening)
    columns = {
        str(each["name"]): {"description": str(each.get("description") or "")}
        for each in (former.schema if former is not None else ())
    }
    columns |= opening.dictionary
    with releases.read(kept) as content:
        data = NewFile(opening.file_name, content, AccessLevel.OPEN, columns=columns)
        return releases.publish(
            dataset=dataset,
            files=[data, *_beside(opening)],
            notes=opening.removed,
            by=by,
            opened=lambda release: _note_published(opening, release, by),
        )


def _beside(opening: Opening) -> list[NewFile]:
    report = opening.reports.get(attempt=opening.attempt)
    files = [
        NewFile(REPORT, _document(signed(report)), AccessLevel.OPEN, FileRole.DOCUMENTATION),
        NewFile(NOTE, _document(note(opening)), AccessLevel.OPEN, FileRole.DOCUMENTATION),
    ]
    if "\n" in report.sample.strip():
        files.append(NewFile(SAMPLE, _document(report.sample), AccessLevel.OPEN, FileRole.SAMPLE))
    return files


def _document(text: str) -> io.BytesIO:
    return io.BytesIO(text.encode())


def signed(report: OpeningReport) -> str:
    """Write a report with its digest and its signature by the portal's key."""
    # In two halves: 128 hexadecimal digits are no digest that the search for numbers knows.
    halves = [report.signature[:64], report.signature[64:]]
    document = {"report": report.content, "sha256": report.digest, "signature": halves}
    return json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def note(opening: Opening) -> str:
    """Write what was removed and why, and where the restricted version is, in French."""
    with translation.override("fr"):
        lines = [f"# {opening.title}", _("## Ce qui a été retiré, et pourquoi"), opening.removed]
        if opening.restricted is not None:
            address = settings.SITE_URL + opening.restricted.get_absolute_url()
            lines += [_("## Version restreinte"), address]
        return "\n\n".join(lines) + "\n"


def _note_published(opening: Opening, release: Release, by: User) -> None:
    locked = Opening.objects.locked(opening)
    known = rules.is_from_persons(locked.restricted, release.dataset)
    if known and not locked.of_personal_origin:
        raise Conflict(
            _(
                "Ces données sont maintenant d’origine personnelle : demandez à la Région de vous "
                "les renvoyer, puis cochez cette origine."
            ),
            code="origin_changed",
        )
    locked.become(OpeningStatus.PUBLISHED, release=release, deposit_sha256="", deposit_keys=[])
    told: dict[str, Any] = {"legal_basis": locked.legal_basis}
    if locked.of_personal_origin:
        told["of_personal_origin"] = True
    Dataset.objects.filter(pk=release.dataset_id).update(**told)
    record("opening.published", by=by, on=locked, release=str(release.public_id))
    owe("mail.opening_told", key=f"{locked.pk}:published", opening_id=locked.pk, about="published")


@transaction.atomic
def ask_withdrawal(*, opening: Opening, reason: str, by: User) -> OpeningWithdrawal:
    """Ask that opened data are taken back in an emergency, by one who decides on data.

    In order: the request; nobody reads the files of the release any more, until the answer; event
    "opening.withdrawal_asked"; letters to those who may confirm and to its producer. Raises
    NotAllowed; Invalid without a reason; Conflict when nothing is there to take back, or it is
    asked already.
    """
    opening = Opening.objects.locked(opening)
    require(rules.may_ask_withdrawal, by, opening)
    if not reason.strip():
        raise Invalid(_("Écrivez pourquoi ces données sont retirées."), code="reason_missing")
    with unless_taken(Conflict(_("Ce retrait est déjà demandé."), code="already_asked")):
        withdrawal = OpeningWithdrawal.objects.create(
            opening=opening, reason=reason.strip(), proposed_by=by, proposed_at=clock.now()
        )
    if opening.release is None or opening.release.withdrawn_at is not None:
        raise Conflict(_("Ces données ne sont pas en ligne."), code="not_published")
    releases.suspend(release=opening.release, by=by)
    record("opening.withdrawal_asked", by=by, on=opening)
    owe("mail.opening_to_withdraw", key=str(withdrawal.public_id), withdrawal_id=withdrawal.pk)
    return withdrawal


@transaction.atomic
def answer_withdrawal(*, withdrawal: OpeningWithdrawal, accept: bool, by: User) -> None:
    """Confirm an emergency withdrawal, or refuse it, by a second person; who asked may drop it.

    Confirmed: the files stay hidden and the reason is public; event "release.withdrawn"; a letter
    to who follows the card and to its producer. Refused or dropped: they are read again; event
    "opening.withdrawal_refused"; a letter to its producer and to who was called to confirm. What
    was told of the request leaves their news. Raises NotAllowed; Conflict once it was answered.
    """
    withdrawal = OpeningWithdrawal.objects.locked(withdrawal)
    require(rules.may_answer_withdrawal if accept else rules.may_lift_withdrawal, by, withdrawal)
    refused = Answer.WITHDRAWN if withdrawal.proposed_by_id == by.pk else Answer.REFUSED
    withdrawal.settle(Answer.ACCEPTED if accept else refused, by)
    opening = withdrawal.opening
    if opening.release is None:
        return
    take_back(path=opening.get_absolute_url(), since=withdrawal.proposed_at)
    if not accept:
        releases.give_back(release=opening.release, by=by)
        record("opening.withdrawal_refused", by=by, on=opening)
        owe("mail.opening_kept", key=str(withdrawal.public_id), withdrawal_id=withdrawal.pk)
        return
    releases.take_back(release=opening.release, reason=withdrawal.reason, by=by)
    owe("mail.opening_withdrawn", key=str(withdrawal.public_id), withdrawal_id=withdrawal.pk)
