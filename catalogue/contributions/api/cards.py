"""Find the card and the contribution that are named, and shape contributions and checks."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from catalogue import rules
from catalogue.contributions.queries import proposals
from catalogue.models import Contribution, Resource
from catalogue.resources.api import identifier
from catalogue.resources.queries import published
from catalogue.validators import checks as record_checks
from catalogue.validators.checks import Remark
from portal.accounts.models import Organisation
from portal.accounts.views import person
from portal.lib import visible
from portal.lib.refusals import Conflict, Hidden


def subject_named(request: HttpRequest, name: str) -> Resource:
    """Return a card that is online, or that the caller writes; raises Hidden for any other."""
    by, public_id = person(request), identifier(name)
    named: dict[str, Any] = {"public_id": public_id} if public_id else {"slug": name}
    written = Contribution.objects.written_by(by).order_by().values("resource_id")
    rows = Resource.objects.public() | Resource.objects.filter(pk__in=written)
    return visible.find(rows.select_related("organisation"), among=Resource.objects.all(), **named)


def open_on(request: HttpRequest, resource: Resource, wanted: UUID | None) -> Contribution | None:
    """Return the contribution in progress on a card: one's own, else the organisation's only one.

    wanted: the one that is meant. Raises Conflict when several are in progress, none one's own.
    """
    rows = Contribution.objects.written_by(person(request)).open().filter(resource=resource)
    rows = rows.select_related(
        "resource__organisation", "organisation", "author", "revision", "base_revision"
    ).order_by("-pk")
    if wanted is not None:
        return rows.filter(public_id=wanted).first()
    found = list(rows)
    own = [each for each in found if each.author_id == person(request).pk] or found
    if len(own) > 1:
        raise Conflict(
            _("Plusieurs contributions sont en cours sur cette fiche : dites laquelle."),
            code="several_contributions",
            contributions=[str(each.public_id) for each in own],
        )
    return own[0] if own else None


def work_on(request: HttpRequest, name: str, wanted: UUID | None) -> Contribution:
    """Return the contribution in progress on a card; raises Hidden when there is none."""
    resource = subject_named(request, name)
    found = open_on(request, resource, wanted)
    if found is not None:
        return found
    if not resource.live:
        raise Hidden
    raise Hidden(
        _("Vous n’avez pas de contribution en cours sur cette fiche."), code="no_contribution"
    )


def holder_named(slug: str | None) -> Organisation | None:
    """Return an organisation by its slug; raises Hidden for an unknown one."""
    if not slug:
        return None
    found = Organisation.objects.filter(slug=slug).first()
    if found is None:
        raise Hidden(_("Cette organisation n’existe pas."), code="no_organisation")
    return found


Json = dict[str, Any]
GRAVITY = ("blocking", "warning", "unknown")


def contribution_json(request: HttpRequest, contribution: Contribution, *, title: str) -> Json:
    """Describe a contribution in a list."""
    resource, holder = contribution.resource, contribution.organisation
    page = reverse("catalogue:contribution", args=(contribution.public_id,))
    return {
        "id": contribution.public_id,
        "resource": {
            "id": resource.public_id,
            "kind": resource.kind,
            "slug": resource.slug if resource.live else None,
            "url": published.page(resource.slug) if resource.live else None,
        },
        "title": title,
        "status": contribution.status,
        "new": contribution.is_new,
        "version": contribution.version,
        "organisation": holder.slug if holder else None,
        "created_at": contribution.created_at,
        "edited_at": contribution.edited_at,
        "submitted_at": contribution.submitted_at,
        "decided_at": contribution.decided_at,
        "page": request.build_absolute_uri(page),
    }


def whole_json(request: HttpRequest, contribution: Contribution) -> Json:
    """Describe a contribution in full, as its page does for who asks."""
    record, by = proposals.proposed_record(contribution), person(request)
    if not rules.reads_whole(by, contribution):
        return _for_owner(request, contribution, record)
    is_open = contribution.is_open
    may = {
        "edit": rules.may_edit(by, contribution),
        "submit": rules.may_edit(by, contribution) and rules.may_submit(by, contribution),
        "withdraw": is_open and rules.may_withdraw(by, contribution),
    }
    return contribution_json(request, contribution, title=str(record["title"] or "")) | {
        "record": _named(record),
        "provenance": _provenance(contribution),
        "checks": checks_json(contribution.checks),
        "decisions": [
            {
                "outcome": each.outcome,
                "reason": each.reason,
                "message": each.message,
                "fields": each.fields,
                "decided_at": each.decided_at,
            }
            for each in contribution.decisions.order_by("pk")
        ],
        "base_revision": contribution.base_revision_id,
        "stale": is_open and proposals.is_stale(contribution),
        "collisions": _collisions(contribution) if is_open else [],
        "owner_answer": contribution.owner_answer,
        "owner_reason": contribution.owner_reason,
        "owner_due_at": contribution.owner_due_at,
        "reply": contribution.note,
        "charter": contribution.charter_version,
        "may": [name for name, held in may.items() if held],
    }


def unsaid() -> Json:
    """Give what a token that may not read is told in place of what others said, or was said before.

    What it writes, and what the checks find in it, are shown back.
    """
    told: Json = {"decisions": [], "reply": ""}
    return told | {"owner_answer": "", "owner_reason": "", "owner_due_at": None}


def _for_owner(request: HttpRequest, contribution: Contribution, record: Json) -> Json:
    """Describe a change to who only answers for the card: what is proposed, once it is sent."""
    resource, is_written = contribution.resource, contribution.status in rules.UNSENT
    title = resource.title if is_written else str(record["title"] or "")
    return contribution_json(request, contribution, title=title) | {
        "record": {} if is_written else _named(record),
        "provenance": {} if is_written else _provenance(contribution),
        "checks": [],
        "decisions": [],
        "base_revision": contribution.base_revision_id,
        "stale": contribution.is_open and proposals.is_stale(contribution),
        "collisions": [],
        "owner_answer": contribution.owner_answer,
        "owner_reason": contribution.owner_reason,
        "owner_due_at": contribution.owner_due_at,
        "reply": "",
        "charter": contribution.charter_version,
        "may": [],
    }


def checks_json(checks: Iterable[Mapping[str, Any]]) -> list[Json]:
    """Say what the checks found, in the language asked for."""
    found = []
    for check in checks:
        remarks = [
            {
                "code": remark["code"],
                "field": str(remark.get("field") or ""),
                "verdict": remark["verdict"],
                "message": record_checks.sentence(remark),
            }
            for remark in check["remarks"]
        ]
        said = {remark["verdict"] for remark in remarks}
        found.append(
            {
                "code": check["code"],
                "name": str(record_checks.NAMES[check["code"]]),
                "verdict": next((each for each in GRAVITY if each in said), "green"),
                "remarks": remarks,
            }
        )
    return found


def blocking_json(remarks: Iterable[Remark]) -> list[Json]:
    """Name what keeps a contribution from being sent, as endpoints name faults."""
    return [
        {
            "field": each.field,
            "code": each.code,
            "message": record_checks.sentence(
                {"code": each.code, "field": each.field, "facts": dict(each.facts)}
            ),
        }
        for each in remarks
    ]


def _provenance(contribution: Contribution) -> Json:
    """Say where each value was read, and which are guesses."""
    told = contribution.content.get("provenance") or {}
    return {
        name: {
            "origin": str(each.get("origin", "")),
            "date": each.get("date"),
            "verified": bool(each.get("verified", True)),
            "transmitted": bool(each.get("transmitted", True)),
            "key": str(each.get("key") or ""),
            "guessed": bool(each.get("guessed")),
        }
        for name, each in told.items()
    }


def _named(record: Mapping[str, Any]) -> Json:
    """Name the organisation of a record by its slug, as records are written."""
    rows = Organisation.objects.filter(pk=record["organisation"] or 0)
    slug = rows.values_list("slug", flat=True).first()
    return {**record, "organisation": slug}


def _collisions(contribution: Contribution) -> list[Json]:
    return [
        {
            "field": each.name,
            "label": each.label,
            "base": each.base,
            "online": each.online,
            "proposed": each.proposed,
        }
        for each in proposals.collisions(contribution)
    ]
