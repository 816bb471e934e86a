"""Production refuses each unsafe value by name, and starts with the good ones."""

import os
import secrets
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from portal import checks
from tests.portal import production as production_values

REQUIRED = {
    "SITE_URL", "SECRET_KEY", "ALLOWED_HOSTS", "DATABASE_URL", "BROKER_URL", "SEARCH_URL",
    "OBJECTS_URL", "EMAIL_URL", "HOLDOUT_PUBLIC_KEY_FILE", "RECEIPT_KEY_FILE",
}  # fmt: skip


@pytest.fixture
def good(tmp_path: Path) -> dict[str, str]:
    for name in ("public.key", "receipt.key"):
        (tmp_path / name).write_bytes(b"k" * 32)
        (tmp_path / name).chmod(0o400)
    return production_values.environment(tmp_path)


def check(environment: dict[str, str]) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--tag", "security"],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.ci  # in make test the good values are checked in this process
@pytest.mark.slow
def test_good_production_values_pass(good: dict[str, str]) -> None:
    status, said = check(good)
    assert "portal.E" not in said
    assert status == 0, said


@pytest.mark.slow
def test_missing_values_are_named_together(good: dict[str, str]) -> None:
    for name in REQUIRED:
        del good[name]
    status, said = check(good)
    assert status != 0
    assert [name for name in sorted(REQUIRED) if name not in said] == []


