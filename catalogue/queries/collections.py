"""Collections as pages show them."""

from django.db.models import Count, Q, QuerySet

from catalogue.models import Collection, CollectionItem, editable_organisations
from portal.accounts.models import Organisation, User

ON_HOME = 3


def public() -> QuerySet[Collection]:
    """List what everybody reads, the latest first, with how many cards each holds."""
    return _counted(Collection.objects.public()).order_by("-published_at", "-pk")


def of_region() -> list[Collection]:
    """List the collections of the Region for the home page."""
    return list(public().filter(organisation__is_region=True)[:ON_HOME])


def of_organisation(organisation: Organisation) -> QuerySet[Collection]:
    """List the collections of an organisation that everybody reads."""
    return public().filter(organisation=organisation)


def editable(user: User) -> QuerySet[Collection]:
    """List the collections that a person may change."""
    rows = Collection.objects.filter(organisation__in=editable_organisations(user))
    return rows.order_by("title", "pk")


def drafts(user: User) -> QuerySet[Collection]:
    """List those of a person's organisations that nobody else reads yet."""
    return _counted(editable(user).filter(published_at=None))


def items(collection: Collection) -> QuerySet[CollectionItem]:
    """List the cards of a collection that are online, in order."""
    return collection.items.filter(resource__live=True).select_related(
        "resource__organisation", "resource__indexed"
    )


def _counted(rows: QuerySet[Collection]) -> QuerySet[Collection]:
    live = Count("items", filter=Q(items__resource__live=True), distinct=True)
    return rows.select_related("organisation").annotate(held=live)
