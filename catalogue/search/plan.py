"""Turn the words of a query into ideas to look for."""

import re
from dataclasses import dataclass
from functools import lru_cache

from catalogue.models import Synonym
from catalogue.search import analysis
from catalogue.search.synonyms import Phrase, Slot, Thesaurus

QUOTED = re.compile(r"[\"“”«»]([^\"“”«»]*)[\"“”«»]")
MOST_WORDS = 24
# A word found through a synonym counts less than the word typed.
SYNONYM = 0.7


@dataclass(frozen=True)
class Plan:
    """What to look for. asked: the reader typed something, even if only stop words."""

    slots: tuple[Slot, ...]
    asked: bool

    @property
    def typed(self) -> list[str]:
        """List the words typed, analysed, in order."""
        return [word for slot in self.slots for word in slot.typed]

    @property
    def phrases(self) -> list[Phrase]:
        """List the synonyms to look for as phrases."""
        return [phrase for slot in self.slots for phrase in slot.others]

    @property
    def is_one_word(self) -> bool:
        """Tell a query whose every match is complete."""
        return len(self.slots) == 1 and (self.slots[0].quoted or len(self.slots[0].typed) == 1)

    def coefficients(self) -> dict[str, float]:
        """Weigh each word to look for: 1 when typed, less when a synonym brought it."""
        found = {word: SYNONYM for phrase in self.phrases for word in phrase}
        return found | dict.fromkeys(self.typed, 1.0)

    @property
    def marked(self) -> frozenset[str]:
        """Give the words to mark in the texts."""
        return frozenset(self.coefficients())


def plan(q: str) -> Plan:
    """Analyse a query and add the synonyms in force; costs one query when something is asked."""
    if not q:
        return Plan((), asked=False)
    quoted = [tuple(analysis.terms(text)) for text in QUOTED.findall(q)]
    loose = analysis.terms(QUOTED.sub(" ", q))[:MOST_WORDS]
    slots = [Slot(phrase[:MOST_WORDS], quoted=True) for phrase in quoted if phrase]
    if loose:
        slots += _thesaurus().slots(loose)
    return Plan(tuple(dict.fromkeys(slots)), asked=True)


def _thesaurus() -> Thesaurus:
    """Read the rows at each query: an edit works at once in every process.

    Only what is made of them is kept, under the very texts that it was made of.
    """
    rows = Synonym.objects.filter(active=True).order_by("pk")
    return _made(tuple(rows.values_list("phrases", flat=True)))


@lru_cache(maxsize=2)
def _made(groups: tuple[str, ...]) -> Thesaurus:
    return Thesaurus(text.splitlines() for text in groups)
