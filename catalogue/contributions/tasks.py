"""Letters about contributions, changes and lots; drafts, tables and files followed by schedule."""

import logging
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings

from catalogue.contributions import rules
from catalogue.contributions.actions import drafts, review, tables
from catalogue.contributions.actions import files as draft_files
from catalogue.contributions.enums import ContributionStatus
from catalogue.contributions.models import CardUpload, Contribution, ContributionBatch, Decision
from catalogue.contributions.queries.tables import states
from catalogue.resources.actions import files as file_care
from catalogue.resources.enums import FileState
from catalogue.resources.models import CardFile
from catalogue.resources.queries.relations import editors_of, owners_of, region_people
from catalogue.resources.tasks import absolute, write_to
from portal.accounts.authorization import Permission
from portal.accounts.models import User
from portal.audit import letters
from portal.audit.duties import duty
from portal.audit.outbox import handler
from portal.lib.queue import task
from portal.lib.refusals import Conflict, Refusal


@handler("mail.contribution_to_review")
def to_review_letter(contribution_id: int) -> None:
    """Tell the moderators who may decide that something waits."""
    contribution = _find(contribution_id)
    if contribution is None:
        return
    link = absolute("catalogue:moderation_item", contribution.public_id)
    people = region_people(Permission.CONTRIBUTION_MODERATE)
    others = people.exclude(pk=contribution.author_id or 0)
    write_to("contribution_to_review", others, link=link, **_context(contribution))


def _find(contribution_id: int) -> Contribution | None:
    rows = Contribution.objects.select_related(
        "resource__organisation", "revision", "author", "organisation"
    )
    return rows.filter(pk=contribution_id).first()


def _context(contribution: Contribution) -> dict[str, Any]:
    return {
        "contribution": contribution,
        "title": contribution.content.get("title", ""),
        "decision": contribution.decisions.order_by("-pk").first(),
    }


def _to_author(letter: str, contribution_id: int) -> None:
    contribution = _find(contribution_id)
    if contribution is None or contribution.author is None or not contribution.author.is_active:
        return
    link = absolute("catalogue:contribution", contribution.public_id)
    if letter.startswith("proposal_"):
        _send_change(letter, contribution.author, contribution, link)
    else:
        write_to(letter, [contribution.author], link=link, **_context(contribution))


@handler("mail.draft_ending")
def ending_letter(contribution_id: int) -> None:
    """Tell who writes a draft when it will be erased, unless it was taken up again."""
    rows = Contribution.objects.select_related("resource", "revision", "author", "organisation")
    found = rows.filter(pk=contribution_id, status=ContributionStatus.DRAFT).first()
    if found is None or found.expiry_told_at is None:
        return
    author = found.author
    members = editors_of(found.organisation_id)
    people = [author] if author is not None and author.is_active else members
    context = {
        "title": found.content.get("title", ""),
        "until": found.kept_until,
        "link": absolute("catalogue:contribution", found.public_id),
    }
    for user in people:
        once = f"draft_ending:{found.public_id}:{found.expiry_told_at:%Y%m%d}:{user.pk}"
        letters.send("draft_ending", to=user.email, context=context, once=once)


@duty("catalogue.drafts", minutes=24 * 60, by_itself=True)
def end_drafts() -> None:
    """Tell of the drafts whose time is near; erase those whose time has passed."""
    drafts.tell_ending()
    drafts.erase_ended()


@duty("catalogue.proposals", minutes=60)
def pass_on() -> None:
    """Send to the Region what waited long enough."""
    review.pass_on_due()


@handler("mail.proposal_offered")
def offered_letter(contribution_id: int) -> None:
    """Tell who answers for the card that somebody proposes a change."""
    contribution = _find(contribution_id)
    if contribution is None or contribution.status != ContributionStatus.OFFERED:
        return
    link = absolute("catalogue:proposal_answer", contribution.public_id)
    for user in owners_of(contribution.resource):
        if rules.may_answer_proposal(user, contribution):
            _send_change("proposal_offered", user, contribution, link)


def _send_change(letter: str, user: User, contribution: Contribution, link: str) -> None:
    context = {
        "contribution": contribution,
        "title": contribution.resource.title,
        "days": settings.OWNER_ANSWER_DAYS,
        "link": link,
    }
    once = f"{letter}:{contribution.public_id}:{contribution.version}:{user.pk}"
    letters.send(letter, to=user.email, context=context, once=once)


for _letter in (
    # A receipt, what to correct, that it is online, that it is refused and how to contest.
    "contribution_received",
    "contribution_changes_requested",
    "contribution_published",
    "contribution_refused",
    # Of a change: a receipt, as the owner answers first; what they answered, or that none did.
    "proposal_received",
    "proposal_answered",
):
    handler(f"mail.{_letter}")(partial(_to_author, _letter))


