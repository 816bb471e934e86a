"""Know the sender of a request behind reverse proxies, and believe nobody else who names one."""

import ipaddress
from collections.abc import Callable, Sequence
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

UNIX = "unix"  # a proxy that speaks through a socket of this machine has no address
FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO")
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def from_trusted_proxies(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Put the sender's address in REMOTE_ADDR; drop what a stranger says was forwarded.

    The chain is read from its end: the first address that is not one of ours is the sender, and
    what it wrote before is not believed.
    """

    def answer(request: HttpRequest) -> HttpResponseBase:
        meta = request.META
        peer = meta.get("REMOTE_ADDR", "")
        if _is_ours(peer or UNIX):
            meta["REMOTE_ADDR"] = _sender(meta.get("HTTP_X_FORWARDED_FOR", ""), peer)
        else:
            for name in FORWARDED:
                meta.pop(name, None)
        return get_response(request)

    return answer


def _sender(forwarded: str, peer: str) -> str:
    found = peer
    for hop in reversed([each.strip() for each in forwarded.split(",") if each.strip()]):
        try:
            ipaddress.ip_address(hop)
        except ValueError:  # our proxy did not write this
            break
        found = hop
        if not _is_ours(hop):
            break
    return found


def _is_ours(address: str) -> bool:
    given = tuple(settings.TRUSTED_PROXIES)
    if address == UNIX:
        return UNIX in given
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(known in network for network in networks(given))


@lru_cache
def networks(given: Sequence[str]) -> tuple[Network, ...]:
    """Read addresses and networks; raises ValueError for what is neither."""
    return tuple(ipaddress.ip_network(each) for each in given if each != UNIX)
