"""Requests: which part of a file, from which address, how many in a while."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from portal.audit.models import Heartbeat
from portal.lib import clock
from portal.lib.rates import HOUR, Window, keep_pace
from portal.lib.refusals import OutOfRange, QuotaSpent
from portal.lib.web import responses
from portal.lib.web.http import from_trusted_proxies
from portal.settings import mode
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
        ("Bytes=10-19", (10, 10)),
        ("bytes=90-1000", (90, 10)),
        ("bytes=90-" + "9" * 5_000, (90, 10)),
        ("bytes=0010-0019", (10, 10)),
        ("bytes=-1", (99, 1)),
        ("bytes=-1000", (0, 100)),
        ("bytes=, 5-6 ,", (5, 2)),
        (None, None),
        ("bytes=", None),
        ("bytes=a-b", None),
        ("bytes=+1-2", None),
        ("bytes=1 -2", None),
        ("bytes=\u0663-\u0664", None),
        ("bytes=0-1,5-6", None),
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


STRANGER, PROXY, OTHER = "203.0.113.9", "10.0.0.1", "10.0.0.2"


def known(settings: Any, trusted: list[str], peer: str, **headers: str) -> tuple[str, bool]:
    """Return the address of the sender, and whether what it says of https is believed."""
    settings.TRUSTED_PROXIES = trusted
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    seen: list[HttpRequest] = []

    def view(request: HttpRequest) -> HttpResponse:
        seen.append(request)
        return HttpResponse()

    from_trusted_proxies(view)(RequestFactory().get("/", REMOTE_ADDR=peer, headers=headers))
    return seen[0].META["REMOTE_ADDR"], seen[0].is_secure()


@pytest.mark.parametrize(
    ("trusted", "peer", "forwarded", "sender"),
    [
        ([], STRANGER, "198.51.100.1", STRANGER),
        ([PROXY], STRANGER, "198.51.100.1", STRANGER),
        ([PROXY], PROXY, STRANGER, STRANGER),
        ([PROXY, OTHER], PROXY, f"198.51.100.1, {STRANGER}, {OTHER}", STRANGER),
        (["10.0.0.0/24"], PROXY, f"{STRANGER},10.0.0.77", STRANGER),
        (["unix"], "", f"198.51.100.1, {STRANGER}", STRANGER),
        (["unix", PROXY], "", f"{STRANGER}, {PROXY}", STRANGER),
        ([PROXY], PROXY, f"{STRANGER}, <script>", PROXY),
        ([PROXY], PROXY, "", PROXY),
        ([PROXY], PROXY, "2001:db8::7", "2001:db8::7"),
    ],
)
def test_the_sender_is_the_last_that_is_no_proxy_of_ours(
    settings: Any, trusted: list[str], peer: str, forwarded: str, sender: str
) -> None:
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    assert known(settings, trusted, peer, **headers)[0] == sender


def test_only_a_proxy_of_ours_with_a_true_address_is_believed(settings: Any) -> None:
    said = {"X-Forwarded-Proto": "https"}
    assert known(settings, [PROXY], PROXY, **said)[1]
    assert not known(settings, [PROXY], STRANGER, **said)[1]
    assert mode.addresses("10.0.0.1, 10.0.0.0/24,unix") == ["10.0.0.1", "10.0.0.0/24", "unix"]
    for wrong in ("proxy.invalid", "10.0.0.1/24", "2"):
        with pytest.raises(ImproperlyConfigured, match="ni une adresse"):
            mode.addresses(wrong)


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_a_minute_has_its_share_and_the_next_one_another() -> None:
    clock = Clock()
    window = Window(clock=clock)
    assert [window.wait("a", most=2) for _ in range(3)] == [0, 0, 60]
    assert window.wait("b", most=2) == 0
    clock.now += 59.5
    assert window.wait("a", most=2) == 1
    clock.now += 0.5
    assert [window.wait("a", most=2) for _ in range(3)] == [0, 0, 60]


def test_the_memory_is_bounded_and_those_of_the_past_leave_first() -> None:
    clock = Clock()
    window = Window(most_keys=4, clock=clock)
    for key in "abcd":
        window.wait(key, most=1)
    clock.now += 60
    assert window.wait("e", most=1) == 0
    assert set(window._counts) == {"e"}
    for key in "fghi":
        window.wait(key, most=1)
    assert len(window._counts) <= 4
    assert window.wait("i", most=1) == 60


@pytest.mark.django_db
def test_one_may_send_again_when_the_oldest_that_counts_is_out_of_the_window() -> None:
    now = clock.now()
    for minutes in (90, 50, 40, 5):
        Heartbeat.objects.create(name=f"{minutes}", at=now - timedelta(minutes=minutes))
    rows = Heartbeat.objects.all()
    keep_pace(rows, by="at", most=4, window=HOUR, sentence="Trop.", code="pace")
    for most, oldest in ((3, 50), (2, 40)):
        with pytest.raises(QuotaSpent) as refusal:
            keep_pace(rows, by="at", most=most, window=HOUR, sentence="Trop.", code="pace")
        assert refusal.value.facts["next_opening"] == now - timedelta(minutes=oldest) + HOUR
