"""The embedded engine: the database finds, BM25F over our own term counts orders."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from catalogue.models import IndexedResource
from catalogue.search import corrections, sets, vocabulary, weights
from catalogue.search import plan as plans
from catalogue.search.engines import facets
from catalogue.search.engines.dialects import Dialect, Sql, Weighed, dialect
from catalogue.search.query import ResourceQuery, Sort, Words
from catalogue.search.results import FacetCount, Results
from catalogue.search.synonyms import Slot

# What the rows of an answer are when they are not counts of a facet.
LETTERS, PAGE = "@", "#"
# The mark of a match that holds all the words.
WHOLE = "="
# Words to look for of which each can have its own bit in a whole number of the database.
MOST_BITS = 60
# A card written by the code of before has no letters until the index is repaired.
HELD = f"CASE d.letters WHEN '' THEN '{'0' * len(facets.SHOWN)}' ELSE d.letters END"
# No analysed text holds it.
NOWHERE = "  "


class Answer(NamedTuple):
    """What the database found: how many, the page in order, the facets counted."""

    total: int
    complete: int
    ids: list[int]
    counts: dict[str, list[tuple[str, int]]]


class Rows(NamedTuple):
    """Where the matches are read, and what each of them must satisfy; `d`, and `s` with words."""

    source: str
    where: Sql
    complete: Sql


class EmbeddedEngine:
    """Search in the database that holds the catalogue."""

    def __init__(self, *, counted: Sequence[str] = facets.SHOWN) -> None:
        self.facets = tuple(counted)

    def search(self, query: ResourceQuery) -> Results:
        """Answer a query in a constant number of statements."""
        plan = plans.plan(query.q)
        offset = (query.page - 1) * query.size
        if plan.asked and not plan.slots:
            return Results(0, 0, (), dict.fromkeys(self.facets, ()), offset=offset)
        found = _answer(plan, query, self.facets)
        complete = found.complete if plan.slots else found.total
        return Results(
            total=found.total,
            complete=complete,
            ids=found.ids,
            facets=facets.shown(found.counts, query, self.facets),
            highlights=plan.marked,
            suggestion=corrections.corrected(query.q, complete=complete) if plan.slots else "",
            offset=offset,
        )

    def values(self, query: ResourceQuery, facet: str) -> Sequence[FacetCount]:
        """Count every value of a facet, with the first page of results."""
        plan = plans.plan(query.q)
        if plan.asked and not plan.slots:
            return ()
        return facets.every(facet, _answer(plan, query, [facet]).counts[facet])


def _answer(plan: plans.Plan, query: ResourceQuery, counted: Sequence[str]) -> Answer:
    """Read the letters of the matches, which tell every count, and the page: one statement."""
    speaks = dialect()
    before, params = speaks.scores(_weighed(plan)) if plan.slots else ("", [])
    rows = _rows(speaks, plan, query)
    filters = query.filters()
    unlettered = [name for name in filters if name not in facets.SHOWN]
    chosen = sets.holding({n: values for n, values in filters.items() if n not in unlettered})
    passes = {
        name: _holds(name, filters[name])
        if name in unlettered
        else _passes(speaks, name, chosen[name])
        for name in filters
    }
    marks = [_mark(rows.complete), *(_mark(passes[name]) for name in unlettered)]
    marked = " || ".join([*(sql for sql, _ in marks), HELD])
    parts: list[Sql] = [
        (
            f"SELECT '{LETTERS}', {speaks.joined(marked)}, 0"  # noqa: S608 - names of ours
            f" FROM {rows.source} WHERE {rows.where[0]}",
            [*(value for _, values in marks for value in values), *rows.where[1]],
        ),
        _page(speaks, plan, query, rows, list(passes.values())),
    ]
    for name in set(counted) - set(facets.SHOWN):
        others = [passes[other] for other in passes if other != name]
        parts.append(_values_of(name, rows, others))
    sql = before + " UNION ALL ".join(part for part, _ in parts)
    found: dict[str, list[tuple[str, int]]] = {name: [] for name in (LETTERS, PAGE, *counted)}
    for name, value, count in speaks.rows(sql, params + [v for _, vs in parts for v in vs]):
        found[name].append((value or "", count))
    chosen |= dict.fromkeys(unlettered, sets.YES)
    text = found.pop(LETTERS)[0][0]
    tally = sets.Tally(text, [WHOLE, *unlettered], facets.SHOWN, chosen)
    ids = [pk for _place, pk in sorted((place, int(pk)) for pk, place in found.pop(PAGE))]
    lettered = [name for name in counted if name in facets.SHOWN]
    return Answer(tally.total, tally.marked(WHOLE), ids, found | tally.counts(lettered))


def _mark(condition: Sql) -> Sql:
    return f"CASE WHEN {condition[0]} THEN '{sets.YES}' ELSE '0' END", condition[1]


def _both(conditions: Sequence[Sql]) -> Sql:
    return " AND ".join(sql for sql, _ in conditions), [
        v for _, values in conditions for v in values
    ]


def _passes(speaks: Dialect, facet: str, letters: str) -> Sql:
    """Write the condition that a row `d` has one of some letters for a facet."""
    letter = f"SUBSTR({HELD}, {facets.SHOWN.index(facet) + 1}, 1)"
    return speaks.within(letter), [letters]


def _holds(facet: str, values: Sequence[str]) -> Sql:
    """Write the condition that a row `d` holds some value of a facet that has no letter."""
    places = ", ".join(["%s"] * len(values))
    rows = "SELECT resource_id FROM catalogue_indexedfacet WHERE facet = %s AND value"
    return f"d.resource_id IN ({rows} IN ({places}))", [facet, *values]


def _values_of(facet: str, rows: Rows, filters: Sequence[Sql]) -> Sql:
    """Count the values of a facet that has no letter."""
    where, params = _both([rows.where, *filters])
    sql = f"""
        SELECT '{facet}', f.value, COUNT(*) FROM {rows.source}
        JOIN catalogue_indexedfacet f ON f.resource_id = d.resource_id AND f.facet = '{facet}'
        WHERE {where} GROUP BY f.value
    """  # noqa: S608 - names of ours, values as parameters
    return sql, params


def _page(
    speaks: Dialect, plan: plans.Plan, query: ResourceQuery, rows: Rows, filters: Sequence[Sql]
) -> Sql:
    """Select the page as rows of (PAGE, id, place)."""
    where, params = _both([rows.where, *filters])
    keys: list[Sql] = [_mark(rows.complete)] if plan.slots else []
    match query.order:
        case Sort.RELEVANCE:
            score, values = _score(speaks, plan)
            keys.append((speaks.rounded(score), values))
            keys += [(f"d.{name}", []) for name in ("verified", "quality", "updated_on")]
        case Sort.UPDATED:
            keys += [("d.updated_on", []), ("d.resource_id", [])]
        case Sort.QUALITY:
            keys.append(("d.quality", []))
        case _:
            keys.append(("d.reuses", []))
    named = ", ".join(f"{sql} AS k{place}" for place, (sql, _) in enumerate(keys))
    order = ", ".join(f"k{place} DESC" for place in range(len(keys)))
    sql = f"""
        SELECT '{PAGE}', CAST(id AS TEXT),
            ROW_NUMBER() OVER (ORDER BY {order}, title_key {speaks.binary}, id) FROM (
            SELECT d.resource_id AS id, {named}, d.title_key FROM {rows.source} WHERE {where}
            ORDER BY {order}, d.title_key {speaks.binary}, d.resource_id
            LIMIT %s OFFSET %s
        ) AS page
    """  # noqa: S608 - names of ours, values as parameters
    ordering = [value for _, values in keys for value in values]
    return sql, [*ordering, *params, query.size, (query.page - 1) * query.size]


def _rows(speaks: Dialect, plan: plans.Plan, query: ResourceQuery) -> Rows:
    """Say where rows are read, which are matches and which hold all the words."""
    source = "catalogue_indexedresource d"
    where: list[Sql] = [("1 = 1", [])]
    complete: Sql = ("1 = 1", [])
    if plan.slots:
        source = f"search_score s JOIN {source} ON d.resource_id = s.resource_id"
        if plan.has_phrases or len(plan.coefficients()) > MOST_BITS:
            source = speaks.with_text(source)
            where.append(speaks.any_word(plan.slots))
            complete = complete if plan.is_one_word else speaks.all_words(plan.slots)
        elif not plan.is_one_word:
            bits = {term: 1 << place for place, term in enumerate(plan.coefficients())}
            complete = (" AND ".join(_idea(slot, bits) for slot in plan.slots), [])
    if query.updated:
        where.append(("d.updated_on >= %s", [facets.days_ago(query.updated.days)]))
    if query.words is Words.ALL:
        where.append(complete)
    return Rows(source, _both(where), complete)


def _idea(slot: Slot, bits: Mapping[str, int]) -> str:
    """Write the condition that a row holds an idea: the words typed, or another for them."""
    typed = sum(bits[word] for word in set(slot.typed))
    others = sum({bits[word] for phrase in slot.others for word in phrase})
    return f"((s.mask & {typed}) = {typed} OR (s.mask & {others}) <> 0)"


def _score(speaks: Dialect, plan: plans.Plan) -> Sql:
    fresh = " ".join(f"WHEN d.updated_on >= %s THEN {gain}" for _, gain in weights.FRESH)
    score = f"d.boost * CASE {fresh} ELSE 1 END"
    params: list[Any] = [facets.days_ago(days) for days, _ in weights.FRESH]
    if not plan.slots:
        return score, params
    phrase = " ".join(plan.typed)
    bonus = (
        f"CASE WHEN d.title_words = %s OR d.acronym_words = %s THEN {weights.EXACT}"
        f" WHEN {speaks.within_words} THEN {weights.PHRASE} ELSE 1 END"
    )
    held = f" {phrase} " if len(plan.typed) > 1 else NOWHERE
    return f"s.score * {score} * {bonus}", [*params, phrase, phrase, held]


def _weighed(plan: plans.Plan) -> list[Weighed]:
    """Weigh each word to look for by its rarity; the first ones have a bit of their own."""
    coefficients = plan.coefficients()
    rarity = _rarity(list(coefficients))
    return [
        Weighed(term, coefficient * rarity[term], 1 << place if place < MOST_BITS else 0)
        for place, (term, coefficient) in enumerate(coefficients.items())
    ]


def _rarity(terms: list[str]) -> dict[str, float]:
    total = IndexedResource.objects.count()
    found = vocabulary.holders(terms)
    return {
        term: math.log(1 + (total - found.get(term, 0) + 0.5) / (found.get(term, 0) + 0.5))
        for term in terms
    }
