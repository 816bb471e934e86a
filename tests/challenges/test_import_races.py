"""What comes between the two ends of a request about an import."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection

from challenges.actions import bundle_imports
from challenges.enums import ImportState
from challenges.models import BundleImport, Challenge
from portal.accounts.models import User
from portal.lib import clock, objects
from portal.lib.refusals import Conflict
from tests.challenges import world
from tests.challenges.bundles.foreign.tables import KAGGLE
from tests.challenges.test_bundle_imports import METRIC, deposited, read, zipped
from tests.portal.accounts.ledger import acts as verbs

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


FIELDS = BundleImport._meta.concrete_fields
LOOKUP = 'SELECT "challenges_challenge"."id"'


def test_two_acceptances_at_once_make_one_challenge(owner: User) -> None:
    made = read(owner)

    def accept() -> bundle_imports.Accepted:
        stale = BundleImport(**{each.attname: getattr(made, each.attname) for each in FIELDS})
        return bundle_imports.accept(made=stale, answers=METRIC, by=owner)

    with connection.execute_wrapper(once(LOOKUP, accept)):
        second = accept()
    assert second.made.challenge == Challenge.objects.get()
    assert verbs().count("import.accepted") == 1


def test_a_name_taken_meanwhile_is_refused(owner: User) -> None:
    made = read(owner)
    other = read(world.owner())
    act = lambda: bundle_imports.accept(made=other, answers=METRIC, by=other.by)  # noqa: E731
    with connection.execute_wrapper(once(LOOKUP, act)), pytest.raises(Conflict) as refusal:
        bundle_imports.accept(made=made, answers=METRIC, by=owner)
    made.refresh_from_db()
    assert (refusal.value.code, made.state) == ("slug_taken", ImportState.READ)
    assert Challenge.objects.count() == 1


def test_an_import_abandoned_meanwhile_makes_no_challenge(owner: User) -> None:
    made = read(owner)
    act = lambda: bundle_imports.abandon(made=made, by=owner)  # noqa: E731
    with connection.execute_wrapper(once(LOOKUP, act)), pytest.raises(Conflict) as refusal:
        bundle_imports.accept(made=made, answers=METRIC, by=owner)
    made.refresh_from_db()
    assert (refusal.value.code, made.state) == ("import_state", ImportState.EXPIRED)
    assert not Challenge.objects.exists()


def test_an_import_accepted_meanwhile_does_not_expire(owner: User) -> None:
    made = read(owner)
    BundleImport.objects.update(expires_at=clock.now() - timedelta(seconds=1))
    act = lambda: bundle_imports.accept(made=made, answers=METRIC, by=owner)  # noqa: E731
    with connection.execute_wrapper(once('SELECT "challenges_bundleimport"', act)):
        assert bundle_imports.expire() == 0
    made.refresh_from_db()
    assert made.state == ImportState.ACCEPTED


def test_a_deposit_that_is_not_recorded_leaves_no_bytes(owner: User) -> None:
    def broken(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith('INSERT INTO "challenges_bundleimport"'):
            raise DatabaseError("disk full")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(broken), pytest.raises(DatabaseError):
        deposited(owner, zipped(KAGGLE))
    assert list(objects.store().hashes()) == []
