"""The engines in service: the latest builds that speak of the same occupations, read once."""

from collections.abc import Mapping
from dataclasses import dataclass

from portal.demonstrator.engines.moves import Moves
from portal.demonstrator.engines.tension import Tensions
from portal.demonstrator.engines.text import TextEngine
from portal.demonstrator.models import Build
from portal.demonstrator.referential import Referential


@dataclass(frozen=True)
class Served:
    """What answers now. moves, tension: None where nothing official was loaded for them.

    zones: code → name, in their order. builds: by engine, what each was learnt of and how well.
    """

    referential: Referential
    text: TextEngine
    moves: Moves | None
    tension: Tensions | None
    zones: Mapping[str, str]
    builds: Mapping[str, Build]
    is_trial: bool
