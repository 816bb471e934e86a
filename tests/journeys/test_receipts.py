"""Receipts in a real browser: taken from the entry, verified without script, in every state."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from challenges.actions import reveals
from challenges.models import Challenge, Entry
from challenges.organising.actions import challenges
from challenges.receipts import actions as receipts
from challenges.worker import drain
from portal.accounts.models import User
from tests.challenges.world import entered, opened, owner_of
from tests.factories.accounts import UserFactory
from tests.factories.challenges import captain_of
from tests.journeys import axe, browser

pytestmark = [pytest.mark.journey, pytest.mark.slow]
Cookies = Callable[[User], list[dict[str, Any]]]


@pytest.fixture
def entry(site: str, tmp_path: Path) -> Entry:
    """Score an entry of a small challenge on the served portal."""
    made = entered(opened(tmp_path))
    assert drain()
    return Entry.objects.get(pk=made.pk)


def revealed(challenge: Challenge) -> None:
    challenges.close(phase=challenge.phases.get(), by=owner_of(challenge))
    reveals.propose(phase=challenge.phases.get(), by=owner_of(challenge))
    reveals.confirm(phase=challenge.phases.get(), by=UserFactory(region="administrator"))
    assert drain()


def own_page(site: str, entry: Entry) -> str:
    return f"{site}/challenges/{entry.enrolment.phase.challenge.slug}/soumissions/{entry.pk}/"


def test_take_a_receipt_and_verify_it_without_script(
    running: Any, site: str, entry: Entry, as_user: Cookies, tmp_path: Path
) -> None:
    cookies = as_user(captain_of(entry.enrolment.team))
    with browser.tab(running, script=False, cookies=cookies) as page:
        page.goto(own_page(site, entry))
        with page.expect_download() as download:
            page.get_by_role("link", name="Récépissé 1 (JSON)").click()
        file = tmp_path / "recepisse.json"
        download.value.save_as(file)
        assert file.read_text("utf-8") == entry.score_receipts.get().text
        page.get_by_role("link", name="Vérifier un récépissé").click()
        page.get_by_label("Fichier du récépissé").set_input_files(str(file))
        page.get_by_role("button", name="Vérifier").click()
        assert page.get_by_role("heading", name="Récépissé authentique").is_visible()
        assert page.get_by_role("rowheader", name="exactitude").is_visible()
        revealed(entry.enrolment.phase.challenge)
        page.get_by_label("Ou son texte").fill(file.read_text("utf-8"))
        page.get_by_role("button", name="Vérifier").click()
        assert page.get_by_role("heading", name="remplacé depuis").is_visible()


@axe.in_each_look
def test_every_state_is_accessible(
    running: Any, site: str, entry: Entry, as_user: Cookies, looks: tuple[axe.Look, ...]
) -> None:
    text = entry.score_receipts.get().text
    said = json.loads(text)["payload"]
    asked = {
        "authentique": entry.receipt,
        "modifié ou incomplet": text.replace('"number":1', '"number":2'),
        "Clé inconnue": text.replace('"key_id":"', '"key_id":"0'),
        "absent du registre": receipts.sign_receipt({**said, "number": 9}),
        "Un point à corriger": "",
    }
    found: dict[str, list[str]] = {}
    with browser.tab(running) as page:
        address = f"{site}/recepisses/"
        found["page"] = axe.audit(page, address, *looks)
        revealed(entry.enrolment.phase.challenge)
        asked["remplacé depuis"] = text
        asked["Récépissé authentique"] = entry.score_receipts.get(serial=2).text
        for state, content in asked.items():
            page.get_by_label("Ou son texte").fill(content)
            page.get_by_role("button", name="Vérifier").click()
            page.get_by_text(state).first.wait_for(state="visible")
            found[state] = axe.faults(page, *looks)
    cookies = as_user(captain_of(entry.enrolment.team))
    with browser.tab(running, cookies=cookies) as page:
        found["entry"] = axe.audit(page, own_page(site, entry), *looks)
    assert {state: faults for state, faults in found.items() if faults} == {}
