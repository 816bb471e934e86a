"""The one outgoing client, the addresses it may reach, and who asks behind proxies.

What the portal asks of other sites passes here and nowhere else. The host is resolved once and the
address that was checked is the one connected to, at each redirect anew, so that no second answer of
a name server can lead inside. No proxy variable is read, no cookie kept, nothing of ours sent but
who asks.
"""

import contextlib
import errno
import hashlib
import ipaddress
import logging
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from http.client import HTTPException
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

import urllib3
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext_lazy as _
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, SSLError

from portal.lib.refusals import Refusal

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


CHUNK_BYTES = 65_536
MOVED = {301: True, 302: False, 303: False, 307: False, 308: True}  # True: for good
AT_A_TIME = "outgoing:"
LONGEST_HOST = 253  # RFC 1035: 255 octets, two of which are not written

SENTENCES: Mapping[str, Any] = {
    "url_invalid": _("Cette adresse ne se lit pas. Écrivez-la en entier : https://…"),
    "url_scheme": _("Cette adresse ne commence ni par https:// ni par http://."),
    "url_credentials": _("Cette adresse contient un identifiant ou un mot de passe : retirez-le."),
    "url_port": _("Cette adresse demande un port inhabituel : seuls 80 et 443 sont ouverts."),
    "address_refused": _("Cette adresse mène à un réseau privé : le portail ne l’ouvre pas."),
    "name_unknown": _("Le nom de ce site est inconnu. Vérifiez l’adresse."),
    "network_away": _("Le portail n’atteint pas le réseau pour l’instant. Il réessaiera."),
    "connection": _("Ce site ne répond pas."),
    "certificate": _("Le certificat de ce site n’est pas valable : le portail ne l’ouvre pas."),
    "too_slow": _("Ce site n’a pas répondu en entier dans le temps permis."),
    "redirects": _("Ce site renvoie d’adresse en adresse : plus de cinq fois."),
    "too_large": _("La réponse de ce site dépasse la taille permise."),
    "budget": _("L’ensemble des réponses de ce site dépasse la taille permise pour un passage."),
    "encoding": _("Ce site répond dans une compression que le portail ne lit pas."),
    "cut_short": _("La réponse de ce site s’est interrompue avant la fin."),
}
# What says nothing of the site: the trouble may be ours.
OURS = frozenset({"network_away"})
# Those that an absence of network on our side would give as well: who asks tells them, all at once.
PERHAPS_OURS = OURS | {"name_unknown", "connection", "too_slow"}
AWAY = frozenset({errno.ENETUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL})
log = logging.getLogger("portal.http")


class NotFetched(Refusal):
    """Nothing was brought back. code: a key of SENTENCES; facts: url, and limit_bytes."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(SENTENCES[code], code=code, **facts)
        log.log(logging.DEBUG if code in PERHAPS_OURS else logging.INFO, "not fetched: %s", code)


@dataclass
class Budget:
    """The bytes that one run may bring back, all documents together."""

    left_bytes: int = field(default_factory=lambda: settings.HTTP_RUN_MAX_BYTES)

    def spend(self, count: int, url: str) -> None:
        """Take off what arrived; NotFetched once nothing is left."""
        self.left_bytes -= count
        if self.left_bytes < 0:
            raise NotFetched("budget", url=url)


@dataclass(frozen=True)
class Answer:
    """What a site answered. headers: lower-case names; moved: redirected for good at each hop."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    moved: bool = False

    @property
    def is_ok(self) -> bool:
        """Say whether the site gave what was asked."""
        return 200 <= self.status < 300


@dataclass(frozen=True)
class Target:
    """One address taken apart: how to connect, what to ask."""

    url: str
    secure: bool
    host: str
    port: int
    path: str


def read(url: str) -> Target:
    """Take an address apart; NotFetched when it may not be asked for. Nothing is resolved.

    The host is not judged here: 2130706433, 0x7f.1 or circled digits all name an address that
    only resolving tells.
    """
    if not url or len(url) > 2_000 or any(ord(char) < 33 or ord(char) == 127 for char in url):
        raise NotFetched("url_invalid", url=url)
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        host = host if ":" in host else host.encode("idna").decode("ascii")
        path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
        query = quote(parts.query, safe="/?%:@!$&'()*+,;=~-._[]")
    except (ValueError, UnicodeError):
        raise NotFetched("url_invalid", url=url) from None
    if parts.scheme not in ("http", "https"):
        raise NotFetched("url_scheme", url=url)
    if parts.username is not None or parts.password is not None or "@" in parts.netloc:
        raise NotFetched("url_credentials", url=url)
    if not host or len(host) > LONGEST_HOST:
        raise NotFetched("url_invalid", url=url)
    secure = parts.scheme == "https"
    port = port if port is not None else (443 if secure else 80)
    if port not in settings.HTTP_PORTS:
        raise NotFetched("url_port", url=url)
    return Target(url, secure, host, port, path + (f"?{query}" if query else ""))


