"""Read the ledger, the outbox and the rows, to compare them by equality."""

from typing import Any

from django.apps import apps
from django.core import serializers
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal.audit.models import AuditEvent, Outbox


def events() -> list[str]:
    """List the acts recorded, in order."""
    return list(AuditEvent.objects.order_by("seq").values_list("action", flat=True))


def owed() -> list[str]:
    """List the topics owed, in order."""
    return list(Outbox.objects.order_by("pk").values_list("topic", flat=True))


def rows() -> dict[str, Any]:
    """Give every row of the tables an action may touch."""
    models = [*apps.get_app_config("catalogue").get_models(), AuditEvent, Outbox]
    models.append(apps.get_model("wagtailcore", "Revision"))
    return {m._meta.label: serializers.serialize("json", m.objects.order_by("pk")) for m in models}


def cost(client: Client, address: str) -> int:
    """Count the queries of a page; PostgreSQL's clock, which SQLite reads from the host, apart."""
    client.get(address)
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(address).status_code == 200
    return sum("clock_timestamp" not in query["sql"] for query in captured.captured_queries)
