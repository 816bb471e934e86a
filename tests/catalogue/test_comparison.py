"""Two or three cards of an AI side by side: what is missing and who is served worst are seen."""

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from catalogue.enums import ResourceKind
from catalogue.models import Measurement, Resource
from catalogue.queries import comparison
from catalogue.validators.card import CARD
from tests.catalogue.moderation.ledger import cost
from tests.factories.catalogue import MeasurementFactory, ResourceFactory

pytestmark = pytest.mark.django_db


def model(title: str, **options: object) -> Resource:
    return ResourceFactory(
        published=True, kind=ResourceKind.MODEL, title=title, tasks=["matching"], **options
    )


@pytest.fixture
def pair() -> tuple[Resource, Resource]:
    one = model("Modèle Alpha", details={"excluded_uses": ["Trier des candidatures"]})
    two = model("Modèle Bêta", details={"limits": ["Français seul"]})
    for card, value, n in ((one, 0.81, 900), (two, 0.78, 400)):
        MeasurementFactory(resource=card, task="Appariement", metric="F1", value=value, n=n)
    for group, value, n in (
        ("Femmes", 0.62, 40),
        ("Hommes", 0.71, 44),
        ("Plus de 60 ans", 0.3, None),
    ):
        MeasurementFactory(
            resource=one,
            task="Appariement",
            metric="F1",
            group=group,
            value=value,
            n=n,
            low=None,
            high=None,
        )
    return one, two


def compared(client: Client, *cards: Resource) -> str:
    answer = client.get("/comparer/", {"fiche": [card.slug for card in cards]})
    assert answer.status_code == 200
    return answer.text


def test_every_question_is_asked_of_both_and_what_is_missing_is_said(
    pair: tuple[Resource, Resource], client: Client
) -> None:
    lines = comparison.questions(comparison.chosen([card.slug for card in pair]))
    assert [line.label for line in lines] == [own.label for own in CARD]
    told = {str(line.label): [part.shape for _card, part in line.cells] for line in lines}
    assert told["À ne pas faire"] == ["list", "missing"]
    assert told["Limites connues"] == ["missing", "list"]
    page = compared(client, *pair)
    assert page.count("Non renseigné") >= 2 * (len(CARD) - 1)
    assert "Trier des candidatures" in page


def test_figures_of_one_task_and_measure_stand_on_one_line(
    pair: tuple[Resource, Resource],
) -> None:
    MeasurementFactory(resource=pair[1], task="Autre tâche", metric="F1", held_out_version="v2")
    lines = comparison.measures(comparison.chosen([card.slug for card in pair]))
    shown = [[cell.row and cell.row.value for cell in line.cells] for line in lines]
    assert shown == [[0.81, 0.78], [None, 0.804]]
    scale = {(cell.minimum, cell.maximum) for cell in lines[0].cells}
    assert len(scale) == 1


def test_the_latest_figure_counts_and_other_test_sets_are_said(
    pair: tuple[Resource, Resource], client: Client
) -> None:
    old = Measurement.objects.get(resource=pair[0], group="")
    MeasurementFactory(
        resource=pair[0],
        task="Appariement",
        metric="F1",
        value=0.9,
        held_out_version="v2",
        evaluated_on=old.evaluated_on.replace(year=old.evaluated_on.year + 1),
    )
    line = comparison.measures(comparison.chosen([card.slug for card in pair]))[0]
    assert line.cells[0].row is not None
    assert (line.cells[0].row.value, line.apart) == (0.9, True)
    assert "comparez avec prudence" in compared(client, *pair)


def test_the_worst_group_is_named_and_small_ones_are_kept_back(
    pair: tuple[Resource, Resource], client: Client
) -> None:
    lines = comparison.groups(comparison.chosen([card.slug for card in pair]))
    worst = [line.group for line in lines if line.cells[0].worst]
    assert worst == ["Femmes"]
    page = compared(client, *pair)
    assert "Groupe trop petit" in page
    assert "0,300" not in page
    assert "groupe le moins bien servi" in page


