"""Reach the server: bounded in time, never asked twice, every failure one of two names."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs, urlsplit, urlunsplit

import urllib3
from elastic_transport import HttpHeaders, TransportError, Urllib3HttpNode
from elastic_transport.client_utils import DEFAULT
from elasticsearch import ApiError, Elasticsearch

ALIAS = "open-emploi"
# A search that takes longer is answered by the database.
SEARCH_SECONDS = 0.6
WRITE_SECONDS = 10.0


class Away(Exception):
    """The server does not answer, not in time, or not as one that works."""


class Locked(Away):
    """The server does not know our account, or gives it no right here."""


class Refused(Exception):
    """The server answers and refuses this very request: others may pass."""


@dataclass(frozen=True)
class Address:
    """Where the server is, the alias of our index there, and the authority that signs it."""

    url: str
    alias: str
    authority: str = ""

    @classmethod
    def read(cls, text: str) -> "Address":
        """Read SEARCH_URL: https://user:password@host:9200/alias?ca=/path/of/authority.pem."""
        parts = urlsplit(text)
        url = urlunsplit((parts.scheme, parts.netloc, "", "", ""))
        authority = parse_qs(parts.query).get("ca", [""])[0]
        return cls(url, parts.path.strip("/") or ALIAS, authority)


class BoundedNode(Urllib3HttpNode):
    """One time-out for a whole request: connecting and reading share it."""

    def perform_request(
        self,
        method: str,
        target: str,
        body: bytes | None = None,
        headers: HttpHeaders | None = None,
        request_timeout: Any = DEFAULT,
    ) -> Any:
        """Ask once."""
        if isinstance(request_timeout, (int, float)):
            request_timeout = urllib3.Timeout(total=request_timeout)
        return super().perform_request(method, target, body, headers, request_timeout)


def connect(address: Address) -> Elasticsearch:
    """Give the client of this process for an address."""
    return _client(address, os.getpid())


@lru_cache(maxsize=4)
def _client(address: Address, _process: int) -> Elasticsearch:
    secured: dict[str, Any] = {}
    if address.authority:
        secured["ca_certs"] = address.authority
    return Elasticsearch(
        _with_port(address.url),
        node_class=BoundedNode,
        connections_per_node=64,
        max_retries=0,
        retry_on_timeout=False,
        request_timeout=SEARCH_SECONDS,
        **secured,
    )


def _with_port(url: str) -> str:
    parts = urlsplit(url)
    if parts.port:
        return url
    return f"{url}:{443 if parts.scheme == 'https' else 9200}"


@contextmanager
def named_failures() -> Iterator[None]:
    """Turn what the client raises into Away or Refused."""
    try:
        yield
    except ApiError as error:
        if error.status_code in {400, 413}:
            raise Refused(_said(error)) from error
        if error.status_code in {401, 403}:
            raise Locked(_said(error)) from error
        raise Away(_said(error)) from error
    except TransportError as error:
        raise Away(type(error).__name__) from error


def _said(error: ApiError) -> str:
    return f"{error.status_code} {error.error}"[:200]
