"""Follow, put aside, support; and take each back. The counters of a card move with their rows."""

from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from catalogue import rules
from catalogue.enums import UseCase
from catalogue.models import Favourite, Follow, Resource, Support
from catalogue.models.following import TAG_CHARACTERS
from catalogue.queries import follows as reads
from catalogue.search import index
from portal.accounts.authorization import require
from portal.accounts.models import Organisation, User
from portal.lib import clock
from portal.lib.refusals import Invalid, QuotaSpent


@transaction.atomic
def follow(*, subject: Resource | Organisation | UseCase | str, by: User) -> bool:
    """Follow a resource, an organisation, a use case or a tag; return False when one already did.

    In order: the row; the counter of a resource, and its index. No event: what a person reads is
    no act on the portal. Raises NotAllowed; Invalid for what is not public; QuotaSpent.
    """
    require(rules.may_keep, by)
    columns = named(subject)
    if by.follows.filter(**columns).exists():
        return False
    if reads.of(by).count() >= settings.FOLLOWS_PER_PERSON:
        raise QuotaSpent(
            _("Vous suivez déjà trop de choses : cessez d’en suivre une."), code="follows"
        )
    made = _made(Follow, by, **columns)
    if made and isinstance(subject, Resource):
        _count(subject, "followers", 1)
    return made


@transaction.atomic
def unfollow(*, subject: Resource | Organisation | UseCase | str, by: User) -> bool:
    """Follow no more, online or not; return False when one did not.

    The counter and the index as `follow`.
    """
    gone = Follow.objects.filter(user=by, **_columns(subject)).delete()[0]
    if gone and isinstance(subject, Resource):
        _count(subject, "followers", -1)
    return bool(gone)


@transaction.atomic
def put_aside(*, resource: Resource, by: User) -> bool:
    """Add a favourite; return False when it is one. Raises NotAllowed, Invalid, QuotaSpent."""
    require(rules.may_keep, by)
    _require_public(resource)
    if by.favourites.filter(resource=resource).exists():
        return False
    if reads.favourites(by).count() >= settings.FAVOURITES_PER_PERSON:
        raise QuotaSpent(_("Votre liste de favoris est pleine : ôtez-en un."), code="favourites")
    return _made(Favourite, by, resource=resource)


@transaction.atomic
def take_out(*, resource: Resource, by: User) -> bool:
    """Remove a favourite, online or not; return False when it was none."""
    return bool(Favourite.objects.filter(user=by, resource=resource).delete()[0])


@transaction.atomic
def support(*, resource: Resource, by: User) -> bool:
    """Support an idea or a need, once; return False when one already did.

    In order: the row; the counter, and the index. Raises NotAllowed for another kind.
    """
    require(rules.may_support, by, resource)
    made = _made(Support, by, resource=resource)
    if made:
        _count(resource, "supports", 1)
    return made


@transaction.atomic
def withdraw_support(*, resource: Resource, by: User) -> bool:
    """Take a support back; return False when there was none."""
    gone = bool(Support.objects.filter(user=by, resource=resource).delete()[0])
    if gone:
        _count(resource, "supports", -1)
    return gone


@transaction.atomic
def forget(*, person: User) -> None:
    """Erase what somebody who leaves followed, put aside and supported; counters follow."""
    for model, counter in ((Follow, "followers"), (Support, "supports")):
        rows = model.objects.filter(user=person)
        for resource in Resource.objects.filter(pk__in=list(_resources(rows))).order_by("pk"):
            _count(resource, counter, -1)
        rows.delete()
    Favourite.objects.filter(user=person).delete()


def _resources(rows: Any) -> Any:
    return rows.filter(resource__isnull=False).values_list("resource_id", flat=True)


def named(subject: Resource | Organisation | UseCase | str) -> dict[str, Any]:
    """Give the columns that name a subject; raises Invalid for what nobody may follow."""
    if isinstance(subject, Resource):
        _require_public(subject)
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


def _require_public(resource: Resource) -> None:
    if not resource.live:
        raise Invalid(_("Cette fiche n’est pas en ligne."), code="not_published")


def _made(model: Any, by: User, **named: Any) -> bool:
    """Make a row once; False when it is there, another request's included."""
    if model.objects.filter(user=by, **named).exists():
        return False
    try:
        with transaction.atomic():
            model.objects.create(user=by, at=clock.now(), **named)
    except IntegrityError:
        return False
    return True


def _count(resource: Resource, counter: str, change: int) -> None:
    Resource.objects.filter(pk=resource.pk).update(**{counter: F(counter) + change})
    fresh = Resource.objects.select_related("organisation").get(pk=resource.pk)
    index.write(fresh)
