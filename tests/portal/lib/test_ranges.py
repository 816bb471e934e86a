"""Which part of a file a request asks for."""

import pytest
from django.test import RequestFactory

from portal.lib import responses
from portal.lib.refusals import OutOfRange
from tests.properties import given
from tests.properties import strategies as st

BYTES = bytes(range(100))
ETAG = '"abc"'


def asked(text: str | None, method: str = "GET", **headers: str) -> tuple[int, int] | None:
    """Give the first byte and the size; None for the whole."""
    more = headers if text is None else {"Range": text, **headers}
    request = RequestFactory(headers=more).generic(method, "/")
    found = responses.asked_range(request, size=len(BYTES), etag=ETAG)
    return (found.first, found.size) if found.is_part else None


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("bytes=0-0", (0, 1)),
        ("bytes=10-", (10, 90)),
        ("Bytes=10-19", (10, 10)),
        ("bytes=90-1000", (90, 10)),
        ("bytes=90-" + "9" * 5_000, (90, 10)),
        ("bytes=0010-0019", (10, 10)),
        ("bytes=-1", (99, 1)),
        ("bytes=-1000", (0, 100)),
        ("bytes=, 5-6 ,", (5, 2)),
        (None, None),
        ("", None),
        ("bytes", None),
        ("bytes=", None),
        ("bytes=-", None),
        ("bytes=20-10", None),
        ("bytes=a-b", None),
        ("bytes=+1-2", None),
        ("bytes=1 -2", None),
        ("bytes=\u0663-\u0664", None),
        ("bytes=0-1,5-6", None),
        ("bytes=0-1,500-600", None),
        ("items=0-1", None),
    ],
)
def test_one_part_is_read_and_anything_else_is_the_whole(
    text: str | None, part: tuple[int, int] | None
) -> None:
    assert asked(text) == part


@pytest.mark.parametrize(
    "text", ["bytes=100-", "bytes=100-200", "bytes=-0", "bytes=" + "9" * 30 + "-"]
)
def test_a_part_beyond_the_end_is_refused_with_the_size(text: str) -> None:
    with pytest.raises(OutOfRange) as refused:
        asked(text)
    assert refused.value.facts == {"size_bytes": 100}


def test_a_part_is_given_to_a_get_that_knows_these_bytes() -> None:
    assert asked("bytes=10-", "HEAD") is None
    assert asked("bytes=500-", "HEAD") is None
    assert asked("bytes=10-", **{"If-Range": ETAG}) == (10, 90)
    for other in ('"abd"', f"W/{ETAG}", "Fri, 27 Nov 2026 08:00:00 GMT", "abc"):
        assert asked("bytes=10-", **{"If-Range": other}) is None


@given(st.integers(0, 120), st.integers(0, 120))
def test_a_part_is_what_a_slice_gives(first: int, last: int) -> None:
    if first >= len(BYTES) and last >= first:
        with pytest.raises(OutOfRange):
            asked(f"bytes={first}-{last}")
        return
    found = asked(f"bytes={first}-{last}")
    if last < first:
        assert found is None
    else:
        assert found is not None
        assert BYTES[found[0] : found[0] + found[1]] == BYTES[first : last + 1]
