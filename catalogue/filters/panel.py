"""The filters of the catalogue page, as words and links."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalogue.enums import (
    LANGUAGES,
    Access,
    Beneficiary,
    Guarantee,
    ResourceKind,
    Scope,
    Task,
    UseCase,
)
from catalogue.search import analysis
from catalogue.search.engines.facets import FACET_SIZE
from catalogue.search.query import ResourceQuery, Sort, Updated, Words
from catalogue.search.results import FacetCount, Results
from catalogue.validators import words

TITLES: dict[str, Promise] = {
    "kind": gettext_lazy("Type de ressource"),
    "scope": gettext_lazy("Échelle"),
    "task": gettext_lazy("Tâche"),
    "use_case": gettext_lazy("Cas d’usage"),
    "access": gettext_lazy("Accès"),
    "licence": gettext_lazy("Licence"),
    "language": gettext_lazy("Langue"),
    "guarantee": gettext_lazy("Garanties"),
    "organisation": gettext_lazy("Organisme"),
    "beneficiary": gettext_lazy("Bénéficiaire"),
    "territory": gettext_lazy("Territoire"),
    "tag": gettext_lazy("Mot-clé"),
    "format": gettext_lazy("Format"),
}
# Facets of many values, in which one searches beyond the fifty shown.
SEARCHED = frozenset({"organisation", "licence", "territory", "tag", "format"})
UNFOLDED = frozenset({"kind", "scope", "task", "access", "language", "guarantee"})
SORTS: dict[Sort, Promise] = {
    Sort.RELEVANCE: gettext_lazy("Pertinence"),
    Sort.UPDATED: gettext_lazy("Mise à jour récente"),
    Sort.QUALITY: gettext_lazy("Qualité de la fiche"),
    Sort.REUSES: gettext_lazy("Réutilisations"),
}
SINCE: dict[Updated, Promise] = {
    Updated.MONTH: gettext_lazy("depuis 30 jours"),
    Updated.YEAR: gettext_lazy("depuis 12 mois"),
    Updated.YEARS: gettext_lazy("depuis 3 ans"),
}
WORDS: dict[str, dict[str, Any]] = {
    "kind": {kind.value: kind.plural for kind in ResourceKind},
    "scope": dict(Scope.choices),
    "task": dict(Task.choices),
    "use_case": dict(UseCase.choices),
    "access": {
        Access.OPEN: gettext_lazy("Ouvert"),
        Access.REGISTERED: gettext_lazy("Avec un compte"),
        Access.ON_REQUEST: gettext_lazy("Sur demande"),
        Access.RESTRICTED: gettext_lazy("Restreint"),
    },
    "language": LANGUAGES,
    "guarantee": dict(Guarantee.choices),
    "beneficiary": dict(Beneficiary.choices),
}
# Facets shown in the order of our own words, not by count.
IN_ORDER = frozenset({"scope", "access", "guarantee"})


@dataclass(frozen=True)
class Chip:
    """One filter in use and the query without it."""

    facet: str
    value: str
    address: str


def say(facet: str, value: str, label: str = "") -> str:
    """Give the words of a facet value."""
    if label:
        return label
    if facet == "licence":
        return words.licence_label(value)
    if facet == "territory":
        return words.place_shown(value)
    return str(WORDS.get(facet, {}).get(value, value))


def facets(query: ResourceQuery, results: Results) -> list[dict[str, Any]]:
    """List the facets that offer a choice, with what each value would give."""
    shown = []
    for name, counts in results.facets.items():
        chosen = getattr(query, name)
        items = [
            {
                "value": found.value,
                "label": say(name, found.value, found.label),
                "count": found.count,
                "checked": found.value in chosen,
            }
            for found in _arranged(name, counts)
        ]
        if items:
            unfolded = name in UNFOLDED or bool(chosen)
            shown.append(
                {
                    "name": name,
                    "title": TITLES[name],
                    "items": items,
                    "unfolded": unfolded,
                    "more": name in SEARCHED and len(items) >= FACET_SIZE,
                }
            )
    return shown


def values(
    query: ResourceQuery, facet: str, counts: Sequence[FacetCount], inside: str
) -> list[dict[str, Any]]:
    """List the values of a facet whose words begin as those sought, with the address of each.

    Choosing a value adds it to the query; one that is chosen already is taken away.
    """
    sought = analysis.prefixes(inside)
    found = []
    for each in counts:
        label = say(facet, each.value, each.label)
        words = analysis.prefixes(label)
        if all(any(word.startswith(part) for word in words) for part in sought):
            chosen = each.value in getattr(query, facet)
            changed = (query.without if chosen else query.with_value)(facet, each.value)
            found.append(
                {
                    "label": label,
                    "count": each.count,
                    "chosen": chosen,
                    "address": changed.serialise(),
                }
            )
    return found


def since(query: ResourceQuery) -> list[tuple[str, Promise, bool]]:
    """List how far back the last change may lie, and which is chosen."""
    return [(each.value, label, query.updated is each) for each, label in SINCE.items()]


def _arranged(name: str, counts: Any) -> list[FacetCount]:
    if name not in IN_ORDER:
        return list(counts)
    order = list(WORDS[name])
    return sorted(counts, key=lambda found: order.index(found.value))


def chips(query: ResourceQuery, results: Results) -> Iterator[Chip]:
    """Yield the filters in use, each with the address that removes it."""
    for name, values in query.filters().items():
        labels = {found.value: found.label for found in results.facets.get(name, ())}
        for value in values:
            address = query.without(name, value).serialise()
            yield Chip(str(TITLES[name]), say(name, value, labels.get(value, "")), f"?{address}")
    if query.updated:
        address = replace(query, updated=None, page=1).serialise()
        yield Chip(_("Mise à jour"), str(SINCE[query.updated]), f"?{address}")
    if query.words is Words.ALL:
        address = replace(query, words=Words.ANY, page=1).serialise()
        yield Chip(_("Mots"), _("tous les mots"), f"?{address}")


def sorts(query: ResourceQuery) -> list[tuple[str, Promise]]:
    """List the orders on offer; without words there is nothing to be relevant to."""
    return [(s.value, label) for s, label in SORTS.items() if query.q or s is not Sort.RELEVANCE]


def kept(query: ResourceQuery, *left_out: str) -> list[tuple[str, str]]:
    """List the parameters that a form must carry along, some left out."""
    return [(name, value) for name, value in query.pairs() if name not in {*left_out, "page"}]
