"""The pages of an import: deposit, live state, report, questions, draft; others see nothing."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from challenges.models import BundleImport, Challenge
from challenges.worker import drain
from portal.accounts.models import User
from tests.challenges import world
from tests.challenges.bundles.foreign.tables import KAGGLE
from tests.challenges.test_bundle_imports import deposited, read, zipped
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db
IMPORTS = "/espace/challenges/importer/"


@pytest.fixture
def owner(client: Client) -> User:
    """Sign an organiser in."""
    made = world.owner()
    client.force_login(made)
    return made


def page_of(made: BundleImport, name: str = "import") -> str:
    return reverse(f"challenges:{name}", args=[made.pk])


def test_from_the_deposit_to_the_draft(client: Client, owner: User) -> None:
    assert IMPORTS in client.get(reverse("challenges:organiser_list")).text
    archive = SimpleUploadedFile("défi.zip", zipped(KAGGLE).getvalue())
    sent = client.post(IMPORTS, {"file": archive})
    made = BundleImport.objects.get()
    assert (sent.status_code, sent["Location"]) == (302, page_of(made))
    waiting = client.get(page_of(made))
    assert f'data-poll="{page_of(made, "import_state")}"' in waiting.text
    assert "data-final" not in client.get(page_of(made, "import_state")).text
    assert drain()
    assert "data-final" in client.get(page_of(made, "import_state")).text
    report = client.get(page_of(made))
    assert "Quelle mesure" in report.text
    assert "Kaggle (CSV)" in report.text
    missing = client.post(page_of(made), {})
    assert missing.status_code == 422
    assert "Cette réponse est attendue." in missing.text
    assert client.post(page_of(made), {"answer_0": "score maison"}).status_code == 422
    quotas = {"answer_0": "roc_auc", "answer_3": "beaucoup"}
    assert client.post(page_of(made), quotas)["Location"] == page_of(made)
    assert drain()
    wrong = client.get(page_of(made)).text
    assert "par exemple 5/100" in wrong
    assert 'value="beaucoup"' in wrong
    assert '<option value="roc_auc" selected>Aire sous la courbe ROC</option>' in wrong
    english = client.get(f"/en{page_of(made)}").text
    assert "Which metric ranks the teams?" in english
    assert "Area under the ROC curve" in english
    client.get(f"/fr{page_of(made)}")  # the language is kept
    assert not Challenge.objects.exists()
    for _click in range(2):
        asked = client.post(page_of(made), {"answer_0": "roc_auc"})
        assert (asked.status_code, asked["Location"]) == (302, page_of(made))
    creating = client.get(page_of(made)).text
    assert "Création du brouillon…" in creating
    assert "Actualiser" in creating  # without JavaScript
    assert "Créer le brouillon" not in creating
    assert drain()
    challenge = Challenge.objects.get()
    state = client.get(page_of(made, "import_state")).text
    assert reverse("challenges:organiser", args=[challenge.slug]) in state
    assert "Le brouillon est créé" in client.get(page_of(made)).text
    assert "défi.zip" in client.get(IMPORTS).text


def test_a_report_shows_each_fault_and_offers_nothing(client: Client, owner: User) -> None:
    made = read(owner, zipped({"competition.yaml": "version: 2\ntitle: [1]\n"}))
    page = client.get(page_of(made)).text
    assert "E_TERMS_MISSING" in page
    assert "competition.yaml" in page
    assert "Créer le brouillon" not in page
    assert client.post(page_of(made), {}).status_code == 409
    given_up = client.post(page_of(deposited(owner), "import_abandon"))
    assert given_up["Location"] == IMPORTS


@pytest.mark.parametrize("content", [b"", b"pas un zip"])
def test_a_file_that_is_no_archive_is_told(client: Client, owner: User, content: bytes) -> None:
    sent = client.post(IMPORTS, {"file": SimpleUploadedFile("a.zip", content)})
    if not content:
        assert sent.status_code == 422
        assert "Ce fichier est vide" in sent.text
        return
    assert drain()
    assert "E_BUNDLE_FORMAT" in client.get(sent["Location"]).text


def test_others_find_nothing_and_an_administrator_only_reads(client: Client) -> None:
    made = read(world.owner())
    client.force_login(world.owner())
    for name in ("import", "import_state"):
        assert client.get(page_of(made, name)).status_code == 404
    assert client.post(page_of(made), {"answer_0": "roc_auc"}).status_code == 404
    assert client.post(page_of(made, "import_abandon")).status_code == 404
    client.force_login(UserFactory(region="administrator"))
    assert "Créer le brouillon" not in client.get(page_of(made)).text
    assert client.post(page_of(made), {"answer_0": "roc_auc"}).status_code == 403
    client.force_login(UserFactory())
    assert client.get(IMPORTS).status_code == 403


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_for_one_and_three(
    client: Client, owner: User, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for at in range(count):
        deposited(owner, zipped({"a": str(at)}))
    with django_assert_num_queries(7):
        client.get(IMPORTS)
