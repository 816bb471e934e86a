"""Read the ledger, the outbox and the rows of accounts in tests."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.apps import apps

from portal.audit.models import AuditEvent, Outbox
from portal.lib.refusals import Refusal


def acts() -> list[str]:
    """List the actions recorded, oldest first."""
    return list(AuditEvent.objects.order_by("seq").values_list("action", flat=True))


def owed() -> list[Any]:
    """List (topic, ids) of the outbox in order; ids by equality."""
    return list(Outbox.objects.order_by("pk").values_list("topic", "ids"))


def snapshot(*models: Any) -> list[Any]:
    """Photograph the rows of some models, the ledger and the outbox."""
    return [list(each.objects.order_by("pk").values()) for each in (*models, AuditEvent, Outbox)]


def rows() -> list[Any]:
    """Photograph all rows of accounts, the ledger and the outbox."""
    return snapshot(*apps.get_app_config("accounts").get_models())


@contextmanager
def refused(*kinds: type[Refusal], code: str = "") -> Iterator[None]:
    """Require that what is done inside is refused, with this code, and changes no row."""
    before = rows()
    with pytest.raises(kinds) as refusal:
        yield
    assert rows() == before
    assert code in ("", refusal.value.code)
