"""Licences, languages, rhythms, dates, places and measures as others write them."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils.datastructures import MultiValueDict
from django.utils.translation import override

from catalogue.contributions.forms.steps import Step, StepForm, form_field
from catalogue.resources.queries import detail
from catalogue.search.query import ResourceQuery
from catalogue.standards import frequencies, languages, licences, territories, vocabularies
from catalogue.standards.licences import OPEN_LICENCE_1
from catalogue.standards.published import Licence
from catalogue.standards.readers import datagouv, hugging_face
from catalogue.standards.readers.detection import places
from catalogue.standards.readers.syntax import text
from catalogue.standards.territories import Territory, TerritoryKind
from catalogue.standards.writers import dcat, plain, schema_org
from catalogue.validators import fields, words
from catalogue.validators.fields import COMMON_BY_NAME, DETAILS, clean_value
from tests.catalogue.standards.examples import example
from tests.factories.catalogue import ResourceFactory
from tests.properties import given
from tests.properties import strategies as st

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


K = TerritoryKind


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("Var", Territory("Var", K.DEPARTMENT, "83")),
        ("bouches du rhone", Territory("Bouches-du-Rhône", K.DEPARTMENT, "13")),
        ("Région Sud", Territory("Provence-Alpes-Côte d’Azur", K.REGION, "93")),
        ("Région Provence-Alpes-Côte d'Azur", territories.made("", K.REGION, "93")),
        ("Département des Alpes-Maritimes", territories.made("", K.DEPARTMENT, "06")),
        ("La Réunion", Territory("La Réunion")),  # a région and a département
        ("Département de La Réunion", Territory("Département de La Réunion")),
        ("Arles", Territory("Arles")),
        ("Arles (commune)", Territory("Arles", K.COMMUNE)),
        ("Arles (commune 13004)", Territory("Arles", K.COMMUNE, "13004")),
        ("Arles (commune 999)", Territory("Arles (commune 999)")),
        ("Alpilles (zone d'emploi 9302)", Territory("Alpilles", K.EMPLOYMENT_ZONE, "9302")),
        ("Alpilles (BASSIN D’EMPLOI 9302)", Territory("Alpilles", K.EMPLOYMENT_BASIN, "9302")),
        ("EPCI 200054807", Territory("EPCI 200054807", K.EPCI, "200054807")),
        ("fr:departement:13@2016", territories.made("", K.DEPARTMENT, "13")),
        ("fr:canton:1301", Territory("fr:canton:1301")),
    ],
)
def test_a_territory_is_read_in_every_way_it_is_written(said: str, found: Territory) -> None:
    assert territories.read(said) == found


KNOWN = st.builds(
    lambda label, kind, code: f"{label} ({territories.WORDS[kind]} {code})",
    st.text("Aé’ (-)1", max_size=8),
    st.sampled_from(K),
    st.from_regex(r"\A[0-9AB]{2,9}\Z"),
)


@given(st.one_of(st.text(max_size=40), KNOWN))
def test_what_is_stored_reads_as_itself(text: str) -> None:
    stored = words.place_stored(text)
    assert words.place_stored(stored) == stored


@given(st.text("Arles (département 13)", max_size=30), st.sampled_from(K))
def test_a_form_shows_what_it_stored(label: str, kind: TerritoryKind) -> None:
    try:
        stored = words.place_composed(kind, "", label)
    except ValidationError:
        assert not label.strip()
        return
    assert words.place_composed(**words.place_parts(stored)) == stored


@pytest.mark.parametrize("row", [("department", "1", "x"), ("moon", "", "x"), ("commune", "", "")])
def test_a_wrong_kind_code_or_name_is_refused(row: tuple[str, str, str]) -> None:
    with pytest.raises(ValidationError):
        words.place_composed(*row)


def test_zones_of_datagouv_keep_their_kind() -> None:
    told: list[object] = [{"id": "fr:commune:13004@2020", "name": "Arles"}, "fr:epci:241300417"]
    assert [datagouv.zone_name(each) for each in told] == [
        "Arles (commune 13004)",
        "EPCI 241300417",
    ]
    assert datagouv.zone_name("fr:departement:83") == "Var (département 83)"


def test_documents_tell_the_kind() -> None:
    card = example("dataset", territories=("Arles (commune 13004)", "Les vallées"))
    document = plain.document(card)
    assert document["territories"] == ["Arles (commune 13004)", "Les vallées"]
    assert document["places"] == [
        {"kind": "commune", "code": "13004", "label": "Arles"},
        {"kind": "", "code": "", "label": "Les vallées"},
    ]
    assert schema_org.document(card)["spatialCoverage"] == [
        {
            "@type": "AdministrativeArea",
            "name": "Arles",
            "additionalType": "commune",
            "identifier": "13004",
        },
        {"@type": "Place", "name": "Les vallées"},
    ]
    turtle = dcat.document(card).serialize(format="turtle")
    assert 'skos:notation "13004"' in turtle
    assert 'skos:prefLabel "Arles (commune 13004)"@fr' in turtle
    assert 'skos:prefLabel "Les vallées"@fr' in turtle


def test_a_search_kept_with_a_bare_name_still_finds() -> None:
    found = ResourceQuery.parse(MultiValueDict({"territory": ["Var", "Arles"]}))
    assert found.territory == ("Arles", "Var (département 83)")


def test_the_form_takes_kind_code_and_name() -> None:
    record = {"kind": "need", "territories": ["Var (département 83)"]}
    data = {
        "territories-0-label": "",
        "territories-0-kind": "department",
        "territories-0-code": "13",
        "territories-1-label": "Arles",
        "territories-1-kind": "employment_zone",
        "territories-1-code": "",
        "territories-2-label": "",
        "territories-2-kind": "",
        "territories-2-code": "",
    }
    form = StepForm(Step.CLASSIFY, record, data)
    form.is_valid()
    assert form.accepted()["territories"] == [
        "Bouches-du-Rhône (département 13)",
        "Arles (zone d’emploi)",
    ]
    shown = str(StepForm(Step.CLASSIFY, record)["territories"])
    assert 'value="Var"' in shown
    assert '<option value="department" selected>' in shown
    wrong = StepForm(Step.CLASSIFY, record, {**data, "territories-0-code": "1"})
    assert not wrong.is_valid()
    assert "code" in wrong.errors["territories"][0]


def test_programs_give_lines_or_objects() -> None:
    field = form_field(COMMON_BY_NAME["territories"])
    given: list[object] = ["Var", {"kind": "commune", "code": "13004", "label": "Arles"}, {}]
    assert field.clean(given) == ["Var (département 83)", "Arles (commune 13004)"]
    for wrong in ("Var", {"label": "Var"}, [[]], [{"kind": ["commune"]}], [{"kind": "moon"}]):
        with pytest.raises(ValidationError):
            field.clean(wrong)


@pytest.mark.django_db
def test_a_card_tells_the_kind_in_the_language_of_the_reader() -> None:
    card = ResourceFactory(published=True, territories=["Var", "Nice (zone d’emploi)"])
    with override("en"):
        fact = next(each for each in detail.card(card)["facts"] if len(each.items) == 2)
    assert [text for text, _address in fact.items] == ["Var (department)", "Nice (employment zone)"]
    assert fact.items[0][1].endswith("territory=Var+%28d%C3%A9partement+83%29")


ENERGY = DETAILS["model"].by_name["energy_wh"]


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("0,42", 0.42),
        ("0.42", 0.42),
        ("1 234,5", 1234.5),
        ("12", 12),
        (12.0, 12),
        ("1e-3", 0.001),
        ("", None),
        (None, None),
    ],
)
def test_a_measure_is_read_with_a_comma_or_a_point(said: object, kept: object) -> None:
    found = clean_value(ENERGY, said)
    assert (found, type(found)) == (kept, type(kept))


@pytest.mark.parametrize("said", ["-1", "nan", "inf", "1,2,3", "douze", True, [1], "1e15"])
def test_what_is_no_measure_is_refused(said: object) -> None:
    with pytest.raises(ValidationError):
        clean_value(ENERGY, said)


@pytest.mark.parametrize(
    ("language", "typed", "shown"),
    [("fr", "1234,5", "1\u202f234,5"), ("en", "1234.5", "1\u202f234.5")],
)
def test_it_is_written_in_the_language_of_the_reader(language: str, typed: str, shown: str) -> None:
    with override(language):
        assert form_field(ENERGY).prepare_value(1234.5) == typed
        assert clean_value(ENERGY, typed) == 1234.5
        assert detail.value_text(ENERGY, 1234.5) == shown


def test_the_grams_of_hugging_face_are_read_as_they_are_given() -> None:
    front: dict[str, Any] = {
        "plain": "co2_eq_emissions: 0.42\n",
        "told": 'co2_eq_emissions:\n  emissions: 310.25\n  source: "code carbon"\n'
        "  training_type: fine-tuning\n",
        "wrong": "co2_eq_emissions: .inf\n",
    }
    read = {
        name: hugging_face.read(
            f"---\nlibrary_name: x\n{text}---\n# Un modèle\n\nUn texte.\n".encode(), ""
        ).records[0]
        for name, text in front.items()
    }
    assert read["plain"].details["co2_grams"].value == 0.42
    assert "footprint" not in read["plain"].details
    assert read["told"].details["co2_grams"].value == 310.25
    assert read["told"].details["footprint"].value == "fine-tuning, code carbon"
    assert "co2_grams" not in read["wrong"].details
