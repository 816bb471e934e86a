"""What browsers report of the policy: bounded, limited, logged without anybody's addresses."""

import json
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client

from portal.pages import views
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db
CANARY = "CNRY-csp-5f3a9c1e"
OLD: dict[str, Any] = {
    "csp-report": {
        "document-uri": f"https://portail.invalid/invitations/{CANARY}/?q={CANARY}",
        "referrer": f"https://portail.invalid/?q={CANARY}",
        "violated-directive": "script-src",
        "effective-directive": "script-src-elem",
        "original-policy": CANARY,
        "blocked-uri": f"https://{CANARY}@mechant.example:8443/{CANARY}.js?x={CANARY}",
        "script-sample": CANARY,
    }
}
NEW = [
    {
        "type": "csp-violation",
        "url": f"https://portail.invalid/?q={CANARY}",
        "body": {
            "documentURL": "https://portail.invalid/challenges/",
            "effectiveDirective": "style-src-attr",
            "blockedURL": "inline",
            "sample": CANARY,
        },
    }
]


@pytest.fixture(autouse=True)
def no_limit_reached() -> None:
    cache.clear()


def send(content: Any, kind: str = "application/csp-report", **extra: Any) -> int:
    body = content if isinstance(content, (str, bytes)) else json.dumps(content)
    return int(Client(enforce_csrf_checks=True).post("/csp/", body, kind, **extra).status_code)


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [each.getMessage() for each in caplog.records if each.name == "portal.csp"]


def test_both_forms_are_logged_without_addresses(caplog: pytest.LogCaptureFixture) -> None:
    assert send(OLD) == 204
    assert send(NEW, "application/reports+json") == 204
    assert lines(caplog) == [
        "directive script-src-elem blocked mechant.example:8443 on invitation",
        "directive style-src-attr blocked inline on challenges:list",
    ]
    assert CANARY not in caplog.text


def test_what_is_not_known_is_not_repeated(caplog: pytest.LogCaptureFixture) -> None:
    odd = {
        "document-uri": "https://portail.invalid/\r\nportal CRITICAL faux",
        "effective-directive": "script-src\r\nfaux",
        "blocked-uri": "http://[\r\nfaux",
    }
    assert send({"csp-report": odd}) == 204
    assert send({"csp-report": {"effective-directive": 3, "blocked-uri": None}}) == 204
    assert lines(caplog)[1] == "directive ? blocked ? on ?"
    assert "faux" not in caplog.text
    assert all("\n" not in line for line in lines(caplog))


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (" ", 400),
        ("{", 400),
        (b"\xff\xfe", 400),
        ("[" * 8_000, 400),
        ("3", 400),
        ('{"csp-report": "x"}', 400),
        ('{"autre": {}}', 400),
        ("[]", 204),
        ('{"csp-report": {}}' + " " * views.REPORT_MAX_BYTES, 413),
    ],
    ids=["empty", "cut", "bytes", "deep", "number", "text", "other", "none", "long"],
)
def test_odd_bodies(content: Any, status: int, caplog: pytest.LogCaptureFixture) -> None:
    assert send(content) == status
    assert lines(caplog) == []


def test_other_types_and_methods_are_refused(client: Client) -> None:
    assert send(OLD, "text/plain") == 415
    assert send("a=1", "application/x-www-form-urlencoded") == 415
    assert client.get("/csp/").status_code == 405


def test_a_list_is_read_up_to_ten(caplog: pytest.LogCaptureFixture) -> None:
    assert send(NEW * 30, "application/reports+json") == 204
    assert len(lines(caplog)) == views.REPORTS_READ


def test_a_sender_is_limited(caplog: pytest.LogCaptureFixture) -> None:
    answers = [send(OLD, REMOTE_ADDR="203.0.113.7") for _ in range(32)]
    assert answers == [204] * 30 + [429] * 2
    assert send(OLD, REMOTE_ADDR="203.0.113.8") == 204
    assert len(lines(caplog)) == 31


def test_a_crowd_is_limited(caplog: pytest.LogCaptureFixture) -> None:
    answers = [send(OLD, REMOTE_ADDR=f"203.0.113.{n % 250}") for n in range(310)]
    assert answers == [204] * 300 + [429] * 10


def test_every_page_says_where_to_report(client: Client) -> None:
    client.force_login(UserFactory(region="administrator"))
    for path in ("/", "/challenges/", "/admin/", "/rien/"):
        policy = client.get(path).headers["Content-Security-Policy"]
        assert "; report-uri /csp/" in policy, path
    assert settings.SECURE_CSP["report-uri"] == ["/csp/"]
