"""How much the cards of an organisation or a person were read, as pages show it."""

from django.db.models import Count, Q, QuerySet, Sum

from catalogue.models import Resource, editable_organisations
from portal.accounts.models import Organisation, User


def of_organisation(organisation: Organisation) -> dict[str, int]:
    """Sum the views and downloads of what an organisation has online."""
    return _sums(Resource.objects.public().filter(organisation=organisation))


def of_person(user: User) -> dict[str, int] | None:
    """Sum what a person, and the organisations they edit, have online; None without any."""
    own = Q(author=user) | Q(organisation__in=editable_organisations(user))
    sums = _sums(Resource.objects.public().filter(own))
    return sums if sums.pop("cards") else None


def _sums(cards: QuerySet[Resource]) -> dict[str, int]:
    sums = cards.aggregate(
        cards=Count("pk"), views=Sum("views"), downloads=Sum("downloads"), reuses=Sum("reuses")
    )
    return {name: figure or 0 for name, figure in sums.items()}
