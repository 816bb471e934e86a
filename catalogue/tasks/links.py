"""Check the links of cards by schedule, and tell the owner of a dead one."""

from catalogue.actions import link_checks
from catalogue.harvest import links
from catalogue.models import LinkCheck
from catalogue.tasks.letters import absolute, keepers
from portal.accounts.models import User
from portal.audit import letters
from portal.audit.duties import duty
from portal.audit.outbox import handler
from portal.lib.queue import nudge, task


@duty("catalogue.links", minutes=24 * 60, by_itself=True)
def follow() -> None:
    """Follow the addresses that public cards give today."""
    link_checks.register_all()


@duty("catalogue.link_checks", minutes=6)
def ask() -> None:
    """Have a worker check what is due."""
    nudge("catalogue.check_links")


@task("catalogue.check_links")
def check() -> None:
    """Check what is due."""
    links.check_due()


@handler("mail.link_dead")
def dead_letter(check_id: int) -> None:
    """Tell who looks after a card that one of its links is dead."""
    rows = LinkCheck.objects.select_related("resource__organisation", "resource__author")
    found = rows.filter(pk=check_id, dead_since__isnull=False).first()
    if found is None:
        return
    resource = found.resource
    link = absolute("catalogue:resource", resource.slug)
    people: list[User] = list(keepers(resource.organisation))
    if not people and resource.author is not None and resource.author.is_active:
        people = [resource.author]
    for person in people:
        context = {"resource": resource, "check": found, "link": link, "person": person}
        letters.send("link_dead", to=person.email, context=context)
