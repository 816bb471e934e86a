"""Paste a real description in a browser: a draft with its origins, with and without script."""

from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from catalogue.forms.steps import Step
from catalogue.models import Contribution
from tests.factories import contributions as make
from tests.journeys import axe, browser
from tests.journeys.test_contributions import session

pytestmark = [pytest.mark.journey, pytest.mark.slow]
CARD = "hf-cards/model-cards/etalab-ia_camembert-base-squadFR-fquad-piaf.md"


def card(shared: Path) -> str:
    """Give the card of a French public model."""
    return (shared / "cases" / "catalogue" / CARD).read_text("utf-8")


@pytest.mark.parametrize("script", [True, False], ids=["script", "plain"])
def test_a_pasted_card_fills_the_draft(running: Any, site: str, shared: Path, script: bool) -> None:
    author = make.person()
    with browser.tab(running, script=script, cookies=session(site, author)) as page:
        page.goto(site + reverse("catalogue:contribute"))
        page.click("text=Coller une description")
        page.click("main form .btn-primary")
        assert "Donnez une adresse" in page.locator("#erreurs").inner_text()
        page.errors.clear()  # the browser notes the status of a refused form
        page.fill("#id_text", card(shared))
        page.click("main form .btn-primary")
        assert "champs repris" in page.locator("#champs").inner_text()
        assert "Hugging Face › language" in page.locator("main table").inner_text()
        page.click("text=Relire et compléter")
        assert page.input_value("#id_title") == "camembert-base-squadFR-fquad-piaf"
        assert "D’après Hugging Face" in page.locator("main form").inner_text()
        assert page.errors == []
    assert Contribution.objects.get().author == author


@axe.in_each_look
def test_no_violation_on_the_pages_of_a_paste(
    running: Any, site: str, looks: tuple[axe.Look, ...], shared: Path
) -> None:
    author = make.person()
    with browser.tab(running, cookies=session(site, author)) as page:
        page.goto(site + reverse("catalogue:contribution_paste"))
        page.fill("#id_text", card(shared))
        page.click("main form .btn-primary")
        draft = Contribution.objects.get()
        step = reverse("catalogue:contribution_step", args=(draft.public_id, Step.DESCRIBE))
        paths = [
            reverse("catalogue:contribute"),
            reverse("catalogue:contribution_paste"),
            reverse("catalogue:contribution_reading", args=(draft.public_id,)),
            step,
        ]
        found = {path: faults for path in paths if (faults := axe.audit(page, site + path, *looks))}
        page.goto(site + reverse("catalogue:contribution_paste"))
        page.fill("#id_text", "cff-version: 1.2.0\ntitre: Sans rien\n")
        page.click("main form .btn-primary")
        assert "Ligne 2" in page.locator("main [role=alert]").inner_text()
    assert found == {}
