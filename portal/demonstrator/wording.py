"""How use cases say what several of them say: words quoted, a level of tension."""

from collections.abc import Iterable
from typing import Protocol

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.demonstrator.served import Served

QUOTED = 3
LEVELS = (
    gettext_lazy("très faible"),
    gettext_lazy("faible"),
    gettext_lazy("moyenne"),
    gettext_lazy("forte"),
    gettext_lazy("très forte"),
)
TONES = ("ardoise", "ardoise", "calanque", "ocre", "garance")


class Span(Protocol):
    """A part of a text: two places in it."""

    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...


def quoted(text: str, spans: Iterable[Span]) -> str:
    """Quote the first parts of a text, in the order where they stand."""
    first = sorted(list(spans)[:QUOTED], key=lambda each: each.start)
    return ", ".join(f"« {text[each.start : each.end]} »" for each in first)


def tension_mark(served: Served, code: str, zone: str) -> tuple[tuple[str, str], ...]:
    """Say how hard it is to recruit for an occupation in a zone, with its doubt, where known."""
    found = served.tension.level(code, zone) if served.tension and zone else None
    if found is None:
        return ()
    said = _("tension %(level)s") % {"level": LEVELS[found.level - 1]}
    if found.low < found.high:
        low, high = LEVELS[found.low - 1], LEVELS[found.high - 1]
        said = _("%(said)s (de %(low)s à %(high)s)") % {"said": said, "low": low, "high": high}
    return ((TONES[found.level - 1], said),)
