"""What comes between the two ends of a request about an import."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection

from challenges import worker as loop
from challenges.enums import ImportState
from challenges.exchange.actions import bundles as bundle_imports
from challenges.models import BundleImport, Challenge
from challenges.worker import drain
from portal.accounts.models import User
from portal.lib import clock, objects
from tests.challenges import world
from tests.challenges.bundles.foreign.tables import KAGGLE
from tests.challenges.test_bundle_imports import METRIC, deposited, read, zipped

pytestmark = pytest.mark.django_db
Act = Callable[[], object]


@pytest.fixture
def owner() -> User:
    return world.owner()


def once(words: str, act: Act) -> Callable[..., Any]:
    """Wrap the queries of the database: after the first that starts so, do something."""
    left = [act]

    def wrapper(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        if left and sql.startswith(words):
            left.pop()()
        return result

    return wrapper


LOOKUP = 'SELECT "challenges_challenge"."id"'


def test_a_name_taken_meanwhile_is_refused(owner: User) -> None:
    made = read(owner)
    other = read(world.owner())
    bundle_imports.accept_report(made=made, answers=METRIC, by=owner)
    bundle_imports.accept_report(made=other, answers=METRIC, by=other.by)
    worker, second = loop.Worker("one"), loop.Worker("two")
    with connection.execute_wrapper(once(LOOKUP, second.work_one)):
        worker.work_one()
    assert drain()
    assert Challenge.objects.count() == 1
    found = {one.state: one for one in BundleImport.objects.all()}
    assert set(found) == {"read", "accepted"}
    assert [one["code"] for one in found["read"].refusals] == ["E_SLUG_TAKEN"]


def test_an_import_accepted_meanwhile_does_not_expire(owner: User) -> None:
    made = read(owner)
    BundleImport.objects.update(expires_at=clock.now() - timedelta(seconds=1))
    act = lambda: bundle_imports.accept_report(made=made, answers=METRIC, by=owner)  # noqa: E731
    with connection.execute_wrapper(once('SELECT "challenges_bundleimport"', act)):
        assert bundle_imports.expire_imports() == 0
    assert bundle_imports.expire_imports() == 0  # not while its draft is made either
    made.refresh_from_db()
    assert made.state == ImportState.CREATING


def test_a_deposit_that_is_not_recorded_leaves_no_bytes(owner: User) -> None:
    def broken(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith('INSERT INTO "challenges_bundleimport"'):
            raise DatabaseError("disk full")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(broken), pytest.raises(DatabaseError):
        deposited(owner, zipped(KAGGLE))
    assert list(objects.store().hashes()) == []
