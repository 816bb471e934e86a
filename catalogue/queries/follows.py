"""What a person follows, as their pages read it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from catalogue.enums import UseCase
from catalogue.models import Follow, Resource
from portal.accounts.models import Organisation, User


@dataclass(frozen=True)
class Followed:
    """One line of what a person follows. field, value: what a form sends to follow no more."""

    words: str
    title: str
    href: str
    field: str
    value: str
    icon: str
    tone: str = ""
    language: str = ""


def follows(user: User, **subject: Any) -> bool:
    """Say whether a person follows this."""
    return Follow.objects.filter(user=user, **subject).exists()


def of(user: User) -> QuerySet[Follow]:
    """List what a person follows, the latest first; a card that went offline keeps no name."""
    rows = Follow.objects.filter(Q(resource__isnull=True) | Q(resource__live=True), user=user)
    return rows.select_related("resource", "organisation")


def card(user: User, name: str) -> Resource | None:
    """Find a card that a person follows, online or not: by its identifier or slug."""
    if not name.isprintable():
        return None
    try:
        named: dict[str, Any] = {"public_id": UUID(name)} if len(name) == 36 else {"slug": name}
    except ValueError:
        named = {"slug": name}
    own = Follow.objects.filter(user=user).order_by()
    return Resource.objects.filter(pk__in=own.values("resource_id"), **named).first()


def followers_of(resource: Resource) -> QuerySet[User]:
    """Select who follows a card itself."""
    return User.objects.filter(is_active=True, follows__resource=resource).order_by("pk")


def watchers_of(resource: Resource) -> QuerySet[User]:
    """Select who follows the organisation, a use case or a tag of a card."""
    about = Q(use_case__in=[*resource.use_cases, "-"]) | Q(tag__in=[*resource.tags, "-"])
    if resource.organisation_id is not None:
        about |= Q(organisation_id=resource.organisation_id)
    concerned = Follow.objects.filter(about).order_by().values("user_id")
    return User.objects.filter(is_active=True, pk__in=concerned).order_by("pk")


def lines(rows: Iterable[Follow]) -> Iterator[Followed]:
    """Say what each row follows."""
    for row in rows:
        if row.resource is not None:
            yield _resource(row.resource)
        elif row.organisation is not None:
            yield _organisation(row.organisation)
        elif row.use_case:
            label = str(UseCase(row.use_case).label)
            yield _facet(_("Cas d’usage"), label, "use_case", row.use_case, "compass")
        else:
            yield _facet(_("Mot-clé"), row.tag, "tag", row.tag, "tag")


def _resource(resource: Resource) -> Followed:
    kind = resource.kind_enum
    return Followed(
        str(kind.label),
        resource.title,
        resource.get_absolute_url(),
        "resource",
        resource.slug,
        kind.icon,
        kind.tone,
        resource.written_in,
    )


def _organisation(organisation: Organisation) -> Followed:
    href = reverse("organisation", args=(organisation.slug,))
    return Followed(
        _("Organisation"),
        organisation.name,
        href,
        "organisation",
        organisation.slug,
        "building-2",
        "olivier",
    )


def _facet(words: str, title: str, name: str, value: str, icon: str) -> Followed:
    href = f"{reverse('catalogue:list')}?{urlencode({name: value})}"
    return Followed(words, title, href, name, value, icon)
