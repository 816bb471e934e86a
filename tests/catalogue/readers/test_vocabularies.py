"""Licences, languages, rhythms and dates as others write them."""

import json
from pathlib import Path

import pytest

from catalogue.standards import frequencies, languages, licences, vocabularies
from catalogue.standards.licences import OPEN_LICENCE_1
from catalogue.standards.published import Licence
from catalogue.standards.readers import text
from catalogue.standards.readers.places import places
from catalogue.validators import fields, words

EUROPEAN = "http://publications.europa.eu/resource/authority/frequency/"


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("mit", "MIT"),
        ("cc-by-4.0", "CC-BY-4.0"),
        ("Open Database License (ODbL)", "ODbL-1.0"),
        ("ODBL", "ODbL-1.0"),
        ("Licence Ouverte version 2.0", "etalab-2.0"),
        ("Licence ouvert version 2.0", "etalab-2.0"),
        ("Open Databse Licence", "ODbL-1.0"),
        (
            "Licence Ouverte 1.0 http://www.data.gouv.fr/Licence-Ouverte-Open-Licence.",
            OPEN_LICENCE_1,
        ),
        ("https://creativecommons.org/licenses/by-sa/4.0/deed.fr", "CC-BY-SA-4.0"),
        ("http://creativecommons.org/licenses/by-nc-nd/3.0/", "CC-BY-NC-ND-3.0"),
        ("https://creativecommons.org/publicdomain/zero/1.0/", "CC0-1.0"),
        ("https://choosealicense.com/licenses/apache-2.0/", "Apache-2.0"),
        ("https://spdx.org/licenses/EUPL-1.2.html", "EUPL-1.2"),
        ("http://publications.europa.eu/resource/authority/licence/CC_BY_4_0", "CC-BY-4.0"),
        ("http://publications.europa.eu/resource/authority/licence/ODC_BL", "ODbL-1.0"),
        ("http://dcat-ap.de/def/licenses/cc-zero", "CC0-1.0"),
        ("https://opendatacommons.org/licenses/odbl/1-0/", "ODbL-1.0"),
    ],
)
def test_a_licence_is_named(said: str, name: str) -> None:
    found = licences.normalise(said)

    assert (found.identifiers, found.status) == ((name,), "declared")


@pytest.mark.parametrize(
    "said",
    [
        "unknown",
        "other",
        "Licence Ouverte",
        "cc-by",
        "CC BY",
        "cc by-nd 9.0",
        "cc by-nx 4.0",
        "https://creativecommons.org/licenses/by/3.0/fr/legalcode-of-nowhere",
        "https://www.etalab.gouv.fr/licence-ouverte-open-licence",
        "Open Database License 2.0",
        "Licence Ouverte 3.0",
        "usage interne",
    ],
)
def test_a_doubtful_licence_is_to_confirm_with_its_text(said: str) -> None:
    found = licences.normalise(said)

    assert (found.identifiers, found.status, found.note) == ((), "to_confirm", said)


def test_no_alias_of_another_catalogue_is_believed(shared: Path) -> None:
    rows = json.loads(
        (shared / "cases/catalogue/datasud/idgo_admin_license.json").read_text("utf-8")
    )
    by_code = {
        row["pk"]: json.loads(row["fields"]["alternate_titles"])
        for row in rows
        if row["model"] == "idgo_admin.license"
    }

    assert "Open Database License (ODbL)" in by_code["cc-by"]
    assert {licences.normalise(alias).identifiers for alias in by_code["cc-by"]} == {("ODbL-1.0",)}
    named = [licences.normalise(alias) for alias in by_code["lov2"]]
    assert {each.identifiers for each in named} <= {("etalab-2.0",), ()}


