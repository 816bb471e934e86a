"""Read the ledger, the outbox, the rows and the costs, to compare them by equality."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal.audit.models import AuditEvent, Outbox
from portal.lib.refusals import Refusal


def events(*prefixes: str) -> list[str]:
    """List the acts recorded, in order: all, or those that begin so."""
    acts = AuditEvent.objects.order_by("seq").values_list("action", flat=True)
    return [act for act in acts if not prefixes or act.startswith(prefixes)]


def owed() -> list[str]:
    """List the topics owed, in order."""
    return list(Outbox.objects.order_by("pk").values_list("topic", flat=True))


def owed_ids() -> list[Any]:
    """List (topic, ids) of the outbox in order; ids by equality."""
    return list(Outbox.objects.order_by("pk").values_list("topic", "ids"))


def snapshot(*models: Any) -> list[Any]:
    """Photograph the rows of some models, the ledger and the outbox.

    By tables and without models, which take ten times as long: hundreds of tests ask twice.
    """
    with connection.cursor() as cursor:
        return [_rows(cursor, each._meta) for each in (*models, AuditEvent, Outbox)]


def _rows(cursor: Any, table: Any) -> list[Any]:
    cursor.execute(f'SELECT * FROM "{table.db_table}" ORDER BY "{table.pk.column}"')  # noqa: S608
    return list(cursor.fetchall())


def rows(label: str = "catalogue") -> list[Any]:
    """Photograph every row that an action of an app may touch."""
    own = apps.get_app_config(label).get_models(include_auto_created=True)
    return snapshot(*own, apps.get_model("wagtailcore", "Revision"))


@contextmanager
def refuses(
    kinds: type[Refusal] | tuple[type[Refusal], ...], code: str
) -> Iterator[pytest.ExceptionInfo[Refusal]]:
    """Require that what is done inside is refused, with this code; "" for any."""
    with pytest.raises(kinds) as refusal:
        yield refusal
    assert code in ("", refusal.value.code)


@contextmanager
def refused(
    *kinds: type[Refusal], code: str = "", label: str = "catalogue"
) -> Iterator[pytest.ExceptionInfo[Refusal]]:
    """Require that what is done inside is refused, with this code, and changes no row of an app."""
    before = rows(label)
    with refuses(kinds, code) as refusal:
        yield refusal
    assert rows(label) == before


refused_of_accounts = partial(refused, label="accounts")


def queries(act: Callable[[], Any]) -> int:
    """Count the queries of an act; PostgreSQL's clock, which SQLite reads from the host, apart."""
    with CaptureQueriesContext(connection) as captured:
        act()
    return sum("clock_timestamp" not in query["sql"] for query in captured.captured_queries)


def cost(client: Client, address: str) -> int:
    """Count the queries of a page that is there."""
    client.get(address)
    answers: list[Any] = []
    count = queries(lambda: answers.append(client.get(address)))
    assert answers[0].status_code == 200
    return count


def same_for_three(more: Callable[[], Any], *counts: Callable[[], int]) -> list[int]:
    """Require that each count is the same for one thing, which `more` adds, and for three."""
    more()
    once = [count() for count in counts]
    more()
    more()
    assert [count() for count in counts] == once
    return once
