"""Choose what is relevant without choosing the same thing twice, over several domains."""

from collections.abc import Callable, Mapping, Sequence

# Of what is relevant, against what is new (maximal marginal relevance).
RELEVANT = 0.7


def diverse(
    relevance: Mapping[str, float],
    likeness: Callable[[str, str], float],
    domain: Callable[[str], str],
    *,
    count: int,
    domains: int,
    first: Sequence[str] = (),
) -> tuple[str, ...]:
    """Choose some of what is relevant by maximal marginal relevance, the best first.

    relevance, likeness: in [0, 1]. What is chosen is of at least `domains` domains where what is
    given is: the last places are kept for those not met yet. Ties go by name.
    first: chosen already.
    Source: Carbonell and Goldstein 1998, SIGIR, 335-336.
    """
    left = sorted({*relevance} - {*first}, key=lambda each: (-relevance[each], each))
    # Likeness with what is chosen.
    nearest = {each: max((likeness(each, one) for one in first), default=0.0) for each in left}
    chosen = [*first]
    while left and len(chosen) < count:
        met = {domain(each) for each in chosen}
        fresh = [each for each in left if domain(each) not in met]
        must = bool(fresh) and count - len(chosen) <= domains - len(met)
        best = max(
            fresh if must else left,
            key=lambda each: RELEVANT * relevance[each] - (1 - RELEVANT) * nearest[each],
        )
        chosen.append(best)
        left.remove(best)
        for each in left:
            nearest[each] = max(nearest[each], likeness(each, best))
    return tuple(chosen)
