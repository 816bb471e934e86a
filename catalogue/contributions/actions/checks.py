"""Run the automatic checks on a record, with those that look at the rest of the catalogue."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Q

from catalogue.contributions import record_checks
from catalogue.contributions.models import Contribution
from catalogue.contributions.queries import files as named_files
from catalogue.contributions.queries import proposals
from catalogue.contributions.record_checks import Check, Remark, Verdict
from catalogue.resources import addresses, writing
from catalogue.resources.models import Resource
from catalogue.search import words as known_words
from portal.accounts.enums import ADMINISTRATIONS
from portal.accounts.models import Organisation
from portal.lib.prose import markdown
from portal.lib.refusals import Invalid

LIKE_ENOUGH = 0.9
MOST_CANDIDATES = 5


def run(record: Mapping[str, Any], *, contribution: Contribution) -> list[Check]:
    """Run every check on what a contribution proposes.

    Nothing is written and no address is opened. Returns one check a code, in the order shown.
    """
    held = named_files.files_named_by(contribution, record)
    found = [
        record_checks.fields(proposals.with_files(record, contribution)),
        record_checks.licence(record, administration=_is_administration(record)),
        record_checks.links(record),
        record_checks.personal(record, held.values()),
        record_checks.files(record, held),
        record_checks.card(record),
        duplicate(record, resource=contribution.resource),
        record_checks.language(record),
        formatting(record),
    ]
    return [check for check in found if check is not None]


def blocking(found: list[Check]) -> list[Remark]:
    """List the remarks that keep a proposal from being sent."""
    return [r for check in found for r in check.remarks if r.verdict is Verdict.BLOCKING]


def formatting(record: Mapping[str, Any]) -> Check:
    """Refuse a text over the caps of Markdown."""
    try:
        markdown.check(str(record.get("description") or ""))
    except Invalid as refusal:
        facts = {"message": str(refusal)}
        return Check("markdown", (Remark("markdown", "description", facts, Verdict.BLOCKING),))
    return Check("markdown")


def duplicate(record: Mapping[str, Any], *, resource: Resource) -> Check:
    """Look among public cards for the same address, or a very close title within the kind."""
    others = Resource.objects.public().exclude(pk=resource.pk)
    remarks = [*_same_address(record, others), *_same_title(record, others)]
    once = {remark.facts["slug"]: remark for remark in reversed(remarks)}
    return Check("duplicate", tuple(reversed(once.values()))[:MOST_CANDIDATES])


def _same_address(record: Mapping[str, Any], others: Any) -> list[Remark]:
    keys = {
        addresses.same_page_digest(str(record.get(name) or ""))
        for name in ("homepage_url", "repository_url")
    } - {""}
    if not keys:
        return []
    same = others.filter(Q(homepage_key__in=keys) | Q(repository_key__in=keys)).order_by("pk")
    return [
        Remark("duplicate_address", facts={"slug": slug, "title": title})
        for slug, title in same.values_list("slug", "title")[:MOST_CANDIDATES]
    ]


def _same_title(record: Mapping[str, Any], others: Any) -> list[Remark]:
    title = str(record.get("title") or "")
    near = others.filter(kind=record["kind"], pk__in=known_words.candidates(title)).order_by("pk")
    return [
        Remark("duplicate_title", "title", {"slug": slug, "title": other})
        for slug, other in near.values_list("slug", "title")
        if writing.is_like(title, other, at_least=LIKE_ENOUGH)
    ]


def _is_administration(record: Mapping[str, Any]) -> bool:
    holder = record.get("organisation")
    if not holder:
        return False
    return Organisation.objects.filter(pk=holder, kind__in=ADMINISTRATIONS).exists()
