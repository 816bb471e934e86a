"""Write to who answers for a card that it is to be read again."""

from catalogue.actions import renewals
from catalogue.models import Resource
from catalogue.tasks.letters import absolute, keepers
from portal.accounts.models import User
from portal.audit import letters
from portal.audit.duties import duty
from portal.audit.outbox import handler
from portal.lib import clock


@duty("catalogue.renewals", minutes=24 * 60, by_itself=True)
def ask() -> None:
    """Ask about the cards whose year is over."""
    renewals.remind_due()


@handler("mail.card_to_review")
def letter(resource_id: int) -> None:
    """Tell the members who send its organisation's content, else its author, unless reviewed."""
    rows = Resource.objects.public().select_related("organisation", "author")
    found = rows.filter(pk=resource_id, archived_at=None, next_review_at__lte=clock.now()).first()
    if found is None:
        return
    people: list[User] = list(keepers(found.organisation))
    if not people and found.author is not None and found.author.is_active:
        people = [found.author]
    link = absolute("catalogue:propose", found.slug)
    for person in people:
        context = {"resource": found, "link": link, "person": person}
        letters.send("card_to_review", to=person.email, context=context)
