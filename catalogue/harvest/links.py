"""Ask the addresses of cards whether they still answer, gently, and doubt our own network first."""

import logging
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from catalogue.actions import link_checks
from catalogue.actions.link_checks import Found
from catalogue.enums import LinkState
from catalogue.models import LinkCheck
from portal.lib import clock, http
from portal.lib.http import Answer, NotFetched

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
        link_checks.note(check=each, found=found)
    except Exception:  # the boundary of a link
        log.exception("link check %s: not written down", each.pk)
        link_checks.put_off(check=each)


def _found(answer: Answer) -> Found:
    length = answer.headers.get("content-length", "")
    told: dict[str, Any] = {
        "status": answer.status,
        "etag": _printable(answer.headers.get("etag", "")),
        "media_type": _printable(answer.headers.get("content-type", "").partition(";")[0]),
        "byte_count": int(length) if length.isdigit() and answer.status == 200 else None,
    }
    if answer.is_ok:
        if answer.moved:
            return Found(LinkState.MOVED, moved_to=answer.url, **told)
        return Found(LinkState.OK, **told)
    if answer.status in BLOCKED:
        return Found(LinkState.BLOCKED, **told)
    return Found(LinkState.GONE if answer.status in GONE else LinkState.ERROR, **told)


def _printable(header: str) -> str:
    return "".join(each for each in header if each.isprintable()).strip()


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
