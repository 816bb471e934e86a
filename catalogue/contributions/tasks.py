"""Letters about contributions, changes and lots; drafts, tables and files followed by schedule."""

import logging
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from catalogue.contributions import rules
from catalogue.contributions.actions import drafts, review, tables
from catalogue.contributions.actions import files as draft_files
from catalogue.contributions.enums import ContributionStatus
from catalogue.contributions.models import CardUpload, Contribution, ContributionBatch, Decision
from catalogue.contributions.queries import reviews
from catalogue.contributions.queries.tables import states
from catalogue.resources.actions import files as file_care
from catalogue.resources.enums import FileState
from catalogue.resources.models import CardFile
from catalogue.resources.queries.relations import editors_of, owners_of, region_people
from catalogue.resources.tasks import write_to
from portal.accounts import news
from portal.accounts.actions import notifications
from portal.accounts.authorization import Permission
from portal.accounts.models import User
from portal.audit import letters
from portal.audit.duties import schedule
from portal.audit.letters import absolute
from portal.audit.outbox import handler
from portal.lib.queue import task
from portal.lib.refusals import Conflict, Refusal

news.declare(
    news.Kind(
        "contributions",
        _("Mes ressources"),
        (
            "contribution_changes_requested",
            "contribution_published",
            "contribution_refused",
            "proposal_answered",
        ),
        detail=_("Publiées, refusées, ou à corriger."),
        open_to=reviews.has_proposed,
    )
)


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
    path = reverse("catalogue:contribution", args=(contribution.public_id,))
    if letter == "contribution_published":
        path = contribution.resource.get_absolute_url()
    if news.kind_of(letter) and not _noted(letter, contribution, contribution.author, path):
        return
    link = settings.SITE_URL + path
    if letter.startswith("proposal_"):
        _send_change(letter, contribution.author, contribution, link)
    else:
        write_to(letter, [contribution.author], link=link, **_context(contribution))


def _noted(letter: str, contribution: Contribution, author: User, path: str) -> bool:
    """Note an answer of the Region in the author's space; say whether to write at once too."""
    people = notifications.notify(
        people=[author],
        letter=letter,
        event=f"{contribution.public_id}:{contribution.version}",
        path=path,
        facts={"title": str(contribution.content.get("title", ""))[:200]},
    )
    return bool(people)


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


# What the schedule does, and how often.
schedule(
    "catalogue.drafts", drafts.tell_ending, drafts.erase_ended, minutes=24 * 60, by_itself=True
)
schedule("catalogue.proposals", review.pass_on_due, minutes=60)
schedule("catalogue.batches", tables.nudge_waiting, minutes=5)
schedule("catalogue.batches_read", tables.forget_old, minutes=24 * 60)
schedule("catalogue.files", file_care.examine_waiting, minutes=5, by_itself=True)
schedule(
    "catalogue.files_unnamed",
    draft_files.forget_unnamed,
    file_care.wait_for_found,
    minutes=24 * 60,
    by_itself=True,
)
schedule(
    "catalogue.uploads",
    draft_files.finish_waiting_uploads,
    draft_files.expire_uploads,
    minutes=5,
    by_itself=True,
)
