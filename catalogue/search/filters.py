"""A query as pages show it: lines with its words marked, filters, how it is said, its pace."""

import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from html import unescape
from typing import Any

from django.conf import settings
from django.http import HttpRequest, StreamingHttpResponse
from django.utils.functional import Promise
from django.utils.html import format_html_join, strip_tags
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from catalogue.resources import words
from catalogue.resources.models import Resource
from catalogue.resources.queries import lists
from catalogue.search import fulltext
from catalogue.search import text as analysis
from catalogue.search.engines.database import FACET_SIZE
from catalogue.search.models import IndexedFacet
from catalogue.search.query import (
    FACETS,
    MAX_Q,
    MAX_VALUES,
    Facet,
    FacetCount,
    Parameters,
    ResourceQuery,
    Results,
    Sort,
    Updated,
    Words,
    cut_short,
)
from portal.lib import clock, rates
from portal.lib.prose.numbers import number
from portal.lib.rates import Window
from portal.lib.refusals import QuotaSpent
from portal.lib.web import responses

OPEN = {True: mark_safe("<mark>"), False: ""}
CLOSE = {True: mark_safe("</mark>"), False: ""}
SENTENCES = re.compile(r"(?<=[.!?])\s+|\n+")
MOST_QUOTED, BEFORE = 180, 80


@dataclass(frozen=True)
class Line:
    """One line, the words sought marked where they stand: in a topic, a sentence if nowhere else.

    approximate: it holds only some of the words.
    """

    row: lists.Row
    title: SafeString
    owner: SafeString
    summary: SafeString
    meta: tuple[lists.Mark, ...]
    approximate: bool


def counted(query: ResourceQuery, found: Results) -> str:
    """Count the results, those that hold only some of the words apart."""
    near = found.total - found.complete if query.q else 0
    if near == found.total > 0:
        close = ngettext("%(n)s ressource proche", "%(n)s ressources proches", near)
        return close % {"n": number(near)}
    whole = found.total - near
    told = ngettext("%(n)s ressource", "%(n)s ressources", whole) % {"n": number(whole)}
    also = ngettext("%(told)s, et %(n)s proche", "%(told)s, et %(n)s proches", near)
    return also % {"told": told, "n": number(near)} if near else told


def marked(text: str, wanted: frozenset[str]) -> SafeString:
    """Escape a text and mark the words sought."""
    runs = analysis.highlights(text, wanted) if wanted else [(text, False)]
    return format_html_join("", "{}{}{}", ((OPEN[on], run, CLOSE[on]) for run, on in runs))


def result_lines(
    resources: list[Resource], wanted: frozenset[str], *, complete_left: int
) -> list[Line]:
    """Build the lines of a page; the first `complete_left` hold all the words."""
    return [
        _line(resource, wanted, approximate=place >= complete_left)
        for place, resource in enumerate(resources)
    ]


def _line(resource: Resource, wanted: frozenset[str], *, approximate: bool) -> Line:
    built = lists.row(resource)
    shown = [marked(text, wanted) for text in (built.title, built.owner, built.summary)]
    topics = ", ".join(each for each in fulltext.topics(resource) if _first(each, wanted) >= 0)
    told = [mark for mark in built.meta if mark[0] != "tag"] if topics else built.meta
    meta = [
        (icon, text if isinstance(text, SafeString) else marked(text, wanted))
        for icon, text in [*([("tag", topics)] if topics else []), *told]
    ]
    if wanted and not any(OPEN[True] in text for text in (*shown, *(text for _i, text in meta))):
        meta += [("quote", sentence) for sentence in _sentences(resource, wanted)][:1]
    title, owner, summary = shown
    return Line(built, title, owner, summary, tuple(meta), approximate)


def _first(text: str, wanted: frozenset[str]) -> int:
    """Say where the first of the words sought stands; -1 where none does."""
    tokens = analysis.tokens(text) if wanted else ()
    return next((each.start for each in tokens if each.term in wanted), -1)


