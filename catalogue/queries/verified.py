"""Scores of a card that an app above vouches for, read anew each time the card is shown.

Apps above say so at start (AppConfig.ready), one provider for a kind:

    from catalogue.queries import verified
    verified.register(ResourceKind.SOLUTION, scores_of)   # () when it vouches for none
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from catalogue.enums import ResourceKind
from catalogue.models import Resource


@dataclass(frozen=True)
class VerifiedScore:
    """One result, in words; when it no longer stands, only `withdrawn` says something of it.

    source, address: what was competed in and the page of its results. proof: the address that
    says what the signed receipt is worth, or "".
    """

    source: str
    address: str
    metric: str = ""
    value: str = ""
    interval: str = ""
    rank: str = ""
    teams: int = 0
    evaluated_on: date | None = None
    proof: str = ""
    withdrawn: str = ""


Provider = Callable[[Resource], Sequence[VerifiedScore]]
_providers: dict[ResourceKind, Provider] = {}


def register(kind: ResourceKind, provider: Provider) -> None:
    """Name who vouches for the scores of a kind; twice the same changes nothing."""
    _providers[kind] = provider


def scores(resource: Resource) -> Sequence[VerifiedScore]:
    """Give the scores that are vouched for on this card."""
    provider = _providers.get(ResourceKind(resource.kind))
    return provider(resource) if provider else ()
