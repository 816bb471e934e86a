"""Archive a published resource, and bring it back."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from catalogue import rules
from catalogue.enums import ContributionStatus
from catalogue.models import Contribution, Resource
from catalogue.search import index
from portal.accounts.authorization import require
from portal.audit.actors import Actor
from portal.audit.outbox import owe
from portal.audit.record import record
from portal.lib import clock
from portal.lib.refusals import Conflict, Invalid

REASON_CHARACTERS = 300


@transaction.atomic
def archive(*, resource: Resource, reason: str, by: Actor) -> Resource:
    """Say that a resource is no longer kept up: it stays readable, last in the results.

    In order: date and reason, index; its last contribution PUBLISHED to ARCHIVED; event
    "resource.archived"; one letter to its owner when a moderator did it. Raises NotAllowed,
    Conflict, Invalid without a reason.
    """
    resource = _locked(resource)
    require(rules.may_archive, by, resource)
    if not resource.live or resource.archived_at is not None:
        raise Conflict(code="not_published")
    if not reason.strip():
        raise Invalid(_("Dites pourquoi cette fiche est archivée."), faults=["reason"])
    at = _set_aside(resource, reason, by)
    if not rules.owns(by, resource):
        key = f"{resource.pk}-{at.isoformat()}"
        owe("mail.resource_archived", key=key, resource_id=resource.pk)
    return resource


@transaction.atomic
def restore(*, resource: Resource, by: Actor) -> Resource:
    """Bring an archived resource back among the others.

    In order: no archive, the date of its return, index; its last contribution back to PUBLISHED;
    event "resource.restored". Raises NotAllowed, Conflict.
    """
    resource = _locked(resource)
    require(rules.may_archive, by, resource)
    if resource.archived_at is None:
        raise Conflict(code="not_archived")
    _bring_back(resource, by)
    return resource


@transaction.atomic
def set_aside(*, resource: Resource, reason: str, by: Actor) -> None:
    """Archive what its source no longer has. For the harvest: no rule is asked here.

    Nothing when it is archived already. Otherwise as `archive`, without a letter.
    """
    resource = _locked(resource)
    if resource.archived_at is None:
        _set_aside(resource, reason, by)


@transaction.atomic
def bring_back(*, resource: Resource, by: Actor) -> None:
    """Bring back what its source has again. For the harvest: no rule is asked here."""
    resource = _locked(resource)
    if resource.archived_at is not None:
        _bring_back(resource, by)


def _set_aside(resource: Resource, reason: str, by: Actor) -> datetime:
    at = clock.now()
    resource.archived_at, resource.archive_reason = at, reason.strip()[:REASON_CHARACTERS]
    _change(resource, ContributionStatus.PUBLISHED, ContributionStatus.ARCHIVED, at)
    record("resource.archived", by=by, on=resource)
    return at


def _bring_back(resource: Resource, by: Actor) -> None:
    at = clock.now()
    resource.archived_at, resource.archive_reason, resource.restored_at = None, "", at
    _change(resource, ContributionStatus.ARCHIVED, ContributionStatus.PUBLISHED, at)
    record("resource.restored", by=by, on=resource)


def _locked(resource: Resource) -> Resource:
    return Resource.objects.select_for_update(of=("self",)).get(pk=resource.pk)


def _change(
    resource: Resource, found: ContributionStatus, wanted: ContributionStatus, at: Any
) -> None:
    resource.save(update_fields=["archived_at", "archive_reason", "restored_at"])
    last = Contribution.objects.filter(resource=resource, status=found).order_by("-pk").first()
    if last is not None:
        last.become(wanted, at=at)
    index.write(resource)