def fetch(
    url: str,
    *,
    method: str = "GET",
    accept: str = "*/*",
    limit_bytes: int | None = None,
    budget: Budget | None = None,
    headers: Mapping[str, str] = {},
    body: bool = True,
    seconds: float | None = None,
) -> Answer:
    """Ask a site for a document; any status is an answer, NotFetched is none.

    limit_bytes: of the document once decompressed, HTTP_MAX_BYTES unless told. body: read it, or
    stop after its status and headers whatever follows. At most
    HTTP_REDIRECTS redirects and HTTP_SECONDS in all; one's turns are waited for apart, no longer
    than as much again. seconds: all in all instead, turns included.
    Blocks: never called within a transaction or a request that many make.
    """
    asked = _Asked(
        method=method,
        headers={"Accept": accept, "Accept-Encoding": "gzip", **headers},
        limit_bytes=settings.HTTP_MAX_BYTES if limit_bytes is None else limit_bytes,
        budget=budget or Budget(),
        body=body and method != "HEAD",
    )
    if seconds is not None:
        asked.deadline = asked.latest = time.monotonic() + min(seconds, settings.HTTP_SECONDS)
    hops, moved = 0, True
    while True:
        target = read(url)
        waited = time.monotonic()
        _take_turn(target, asked.latest)
        asked.deadline = min(asked.latest, asked.deadline + time.monotonic() - waited)
        if time.monotonic() >= asked.deadline:
            raise NotFetched("too_slow", url=url)
        answer = asked.of(target)
        onward = answer.headers.get("location", "")
        if answer.status not in MOVED or not onward:
            return replace(answer, moved=hops > 0 and moved)
        if hops >= settings.HTTP_REDIRECTS:
            raise NotFetched("redirects", url=url)
        moved = moved and MOVED[answer.status]
        hops += 1
        try:
            url = urljoin(url, onward)
        except ValueError:
            raise NotFetched("url_invalid", url=onward) from None


