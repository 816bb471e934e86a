"""How the page of a card tells the files that the portal keeps: each once, with its own words."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from catalogue.models import Resource
from catalogue.standards import file_tables
from tests.catalogue.moderation.test_file_looks import looked
from tests.factories import contributions as make
from tests.factories.accounts import signed_in
from tests.factories.card_files import SHA256, House

pytestmark = pytest.mark.django_db


def page_of(house: House, *more: dict[str, Any], **words: str) -> str:
    """Put online a card with one file of ours, told with these words, and rows of others."""
    house.file()
    (row,) = house.rows()
    make.edit(house.draft, house.by, distributions=[row | words, *more])
    page = Client().get(house.publish().get_absolute_url()).text
    return page[page.index("<main") :]


def test_a_kept_file_is_told_once(house: House) -> None:
    page = page_of(house)
    assert page.count(SHA256) == 1
    assert page.count(">offres.csv</span></a>") == 1
    assert 'id="details"' in page
    assert "Fichiers et accès" not in page
    assert "Non renseigné" not in page


def test_a_kept_file_keeps_the_words_of_its_row(house: House) -> None:
    words = {"title": "Les offres", "description": "Une par ligne.", "licence": "etalab-2.0"}
    page = page_of(house, **words)
    told = page[page.index("fichiers-deposes") :]
    assert "<b>Les offres</b>" in told
    assert "Une par ligne." in told
    assert "Licence Ouverte 2.0." in told


def test_the_rows_of_others_stay_in_their_table_with_their_own_way_out(house: House) -> None:
    other = {"title": "Ailleurs", "download_url": "https://data.example/a.csv"}
    page = page_of(house, other)
    assert "Fichiers et accès" in page
    assert page.count(SHA256) == 1
    slug = Resource.objects.get().slug
    ways = [
        reverse("catalogue:file_out", args=(slug, "distributions", number, "download_url")) in page
        for number in (0, 1)
    ]
    assert ways == [False, True]


@pytest.mark.parametrize(
    ("body", "rows"),
    [
        ("".join(f"{each};a\n" for each in range(2_500)), 2_500),
        ("".join(f'{each};"a\nb"\n\n' for each in range(1_500)), 1_500),
        ("1;a", 1),
        ("", 0),
        ("1;a\n" * 2_000 + "b" * 250_000, None),
        ("1;a\n" + "b" * 250_000, None),
        ("1;a\n" + "b" * (file_tables.LINE_CHARACTERS), None),
        ("1;a\n" * 2_000 + '"' + "b\n" * 100_000, None),
        ("1;a\n" * (file_tables.COUNTED_CHARACTERS // 4 + 10), None),
    ],
    ids=["long", "in two lines", "one", "none", "wide", "wide at once", "cut", "open", "longer"],
)
def test_the_rows_of_a_table_read_to_its_end_are_counted(
    tmp_path: Path, body: str, rows: int | None
) -> None:
    told = looked(tmp_path / "a", f"n;lettre\n{body}".encode(), "csv", "text").preview
    assert [each["name"] for each in told["columns"]] == ["n", "lettre"]
    assert told.get("all_rows") == rows


@pytest.mark.parametrize(
    ("many", "said"),
    [(1, "1 ligne en tout"), (3, "3 lignes en tout"), (150, "100 premières lignes montrées, sur")],
)
def test_the_preview_says_how_many_rows_there_are(house: House, many: int, said: str) -> None:
    file = house.file(content=b"n;a\n" + b"1;b\n" * many)
    own = signed_in(house.by)
    page = own.get(reverse("catalogue:file_preview", args=(file.public_id,))).text
    assert said in page
