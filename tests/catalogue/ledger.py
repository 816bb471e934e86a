"""Read the ledger, the outbox, the rows and the costs, to compare them by equality."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.apps import apps
from django.core import serializers
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


def rows() -> dict[str, Any]:
    """Give every row of the tables an action may touch."""
    models = [*apps.get_app_config("catalogue").get_models(), AuditEvent, Outbox]
    models.append(apps.get_model("wagtailcore", "Revision"))
    return {m._meta.label: serializers.serialize("json", m.objects.order_by("pk")) for m in models}


@contextmanager
def refused(*kinds: type[Refusal], code: str = "") -> Iterator[pytest.ExceptionInfo[Refusal]]:
    """Require that what is done inside is refused, with this code, and changes no row."""
    before = rows()
    with pytest.raises(kinds) as refusal:
        yield refusal
    assert rows() == before
    assert code in ("", refusal.value.code)


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
