"""Production refuses each unsafe value by name, and starts with the good ones."""

import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.db.migrations.recorder import MigrationRecorder

from portal.checks import demonstration_accounts, pending_migrations
from tests.factories.accounts import UserFactory

REQUIRED = {
    "SITE_URL", "SECRET_KEY", "ALLOWED_HOSTS", "DATABASE_URL", "BROKER_URL", "SEARCH_URL",
    "OBJECTS_URL", "EMAIL_URL", "HOLDOUT_PUBLIC_KEY_FILE", "RECEIPT_KEY_FILE",
}  # fmt: skip


@pytest.fixture
def good(tmp_path: Path) -> dict[str, str]:
    for name in ("public.key", "receipt.key"):
        (tmp_path / name).write_bytes(b"k" * 32)
        (tmp_path / name).chmod(0o400)
    return {
        "PATH": os.environ["PATH"],
        "PORTAL_MODE": "production",
        "VAR_DIR": str(tmp_path / "var"),
        "SITE_URL": "https://portail.invalid",
        "SECRET_KEY": secrets.token_urlsafe(64),
        "ALLOWED_HOSTS": "portail.invalid",
        "DATABASE_URL": "postgresql://portail@127.0.0.1:5432/portail",
        "BROKER_URL": "redis://127.0.0.1:6379/0",
        "SEARCH_URL": "embedded:",
        "OBJECTS_URL": f"file://{tmp_path / 'objects'}",
        "EMAIL_URL": "smtp://127.0.0.1:25",
        "HOLDOUT_PUBLIC_KEY_FILE": str(tmp_path / "public.key"),
        "RECEIPT_KEY_FILE": str(tmp_path / "receipt.key"),
    }


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
def test_each_unsafe_value_is_refused_by_name(good: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "loose.key").write_bytes(b"k" * 32)
    (tmp_path / "loose.key").chmod(0o644)
    bad = {
        "portal.E01": {"SECRET_KEY": "a" * 60},
        "portal.E02": {"DEBUG": "1"},
        "portal.E03": {"ALLOWED_HOSTS": "*"},
        "portal.E04": {"DATABASE_URL": "sqlite:////tmp/portail.sqlite3"},
        "portal.E05": {"BROKER_URL": "filesystem://"},
        "portal.E06": {"EMAIL_URL": "console:"},
        "portal.E07": {"SITE_URL": "http://portail.invalid"},
        "portal.E08": {"HOLDOUT_PRIVATE_KEY_FILE": good["RECEIPT_KEY_FILE"]},
        "portal.E09": {"RECEIPT_KEY_FILE": str(tmp_path / "loose.key")},
        "portal.E10": {"HOLDOUT_PUBLIC_KEY_FILE": str(tmp_path / "absent.key")},
        "portal.E12": {"OE_FAILPOINT": "objects.after_rename"},
        "portal.E16": {"OBJECTS_URL": f"file://{good['VAR_DIR']}/media/objects"},
    }
    # All at once in one process: each must be named; then none of the good ones.
    together = {name: value for values in bad.values() for name, value in values.items()}
    status, said = check({**good, **together})
    assert status != 0
    assert [name for name in bad if name not in said] == []


@pytest.mark.slow
def test_no_start_without_the_key_that_signs_receipts(good: dict[str, str], tmp_path: Path) -> None:
    status, said = check({**good, "RECEIPT_KEY_FILE": str(tmp_path / "absent.key")})
    assert status != 0
    assert "RECEIPT_KEY_FILE est absent" in said


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


@pytest.mark.django_db
def test_a_database_of_another_version_is_refused() -> None:
    assert pending_migrations(databases=["default"]) == []
    MigrationRecorder.Migration.objects.filter(app="audit", name="0002_append_only").delete()
    assert [found.id for found in pending_migrations(databases=["default"])] == ["portal.E18"]


@pytest.mark.django_db
def test_demonstration_accounts_are_refused() -> None:
    assert demonstration_accounts(databases=["default"]) == []
    UserFactory(is_demonstration=True)
    assert [found.id for found in demonstration_accounts(databases=["default"])] == ["portal.E11"]
