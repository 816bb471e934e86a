"""Parts of files that are still coming: private, temporary, beside the objects of the store."""

from collections.abc import Iterable, Iterator, Sequence

from portal.lib import objects
from portal.lib.objects import Stored


def put(name: str, chunks: Iterable[bytes], *, limit_bytes: int) -> Stored:
    """Keep a part under a name; raises TooLarge past the limit, and nothing is kept."""
    return objects.store().put_part(name, chunks, limit_bytes=limit_bytes)


def content(names: Sequence[str]) -> Iterator[bytes]:
    """Yield the bytes of some parts in order; raises FileNotFoundError."""
    store = objects.store()
    for name in names:
        with store.open_part(name) as file:
            yield from objects.pieces(file)


def drop(names: Iterable[str]) -> None:
    """Remove parts, those that are there."""
    store = objects.store()
    for name in names:
        store.delete_part(name)
