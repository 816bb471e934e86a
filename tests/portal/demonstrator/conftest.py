"""What the use cases are tried on: the référentiel d'essai, learnt once."""

from collections.abc import Iterator

import numpy as np
import pytest

from portal.demonstrator import service
from portal.demonstrator.engines.moves import Moves
from portal.demonstrator.engines.tension import Tensions
from portal.demonstrator.engines.text import Lexical
from portal.demonstrator.referential import trial
from portal.demonstrator.service import Served
from tests.portal.demonstrator.test_engines import learnt

ZONES = {"gap": "Gap", "nice": "Nice"}


@pytest.fixture
def nothing_read() -> Iterator[None]:
    """Read builds anew: a key of the database comes back in the next test."""
    for known in (service._in_memory, service._retry_at):
        known.clear()
    yield
    service._in_memory.clear()
    service._retry_at.clear()


@pytest.fixture(scope="session")
def served() -> Served:
    """Serve the référentiel d'essai; in Gap every occupation is hard to recruit for."""
    known = trial().occupations
    ranked = {
        one.code: [(code, 1 - at / 20) for at, code in enumerate((*one.near, *one.further))]
        for one in known.values()
    }
    moves = Moves(ranked, {one.code: one.knowledge for one in known.values()})
    chances = np.array([[0.0, 0.0, 0.05, 0.05, 0.9]], np.float32)
    tensions = Tensions(chances, {(code, "gap"): 0 for code in known})
    text = Lexical(learnt()[0])
    return Served(trial(), text, moves, tensions, ZONES, builds={}, is_trial=True)
