"""Nobody chooses the address by which the portal knows them."""

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from portal.lib.addresses import from_trusted_proxies
from portal.settings import mode

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
        ([PROXY], PROXY, f"198.51.100.1, {STRANGER}", STRANGER),
        ([PROXY, OTHER], PROXY, f"198.51.100.1, {STRANGER}", STRANGER),
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


def test_only_a_proxy_of_ours_says_that_a_request_came_by_https(settings: Any) -> None:
    said = {"X-Forwarded-Proto": "https"}
    assert known(settings, [PROXY], PROXY, **said)[1]
    assert not known(settings, [PROXY], STRANGER, **said)[1]


def test_a_wrong_address_of_a_proxy_is_told_at_the_start() -> None:
    assert mode.addresses("10.0.0.1, 10.0.0.0/24,unix") == ["10.0.0.1", "10.0.0.0/24", "unix"]
    for wrong in ("proxy.invalid", "10.0.0.1/24", "2"):
        with pytest.raises(ImproperlyConfigured, match="ni une adresse"):
            mode.addresses(wrong)
