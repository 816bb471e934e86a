"""Editorial pages beside the resources: a floor above registers how to find them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from catalogue.search import plan as plans
from catalogue.search.plan import Plan


@dataclass(frozen=True)
class Found:
    """A live page: its title, its address, a line of it."""

    title: str
    href: str
    summary: str = ""


ByWords = Callable[[Plan, str, int], Sequence[Found]]
ByFirstLetters = Callable[[Sequence[str], str, int], Sequence[Found]]
_finders: list[tuple[ByWords, ByFirstLetters]] = []
MOST = 3


def register(by_words: ByWords, by_letters: ByFirstLetters) -> None:
    """Add pages to what is found. Each takes words, a language and how many are wanted."""
    _finders.append((by_words, by_letters))


def by_query(q: str, *, language: str, most: int = MOST) -> tuple[Found, ...]:
    """List the pages that hold every word of a query, or one of its synonyms."""
    plan = plans.plan(q)
    if not plan.slots:
        return ()
    found = [page for by_words, _ in _finders for page in by_words(plan, language, most)]
    return tuple(found[:most])


def by_first_letters(words: Sequence[str], *, language: str, most: int = MOST) -> tuple[Found, ...]:
    """List the pages whose titles hold words that begin so."""
    found = [page for _, by_letters in _finders for page in by_letters(words, language, most)]
    return tuple(found[:most])
