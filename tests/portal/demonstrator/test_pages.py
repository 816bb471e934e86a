"""The pages of the use cases: what is shown, answered, taken away, counted, and never kept."""

import io
import logging
import tempfile
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from catalogue.models import Contribution
from portal.demonstrator import api, checks, invariants, views
from portal.demonstrator.enums import PrototypeState
from portal.demonstrator.models import FundingRule, Milestone, Prototype
from portal.demonstrator.registry import CASES
from portal.demonstrator.served import Served
from tests.factories.accounts import UserFactory
from tests.ledger import cost, events

pytestmark = pytest.mark.django_db

FIRM = "besoins-petites-entreprises"
SENTENCE = "Pétrir la pâte, façonner le pain et surveiller les fours d’une boulangerie."
# What a person sends in each case, and what the page then says.
TRIED = {
    "autodiagnostic-mobilite": ({"occupation": "Boulangère", "zone": "gap"}, "Pâtissier"),
    FIRM: ({"text": SENTENCE, "zone": "gap"}, "Boulanger / Boulangère"),
    "commande-publique-formation": ({"domain": "D", "zone": "gap"}, "Boulanger / Boulangère"),
    "conseillers-jeunes": ({"first": "Boulangère"}, "Pâtissier"),
    "orientation-lycee": ({"text": "la cuisine et les moteurs"}, "Commis de cuisine"),
    "transition-salaries": ({"occupation": "Boulangère"}, "Compte personnel de formation"),
}


def address(slug: str) -> str:
    return reverse("demonstrator:case", args=(slug,))


@pytest.fixture(autouse=True)
def offered(db: None, served: Served, monkeypatch: pytest.MonkeyPatch) -> dict[str, Prototype]:
    """Let people try each case, on the référentiel d'essai; one funding rule is known."""
    for module in (views, api):
        monkeypatch.setattr(module, "served", lambda: served)
    FundingRule.objects.create(
        title="Compte personnel de formation",
        text="Des heures de formation.",
        source="https://www.moncompteformation.gouv.fr/",
    )
    rows = {}
    for case in CASES:
        row = rows[case.sheet.slug] = Prototype.objects.create(use_case=case.sheet.use_case)
        _decided(row, PrototypeState.PROTOTYPE)
    return rows


def plain(response: Any) -> str:
    """Read a page with the spaces that one types."""
    return str(response.text).replace("\u202f", " ").replace("\xa0", " ")


def _decided(row: Prototype, state: PrototypeState, **said: Any) -> Milestone:
    day = date(2026, 1, 1 + row.milestones.count())
    return row.milestones.create(on=day, state=state, text="Ce que l’on en sait.", **said)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.sheet.code)
def test_each_case_says_what_it_refuses_and_answers(client: Client, case: Any) -> None:
    shown = client.get(address(case.sheet.slug))
    assert shown.status_code == 200
    for refused in case.sheet.refuses:
        assert str(refused) in plain(shown)
    assert 'id="resultat"' not in shown.text
    sent, expected = TRIED[case.sheet.slug]
    answered = client.post(address(case.sheet.slug), sent)
    assert answered.status_code == 200
    assert expected in answered.text
    assert answered["Cache-Control"].startswith("max-age=0, no-cache, no-store")


def test_an_empty_form_names_its_field_and_a_long_text_too(client: Client) -> None:
    for text, said in (("", "Dites en une phrase"), ("pain " * 5_000, "au plus 2000 caractères")):
        refused = client.post(address(FIRM), {"text": text})
        assert refused.status_code == 422
        assert said in plain(refused)
    off = client.post(address(FIRM), {"text": "the quick brown fox jumps over it"})
    assert "Aucune proposition" in off.text


def test_an_example_is_pressed_and_answered(client: Client) -> None:
    answered = client.post(address(FIRM), {"text": "", "example": "1"})
    assert "pétrir" in answered.text
    assert "Boulanger / Boulangère" in answered.text


