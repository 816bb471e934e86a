"""The outgoing client: what it refuses, and the bounds of what it takes."""

import gzip
import json
import re
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache

from portal.lib.web import http
from tests.sites import Site, endless, leads, listener, says, site

CASE = re.compile(r"= (?P<hosts>.+)\.$")


@pytest.fixture
def there(settings: Any) -> Iterator[Site]:
    """Run a site that may be reached."""
    with site(settings) as made:
        yield made


def refused(url: str, **options: Any) -> str:
    """Return the code with which an address is refused."""
    with pytest.raises(http.NotFetched) as caught:
        http.fetch(url, **options)
    assert str(caught.value) == str(http.SENTENCES[caught.value.code])
    return caught.value.code


def hosts_of(shared: Path, case: str) -> list[str]:
    """Read the hosts that a case of the abuse corpus lists."""
    cases = json.loads((shared / "cases" / "abuse.json").read_text("utf-8"))["cases"]
    path = next(each["path"] for each in cases if each["id"] == case)
    found = CASE.search(path)
    assert found is not None
    hosts = [host.strip() for host in found["hosts"].split(",")]
    return ["①②⑦.⓪.⓪.①" if host.startswith("U+2460") else host for host in hosts]


def test_no_spelling_of_this_machine_is_connected_to(shared: Path, settings: Any) -> None:
    hosts = hosts_of(shared, "A54")
    assert len(hosts) == 14
    with listener() as (port, came):
        settings.HTTP_PORTS = (80, 443, port)
        for host in [*hosts, "127.0.0.1.", "0", "::", "[::ffff:7f00:1]", "[fd00::1]", "[fe80::1]"]:
            host = f"[{host}]" if host.count(":") > 1 and "[" not in host else host
            assert refused(f"http://{host}:{port}/") in {"address_refused", "name_unknown"}, host
        assert came == []


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("file:///etc/passwd", "url_scheme"),
        ("gopher://example.org/", "url_scheme"),
        ("//example.org/", "url_scheme"),
        ("http://user:pass@example.org/", "url_credentials"),
        ("http://@example.org/", "url_credentials"),
        ("http://example.org:22/", "url_port"),
        ("http://example.org:99999/", "url_invalid"),
        ("http://exa mple.org/", "url_invalid"),
        ("http://example.org/\r\nHost: x", "url_invalid"),
        ("http:///page", "url_invalid"),
        ("http://[::1/", "url_invalid"),
        ("http://" + "a" * 70 + ".org/", "url_invalid"),
        ("http://" + "a." * 185 + "org/", "url_invalid"),
        ("http://example.org/\ud800", "url_invalid"),
        ("http://[::\ud800]/", "url_invalid"),
        ("", "url_invalid"),
    ],
)
def test_an_address_that_is_not_asked_for(url: str, code: str) -> None:
    assert refused(url) == code


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("92.184.100.1", True),
        ("2a01:cb00::1", True),
        ("100.64.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::", False),
        ("::7f00:1", False),
        ("fec0::1", False),
        ("224.0.0.1", False),
        ("ff02::1", False),
        ("192.0.0.8", False),
        ("fe80::1%eth0", False),
        ("exemple", False),
    ],
)
def test_public_addresses(address: str, public: bool) -> None:
    assert http.is_public(address) is public