def resolve(host: str, port: int, *, seconds: float) -> list[tuple[Any, ...]]:
    """Ask once for the addresses of a host and keep them if all are public.

    In a thread of its own: a name server that says nothing cannot be hurried.
    """
    found: list[Any] = []

    def ask() -> None:
        try:
            found.append(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            found.append(error)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(max(0.0, seconds))
    if not found:
        raise NotFetched("network_away", url=host)
    if isinstance(found[0], Exception):
        again = getattr(found[0], "errno", None) == socket.EAI_AGAIN
        raise NotFetched("network_away" if again else "name_unknown", url=host)
    permitted = settings.HTTP_PERMITTED_NETWORKS
    for *_family, address in found[0]:
        if not is_public(str(address[0]), permitted=permitted):
            raise NotFetched("address_refused", url=host)
    return list(found[0])


def _take_turn(target: Target, latest: float) -> None:
    """Wait until no process has asked this host for a second; NotFetched when it takes too long.

    A cache that is full or away refuses as one that is taken does: no wait is without end.
    """
    pause = settings.HTTP_PAUSE_SECONDS
    key = AT_A_TIME + hashlib.sha256(target.host.encode()).hexdigest()
    # Cached dates are whole seconds: two of them are at least one.
    while pause and not cache.add(key, 1, timeout=pause + 1):
        if time.monotonic() >= latest:
            raise NotFetched("too_slow", url=target.url)
        time.sleep(0.05)


@dataclass
class _Asked:
    """One question with its bounds, put to one host after the other."""

    method: str
    headers: Mapping[str, str]
    limit_bytes: int
    budget: Budget
    body: bool = True
    deadline: float = field(default_factory=lambda: time.monotonic() + settings.HTTP_SECONDS)
    latest: float = field(init=False)  # when waiting for one's turn ends

    def __post_init__(self) -> None:
        self.latest = self.deadline + settings.HTTP_SECONDS

    @property
    def seconds(self) -> float:
        return self.deadline - time.monotonic()

    def of(self, target: Target) -> Answer:
        """Connect, ask, read. Every wait ends at the deadline: the socket is then shut."""
        addresses = resolve(target.host, target.port, seconds=self.seconds)
        opened = _Opened(addresses, self)
        late = threading.Timer(max(0.0, self.seconds), opened.shut)
        late.daemon = True
        late.start()
        try:
            return self._read(target, opened)
        except NotFetched:
            raise
        except ssl.SSLCertVerificationError:
            raise NotFetched("certificate", url=target.url) from None
        except (OSError, HTTPError, HTTPException, ValueError, zlib.error) as error:
            raise NotFetched(self._code(error), url=target.url) from error
        finally:
            late.cancel()
            opened.close()

    def _code(self, error: Exception) -> str:
        if self.seconds <= 0 or isinstance(error, TimeoutError | urllib3.exceptions.TimeoutError):
            return "too_slow"
        if isinstance(error, SSLError) and "CERTIFICATE_VERIFY_FAILED" in str(error):
            return "certificate"
        if isinstance(error, OSError) and error.errno in AWAY:
            return "network_away"
        if isinstance(error, zlib.error):
            return "encoding"
        if isinstance(error, urllib3.exceptions.ProtocolError):
            return "cut_short"
        return "connection"

    def _read(self, target: Target, opened: "_Opened") -> Answer:
        connection = opened.connection(target)
        sent = {"User-Agent": f"OpenEmploi/1.0 (+{settings.SITE_URL})", **self.headers}
        connection.request(
            self.method, target.path, headers=sent, preload_content=False, decode_content=False
        )
        response = opened.response = connection.getresponse()
        headers = {name.lower(): value for name, value in response.headers.items()}
        body = b"".join(self._body(target, response, headers)) if self.body else b""
        return Answer(target.url, response.status, headers, body)

    def _body(self, target: Target, response: Any, headers: Mapping[str, str]) -> Iterator[bytes]:
        if response.status in MOVED and headers.get("location"):
            return  # what a redirect says is not read
        size, length = 0, headers.get("content-length", "")
        if length.isdigit() and int(length) > self.limit_bytes:
            raise NotFetched("too_large", url=target.url, limit_bytes=self.limit_bytes)
        for piece in _plain(self._raw(response, target), headers, self.limit_bytes + 1):
            size += len(piece)
            if size > self.limit_bytes:
                raise NotFetched("too_large", url=target.url, limit_bytes=self.limit_bytes)
            self.budget.spend(len(piece), target.url)
            yield piece
        if self.seconds <= 0:
            raise NotFetched("too_slow", url=target.url)

    def _raw(self, response: Any, target: Target) -> Iterator[bytes]:
        received = 0
        while piece := response.read1(CHUNK_BYTES, decode_content=False):
            received += len(piece)
            if self.seconds <= 0:
                raise NotFetched("too_slow", url=target.url)
            if received > self.limit_bytes:
                raise NotFetched("too_large", url=target.url, limit_bytes=self.limit_bytes)
            yield piece


def _plain(pieces: Iterator[bytes], headers: Mapping[str, str], most: int) -> Iterator[bytes]:
    """Decompress piece by piece, never more than asked for at once."""
    coding = headers.get("content-encoding", "").strip().lower()
    if coding in ("", "identity"):
        yield from pieces
        return
    if coding not in ("gzip", "x-gzip"):
        raise NotFetched("encoding", url="")
    machine = zlib.decompressobj(16 + zlib.MAX_WBITS)
    for piece in pieces:
        rest = piece
        while rest and not machine.eof:
            yield machine.decompress(rest, min(most, CHUNK_BYTES))
            rest = machine.unconsumed_tail
    if not machine.eof:
        raise NotFetched("cut_short", url="")


class _Opened:
    """The socket of one question, connected to a checked address."""

    def __init__(self, addresses: list[tuple[Any, ...]], asked: _Asked) -> None:
        self.addresses, self.asked = addresses, asked
        self.guard: socket.socket | None = None
        self.held: HTTPConnection | None = None
        self.response: Any = None

    def connection(self, target: Target) -> HTTPConnection:
        kind = _Secure if target.secure else _Clear
        made = kind(target.host, target.port, timeout=max(0.001, self.asked.seconds))
        made.opened, self.held = self, made
        return made

    def connect(self) -> socket.socket:
        last = OSError(errno.EHOSTUNREACH, "no address")
        for family, kind, protocol, _name, address in self.addresses:
            made = socket.socket(family, kind, protocol)
            made.settimeout(max(0.001, min(settings.HTTP_CONNECT_SECONDS, self.asked.seconds)))
            try:
                made.connect(address)
            except OSError as error:
                made.close()
                last = error
                continue
            made.settimeout(max(0.001, self.asked.seconds))
            # Another handle on the same connection: TLS takes the first one over.
            self.guard = made.dup()
            return made
        raise last

    def shut(self) -> None:
        """End every wait on the connection, from another thread."""
        if self.guard is not None:
            with contextlib.suppress(OSError):
                self.guard.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        for each in (self.response, self.held, self.guard):
            if each is not None:
                each.close()


class _Clear(HTTPConnection):
    opened: _Opened

    def _new_conn(self) -> socket.socket:
        return self.opened.connect()


class _Secure(HTTPSConnection):
    opened: _Opened

    def _new_conn(self) -> socket.socket:
        return self.opened.connect()
