"""Which objects of the private store something refers to: the apps say it, this module asks."""

from collections.abc import Callable, Collection, Iterable, Iterator

from portal.lib import clock, objects

BATCH = 500
# Which of these sha256 a row names.
Names = Callable[[Collection[str]], Iterable[str]]
_registered: list[Names] = []


def register(names: Names) -> None:
    """Register what tells the objects that an app refers to."""
    if names not in _registered:
        _registered.append(names)


def referenced(hashes: Collection[str]) -> set[str]:
    """Return those of these sha256 that a row, an upload or an import names."""
    found: set[str] = set()
    for names in _registered:
        found |= set(names(hashes))
    return found & set(hashes)


def unnamed(*, hours: float) -> Iterator[str]:
    """List the objects put so many hours ago at least that nothing names."""
    before = earlier(hours)
    old = [sha256 for sha256, at in objects.store().ages() if at <= before]
    for batch in batches(old):
        yield from sorted(set(batch) - referenced(batch))


def earlier(hours: float) -> float:
    """Return the instant so many hours ago, in seconds of the epoch."""
    return clock.now().timestamp() - hours * 3_600


def batches(hashes: list[str]) -> Iterator[list[str]]:
    """Cut a list into what one query asks about."""
    for start in range(0, len(hashes), BATCH):
        yield hashes[start : start + BATCH]
