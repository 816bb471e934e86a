"""French typography, numbers, sizes and dates."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils.translation import override

from portal.pages import typography

N, B = "\u202f", "\u00a0"
AT = datetime(2026, 12, 17, 16, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("plain", "french"),
    [
        ("Il dit : « oui » !", f"Il dit{B}: «{B}oui{B}»{N}!"),
        ("Rien ? Si ; mais 12 % de 1 204 lignes", f"Rien{N}? Si{N}; mais 12{N}% de 1{N}204 lignes"),
        ("à 17 h 30, 20 Mo", f"à 17{N}h{N}30, 20{N}Mo"),
        ("l'emploi &#x27;", "l’emploi ’"),
        ("10:30", "10:30"),
    ],
)
def test_french_text(plain: str, french: str) -> None:
    assert typography.french_text(plain) == french


def test_french_html_leaves_code_tags_and_areas_alone() -> None:
    html = '<p title="a : b">a : b</p><pre>a : b</pre><textarea>« x »</textarea><code>x ?</code>'
    expected = html.replace(">a : b</p>", f">a{B}: b</p>")
    assert typography.french_html(html) == expected


@pytest.mark.parametrize(
    ("value", "decimals", "expected"),
    [
        (1204, None, f"1{N}204"),
        (0.8714, 3, "0,871"),
        (0.5, None, "0,50"),
        (-2, None, "−2"),
        (Decimal("12.5"), 1, "12,5"),
        (None, None, "–"),
        (float("nan"), 2, "–"),
        (float("inf"), 2, "–"),
    ],
)
def test_number(value: float | None, decimals: int | None, expected: str) -> None:
    assert typography.number(value, decimals) == expected


def test_number_in_english() -> None:
    with override("en"):
        assert typography.number(1204.5, 1) == "1,204.5"


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (0, f"0{N}octet"),
        (1, f"1{N}octet"),
        (999, f"999{N}octets"),
        (84_000, f"84{N}ko"),
        (3_100_000, f"3,1{N}Mo"),
        (2_000_000_000, f"2{N}Go"),
    ],
)
def test_file_size(size: int, expected: str) -> None:
    assert typography.file_size(size) == expected


def test_moments_are_told_in_paris_time() -> None:
    assert typography.long_moment(AT) == f"17 décembre 2026 à 17{N}h"
    assert typography.long_moment(AT, weekday=True) == f"jeudi 17 décembre 2026 à 17{N}h"
    assert typography.hour(AT + timedelta(minutes=30)) == f"17{N}h{N}30"
    # 23:30 UTC is the next day in Paris.
    assert typography.long_date(datetime(2026, 7, 31, 23, 30, tzinfo=UTC)) == "1er août 2026"
    assert typography.long_date(date(2026, 1, 1)) == "1er janvier 2026"
    assert typography.short_date(date(2026, 1, 2)) == "02/01/2026"
    assert typography.long_date(None) == "–"


@pytest.mark.parametrize(
    ("ahead", "expected"),
    [
        (timedelta(days=23, hours=1), "dans 23 jours"),
        (timedelta(days=1), "dans 1 jour"),
        (timedelta(hours=5), "dans 5 heures"),
        (timedelta(minutes=-40), "il y a 40 minutes"),
        (timedelta(days=-90), "il y a 3 mois"),
        (timedelta(days=800), "dans 2 ans"),
        (timedelta(seconds=20), "à l’instant"),
    ],
)
def test_relative(ahead: timedelta, expected: str) -> None:
    assert typography.relative(AT + ahead, now=AT) == expected
