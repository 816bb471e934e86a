"""Which network addresses anyone may reach, and who sends a request behind reverse proxies."""

import ipaddress
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# `is_global` alone lets translated loopback (64:ff9b::7f00:1), 6to4 and multicast through, and
# releases of Python differ: what is refused besides is written out.
REFUSED: tuple[Network, ...] = tuple(
    ipaddress.ip_network(text)
    for text in """
    0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24
    192.0.2.0/24 192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24
    224.0.0.0/4 240.0.0.0/4
    ::/96 ::ffff:0:0/96 64:ff9b::/96 64:ff9b:1::/48 100::/64 2001::/32 2001:db8::/32 2002::/16
    fc00::/7 fe80::/10 fec0::/10 ff00::/8
    """.split()
)


def is_public(text: str, *, permitted: Iterable[str] = ()) -> bool:
    """Say whether a numeric address may be connected to.

    permitted: networks that the operator opens, in CIDR form. A text that is not a numeric
    address is not public.
    """
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    if any(address in ipaddress.ip_network(network) for network in permitted):
        return True
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    return not any(address in network for network in REFUSED)


UNIX = "unix"  # a proxy that speaks through a socket of this machine has no address
FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO")


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
