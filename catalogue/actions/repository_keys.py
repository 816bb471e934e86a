"""Give their repository key to the cards that code older than the key has written."""

from catalogue.models import Resource
from catalogue.validators.addresses import same_page_digest

AT_ONCE = 1_000


def fill(most: int = AT_ONCE) -> int:
    """Fill the empty keys of cards that have a repository, so many at most; return how many.

    Nothing else of a card moves, and nothing is told: no person changed it. An address that has no
    key is passed over; a card that is written meanwhile keeps what its writing says.
    """
    rows = Resource.objects.filter(repository_key="").exclude(repository_url="").order_by("pk")
    filled = 0
    for pk, url in list(rows.values_list("pk", "repository_url")):
        key = same_page_digest(url)
        if not key:
            continue
        same = Resource.objects.filter(pk=pk, repository_key="", repository_url=url)
        filled += same.update(repository_key=key)
        if filled >= most:
            break
    return filled
