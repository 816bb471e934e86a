"""Which words of a text call for a piece of knowledge: those of one stem with its label."""

from collections.abc import Sequence

from portal.demonstrator.engines.words import Word, words

# A stem of fewer letters is met everywhere.
TELLING = 4


def calling(label: str, typed: Sequence[Word]) -> tuple[Word, ...]:
    """List the words of a text whose stem is one of a label's, in their order."""
    stems = {each.stem for each in words(label) if len(each.stem) >= TELLING}
    return tuple(each for each in typed if each.stem in stems)
