"""Tell of drafts that end, then erase them."""

from catalogue.actions import drafts
from catalogue.enums import ContributionStatus
from catalogue.models import Contribution
from catalogue.queries.owners import editors_of
from catalogue.tasks.letters import absolute
from portal.audit import letters
from portal.audit.duties import duty
from portal.audit.outbox import handler


@handler("mail.draft_ending")
def ending_letter(contribution_id: int) -> None:
    """Tell who writes a draft when it will be erased, unless it was taken up again."""
    rows = Contribution.objects.select_related("resource", "revision", "author", "organisation")
    found = rows.filter(pk=contribution_id, status=ContributionStatus.DRAFT).first()
    if found is None or found.expiry_told_at is None:
        return
    author = found.author
    people = [author] if author is not None and author.is_active else editors_of(found)
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
