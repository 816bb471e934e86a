"""Which network addresses anyone may reach: the public ones, and none of ours."""

import ipaddress
from collections.abc import Iterable

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
