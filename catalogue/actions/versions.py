"""Note what went online as a version of its card, and withhold a former one."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from wagtail.models import Revision

from catalogue import rules
from catalogue.enums import VersionOrigin
from catalogue.models import CardVersion, Resource
from catalogue.queries import proposals, versions
from portal.accounts.authorization import require
from portal.accounts.models import Organisation, User
from portal.audit.record import record
from portal.lib import clock
from portal.lib.characters import require_plain_line
from portal.lib.refusals import Conflict, Invalid

REASON_LENGTH = 300


def note(
    *,
    resource: Resource,
    revision: Revision,
    origin: VersionOrigin = VersionOrigin.REVIEWED,
    organisation: Organisation | None = None,
) -> CardVersion | None:
    """Number a revision that goes online; none when nothing that one reads has changed.

    For `resources.put_online`, which holds the card locked: no rule is asked here.
    """
    known = CardVersion.objects.filter(resource=resource).select_related("revision")
    last = known.order_by("-number").first()
    after = proposals.content_record(revision.content, resource.kind)
    before = proposals.content_record(last.revision.content, resource.kind) if last else {}
    fields = versions.changed(before, after)
    if last is not None and not fields:
        return None
    return CardVersion.objects.create(
        resource=resource,
        number=last.number + 1 if last else 1,
        revision=revision,
        origin=origin,
        organisation=organisation,
        fields=fields if last else [],
        published_at=clock.now(),
    )


@transaction.atomic
def withhold(*, version: CardVersion, reason: str, by: User) -> CardVersion:
    """Show a former version to nobody any more.

    In order: when, by whom, why; event "version.withheld". Raises NotAllowed; Invalid without
    words; Conflict when it is in force or withheld already.
    """
    version = _locked(version)
    require(rules.may_withhold, by, version.resource)
    require_plain_line(reason)
    if not reason.strip():
        raise Invalid(_("Dites pourquoi cette version n’est plus montrée."), code="reason_required")
    if version.number == versions.latest_number(version.resource):
        raise Conflict(
            _("Cette version est en ligne : masquez la fiche, ou faites-la corriger."),
            code="version_in_force",
        )
    if version.withheld_at is not None:
        raise Conflict(code="version_withheld")
    version.withheld_at, version.withheld_by = clock.now(), by
    version.withheld_reason = reason.strip()[:REASON_LENGTH]
    version.save(update_fields=["withheld_at", "withheld_by", "withheld_reason"])
    record("version.withheld", by=by, on=version.resource, number=version.number)
    return version


@transaction.atomic
def show_again(*, version: CardVersion, by: User) -> CardVersion:
    """Show a version that was withheld by hand; event "version.shown". Raises NotAllowed, Conflict.

    One that a decision on a notice withholds stays so.
    """
    version = _locked(version)
    require(rules.may_withhold, by, version.resource)
    if version.withheld_at is None:
        raise Conflict(code="version_shown")
    version.withheld_at = version.withheld_by = None
    version.withheld_reason = ""
    version.save(update_fields=["withheld_at", "withheld_by", "withheld_reason"])
    record("version.shown", by=by, on=version.resource, number=version.number)
    return version


def _locked(version: CardVersion) -> CardVersion:
    fresh = CardVersion.objects.select_for_update(of=("self",)).get(pk=version.pk)
    fresh.resource = Resource.objects.select_related("organisation").get(pk=fresh.resource_id)
    return fresh
