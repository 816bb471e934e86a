"""`manage.py search`, for who pipes queries into it."""

import io
import json
import sys

import pytest
from django.core.management import call_command

from tests.factories.catalogue import ResourceFactory


@pytest.mark.django_db
def test_one_answer_a_line_in_the_order_of_the_queries(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    card = ResourceFactory(published=True, title="Mobilité des jeunes", source_id="m-1")
    monkeypatch.setattr(sys, "stdin", io.StringIO("inconnu\n mobilite \n"))
    call_command("search", "-", "--limit", "20", "--json")
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    row = {"slug": card.slug, "title": card.title, "kind": card.kind, "source_id": "m-1"}
    assert lines == [
        {"query": "inconnu", "total": 0, "results": []},
        {"query": "mobilite", "total": 1, "results": [row]},
    ]
