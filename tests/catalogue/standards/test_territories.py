"""Territories: one notation for kind, code and name, whatever way one is written."""

import pytest
from django.core.exceptions import ValidationError
from django.utils.datastructures import MultiValueDict
from django.utils.translation import override

from catalogue.forms.steps import Step, StepForm, form_field
from catalogue.queries import detail
from catalogue.search.query import ResourceQuery
from catalogue.standards import dcat, plain, schema_org, territories
from catalogue.standards.readers import zones
from catalogue.standards.territories import Territory, TerritoryKind
from catalogue.validators import words
from catalogue.validators.fields import COMMON_BY_NAME
from tests.catalogue.standards.examples import example
from tests.factories.catalogue import ResourceFactory
from tests.properties import given
from tests.properties import strategies as st

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
    assert [zones.name(each) for each in told] == ["Arles (commune 13004)", "EPCI 241300417"]
    assert zones.name("fr:departement:83") == "Var (département 83)"


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
