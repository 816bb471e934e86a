"""The pages of datasets in a real browser: accessible, strict, and whole without script."""

from collections.abc import Callable
from typing import Any

import pytest

from datasets.models import Dataset, Download
from portal.accounts.models import User
from portal.management.opening import datasets, people
from tests.journeys import axe, browser

pytestmark = [pytest.mark.journey, pytest.mark.slow]


@pytest.fixture
def opened(site: str) -> str:
    """Serve a portal with its demonstration datasets."""
    people.open_accounts()
    datasets.publish()
    return site


def paths() -> list[str]:
    pages = [one.get_absolute_url() for one in Dataset.objects.select_related("resource")]
    return ["/donnees/", "/donnees/?q=soudage", *pages, *[f"{page}versions/" for page in pages]]


@axe.in_each_look
def test_no_violation_no_overflow_no_console_error(
    running: Any,
    opened: str,
    as_user: Callable[[User], list[dict[str, Any]]],
    looks: tuple[axe.Look, ...],
) -> None:
    form = f"{paths()[2]}versions/nouvelle/"
    cookies = as_user(User.objects.get(username="producteur"))
    found = {}
    for asked, known in (([*paths()], []), ([form], cookies)):
        with browser.tab(running, cookies=known) as page:
            for path in asked:
                if faults := axe.audit(page, opened + path, *looks):
                    found[path] = faults
    assert found == {}


def test_filter_read_and_download_without_script(running: Any, opened: str) -> None:
    with browser.tab(running, script=False) as page:
        page.goto(f"{opened}/donnees/")
        page.get_by_label("Fichiers déposés ici").check()
        page.get_by_role("button", name="Appliquer les filtres").click()
        page.get_by_role("link", name="Offres d’emploi synthétiques et délai").click()
        assert page.get_by_role("heading", name="Schéma").is_visible()
        with page.expect_download() as waited:
            page.get_by_role("link", name="Télécharger").first.click()
        assert waited.value.suggested_filename == "offres-synthetiques.csv"
    assert Download.objects.count() == 1
