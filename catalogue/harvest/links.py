"""What is known of the addresses of cards: asked gently, kept, owners told once of a dead one."""

import logging
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from catalogue.contributions.models import Contribution
from catalogue.harvest.enums import LinkState
from catalogue.harvest.models import LinkCheck
from catalogue.resources import addresses
from catalogue.resources.models import Resource
from catalogue.resources.queries.files import FILE_COLUMNS, current_addresses, is_own
from catalogue.search import index
from portal.audit.outbox import owe
from portal.lib import clock
from portal.lib.web import http
from portal.lib.web.http import Answer, NotFetched

BATCH = 200
COLUMNS = ("homepage_url", "repository_url", "documentation_url")
OWN = ("source_url", "demo_url", "endpoint_url", "citation_url")
MOST_LINKS = 60  # of one card
LONGEST = 500  # of an address in a column
FAILED = (LinkState.GONE, LinkState.ERROR)
ANSWERED = (LinkState.OK, LinkState.MOVED)
RETRY_HOURS = 24
UNKNOWN_HOURS = 12
# Hours before the next check after so many in a row, then again monthly.
WAITS_HOURS = (12, 24, 7 * 24, 30 * 24)
DEAD_FAILURES, DEAD_HOURS = 3, 48


@dataclass(frozen=True)
class Found:
    """What one check found. code: of the refusal when nothing came; moved_to: for good."""

    state: LinkState
    code: str = ""
    status: int | None = None
    moved_to: str = ""


def links_of(resource: Resource) -> list[str]:
    """List the addresses that a card gives, each once; files of ours need no visit."""
    details = current_addresses(resource, resource.details)
    found = [getattr(resource, name) for name in COLUMNS]
    found += [details.get(name, "") for name in OWN]
    for name, cells in FILE_COLUMNS.items():
        for row in details.get(name) or []:
            found += [row.get(cell, "") for cell in cells]
    asked = (url for url in found if addresses.is_web(str(url)) and not is_own(url))
    return list(dict.fromkeys(asked))[:MOST_LINKS]


def put_off(*, check: LinkCheck) -> None:
    """Ask again a day later for a link of which nothing could be written down."""
    later = clock.now() + timedelta(hours=RETRY_HOURS)
    LinkCheck.objects.filter(pk=check.pk).update(next_check_at=later)


def register_all() -> int:
    """Follow the addresses of every public card; those that it no longer gives are forgotten.

    Returns how many were added. One transaction a batch; repeatable.
    """
    added = 0
    public = Resource.objects.public().order_by("pk")
    only = public.only("pk", "details", *COLUMNS)
    rows = only.iterator(chunk_size=BATCH)
    while batch := list(islice(rows, BATCH)):
        added += _register(batch)
    LinkCheck.objects.filter(resource__live=False).delete()
    return added


@transaction.atomic
def note_check(*, check: LinkCheck, found: Found) -> LinkCheck:
    """Write down a check, and when the next one comes.

    In order: the row; for a page that moved for good, a proposal to the organisation of the card,
    once for each address; the count of dead links of the card, with the index, when it changes;
    a letter to the owner, once, when the link is called dead.
    """
    fresh = LinkCheck.objects.select_for_update(of=("self",)).filter(pk=check.pk).first()
    if fresh is None:
        return check
    at = clock.now()
    fresh.state, fresh.code, fresh.status = found.state.value, found.code, found.status
    fresh.checked_at = at
    if found.state in FAILED:
        _fail(fresh, at)
    elif found.state in ANSWERED:
        _succeed(fresh, found)
        if found.moved_to and found.moved_to != check.moved_to:
            _propose_move(fresh)
    fresh.next_check_at = at + timedelta(hours=_wait_hours(fresh))
    fresh.save()
    _recount(fresh.resource_id)
    if fresh.dead_since is not None and fresh.told_at is None:
        fresh.told_at = at
        fresh.save(update_fields=["told_at"])
        key = f"{fresh.pk}-{fresh.dead_since:%Y%m%dT%H%M%S}"
        owe("mail.link_dead", key=key, check_id=fresh.pk)
    return fresh


def _fail(check: LinkCheck, at: datetime) -> None:
    check.successes = 0
    check.failures += 1
    check.first_failed_at = check.first_failed_at or at
    long_enough = at - check.first_failed_at >= timedelta(hours=DEAD_HOURS)
    if long_enough and check.failures >= DEAD_FAILURES:
        check.dead_since = check.dead_since or at


def _succeed(check: LinkCheck, found: Found) -> None:
    check.successes += 1
    check.failures = 0
    check.first_failed_at = check.dead_since = check.told_at = None
    check.moved_to = found.moved_to[:2_000]


def _propose_move(check: LinkCheck) -> None:
    """Offer the new address to who holds the card; nothing changes until they send it."""
    resource = Resource.objects.select_related("organisation").get(pk=check.resource_id)
    moved = [name for name in COLUMNS if getattr(resource, name) == check.url]
    waiting = Contribution.objects.open().filter(resource=resource, author=None)
    known = resource.live and resource.organisation is not None and resource.live_revision
    if not moved or not known or len(check.moved_to) > LONGEST or waiting.exists():
        return
    for name in moved:
        setattr(resource, name, check.moved_to)
    Contribution.objects.create(
        resource=resource,
        revision=resource.save_revision(clean=False),
        base_revision=known,
        organisation=resource.organisation,
        edited_at=check.checked_at,
    )