@pytest.mark.slow
def test_a_production_web_process_stops_with_status_3(good: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import portal.wsgi"],
        cwd=settings.BASE_DIR,
        env={**good, "DEBUG": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 3
    assert "portal.E02" in done.stderr


# Each alone, and no other: what a good production has, but for one value.
ALONE: list[tuple[str, dict[str, Any]]] = [
    ("portal.E01", {"SECRET_KEY": secrets.token_urlsafe(64)[:49]}),
    ("portal.E01", {"SECRET_KEY": "django-insecure-" + secrets.token_urlsafe(64)}),
    ("portal.E01", {"SECRET_KEY": "a" * 60}),
    ("portal.E02", {"DEBUG": True}),
    ("portal.E03", {"ALLOWED_HOSTS": []}),
    ("portal.E03", {"ALLOWED_HOSTS": ["portail.invalid", "*"]}),
    ("portal.E04", {"DATABASES": {"default": {"ENGINE": "django.db.backends.sqlite3"}}}),
    ("portal.E05", {"BROKER_URL": "filesystem://"}),
    ("portal.E05", {"BROKER_URL": "memory://"}),
    ("portal.E05", {"BROKER_URL": "amqp:///portail"}),
    ("portal.E05", {"BROKER_URL": "amqp://portail:secret@file:port//"}),
    ("portal.E05", {"BROKER_URL": "amqp://file.portail.invalid//"}),
    ("portal.E05", {"BROKER_URL": "amqps://guest:guest@file.portail.invalid//"}),
    ("portal.E06", {"EMAIL_BACKEND": "portal.audit.letters.FolderBackend"}),
    ("portal.E07", {"SITE_URL": "http://portail.invalid"}),
    ("portal.E07", {"SESSION_COOKIE_SECURE": False}),
    ("portal.E07", {"CSRF_COOKIE_SECURE": False}),
    ("portal.E07", {"SECURE_HSTS_SECONDS": 3_600}),
    ("portal.E08", {"HOLDOUT_PRIVATE_KEY_FILE": "{keys}/good.key"}),
    ("portal.E08", {"HOLDOUT_PRIVATE_KEY_FILE": "{keys}/good.key", "PROCESS_KIND": "tasks"}),
    ("portal.E09", {"RECEIPT_KEY_FILE": "{keys}/group.key"}),
    ("portal.E09", {"RECEIPT_KEY_FILE": "{keys}/writable.key"}),
    ("portal.E10", {"HOLDOUT_PUBLIC_KEY_FILE": "{keys}/absent.key"}),
    ("portal.E10", {"RECEIPT_KEY_FILE": "{keys}/absent.key"}),
    ("portal.E12", {"OE_FAILPOINT": "objects.after_rename"}),
    ("portal.E16", {"OBJECTS_URL": "file://{keys}/media/objects"}),
    ("portal.E16", {"OBJECTS_URL": "file://{keys}/static"}),
    ("portal.E16", {"ERASURE_JOURNAL_FILE": "{keys}/media/erasures.jsonl"}),
    ("portal.E17", {"CELERY_ACCEPT_CONTENT": ["json", "pickle"]}),
    ("portal.E22", {"SEARCH_URL": "embedded"}),
    ("portal.E22", {"SEARCH_URL": "https://"}),
    ("portal.E22", {"SEARCH_URL": "https://recherche.invalid:port/"}),
    ("portal.E22", {"SEARCH_URL": "http://recherche.invalid:9200"}),
    ("portal.E22", {"SEARCH_URL": "https://recherche.invalid/a?ca={keys}/absent.pem"}),
]


@pytest.fixture
def production(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., None]:
    """Put good production values in place, then those given; `{keys}` is a folder of keys."""
    monkeypatch.setattr(checks, "distributions", list)  # reading them takes most of the time
    for name, mode in (("good", 0o400), ("group", 0o440), ("writable", 0o600)):
        (tmp_path / f"{name}.key").write_bytes(b"k" * 32)
        (tmp_path / f"{name}.key").chmod(mode)
    good = {
        "SECRET_KEY": secrets.token_urlsafe(64),
        "DEBUG": False,
        "ALLOWED_HOSTS": ["portail.invalid"],
        "DATABASES": {"default": {"ENGINE": "django.db.backends.postgresql"}},
        "BROKER_URL": "redis://127.0.0.1:1/0",
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "SITE_URL": "https://portail.invalid",
        "SESSION_COOKIE_SECURE": True,
        "CSRF_COOKIE_SECURE": True,
        "SECURE_HSTS_SECONDS": 31_536_000,
        "PROCESS_KIND": "web",
        "HOLDOUT_PRIVATE_KEY_FILE": "",
        "HOLDOUT_PUBLIC_KEY_FILE": "{keys}/good.key",
        "RECEIPT_KEY_FILE": "{keys}/good.key",
        "ERASURE_JOURNAL_FILE": "{keys}/erasures.jsonl",
        "OBJECTS_URL": "file://{keys}/objects",
        "MEDIA_ROOT": "{keys}/media",
        "STATIC_ROOT": "{keys}/static",
        "CELERY_ACCEPT_CONTENT": ["json"],
    }

    def put(values: dict[str, Any]) -> None:
        for name, value in {**good, **values}.items():
            placed = value.replace("{keys}", str(tmp_path)) if isinstance(value, str) else value
            monkeypatch_settings(settings, name, placed)

    return put


def monkeypatch_settings(settings: Any, name: str, value: Any) -> None:
    # Django warns of a change of DATABASES, which here only names an engine.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        setattr(settings, name, value)


@pytest.mark.parametrize(
    "url",
    [
        "rediss://:secret@file.portail.invalid:6379/0",
        "amqp://portail:secret@file.portail.invalid:5672/portail",
        "amqps://portail:secret@file.portail.invalid//",
        "amqp://guest:guest@127.0.0.1:5672//",
    ],
)
def test_a_good_broker_is_taken(production: Callable[..., None], url: str) -> None:
    production({"BROKER_URL": url})
    assert checks.unsafe_values() == []


@pytest.mark.parametrize(("expected", "values"), ALONE)
def test_each_unsafe_value_is_refused_alone(
    production: Callable[..., None], expected: str, values: dict[str, Any]
) -> None:
    production(values)
    assert {found.id for found in checks.unsafe_values()} == {expected}


def test_a_key_of_another_account_is_refused(
    production: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    production({})
    monkeypatch.setattr(checks.os, "geteuid", lambda: os.getuid() + 1)
    assert [found.id for found in checks.unsafe_values()] == ["portal.E09"]


def test_the_worker_may_read_its_key(production: Callable[..., None]) -> None:
    production({"PROCESS_KIND": "worker", "HOLDOUT_PRIVATE_KEY_FILE": "{keys}/good.key"})
    assert checks.unsafe_values() == []


def test_a_library_that_hides_a_module_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """E19."""
    assert list(checks.libraries()) == []
    for name in ("spaCy", "datasets"):
        monkeypatch.setattr(checks, "distributions", lambda n=name: [Distribution(n)])
        assert [found.id for found in checks.libraries()] == ["portal.E19"]


class Distribution:
    """An installed distribution, by name."""

    def __init__(self, name: str) -> None:
        self.metadata = {"Name": name}


@pytest.mark.parametrize("debug", [True, False])
def test_debug_stays_on_this_machine_in_every_mode(settings: Any, debug: bool) -> None:
    settings.DEBUG = debug
    settings.ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
    assert checks.debug_off_loopback() == []
    settings.ALLOWED_HOSTS = ["127.0.0.1", "portail.invalid"]
    assert [found.id for found in checks.debug_off_loopback()] == ["portal.E02"] * debug