def test_a_person_takes_away_what_they_ticked_and_the_change_is_counted(
    client: Client, offered: dict[str, Prototype]
) -> None:
    sent = {"text": SENTENCE, "ticked": "1", "keep": ["m-D04"], "as": "odt"}
    taken = client.post(address(FIRM), sent)
    assert taken["Content-Type"] == "application/vnd.oasis.opendocument.text"
    with zipfile.ZipFile(io.BytesIO(taken.getvalue())) as archive:
        assert archive.infolist()[0].filename == "mimetype"
        text = archive.read("content.xml").decode()
    assert "Boulanger / Boulangère (D04)" in text
    assert "Compétences proposées" not in text
    assert "Il ne propose ni candidat ni salaire." in text
    printed = client.post(address(FIRM), {"text": SENTENCE, "as": "pdf"})
    assert printed.getvalue().startswith(b"%PDF")
    row = Prototype.objects.get(pk=offered[FIRM].pk)
    # The second was taken as it was proposed.
    assert row.corrected_count == 1


def test_answering_a_question_changes_what_is_proposed(client: Client) -> None:
    before = client.post(address(FIRM), {"text": "Vendeuse"})
    asked = before.context["answer"].questions[0]
    first = before.context["answer"].blocks[0].lines[0]
    again = client.post(address(FIRM), {"text": "Vendeuse", asked.key: "no"})
    others = {line.code: line.share for line in again.context["answer"].blocks[0].lines}
    assert others[first.code] != first.share
    assert asked.key not in {each.key for each in again.context["answer"].questions}


def test_a_sentence_becomes_the_draft_of_a_need(client: Client) -> None:
    sent = {"text": SENTENCE, "as": "need"}
    told = client.post(address(FIRM), sent)
    assert "Connectez-vous" in told.text
    assert SENTENCE.split(",")[0] in told.text
    assert not Contribution.objects.exists()
    client.force_login(UserFactory())
    led = client.post(address(FIRM), sent)
    draft = Contribution.objects.select_related("resource", "revision").get()
    assert str(draft.public_id) in led["Location"]
    assert draft.proposed.title == "Recruter : Boulanger / Boulangère"
    assert "- Boulanger / Boulangère (D04)" in draft.proposed.description
    assert draft.proposed.use_cases == ["sme_needs"]


def test_an_opinion_is_counted_and_tied_to_nobody(
    client: Client, offered: dict[str, Prototype]
) -> None:
    page = reverse("demonstrator:opinion", args=(FIRM,))
    for said in ("useful", "useless", "useful", "else"):
        assert client.post(page, {"opinion": said}).status_code == 302
    row = Prototype.objects.get(pk=offered[FIRM].pk)
    assert (row.useful_count, row.useless_count) == (2, 1)
    assert events() == []


def test_a_case_without_prototype_shows_its_need_and_answers_nothing(
    client: Client, offered: dict[str, Prototype]
) -> None:
    _decided(offered[FIRM], PrototypeState.STOPPED)
    shown = client.post(address(FIRM), {"text": SENTENCE})
    assert "À construire" in shown.text
    assert "Boulanger" not in shown.text
    assert "Quels secteurs d’abord" in shown.text
    sent = client.post(
        f"/api/v1/demonstrator/{FIRM}", {"text": SENTENCE}, content_type="application/json"
    )
    assert sent.status_code == 403


def test_a_portal_where_nothing_was_decided_shows_ideas(client: Client) -> None:
    Prototype.objects.all().delete()
    assert client.get(reverse("demonstrator:index")).text.count("À construire") == len(CASES)
    assert "À construire" in client.get(address(FIRM)).text
    assert client.get(f"/api/v1/demonstrator/{FIRM}").json()["may_be_tried"] is False


