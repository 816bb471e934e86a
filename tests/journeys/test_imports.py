"""A table of cards in a browser: told row by row, confirmed, taken back whole; no violation."""

from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from catalogue.enums import ContributionStatus
from catalogue.models import Contribution, ContributionBatch
from catalogue.tasks.batches import import_cards
from portal.accounts.enums import Role
from tests.catalogue.moderation.test_tables import need, table
from tests.factories import contributions as make
from tests.journeys import axe, browser
from tests.journeys.test_contributions import session

pytestmark = [pytest.mark.journey, pytest.mark.slow]


def brought(page: Any, site: str, folder: Path) -> None:
    """Bring a table of three rows, one of which is wrong."""
    file = folder / "fiches.csv"
    titles = ("Une alerte avant la rupture", "Un repérage des métiers en tension")
    rows = [need(title=title) for title in titles]
    file.write_bytes(table(*rows, need(title="Une ligne fautive", scope="lunaire")))
    page.goto(site + reverse("catalogue:import"))
    page.set_input_files("#id_file", str(file))
    page.click("main form .btn-primary")


@pytest.mark.parametrize("script", [True, False], ids=["script", "plain"])
def test_a_table_is_tried_confirmed_and_taken_back(
    running: Any, site: str, tmp_path: Path, script: bool
) -> None:
    holder = make.organisation("Mission locale du Var")
    editor = make.joined(make.person(), holder, Role.EDITOR)
    with browser.tab(running, script=script, cookies=session(site, editor)) as page:
        brought(page, site, tmp_path)
        told = page.locator("main").inner_text()
        assert "lunaire" in told
        assert not Contribution.objects.exists()
        page.check("input[name=then][value=review]")
        page.check("#id_charter")
        page.click("button[value=import]")
        assert "L’import est en cours" in page.locator("main").inner_text()
        import_cards(batch_id=ContributionBatch.objects.get().pk)  # as a worker does
        page.reload()
        assert "Une ligne n’a pas été importée" in page.locator("main").inner_text()
        assert Contribution.objects.queue().count() == 2
        page.click("button[value=withdraw]")
        page.click(".btn-danger")
        assert "2 propositions retirées" in page.locator("main").inner_text()
        assert page.errors == []
    withdrawn = Contribution.objects.filter(status=ContributionStatus.WITHDRAWN)
    assert withdrawn.count() == Contribution.objects.count() == 2


@axe.in_each_look
def test_no_violation_on_the_pages_of_an_import(
    running: Any, site: str, looks: tuple[axe.Look, ...], tmp_path: Path
) -> None:
    holder = make.organisation("Mission locale du Var")
    editor = make.joined(make.person(), holder, Role.EDITOR)
    with browser.tab(running, cookies=session(site, editor)) as page:
        brought(page, site, tmp_path)
        there = page.url
        paths = [site + reverse("catalogue:import"), there]
        paths.append(site + reverse("catalogue:import_columns", args=("need",)))
        found = {path: faults for path in paths if (faults := axe.audit(page, path, *looks))}
        page.goto(there)
        page.check("input[name=then][value=drafts]")
        page.click("button[value=import]")
        import_cards(batch_id=ContributionBatch.objects.get().pk)
        found |= {there: faults} if (faults := axe.audit(page, there, *looks)) else {}
        page.click("button[value=withdraw]")
        found |= {"withdraw": faults} if (faults := axe.faults(page, *looks)) else {}
    assert found == {}