def _sentences(resource: Resource, wanted: frozenset[str]) -> Iterator[SafeString]:
    """Give the sentences of a card that hold a word sought, cut around it."""
    rendered = unescape(strip_tags(resource.description_html))
    for text in (rendered, *fulltext.own_texts(resource)):
        for sentence in SENTENCES.split(text):
            if (place := _first(sentence, wanted)) >= 0:
                cut = sentence.rfind(" ", 0, place - BEFORE) + 1 if place > BEFORE else 0
                around = Truncator(sentence[cut:]).chars(MOST_QUOTED)
                yield marked(f"… {around}" if cut else around, wanted)


def first_letters(text: str, prefixes: tuple[str, ...]) -> SafeString:
    """Escape a text and mark the beginnings of words that were typed."""
    runs: list[tuple[str, bool]] = []
    at = 0
    for word, start, end in analysis.words(text):
        size = max((len(p) for p in prefixes if word.startswith(p)), default=0)
        if size:
            cut = min(start + size, end)
            runs += [(text[at:start], False), (text[start:cut], True)]
            at = cut
    runs.append((text[at:], False))
    return format_html_join("", "{}{}{}", ((OPEN[on], run, CLOSE[on]) for run, on in runs if run))


EXPORT_BUSY_SECONDS = 30
MINUTE_SECONDS = 60
searches = Window()
suggestions = Window()
SUGGESTIONS_PER_SEARCH = 4


def keep_search_pace(request: HttpRequest) -> None:
    """Refuse the searches of a network past its share of a minute."""
    _keep(request, searches, most=settings.SEARCHES_PER_MINUTE_AND_NETWORK)


def keep_suggestion_pace(request: HttpRequest) -> None:
    """Refuse the suggestions of a network past its share of a minute; typing asks many."""
    _keep(
        request, suggestions, most=SUGGESTIONS_PER_SEARCH * settings.SEARCHES_PER_MINUTE_AND_NETWORK
    )


def exporting(
    request: HttpRequest, answer: Callable[[], StreamingHttpResponse]
) -> StreamingHttpResponse:
    """Send an export in one of the places of the portal, held until it is read, shut or cut.

    It holds a thread of the web server as long: the places are fewer than the threads of one
    process, a network has one or two, and who reads too slowly is cut, so that nobody holds any
    for ever. Raises QuotaSpent when there is no place, or past the exports of a minute.
    """
    rate = f"{settings.EXPORTS_PER_MINUTE_AND_NETWORK}/m/ip"
    if not rates.may_ask(request, "export", rate, reads=True):
        raise _spent(
            _("Trop d’exports demandés depuis votre réseau : attendez une minute."), MINUTE_SECONDS
        )
    end = time.monotonic() + settings.EXPORT_MOST_SECONDS
    with ExitStack() as taken:
        for place in _places(request):
            taken.enter_context(place)
        response = answer()
        responses.cut_slow_readers(response, request, end=end, piece_seconds=settings.PIECE_SECONDS)
        places = taken.pop_all()
    closing = response.close

    def close() -> None:
        try:
            places.close()
        finally:
            closing()

    response.close = close  # type: ignore[method-assign]
    return response


def _places(request: HttpRequest) -> Iterator[AbstractContextManager[None]]:
    """Give the place of the network, then that of the portal."""
    # Past its end, an export may still write a lot, and its last piece be on its way.
    longest = int(settings.EXPORT_MOST_SECONDS + 2 * settings.PIECE_SECONDS)
    own = _("Un export demandé depuis votre réseau est en cours : attendez qu’il finisse.")
    all_ = _("Le portail prépare déjà plusieurs exports : réessayez dans une demi-minute.")
    for name, most, busy in (
        (f"export:of:{rates.network(request)}", settings.EXPORTS_AT_A_TIME_AND_NETWORK, own),
        ("export", settings.EXPORTS_AT_A_TIME, all_),
    ):
        refusal = _spent(busy, EXPORT_BUSY_SECONDS)
        yield rates.turn(name, most=most, seconds=longest, busy=refusal)


def _keep(request: HttpRequest, window: Window, *, most: int) -> None:
    seconds = window.wait(rates.network(request), most=most)
    if seconds:
        raise _spent(
            _("Trop de recherches depuis votre réseau : attendez une minute, puis recommencez."),
            seconds,
        )


