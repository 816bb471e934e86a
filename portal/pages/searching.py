"""Let the search of the catalogue find the live editorial pages."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import Q
from wagtail.models import Page

from catalogue.search import text as analysis
from catalogue.search.fulltext import Plan
from catalogue.search.suggest import FoundPage
from catalogue.search.synonyms import Phrase
from portal.pages.models import PageText

# Pages that hold the words, looked at to choose the best.
MOST_READ = 50
SUMMARY_CHARACTERS = 200


def write(page: Page) -> None:
    """Keep the analysed words of a page as they are now."""
    specific: Any = page.specific
    texts = list(_texts(specific))
    PageText.objects.update_or_create(
        page_id=page.pk,
        defaults={
            "folded": "".join(f" {word}" for word in analysis.prefixes(page.title)),
            "title_words": _spaced([page.title]),
            "words": _spaced(texts),
            "summary": _summary(specific),
            "published_at": page.last_published_at,
        },
    )


def catch_up() -> int:
    """Write the words of the live pages that have none, or older ones; return how many."""
    known = dict(PageText.objects.values_list("page_id", "published_at"))
    missing = object()
    pages = [
        page
        for page in Page.objects.live().filter(depth__gt=1).order_by("pk")
        if known.get(page.pk, missing) != page.last_published_at
    ]
    for page in pages:
        write(page)
    return len(pages)


def _texts(page: Any) -> Iterator[str]:
    yield page.title
    for name in ("headline", "lede", "search_description"):
        yield str(getattr(page, name, "") or "")
    for name in ("body", "pledges"):
        for block in getattr(page, name, None) or ():
            yield from block.block.get_searchable_content(block.value)


def _spaced(texts: Sequence[str]) -> str:
    """Write analysed words between spaces, texts set apart."""
    return " " + " ¶ ".join(" ".join(analysis.terms(text)) for text in texts) + " "


def _summary(page: Any) -> str:
    said = str(getattr(page, "lede", "") or page.search_description or "")
    return said if len(said) <= SUMMARY_CHARACTERS else f"{said[:SUMMARY_CHARACTERS].rstrip()}…"


def by_words(plan: Plan, language: str, most: int) -> list[FoundPage]:
    """List the live pages that hold every idea of a query, those that name it first."""
    condition = Q()
    for slot in plan.slots:
        ways = Q()
        for phrase in ([slot.typed] if slot.quoted else []) + list(slot.others):
            ways |= Q(words__contains=_as_written(phrase))
        if not slot.quoted:
            every = Q()
            for word in slot.typed:
                every &= Q(words__contains=f" {word} ")
            ways |= every
        condition &= ways
    rows = list(_live(language).filter(condition).order_by("pk")[:MOST_READ])
    rows.sort(key=lambda row: (-_naming(row, plan), row.pk))
    return [_found(row) for row in rows[:most]]


def _as_written(phrase: Phrase) -> str:
    return f" {' '.join(phrase)} "


def _naming(row: PageText, plan: Plan) -> int:
    return sum(f" {word} " in row.title_words for word in plan.marked)


def by_first_letters(words: Sequence[str], language: str, most: int) -> list[FoundPage]:
    """List the live pages whose titles hold words that begin so."""
    condition = Q()
    for word in words:
        condition &= Q(folded__contains=f" {word}")
    return [_found(row) for row in _live(language).filter(condition).order_by("pk")[:most]]


def _live(language: str) -> Any:
    found = PageText.objects.filter(page__live=True, page__locale__language_code=language)
    return found.select_related("page")


def _found(row: PageText) -> FoundPage:
    return FoundPage(row.page.title, row.page.get_url() or "", row.summary)