@pytest.mark.parametrize(
    ("said", "codes", "unknown"),
    [
        ("french", ["fr"], []),
        ({"a": ["en", "fr"], "b": ["en"]}, ["en", "fr"], []),
        (["fr-FR", "eng", "Français"], ["fr", "en"], []),
        ("http://publications.europa.eu/resource/authority/language/FRA", ["fr"], []),
        ("en,es,ca", ["en", "es", "ca"], []),
        ("no", ["no"], []),
        (False, ["no"], []),
        (["bzd", "mul", "unknown", None, 3], ["bzd", "mul"], []),
        ("volapük du dimanche", [], ["volapük du dimanche"]),
    ],
)
def test_languages(said: object, codes: list[str], unknown: list[str]) -> None:
    assert languages.normalise(said) == (codes, unknown)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("http://publications.europa.eu/resource/authority/frequency/ANNUAL_2", "biannual"),
        ("http://publications.europa.eu/resource/authority/frequency/12HRS", "several_daily"),
        ("http://publications.europa.eu/resource/authority/frequency/NOT_PLANNED", "punctual"),
        ("http://publications.europa.eu/resource/authority/frequency/AS_NEEDED", "irregular"),
        ("http://purl.org/cld/freq/irregular", "irregular"),
        ("threeTimesAYear", "three_yearly"),
        ("biweekly", "fortnightly"),
        ("R/P1Y", "annual"),
        ("annuelle", "annual"),
        ("de temps en temps", ""),
    ],
)
def test_rhythms(said: str, code: str) -> None:
    assert frequencies.normalise(said) == code


def test_every_code_of_the_european_list_is_known(shared: Path) -> None:
    listed = (shared / "cases/catalogue/vocab/frequencies-skos-ap-act.rdf").read_text("utf-8")
    codes = {part.split('"')[0] for part in listed.split("authority/frequency/")[1:]}

    known = {code: frequencies.normalise(f"authority/frequency/{code}") for code in codes if code}
    assert len(known) >= 23
    assert [code for code, name in known.items() if code.isupper() and not name] == []


def test_forms_readers_and_exports_name_the_same_rhythms() -> None:
    asked = {code for code, _label in fields.FREQUENCIES}

    assert asked == set(frequencies.FREQUENCIES) == set(vocabularies.FREQUENCIES)
    for code, term in vocabularies.FREQUENCIES.items():
        assert str(term.iri) == EUROPEAN + frequencies.FREQUENCIES[code].authority


def test_a_licence_without_spdx_identifier_is_shown_and_exported_by_its_own_address() -> None:
    assert licences.read(OPEN_LICENCE_1).is_open
    assert words.licence_label(OPEN_LICENCE_1) == "Licence Ouverte 1.0"
    assert Licence(OPEN_LICENCE_1, "", True).url.endswith("Licence_Ouverte.pdf")
    assert Licence("MIT", "", True).url == "https://spdx.org/licenses/MIT"


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("2018-09-05T00:00:00.000Z", "2018-09-05"),
        ("2022-02", "2022-02"),
        (2014, "2014"),
        ("5/9/2018", "2018-09-05"),
        ("2018-13-01", ""),
        ("2018-02-30", ""),
        ("hier", ""),
    ],
)
def test_days(said: object, day: str) -> None:
    assert text.day(said) == day


@pytest.mark.parametrize(
    ("address", "first"),
    [
        ("https://huggingface.co/a/b/tree/main", "https://huggingface.co/a/b/raw/main/README.md"),
        (
            "https://huggingface.co/datasets/x",
            "https://huggingface.co/datasets/x/raw/main/README.md",
        ),
        ("https://huggingface.co/api/models", "https://huggingface.co/api/models"),
        (
            "https://www.data.gouv.fr/fr/datasets/offres-d-emploi/",
            "https://www.data.gouv.fr/api/1/datasets/offres-d-emploi/",
        ),
        ("https://github.com/a/b.git", "https://raw.githubusercontent.com/a/b/HEAD/publiccode.yml"),
        ("https://gitlab.com/a/b/", "https://gitlab.com/a/b/-/raw/HEAD/publiccode.yml"),
        (
            "https://ckan.example/fr/dataset/x",
            "https://ckan.example/fr/api/3/action/package_show?id=x",
        ),
        ("https://a.example/x.ttl", "https://a.example/x.ttl"),
    ],
)
def test_an_address_leads_to_its_description(address: str, first: str) -> None:
    assert places(address)[0].url == first
