"""A query as a reader says it: what stands in a saved search, without counting anything."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from catalogue.filters import panel
from catalogue.models import IndexedFacet
from catalogue.search.query import MAX_Q, MAX_VALUES, Parameters, ResourceQuery, cut_short


def parts(query: ResourceQuery) -> list[tuple[str, str]]:
    """List the words and filters of a query, as pairs of title and value."""
    return list(_parts(query))


def left_out(data: Parameters) -> list[str]:
    """Say what of an address was too much to be searched, one sentence for each parameter."""
    return [
        _("Vos mots sont coupés à %(most)s caractères.") % {"most": MAX_Q}
        if name == "q"
        else _("Le filtre « %(facet)s » garde %(most)s valeurs ; les autres ne comptent pas.")
        % {"facet": panel.TITLES[name], "most": MAX_VALUES}
        for name in cut_short(data)
    ]


def title(query: ResourceQuery) -> str:
    """Name a search after what it asks."""
    said = query.q or ", ".join(value for _name, value in parts(query))
    return said[:120] or _("Tout le catalogue")


def closed_title(query: ResourceQuery) -> str:
    """Name a search after its filters in the portal's own words: nothing that its author typed."""
    own = panel.WORDS
    shown = [
        str(own[facet][value])
        for facet, values in query.filters().items()
        for value in values
        if value in own.get(facet, {})
    ]
    return ", ".join(shown)[:120] or _("Recherche dans le catalogue")


def _parts(query: ResourceQuery) -> Iterator[tuple[str, str]]:
    if query.q:
        yield _("Mots"), query.q
    names = _organisations(query)
    for facet, values in query.filters().items():
        for value in values:
            label = names.get(value, "") if facet == "organisation" else ""
            yield str(panel.TITLES[facet]), panel.say(facet, value, label)
    if query.updated:
        yield _("Mise à jour"), str(panel.SINCE[query.updated])


def _organisations(query: ResourceQuery) -> dict[str, str]:
    if not query.organisation:
        return {}
    rows = IndexedFacet.objects.filter(facet="organisation", value__in=query.organisation)
    return dict(rows.exclude(label="").order_by("pk").values_list("value", "label"))