lots_log = logging.getLogger("catalogue.import")
TITLES_TOLD = 50


@task(tables.TASK)
def import_cards(batch_id: int) -> None:
    """Import one lot, unless another worker has it."""
    batch = ContributionBatch.objects.filter(pk=batch_id).first()
    if batch is None or not batch.is_under_way:
        return
    try:
        tables.carry_out(batch)
    except Conflict as refusal:
        lots_log.info("lot %s is not to be imported: %s", batch_id, refusal.code)


@duty("catalogue.batches", minutes=5)
def nudge_waiting() -> None:
    """Nudge again what waits, or was cut short by the death of its worker."""
    tables.nudge_waiting()


@duty("catalogue.batches_read", minutes=24 * 60)
def forget_old() -> None:
    """Forget the tables that nobody imported."""
    tables.forget_old()


@handler("mail.batch_received")
def lot_received_letter(batch_id: int) -> None:
    """Send a receipt for a lot to who sent it."""
    batch = _find_lot(batch_id)
    if batch is not None and batch.asked_by is not None:
        _write("batch_received", batch, batch.asked_by)


@handler("mail.batch_to_review")
def lot_to_review_letter(batch_id: int) -> None:
    """Tell the moderators that a lot waits, once for all of it."""
    batch = _find_lot(batch_id)
    if batch is None:
        return
    first = batch.contributions.filter(status=ContributionStatus.SUBMITTED).first()
    for person in region_people(Permission.CONTRIBUTION_MODERATE):
        if first is not None and rules.may_decide(person, first):
            link = f"{absolute('catalogue:moderation')}?lot={batch.public_id}"
            _write("batch_to_review", batch, person, link=link)


@handler("mail.batch_decided")
def decided_letter(batch_id: int, before: str) -> None:
    """Tell who brought a lot, and who sent it, what was decided of it in the last hour."""
    batch = _find_lot(batch_id)
    if batch is None:
        return
    end = datetime.fromisoformat(before)
    rows: Any = Decision.objects
    found = (
        rows.filter(contribution__batch=batch)
        .filter(decided_at__gte=end - timedelta(hours=1), decided_at__lt=end)
        .select_related("revision")
        .order_by("pk")
    )
    told = [
        (str(each.revision.content.get("title", "")), each.get_outcome_display())
        for each in found[:TITLES_TOLD]
    ]
    more = found.count() - len(told)
    for person in {each for each in (batch.asked_by, batch.author) if each is not None}:
        _write("batch_decided", batch, person, decided=told, more=more)


def _find_lot(batch_id: int) -> ContributionBatch | None:
    rows = ContributionBatch.objects.select_related("asked_by", "author", "organisation")
    return rows.filter(pk=batch_id).first()


def _write(letter: str, batch: ContributionBatch, person: User, **more: Any) -> None:
    if not person.is_active:
        return
    counts = [(ContributionStatus(s).label, n) for s, n in states(batch).items()]
    link = absolute("catalogue:import_batch", batch.public_id)
    write_to(letter, [person], **{"batch": batch, "counts": counts, "link": link, **more})


files_log = logging.getLogger("catalogue.files")


@task(file_care.TASK)
def examine_file(file_id: int) -> None:
    """Examine one file, unless it was."""
    found = CardFile.objects.filter(pk=file_id, state=FileState.WAITING).first()
    if found is not None:
        file_care.examine_file(found)


@duty("catalogue.files", minutes=5, by_itself=True)
def examine_waiting() -> None:
    """Examine what waits: large files, and those for which no antivirus answered."""
    file_care.examine_waiting()


@duty("catalogue.files_unnamed", minutes=24 * 60, by_itself=True)
def forget_unnamed() -> None:
    """Forget the files that no text has named for thirty days; take up those found again."""
    draft_files.forget_unnamed()
    file_care.wait_for_found()


@task(draft_files.ASSEMBLY_TASK)
def assemble_file(upload_id: str) -> None:
    """Bring one whole upload to its draft; what refuses it now is tried again by the duty."""
    found = CardUpload.objects.whole().filter(pk=upload_id).first()
    if found is None:
        return
    try:
        draft_files.finish_upload(found)
    except Refusal as refusal:
        files_log.info("upload %s is not a file yet: %s", upload_id, refusal.code)


@duty("catalogue.uploads", minutes=5, by_itself=True)
def finish_uploads() -> None:
    """Bring the whole uploads that wait to their drafts; drop those whose day is over."""
    draft_files.finish_waiting_uploads()
    draft_files.expire_uploads()