def test_less_may_be_better() -> None:
    assert comparison.lower_is_better("Erreur absolue (MAE)")
    assert comparison.lower_is_better("Taux de faux négatifs")
    assert comparison.lower_is_better("Exactitude") is False
    for name, less in (
        ("MAPE", True),
        ("sMAPE", True),
        ("Answer accuracy", False),
        ("MAP@10", False),
    ):
        assert comparison.lower_is_better(name) is less, name
    assert comparison.lower_is_better("Satisfaction") is None


@pytest.mark.parametrize(
    ("metric", "worst"), [("Taux de faux négatifs", "Femmes"), ("Exactitude", "Hommes"), ("X", "")]
)
def test_the_worst_group_follows_the_sense_of_the_measure(metric: str, worst: str) -> None:
    card = model("Modèle Gamma")
    for group, value in (("Femmes", 0.3), ("Hommes", 0.1)):
        MeasurementFactory(
            resource=card, metric=metric, group=group, value=value, n=50, low=None, high=None
        )
    lines = comparison.groups([card])
    assert [line.group for line in lines if line.cells[0].worst] == ([worst] if worst else [])


def test_a_group_kept_back_is_not_told_by_the_ends_of_the_scale() -> None:
    card = model("Modèle Delta")
    for group, value, n in (("Femmes", 0.8, 200), ("Plus de 60 ans", 0.12, None)):
        MeasurementFactory(
            resource=card, metric="F1", group=group, value=value, n=n, low=None, high=None
        )
    cells = [line.cells[0] for line in comparison.groups([card])]
    assert min(cell.minimum for cell in cells if cell.row) > 0.5
    assert "0,12" not in Client().get(card.get_absolute_url()).text


def test_an_address_that_no_database_reads_is_answered(client: Client) -> None:
    assert client.get("/comparer/?fiche=%00&fiche=a%00b").status_code == 200


def test_three_at_most_and_only_what_is_public_and_comparable(
    pair: tuple[Resource, Resource], client: Client
) -> None:
    hidden = ResourceFactory(kind=ResourceKind.MODEL, title="Caché zz")
    need = ResourceFactory(published=True, kind=ResourceKind.NEED, title="Un besoin zz")
    more = [model(f"Modèle {n}") for n in range(3)]
    page = compared(client, hidden, need, *pair, *more)
    assert "zz" not in page.replace("fuzzy", "")
    assert "n’a pas pu être ajoutée" in page
    assert page.count('name="fiche"') == 0
    titles = [
        card.title
        for card in comparison.chosen([card.slug for card in (hidden, need, *pair, *more)])
    ]
    assert titles == ["Modèle Alpha", "Modèle Bêta", "Modèle 0"]


def test_the_page_offers_what_does_the_same_task(client: Client) -> None:
    first, second = model("Modèle Alpha"), model("Modèle Bêta")
    page = compared(client, first)
    assert f"/comparer/?fiche={first.slug}&amp;fiche={second.slug}" in page
    assert "deuxième fiche" in page
    found = client.get("/comparer/", {"fiche": first.slug, "q": "bêta"}).text
    assert f"fiche={second.slug}" in found
    assert "Aucune fiche comparable" in client.get("/comparer/", {"q": "zzzzqqq"}).text


def test_cards_and_results_lead_to_it(client: Client) -> None:
    first, second = model("Modèle Alpha"), model("Modèle Bêta")
    assert f"/comparer/?fiche={first.slug}" in client.get(first.get_absolute_url()).text
    results = client.get("/ressources/", {"kind": "model"}).text
    assert f'name="fiche" value="{second.slug}"' in results
    need = ResourceFactory(published=True, kind=ResourceKind.NEED)
    assert "/comparer/" not in client.get(need.get_absolute_url()).text


@given(slugs=st.lists(st.text(max_size=40), max_size=20))
def test_any_address_is_answered(slugs: list[str]) -> None:
    assert comparison.chosen(slugs) == []


def test_two_and_three_cards_cost_the_same(pair: tuple[Resource, Resource], client: Client) -> None:
    third = model("Modèle Gamma")
    MeasurementFactory(resource=third)
    addresses = [
        "/comparer/?" + "&".join(f"fiche={card.slug}" for card in cards)
        for cards in (pair, (*pair, third))
    ]
    two, three = (cost(client, address) for address in addresses)
    assert three <= two <= 25
