"""Keep the few things last used."""

from collections import OrderedDict
from typing import Generic, TypeVar

T = TypeVar("T")


class Recent(Generic[T]):
    """Hold things that weigh at most so much together; the one used longest ago leaves first.

    The last one stays, whatever it weighs. Two of them that see the same calls hold the same
    names.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: OrderedDict[object, tuple[T, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._held)

    def get(self, name: object) -> T | None:
        """Return what has a name, None when it is not held; it is then the last used."""
        if name not in self._held:
            return None
        self._held.move_to_end(name)
        return self._held[name][0]

    def add(self, name: object, value: T, weight: int) -> None:
        """Hold something, the last used."""
        self._held[name] = value, weight
        self._held.move_to_end(name)
        total = sum(each for _, each in self._held.values())
        while total > self._most and len(self._held) > 1:
            total -= self._held.popitem(last=False)[1][1]
