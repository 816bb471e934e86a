"""Follow, and follow no more. The counter of a card moves with its rows."""

from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _
from wagtail.models import Revision

from catalogue.community import queries as reads
from catalogue.community import rules
from catalogue.community.models import TAG_CHARACTERS, Follow
from catalogue.resources.enums import UseCase
from catalogue.resources.models import Resource
from catalogue.search import index
from portal.accounts.authorization import require
from portal.accounts.models import Organisation, User
from portal.audit.outbox import owe
from portal.lib import clock
from portal.lib.refusals import Invalid, QuotaSpent


@transaction.atomic
def follow(*, subject: Resource | Organisation | UseCase | str, by: User) -> bool:
    """Follow a resource, an organisation, a use case or a tag; return False when one already did.

    In order: the row; the counter of a resource, and its index. No event: what a person reads is
    no act on the portal. Raises NotAllowed; Invalid for what is not public; QuotaSpent.
    """
    require(rules.may_keep, by)
    columns = subject_columns(subject)
    if by.follows.filter(**columns).exists():
        return False
    if reads.follows_of(by).count() >= settings.FOLLOWS_PER_PERSON:
        raise QuotaSpent(
            _("Vous suivez déjà trop de choses : cessez d’en suivre une."), code="limit_reached"
        )
    try:
        with transaction.atomic():
            Follow.objects.create(user=by, at=clock.now(), **columns)
    except IntegrityError:  # another request of the same person, at the same time
        return False
    if isinstance(subject, Resource):
        _count(subject, 1)
    return True


@transaction.atomic
def unfollow(*, subject: Resource | Organisation | UseCase | str, by: User) -> bool:
    """Follow no more, online or not; return False when one did not.

    The counter and the index as `follow`.
    """
    gone = Follow.objects.filter(user=by, **_columns(subject)).delete()[0]
    if gone and isinstance(subject, Resource):
        _count(subject, -1)
    return bool(gone)


def tell_followers(resource: Resource, revision: Revision) -> None:
    """Owe the news of a card that goes online to who follows it, or something of it."""
    if Follow.objects.exists():
        owe(
            "catalogue.published",
            key=str(revision.pk),
            resource_id=resource.pk,
            revision_id=revision.pk,
            first=int(resource.first_published_at is None),
            by_id=revision.user_id or 0,
        )


@transaction.atomic
def forget(*, person: User) -> None:
    """Erase what somebody who leaves followed; counters follow."""
    rows = Follow.objects.filter(user=person)
    followed = list(rows.filter(resource__isnull=False).values_list("resource_id", flat=True))
    for resource in Resource.objects.filter(pk__in=followed).order_by("pk"):
        _count(resource, -1)
    rows.delete()


def subject_columns(subject: Resource | Organisation | UseCase | str) -> dict[str, Any]:
    """Give the columns that name a subject; raises Invalid for what nobody may follow."""
    if isinstance(subject, Resource) and not subject.live:
        raise Invalid(_("Cette fiche n’est pas en ligne."), code="not_published")
    return _columns(subject)


def _columns(subject: Resource | Organisation | UseCase | str) -> dict[str, Any]:
    match subject:
        case Resource():
            return {"resource": subject}
        case Organisation():
            return {"organisation": subject}
        case UseCase():
            return {"use_case": subject.value}
        case _:
            tag = " ".join(subject.split())[:TAG_CHARACTERS]
            if not tag or not tag.isprintable():
                raise Invalid(_("Ce mot-clé ne peut pas être suivi."), code="tag")
            return {"tag": tag}


def _count(resource: Resource, change: int) -> None:
    Resource.objects.filter(pk=resource.pk).update(followers=F("followers") + change)
    fresh = Resource.objects.select_related("organisation").get(pk=resource.pk)
    index.write(fresh)