def _spent(sentence: str, seconds: int) -> QuotaSpent:
    return QuotaSpent(
        sentence,
        code="too_many_requests",
        next_opening=clock.now() + timedelta(seconds=seconds),
    )


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
    if facet == "format":
        return value.upper()
    known = FACETS[facet].words or {}
    return str(known.get(value, value))


def facets(query: ResourceQuery, results: Results) -> list[dict[str, Any]]:
    """List the facets that offer a choice, with what each value would give.

    The one value that every result has offers none.
    """
    shown = []
    for name, counts in results.facets.items():
        chosen, facet = getattr(query, name), FACETS[name]
        items = [
            {
                "value": found.value,
                "label": say(name, found.value, found.label),
                "count": found.count,
                "checked": found.value in chosen,
            }
            for found in _arranged(facet, counts)
        ]
        if chosen or any(item["count"] != results.total for item in items):
            shown.append(
                {
                    "name": name,
                    "title": facet.title,
                    "items": items,
                    "unfolded": facet.unfolded or bool(chosen),
                    "more": facet.searched and len(items) >= FACET_SIZE,
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


def _arranged(facet: Facet, counts: Iterable[FacetCount]) -> list[FacetCount]:
    if not facet.in_order:
        return list(counts)
    order = list(facet.words or ())
    return sorted(counts, key=lambda found: order.index(found.value))


def chips(query: ResourceQuery, results: Results) -> Iterator[Chip]:
    """Yield the filters in use, each with the address that removes it."""
    for name, values in query.filters().items():
        labels = {found.value: found.label for found in results.facets.get(name, ())}
        for value in values:
            address = query.without(name, value).serialise()
            yield Chip(
                str(FACETS[name].title), say(name, value, labels.get(value, "")), f"?{address}"
            )
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


MOST_WORDS_TOLD = 4


def parts(query: ResourceQuery) -> list[tuple[str, str]]:
    """List the words and filters of a query, as pairs of title and value."""
    found = [(_("Mots"), query.q)] if query.q else []
    names = _organisations(query)
    for facet, values in query.filters().items():
        for value in values:
            label = names.get(value, "") if facet == "organisation" else ""
            found.append((str(FACETS[facet].title), say(facet, value, label)))
    if query.updated:
        found.append((_("Mise à jour"), str(SINCE[query.updated])))
    return found


def left_out(data: Parameters) -> list[str]:
    """Say what of an address was too much to be searched, one sentence for each parameter."""
    return [
        _("Vos mots sont coupés à %(most)s caractères.") % {"most": MAX_Q}
        if name == "q"
        else _("Le filtre « %(facet)s » garde %(most)s valeurs ; les autres ne comptent pas.")
        % {"facet": FACETS[name].title, "most": MAX_VALUES}
        for name in cut_short(data)
    ]


def title(query: ResourceQuery) -> str:
    """Name a search after what it asks."""
    said = query.q or ", ".join(value for _name, value in parts(query))
    return said[:120] or _("Tout le catalogue")


def closed_title(query: ResourceQuery) -> str:
    """Name a search for an address that anybody may have given: in words of the catalogue alone.

    Those of its words that public cards hold, some at most, else what its filters choose.
    """
    typed = {
        query.q[start:end]: analysis.stem(word)
        for word, start, end in analysis.words(query.q)
        if word.isalpha() and word not in analysis.STOP_WORDS
    }
    held = fulltext.holders(set(typed.values()), most=1)
    shown = [word for word, stem in typed.items() if stem in held][:MOST_WORDS_TOLD]
    if shown:
        return " ".join(shown)
    shown = [
        say(facet, value)
        for facet, values in query.filters().items()
        for value in values
        if value in (FACETS[facet].words or {})
    ]
    return ", ".join(shown)[:120] or _("Recherche dans le catalogue")


def _organisations(query: ResourceQuery) -> dict[str, str]:
    if not query.organisation:
        return {}
    rows = IndexedFacet.objects.filter(facet="organisation", value__in=query.organisation)
    return dict(rows.exclude(label="").order_by("pk").values_list("value", "label"))
