"""Whole numbers of requests: none is an error, however long."""

import pytest
from django.test import Client

from portal.lib.numbers import natural


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("12", 12),
        ("", 0),
        ("-1", 0),
        ("²", 0),
        ("1.0", 0),
        ("9" * 19, 10**18),
        ("9" * 5_000, 10**18),
    ],
)
def test_a_number_is_read_or_is_none(text: str, number: int) -> None:
    assert natural(text) == number


@pytest.mark.django_db
def test_an_announced_length_that_is_absurd_is_an_answer() -> None:
    sent = Client().generic("POST", "/csp/", b"{}", "application/json", CONTENT_LENGTH="9" * 5_000)
    assert sent.status_code == 413