def test_what_is_typed_is_kept_nowhere(
    client: Client, caplog: pytest.LogCaptureFixture, tmp_path: Path, monkeypatch: Any
) -> None:
    canary = "zibelinequartz"
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    caplog.set_level(logging.DEBUG)
    sent = {"text": f"{SENTENCE} {canary}"}
    assert canary in client.post(address(FIRM), sent).text
    client.post(address(FIRM), {**sent, "as": "pdf"}).getvalue()
    client.post(address(FIRM), {**sent, "text": "x" * 3_000 + canary})
    api_sent = client.post(f"/api/v1/demonstrator/{FIRM}", sent, content_type="application/json")
    assert api_sent.status_code == 200
    stored = [str(list(model._base_manager.values())) for model in apps.get_models()]
    kept = [*stored, caplog.text, str(getattr(cache, "_cache", ""))]
    assert not [text for text in kept if canary in text]
    for folder in (tmp_path, Path(settings.VAR_DIR)):
        for path in folder.rglob("*"):
            assert not path.is_file() or canary.encode() not in path.read_bytes(), path


def test_queries_do_not_grow(client: Client, offered: dict[str, Prototype]) -> None:
    counts = {}
    for number in (1, 3):
        while offered[FIRM].milestones.count() < number:
            _decided(offered[FIRM], PrototypeState.TRIAL, partner="La CMAR", persons=4)
        for name, page in (("case", address(FIRM)), ("index", reverse("demonstrator:index"))):
            counts[name, number] = cost(client, page)
    assert counts["case", 1] == counts["case", 3]
    assert counts["index", 1] == counts["index", 3]
    assert max(counts.values()) <= 12


def test_by_program_the_same_case_is_read_and_tried(client: Client) -> None:
    read = client.get(f"/api/v1/demonstrator/{FIRM}").json()
    assert read["state"] == "prototype"
    assert {each["name"] for each in read["inputs"]} == {"text", "zone"}
    sent = client.post(
        f"/api/v1/demonstrator/{FIRM}", {"text": SENTENCE}, content_type="application/json"
    ).json()
    assert sent["blocks"][0]["lines"][0]["code"] == "D04"
    refused = client.post(
        f"/api/v1/demonstrator/{FIRM}", {"text": ""}, content_type="application/json"
    )
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "text"
    assert client.get("/api/v1/demonstrator/autre").status_code == 404


def test_the_region_says_where_a_prototype_stands(
    client: Client, offered: dict[str, Prototype]
) -> None:
    staff = UserFactory(region="moderator")
    staff.groups.add(Group.objects.get(name="Editors"))
    client.force_login(staff)
    sent = {
        "prototype": offered[FIRM].pk,
        "on": "2026-11-30",
        "state": "taken_over",
        "partner": "Chambre de métiers",
        "persons": "12",
        "text": "Essayé pendant deux mois.",
        "evidence": "https://example.org/bilan",
    }
    client.post("/admin/milestone/new/", sent)
    assert offered[FIRM].state == PrototypeState.TAKEN_OVER
    assert events() == ["demonstrator.milestone_added"]
    shown = client.get(address(FIRM)).text
    assert "Chambre de métiers" in shown
    assert "12 personnes" in shown
    client.force_login(UserFactory())
    assert client.post("/admin/milestone/new/", sent).status_code in (302, 403)
    assert Milestone.objects.filter(partner="Chambre de métiers").count() == 1


def test_a_case_that_lacks_its_licence_or_its_measures_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert checks.whole_sheets() == []
    sheet = CASES[0].sheet
    closed = type(sheet)(**{**vars(sheet), "licence": "LicenseRef-proprietary", "refuses": ()})
    monkeypatch.setattr(checks, "CASES", [type(CASES[0])(closed, CASES[0].form, CASES[0].answer)])
    assert [each.msg.rsplit(" ", 1)[1] for each in checks.whole_sheets()] == [
        "refuses.",
        "licence.",
    ]
    assert len(list(invariants.unmeasured())) == len(CASES)
    assert list(invariants.unreadable()) == []
