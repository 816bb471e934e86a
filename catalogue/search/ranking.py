"""Order the first results again: the one function that all engines share.

Databases and servers rank by themselves, each its own way and some poorly; what a reader sees first
is then the same everywhere. BM25 over the weighted sum of the fields, times the use of a resource.
"""

import math
from collections.abc import Sequence
from statistics import fmean
from typing import Any

from catalogue.resources.enums import ResourceKind, Task
from catalogue.search import fulltext
from catalogue.search.fulltext import FIELDS, MARK, SYNONYM, WEIGHTS, Plan, Texts
from catalogue.search.models import IndexedFacet, IndexedResource
from catalogue.search.query import ResourceQuery, Sort
from catalogue.search.text import terms

# So many results are ordered again.
FIRST = 200
# How soon more of the same word adds nothing; the usual value, in words of a title.
K1 = 1.2
# A word that more resources hold is common, however many they are: counting them all costs.
COMMON = 5_000
# A title or acronym that is the query itself. Larger bonuses lower the mean rank.
EXACT = 1.1


def window(query: ResourceQuery, plan: Plan) -> tuple[int, int]:
    """Say which results an engine gives, from where and how many, so that a page can be cut."""
    start = (query.page - 1) * query.size
    if _is_ranked(plan, query) and start < FIRST:
        return 0, max(FIRST, start + query.size)
    return start, query.size


def page(ids: Sequence[int], complete: int, query: ResourceQuery, plan: Plan) -> list[int]:
    """Cut the page asked for out of the window; of an order by relevance, the first anew."""
    start = (query.page - 1) * query.size
    if not (_is_ranked(plan, query) and start < FIRST):
        return list(ids)
    ordered = [*again(ids[:FIRST], complete, plan), *ids[FIRST:]]
    return ordered[start : start + query.size]


def _is_ranked(plan: Plan, query: ResourceQuery) -> bool:
    return bool(plan.slots) and query.order is Sort.RELEVANCE


def again(ids: Sequence[int], complete: int, plan: Plan) -> list[int]:
    """Order some results; the first `complete` hold every idea of the query and stay first."""
    texts = fulltext.texts(ids)
    rows = IndexedResource.objects.in_bulk([pk for pk in ids if pk in texts])
    rarity = _rarity(plan)
    said = " ".join(plan.typed)
    do_it = _doing(said, ids)
    place = {pk: number for number, pk in enumerate(ids)}

    def key(pk: int) -> tuple[Any, ...]:
        if pk not in rows:  # withdrawn a moment ago
            return (place[pk] >= complete, 2, 0.0)
        row = rows[pk]
        score = _score(texts[pk], plan, rarity) * _bonus(texts[pk], said) * row.boost
        return (
            place[pk] >= complete,
            do_it.get(pk, 2),
            -round(score, 6),
            not row.verified,
            -row.quality,
            -row.updated_on.toordinal(),
            row.title_key,
            pk,
        )

    return sorted(ids, key=key)


def _doing(said: str, ids: Sequence[int]) -> dict[int, int]:
    """Put first what does the task that the query names, its models before the rest."""
    words = said.count(" ") + 1
    named = [
        task.value
        for task in Task
        if said
        in (" ".join(terms(task.replace("_", " "))), " ".join(terms(str(task.label))[:words]))
    ]
    if not named:
        return {}
    held = IndexedFacet.objects.filter(facet="task", value__in=named, resource__in=ids)
    kinds = held.values_list("resource_id", "resource__resource__kind")
    return {pk: int(kind != ResourceKind.MODEL) for pk, kind in kinds}


def _rarity(plan: Plan) -> dict[str, float]:
    """Weigh each word of the query: how rare it is, a synonym no more than what was typed."""
    if len(plan.marked) == 1:
        return dict.fromkeys(plan.marked, 1.0)
    total = IndexedResource.objects.count()
    holders = fulltext.holders(plan.marked, most=COMMON)
    rarity = {
        word: math.log(1 + (total - many + 0.5) / (many + 0.5)) if many else 0.0
        for word in plan.marked
        for many in [min(holders.get(word, 0), total)]
    }
    for slot in plan.slots:
        # A word that nothing holds weighs nothing: its synonyms alone do.
        most = max(rarity[word] for word in slot.typed) or math.inf
        for word in {word for phrase in slot.others for word in phrase} - set(plan.typed):
            rarity[word] = min(rarity[word], most)
    return rarity


def _score(texts: Texts, plan: Plan, rarity: dict[str, float]) -> float:
    """Sum what each idea adds: its words, else its best synonym; never two ways to say the same.

    A word adds w / (K1 + w), w the weights of the fields times its count there; a synonym, less,
    as many times the mean of its words as words were typed.

    Source: Robertson, Zaragoza and Taylor 2004, CIKM, 42-49, without normalisation of lengths.
    """
    fields = [
        (WEIGHTS[name], f" {text.replace(' ', '  ')} ")  # so that no two words share a space
        for name, text in zip(FIELDS, texts, strict=True)
    ]
    worth = {}
    for word, rare in rarity.items():
        weight = sum(each * text.count(f" {word} ") for each, text in fields)
        worth[word] = rare * weight / (K1 * WEIGHTS["title"] + weight)
    return sum(
        len(slot.typed)
        * max(
            fmean(worth[word] for word in slot.typed),
            *(SYNONYM * fmean(worth[word] for word in other) for other in slot.others),
            0.0,
        )
        for slot in plan.slots
    )


def _bonus(texts: Texts, said: str) -> float:
    """Prefer a title, an acronym or another title that is the query itself."""
    whole = {*texts.title.split(f" {MARK} "), texts.acronym}
    return EXACT if said in whole else 1.0
