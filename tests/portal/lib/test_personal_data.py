"""What is personal data in a text or a file, and what only looks like it."""

import io

import pyarrow.parquet
import pytest

from portal.lib.prose import personal_data
from portal.lib.prose.personal_data import Found, Kind
from tests.archives import zipped

# Invented numbers with true keys.
NIR = "1 85 05 78 006 084 91"
IBAN = "FR76 3000 6000 0112 3456 7890 189"


def corsican_key(body: str, department: str, value: str) -> str:
    return f"{97 - int(body.replace(department, value)) % 97:02d}"


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        (NIR, True),
        (NIR[:-1] + "2", False),
        ("269052A588157" + corsican_key("269052A588157", "2A", "19"), True),
        ("269052B588157" + corsican_key("269052B588157", "2B", "18"), True),
        ("269052A588157" + corsican_key("269052A588157", "2A", "18"), False),
        ("1850578006084", False),
        ("", False),
    ],
)
def test_nir_key(text: str, valid: bool) -> None:
    assert personal_data.nir_is_valid(text) is valid


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        (IBAN, True),
        ("GB82 WEST 1234 5698 7654 32", True),
        ("FR76 3000 6000 0112 3456 7890 188", False),
        ("FR76 3000 6000 0112 3456 7890", False),
        ("FR14", False),
    ],
)
def test_iban_key(text: str, valid: bool) -> None:
    assert personal_data.iban_is_valid(text) is valid


def test_findings_carry_their_line_and_are_masked() -> None:
    text = f"Contact : jeanne.durand@exemple.fr\n{NIR}\nRIB : {IBAN} merci\nTél. 04 91 00 00 01"

    assert personal_data.find(text) == [
        Found(Kind.EMAIL, 1, "je…@exemple.fr"),
        Found(Kind.NIR, 2, "1 8…91"),
        Found(Kind.IBAN, 3, "FR7…89"),
        Found(Kind.PHONE, 4, "04 …01"),
    ]


def test_postal_and_service_addresses_are_found() -> None:
    found = personal_data.find("Chez moi : 12 bis rue de la République, 13001 Marseille.")

    assert [(item.kind, item.line) for item in found] == [(Kind.ADDRESS, 1)]
    assert personal_data.find("contact@region.example") == [
        Found(Kind.EMAIL, 1, "contact@region.example")
    ]
    assert personal_data.is_generic("contact@region.example")
    assert not personal_data.is_generic("contacteur.martin@region.example")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "SIRET 130 005 481 00010",
        "1 85 05 78 006 084 92",
        "version 1.04.91.00.00.01 du format",
        "FR76 est un préfixe",
        "git clone git@github.com:exemple/modele.git",
        "départements 04/05/06/13/83",
    ],
)
def test_what_only_looks_like_personal_data(text: str) -> None:
    assert personal_data.find(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "+33 4 91 00 00 01",
        "0033 491000001",
        "+33 (0)4 91 00 00 01",
        "06/11/22/33/44",
        "06.11.22.33.44",
    ],
)
def test_other_phones(text: str) -> None:
    assert [item.kind for item in personal_data.find(text)] == [Kind.PHONE]


@pytest.mark.parametrize(
    "code",
    [
        "http://portail.example/fichiers/aa65b554-8d2a-4510-b02a-45c50b1d89cb/",
        "http://portail.example/fichiers/04799903-55bf-422d-bea7-eef0a3bc731a/",
        "0771207702c567f030ec3b702424a43dabd0e13d1073057448aafc7774aac669",
    ],
)
def test_an_identifier_or_a_digest_is_nobodys_number(code: str) -> None:
    assert personal_data.find(code) == []
    assert [each.kind for each in personal_data.find(f"{code} {IBAN}")] == [Kind.IBAN]
    spanish = f"ES9121000418450200051332 {code.rpartition('fichiers/')[2]}"
    assert [each.kind for each in personal_data.find(spanish)] == [Kind.IBAN]
    assert [each.kind for each in personal_data.find(f"06 12 34 56 78 {code}")] == [Kind.PHONE]


LINE = f"nom;numéro\nX;{NIR}\nY;jeanne.martin@exemple.fr\nZ;contact@exemple.fr\n"


def table() -> bytes:
    content = io.BytesIO()
    rows = pyarrow.table({"n": [1, 2], "mot": [NIR, "jeanne.martin@exemple.fr"]})
    pyarrow.parquet.write_table(rows, content)
    return content.getvalue()


FILES = {
    "text": LINE.encode(),
    "utf-16": LINE.encode("utf-16"),
    "far down": b"\n" * 100_000 + LINE.encode(),
    "after a NUL": b"a;b\n" + b"x" * 5_000 + b"\0\n" + LINE.encode(),
    "begins like a program": b"MZ_" + LINE.encode(),
    "begins like UTF-16": b"\xff\xfe" + LINE.encode(),
    "begins like a sound": b"RIFF\n" + LINE.encode() + b"\n" * 5_000 + b"\0",
    "archive": zipped({"vide": "", "feuille": f"<t>{NIR}</t><t>jeanne.martin@exemple.fr</t>"}),
    "parquet": table(),
}


@pytest.mark.parametrize("content", FILES.values(), ids=FILES)
def test_the_first_of_each_kind_is_told_masked(content: bytes) -> None:
    stream = io.BytesIO(content)
    found = {each.kind: each.excerpt for each in personal_data.scan_file(stream)}
    assert set(found) == {Kind.NIR, Kind.EMAIL}
    assert "jeanne.martin" not in found[Kind.EMAIL]
    assert "078" not in found[Kind.NIR]
    assert stream.tell() == 0


def test_an_unread_file_is_not_called_clean_and_an_empty_one_is() -> None:
    for content in (b"", b"\x89PNG\0\0" + LINE.encode(), b"a,b\n1,2\ncontact@exemple.fr,3\n"):
        assert personal_data.scan_file(io.BytesIO(content)) == []
    with pytest.raises(personal_data.Unread):
        personal_data.scan_file(io.BytesIO(b"PK\x03\x04 cut short"))
    bomb = zipped({"a": "0" * (personal_data.READ_BYTES + 1), "b": LINE})
    assert personal_data.scan_file(io.BytesIO(bomb)) == []
