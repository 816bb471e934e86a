"""What is refused, by its kind and its code."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from portal.lib.refusals import Refusal


@contextmanager
def refuses(kind: type[Refusal], code: str) -> Iterator[pytest.ExceptionInfo[Refusal]]:
    """Require that what is done inside is refused, with this code."""
    with pytest.raises(kind) as refusal:
        yield refusal
    assert refusal.value.code == code