def _wait_hours(check: LinkCheck) -> int:
    """Say how long to wait: longer and longer while it answers, and once it is dead."""
    waits = WAITS_HOURS
    if check.state not in (*FAILED, *ANSWERED):
        return UNKNOWN_HOURS if check.state == LinkState.UNKNOWN else waits[-2]
    if check.dead_since is not None:
        since_dead = check.failures - DEAD_FAILURES
        return int(waits[-2] if since_dead < 3 else waits[-1])
    if check.failures:
        return int(waits[0] if check.failures == 1 else RETRY_HOURS)
    return int(waits[min(check.successes, len(waits)) - 1])


def _recount(resource_id: int) -> None:
    """Count the dead links of a card; None while nothing is known of any."""
    states = list(
        LinkCheck.objects.filter(resource=resource_id).values_list("dead_since", "successes")
    )
    dead = sum(since is not None for since, _successes in states)
    known = bool(dead) or any(successes for _since, successes in states)
    rows = Resource.objects.select_for_update(of=("self",)).select_related("organisation")
    resource = rows.get(pk=resource_id)
    wanted = dead if known else None
    if resource.dead_links == wanted:
        return
    resource.dead_links = wanted
    resource.save(update_fields=["dead_links"])
    index.write(resource)


@transaction.atomic
def _register(resources: list[Resource]) -> int:
    known: dict[int, dict[str, int]] = {resource.pk: {} for resource in resources}
    rows = LinkCheck.objects.filter(resource__in=known)
    for pk, owner, url in rows.values_list("pk", "resource_id", "url"):
        known[owner][url] = pk
    new: list[LinkCheck] = []
    gone: list[int] = []
    now = clock.now()
    for resource in resources:
        given = links_of(resource)
        new += [
            LinkCheck(resource=resource, url=url, host=_host(url), next_check_at=now)
            for url in given
            if url not in known[resource.pk]
        ]
        gone += [pk for url, pk in known[resource.pk].items() if url not in given]
    LinkCheck.objects.bulk_create(new, ignore_conflicts=True)
    LinkCheck.objects.filter(pk__in=gone).delete()
    return len(new)


def _host(url: str) -> str:
    return str(urlsplit(url).hostname or "")[:255]


# A site that says this to a robot may well be open to people.
BLOCKED = frozenset({401, 402, 403, 407, 429, 451, 503, 999})
GONE = frozenset({404, 410})
HEAD_BYTES = 4_096
WITNESS_HOURS = 1
KNOWN_CANDIDATES = 4
log = logging.getLogger("catalogue.links")
PASS_SECONDS = 240
CHECKS_PER_PASS = 300


def check(url: str) -> Found:
    """Ask one address: HEAD, then GET where HEAD is not answered well; the status alone judges."""
    try:
        answer = http.fetch(url, method="HEAD")
        if not answer.is_ok:
            asked = {"Range": f"bytes=0-{HEAD_BYTES - 1}"}
            answer = http.fetch(url, headers=asked, body=False)
    except NotFetched as refusal:
        if refusal.code in http.OURS:
            return Found(LinkState.UNKNOWN, code=refusal.code)
        return Found(LinkState.ERROR, code=refusal.code)
    return _found(answer)


def check_due() -> int:
    """Check what is due, within the bounds of a pass; return how many were asked.

    Failures that a broken network of ours would explain are kept as unknown, unless another
    address answered in this pass or within the hour.
    """
    until = time.monotonic() + PASS_SECONDS
    doubtful: list[tuple[LinkCheck, Found]] = []
    asked, witnessed = 0, _witnessed()
    for each in _spread(LinkCheck.objects.due(clock.now())):
        if time.monotonic() > until:
            break
        found = _checked(each)
        asked += 1
        witnessed = witnessed or found.status is not None
        if found.code in http.PERHAPS_OURS:
            doubtful.append((each, found))
        else:
            _noted(each, found)
    for each, found in doubtful:
        kept = found if witnessed else Found(LinkState.UNKNOWN, code=found.code)
        _noted(each, kept)
    if doubtful:
        log.info("%s of %s links were not reached", len(doubtful), asked)
    return asked


def _checked(each: LinkCheck) -> Found:
    """Check one link; an error of ours says nothing of it and stops no other."""
    try:
        return check(each.url)
    except Exception:  # the boundary of a link
        log.exception("link check %s: not carried out", each.pk)
        return Found(LinkState.UNKNOWN, code="internal")


def _noted(each: LinkCheck, found: Found) -> None:
    """Write down one check; what cannot be is told to those who run the portal."""
    try:
        note_check(check=each, found=found)
    except Exception:  # the boundary of a link
        log.exception("link check %s: not written down", each.pk)
        put_off(check=each)


def _found(answer: Answer) -> Found:
    if answer.is_ok and answer.moved:
        return Found(LinkState.MOVED, status=answer.status, moved_to=answer.url)
    if answer.is_ok:
        state = LinkState.OK
    elif answer.status in BLOCKED:
        state = LinkState.BLOCKED
    else:
        state = LinkState.GONE if answer.status in GONE else LinkState.ERROR
    return Found(state, status=answer.status)


def _witnessed() -> bool:
    since = clock.now() - timedelta(hours=WITNESS_HOURS)
    return LinkCheck.objects.filter(checked_at__gte=since, status__isnull=False).exists()


def _spread(due: QuerySet[LinkCheck]) -> Iterator[LinkCheck]:
    """Take the due checks of a pass, no host more often than its share, hosts in turn."""
    taken: Counter[str] = Counter()
    lines: dict[str, list[LinkCheck]] = {}
    most = CHECKS_PER_PASS
    for each in due[: most * KNOWN_CANDIDATES]:
        if taken[each.host] < settings.LINK_CHECKS_PER_HOST:
            taken[each.host] += 1
            lines.setdefault(each.host, []).append(each)
    sent = 0
    while lines and sent < most:
        for host in list(lines):
            yield lines[host].pop(0)
            sent += 1
            if not lines[host]:
                del lines[host]
