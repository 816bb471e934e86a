"""Which words of a text call for a piece of knowledge: those of one stem with its label."""

from collections.abc import Collection, Sequence

from portal.demonstrator.engines.words import Word

# A stem of fewer letters is met everywhere.
TELLING = 4


def calling(stems: Collection[str], typed: Sequence[Word]) -> tuple[Word, ...]:
    """List the words of a text whose stem is one of a label's, in their order."""
    return tuple(each for each in typed if len(each.stem) >= TELLING and each.stem in stems)
