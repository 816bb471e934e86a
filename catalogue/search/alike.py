"""Find the published cards whose title may be nearly another, through the words that they share."""

from collections.abc import Sequence

from catalogue.search import analysis, fulltext, vocabulary

# Cards read for one word; a word that more hold tells little, and is only looked for with others.
MOST_HELD = 200
MOST_SHARING = 200
# Two titles alike by nine letters in ten share one of their rarest words, unless all are changed.
RAREST = 4
MOST_WORDS = 12
MOST_UNKNOWN = 3


def candidates(title: str) -> set[int]:
    """Name the cards that share a rare word of a title, or all its words but one.

    Some look-ups in the index of names, each cut: what is read follows the title, not how many
    cards there are. A word that no card holds is taken for a slip of the nearest that one does.
    """
    held = {stem: _holding(stem) for stem in _stems(title)}
    rarest = sorted(held, key=lambda stem: (len(held[stem]), stem))[:RAREST]
    found = {pk for stem in rarest if len(held[stem]) <= MOST_HELD for pk in held[stem]}
    if any(len(held[stem]) > MOST_HELD for stem in rarest):
        found |= _sharing(rarest)
    return found


def _stems(title: str) -> list[str]:
    """List the stems of a title, once each, slips set right."""
    words = {word: analysis.stem(word) for word, _start, _end in analysis.words(title)}
    kept = {word: stem for word, stem in words.items() if word not in analysis.STOP_WORDS}
    kept = dict(list(kept.items())[:MOST_WORDS])
    known = set(fulltext.holders(set(kept.values()), fulltext.NAMING)) if kept else set()
    unknown = [word for word, stem in kept.items() if stem not in known][:MOST_UNKNOWN]
    near = [vocabulary.nearest(word) for word in unknown]
    return sorted(known | {each.stem for each in near if each is not None})


def _holding(stem: str) -> list[int]:
    return fulltext.holding((stem,), ["title"], MOST_HELD + 1)


def _sharing(stems: Sequence[str]) -> set[int]:
    """Name cards that hold all of some words but one, in their titles."""
    ways = [list(stems), *([each for each in stems if each != one] for one in stems)]
    return {pk for way in ways if way for pk in fulltext.holding(way, ["title"], MOST_SHARING)}