def test_a_document_is_brought_back(there: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    there.replies["/a%20b?q=%C3%A9"] = leads("/fin", status=301)
    there.replies["/fin"] = says(
        gzip.compress(b'{"a": 1}'), Content_Encoding="gzip", Set_Cookie="a=b"
    )
    found = http.fetch(f"{there.url}/a%20b?q=é", accept="application/json")
    assert (found.status, found.body, found.url) == (200, b'{"a": 1}', f"{there.url}/fin")
    assert found.moved
    assert len(there.asked) == 2
    again = http.fetch(f"{there.url}/fin")
    assert (len(there.asked), again.moved) == (3, False)
    _method, _path, headers = there.asked[-1]
    assert set(headers) == {"host", "accept", "accept-encoding", "user-agent"}
    assert headers["user-agent"].startswith("OpenEmploi/")


def test_a_redirect_inside_is_not_followed(there: Site, settings: Any) -> None:
    with listener("127.0.0.2") as (port, came):
        settings.HTTP_PORTS = (*settings.HTTP_PORTS, port)
        there.replies["/"] = leads(f"http://127.0.0.2:{port}/")
        assert refused(there.url) == "address_refused"
        there.replies["/"] = leads("file:///etc/passwd")
        assert refused(there.url) == "url_scheme"
        assert came == []


def test_a_name_is_resolved_once(there: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second answer of the name server cannot lead elsewhere: it is not asked for."""
    asked = []
    real = http.socket.getaddrinfo

    def resolve(host: str, *args: Any, **options: Any) -> Any:
        asked.append(host)
        return real("127.0.0.1", *args, **options)

    monkeypatch.setattr(http.socket, "getaddrinfo", resolve)
    there.replies["/"] = says(b"bon")
    assert http.fetch(f"http://rebond.exemple.test:{there.port}/").body == b"bon"
    assert asked == ["rebond.exemple.test"]
    assert there.asked[0][2]["host"] == f"rebond.exemple.test:{there.port}"


def test_redirects_end(there: Site) -> None:
    there.replies["/"] = leads("/")
    assert refused(there.url) == "redirects"
    assert len(there.asked) == 6


def drip(handler: BaseHTTPRequestHandler) -> None:
    """Give one byte now and then, headers included."""
    handler.wfile.write(b"HTTP/1.0 200 OK\r\n")
    for _ in range(400):
        handler.wfile.write(b"x")
        handler.wfile.flush()
        time.sleep(0.05)


def test_an_answer_that_is_not_http_is_a_refusal(there: Site) -> None:
    there.replies |= {
        "/nowhere": leads("http://[x"),
        "/garbage": lambda handler: handler.wfile.write(b"bonjour\r\n\r\n") and None,
    }
    assert refused(there.url + "/nowhere") == "url_invalid"
    assert refused(there.url + "/garbage") == "connection"


def test_too_many_bytes(there: Site) -> None:
    there.replies |= {
        "/announced": says(b"x" * 2_000),
        "/endless": endless,
        "/bomb": says(gzip.compress(bytes(10_000_000)), Content_Encoding="gzip"),
        "/short": says(gzip.compress(b"x" * 999)[:-9], Content_Encoding="gzip"),
        "/other": says(b"x", Content_Encoding="br"),
    }
    for path in ("/announced", "/endless", "/bomb"):
        assert refused(there.url + path, limit_bytes=1_000) == "too_large", path
    assert refused(there.url + "/short") == "cut_short"
    assert refused(there.url + "/other") == "encoding"
    budget = http.Budget(3_000)
    http.fetch(there.url + "/announced", budget=budget)
    assert refused(there.url + "/announced", budget=budget) == "budget"


def test_a_site_that_drips_or_is_away(there: Site, settings: Any) -> None:
    settings.HTTP_SECONDS = 0.3
    there.replies["/"] = drip
    assert refused(there.url) == "too_slow"
    settings.HTTP_PORTS = (80, 443, 1)
    assert refused("http://127.0.0.1:1/") == "connection"


def test_without_time_left_nothing_is_asked(there: Site) -> None:
    assert [refused(there.url, seconds=left) for left in (0, -1)] == ["too_slow"] * 2
    assert there.asked == []


def test_one_question_a_second_to_a_host(there: Site, settings: Any) -> None:
    settings.HTTP_PAUSE_SECONDS = 1
    there.replies["/"] = says(b"")
    http.fetch(there.url)
    settings.HTTP_SECONDS = 0.2
    assert refused(there.url) == "too_slow"
    assert len(there.asked) == 1


def test_a_cache_that_never_gives_a_turn_ends_the_wait(
    there: Site, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database cache says no for every error of its database."""
    keys: list[str] = []

    def add(key: str, *_args: Any, **_options: Any) -> bool:
        keys.append(key)
        return False

    monkeypatch.setattr(cache, "add", add)
    settings.HTTP_PAUSE_SECONDS, settings.HTTP_SECONDS = 1, 0.1
    longest = ".".join(["a" * 62] * 4)
    assert len(longest) == 251
    assert refused(f"http://{longest}/") == "too_slow"
    assert len(keys[0]) < 100
