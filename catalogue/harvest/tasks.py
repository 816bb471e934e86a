"""Harvest by schedule, and write to those who look after sources."""

import logging
from collections.abc import Iterable
from functools import partial

from catalogue.harvest import actions as harvests
from catalogue.harvest import links as link_checks
from catalogue.harvest import passages, rules
from catalogue.harvest.enums import RunState
from catalogue.harvest.models import HarvestRun, LinkCheck, Source
from catalogue.resources.models import Resource
from catalogue.resources.queries.relations import editors_of, region_people
from catalogue.resources.tasks import minders, write_to
from portal.accounts.authorization import Permission
from portal.accounts.models import User
from portal.audit.actors import SystemActor
from portal.audit.duties import schedule
from portal.audit.letters import absolute
from portal.audit.outbox import handler
from portal.lib.queue import nudge, task
from portal.lib.refusals import Conflict

log = logging.getLogger("catalogue.harvest")
HARVESTER = SystemActor("harvest")


@task("catalogue.harvest")
def harvest(run_id: int) -> None:
    """Do one passage, unless another worker has it."""
    run = HarvestRun.objects.filter(pk=run_id, state=RunState.WAITING).first()
    if run is None:
        return
    try:
        passages.carry_out(run, by=HARVESTER)
    except Conflict as refusal:
        log.info("passage %s is not to be done: %s", run_id, refusal.code)


@handler("mail.source_proposed")
def source_proposed_letter(source_id: int) -> None:
    """Tell the moderators who may decide that a source waits."""
    source = _source(source_id)
    if source is None:
        return
    moderators = region_people(Permission.CONTRIBUTION_MODERATE)
    free = [person for person in moderators if rules.may_decide_source(person, source)]
    _write("source_proposed", free, source)


@handler("mail.source_decided")
def source_decided_letter(source_id: int) -> None:
    """Tell who proposed a source what the Region decided."""
    source = _source(source_id)
    if source is not None and source.proposed_by is not None and source.proposed_by.is_active:
        _write("source_decided", [source.proposed_by], source)


@handler("mail.harvest_suspicious")
def suspicious_letter(run_id: int) -> None:
    """Tell those who look after a source that a passage touched nothing, and why."""
    run = HarvestRun.objects.select_related("source__organisation").filter(pk=run_id).first()
    if run is None:
        return
    link = absolute("catalogue:harvest_run", run.source.public_id, run.public_id)
    people = editors_of(run.source.organisation_id)
    write_to("harvest_suspicious", people, source=run.source, run=run, link=link)


@handler("mail.harvest_conflict")
def conflict_letter(source_id: int, resource_id: int) -> None:
    """Tell both sides that a source describes a card that another holds."""
    source = _source(source_id)
    resource = Resource.objects.select_related("organisation").filter(pk=resource_id).first()
    if source is None or resource is None:
        return
    sides = (source.organisation_id, resource.organisation_id)
    both = {person.pk: person for side in sides for person in editors_of(side)}
    link = absolute("catalogue:resource", resource.slug)
    write_to("harvest_conflict", both.values(), source=source, resource=resource, link=link)


def _source(source_id: int) -> Source | None:
    rows = Source.objects.select_related("organisation", "proposed_by")
    return rows.filter(pk=source_id).first()


def _write(letter: str, people: Iterable[User], source: Source) -> None:
    link = absolute("catalogue:harvest_source", source.public_id)
    list_link = absolute("catalogue:harvest_sources")
    write_to(letter, people, source=source, link=link, list_link=list_link)


@task("catalogue.check_links")
def check_links() -> None:
    """Check what is due."""
    link_checks.check_due()


@handler("mail.link_dead")
def dead_link_letter(check_id: int) -> None:
    """Tell who looks after a card that one of its links is dead."""
    rows = LinkCheck.objects.select_related("resource__organisation", "resource__author")
    found = rows.filter(pk=check_id, dead_since__isnull=False).first()
    if found is None:
        return
    resource = found.resource
    link = absolute("catalogue:resource", resource.slug)
    write_to("link_dead", minders(resource), resource=resource, check=found, link=link)


# What the schedule does, and how often.
schedule("catalogue.harvests", partial(harvests.ask_due_runs, by=HARVESTER), minutes=5)
schedule("catalogue.harvest_runs", harvests.forget_old_runs, minutes=24 * 60)
schedule("catalogue.links", link_checks.register_all, minutes=24 * 60, by_itself=True)
schedule("catalogue.link_checks", partial(nudge, "catalogue.check_links"), minutes=6)
