"""The six use cases in a browser: tried, corrected, taken away, with and without script."""

from pathlib import Path
from typing import Any

import pytest

from portal.demonstrator.registry import CASES
from portal.management.opening import demonstrator
from tests.journeys import axe, browser

pytestmark = [pytest.mark.journey, pytest.mark.slow]

# What a person types or chooses in each case, and what its answer names.
TYPED = {
    "autodiagnostic-mobilite": ({"occupation": "boulangère"}, "Pâtissier / Pâtissière"),
    "besoins-petites-entreprises": ({"text": "réparer des moteurs de bateau"}, "nautique"),
    "commande-publique-formation": ({"domain": "D"}, "Boulanger / Boulangère"),
    "conseillers-jeunes": ({"first": "boulangère", "second": "maçon"}, "Pâtissier / Pâtissière"),
    "orientation-lycee": ({"text": "les moteurs et la cuisine"}, "Commis de cuisine"),
    "transition-salaries": ({"occupation": "boulangère"}, "Compte personnel de formation"),
}


@pytest.mark.parametrize(
    ("script", "looks"),
    [
        pytest.param(True, (axe.NARROW,), id="narrow"),
        pytest.param(True, (axe.PLAIN,), id="plain", marks=pytest.mark.ci),
        pytest.param(True, axe.REST, id="rest", marks=pytest.mark.full),
        # axe needs script: what is walked without it was looked at with it.
        pytest.param(False, (), id="no-script", marks=pytest.mark.ci),
    ],
)
def test_each_use_case_is_tried_corrected_and_taken_away(
    running: Any, site: str, tmp_path: Path, script: bool, looks: tuple[axe.Look, ...]
) -> None:
    demonstrator.open_cases()
    faults: dict[str, list[str]] = {}
    with browser.tab(running, script=script) as page:
        page.goto(f"{site}/demonstrateur/")
        faults["index"] = axe.faults(page, *looks)
        addresses = page.eval_on_selector_all(".res-title a", "all => all.map(a => a.href)")
        assert [each.split("/")[-2] for each in addresses] == [case.sheet.slug for case in CASES]
        for address in addresses:
            slug = address.split("/")[-2]
            page.goto(address)
            faults[slug] = axe.faults(page, *looks)
            typed, expected = TYPED[slug]
            for name, value in typed.items():
                field = page.locator(f"[name={name}]")
                if field.evaluate("field => field.localName") == "select":
                    field.select_option(value)
                else:
                    field.fill(value)
            page.click("#essayer form >> nth=0 >> .btn-primary")
            result = page.locator("#resultat")
            assert expected in result.inner_text()
            faults[f"{slug}, answered"] = axe.faults(page, *looks)
            if ticked := result.locator("input[name=keep]:checked").count():
                result.locator("input[name=keep]:checked").last.uncheck()
            for format_ in ("odt", "pdf"):
                with page.expect_download() as coming:
                    page.locator(f"button[value={format_}]").click()
                assert coming.value.suggested_filename == f"{slug}.{format_}"
            page.click("button[value=useful]")
            assert "votre avis est compté" in page.locator("#avis").inner_text()
            # What was unticked stays so.
            kept = page.locator("#resultat input[name=keep]:checked").count()
            assert kept == max(ticked - 1, 0), slug
        assert page.errors == []
    assert {name: found for name, found in faults.items() if found} == {}
