"""The pages of the use cases: what is shown, answered, taken away, counted, and never kept."""

import io
import json
import logging
import re
import tempfile
import zipfile
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from catalogue.models import Contribution
from portal.audit.models import AuditBody
from portal.audit.record import reference
from portal.demonstrator import api, checks, invariants, measures, views
from portal.demonstrator.enums import EngineName, PrototypeState, ReferentialKind
from portal.demonstrator.forms import MOST_REPLIES
from portal.demonstrator.models import Build, FundingRule, LoadedData, Milestone, Prototype
from portal.demonstrator.reading import without_contacts
from portal.demonstrator.registry import CASES
from portal.demonstrator.service import Served
from portal.lib import clock
from tests.factories.accounts import UserFactory
from tests.factories.catalogue import ResourceFactory
from tests.factories.challenges import ChallengeFactory, EnrolmentFactory, EntryFactory
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
        monkeypatch.setattr(module, "served", lambda _sheet: served)
        each = {case.sheet.slug: served for case in CASES}
        monkeypatch.setattr(module, "served_each", lambda _sheets, each=each: each)
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


def _measured() -> None:
    """Let the engines that cases answer with have figures."""
    for engine in EngineName:
        Build.objects.create(
            engine=engine,
            occupations_sha256="0" * 64,
            data_sha256="0" * 64,
            data=[],
            arrays_sha256=engine.value,
            is_trial=True,
            is_public=True,
            figures=[{"metric": "mae", "value": 0.5, "n": 30}],
            built_at=clock.now(),
        )


def plain(response: Any) -> str:
    """Read a page with the spaces that one types."""
    return str(response.text).replace("\u202f", " ").replace("\xa0", " ")


def _written(response: Any) -> str:
    """Read the text of a document, tags left out."""
    with zipfile.ZipFile(io.BytesIO(response.getvalue())) as archive:
        text = archive.read("content.xml").decode()
    return plain_text(re.sub("<[^>]+>", "\n", text))


def plain_text(text: str) -> str:
    return text.replace("\u202f", " ").replace("\xa0", " ")


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
    assert "Exemple de réponse" in shown.text
    assert f'href="/api/v1/demonstrator/{case.sheet.slug}"' in shown.text
    sent, expected = TRIED[case.sheet.slug]
    answered = client.post(address(case.sheet.slug), sent)
    assert answered.status_code == 200
    assert expected in answered.text
    assert "<title>Réponse : " in " ".join(plain(answered).split()).replace("<title> ", "<title>")
    typed_at = re.search(r'href="#(\w+)"><svg[^>]*>.{,80}</svg>Corriger', answered.text)
    assert typed_at
    assert f'id="{typed_at[1]}"' in answered.text
    # No proxy keeps it; Back may show it again.
    assert answered["Cache-Control"] == "private, no-cache"


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
        assert "Heading_20_2" in archive.read("styles.xml").decode()
    assert "Boulanger / Boulangère (D04)" in text
    skills = text.split("Compétences proposées")[1]
    assert "☐ Préparer pâtes et crèmes" in skills  # none is ticked: they are there to tick by hand
    assert "☑" not in skills
    assert "Confiance : " in plain_text(text)
    moved = client.post(address("autodiagnostic-mobilite"), {"occupation": "maçon", "as": "odt"})
    printed = _written(moved)
    assert "confiance" not in printed.lower()
    assert "Savoirs en commun : " in printed
    assert "Il ne propose ni candidat ni salaire." in text
    drawn = client.post(address(FIRM), {"text": f"{SENTENCE} {'Dès 4 h. ' * 60}Merci", "as": "pdf"})
    first = PdfReader(io.BytesIO(drawn.getvalue())).pages[0].extract_text()
    # All that was typed; the day is not under the code of the corner.
    assert "Merci" in first
    assert not re.search(r"compétences · Fiche du .* \d{4}$", first, re.M)
    row = Prototype.objects.get(pk=offered[FIRM].pk)
    # The second was taken as it was proposed.
    assert row.corrected_count == 1


def test_no_more_replies_are_read_than_one_gives(client: Client, served: Served) -> None:
    sent = {f"q-{each}": "no" for each in served.referential.knowledge}
    page = client.post(address(FIRM), {"text": SENTENCE, **sent})
    assert len(page.context["replies"]) == MOST_REPLIES


def test_answering_a_question_changes_what_is_proposed(client: Client) -> None:
    before = client.post(address(FIRM), {"text": "Vendeuse"})
    asked = before.context["answer"].questions[0]
    first = before.context["answer"].blocks[0].lines[0]
    again = client.post(address(FIRM), {"text": "Vendeuse", asked.key: "no"})
    others = {line.code: line.share for line in again.context["answer"].blocks[0].lines}
    assert others[first.code] != first.share
    assert asked.key not in {each.key for each in again.context["answer"].questions}


def test_answers_to_questions_accumulate_and_are_taken_away(client: Client) -> None:
    doubtful = "serveur et commis de cuisine pour l’été"
    page = client.post(address(FIRM), {"text": doubtful})
    replies: dict[str, str] = {}
    for said in ("yes", "no"):
        answer = page.context["answer"]
        lines = [line for block in answer.blocks for line in block.lines]
        asked = answer.questions[0].key
        assert asked not in replies
        sent = {
            "text": doubtful,
            "ticked": "1",
            "seen": [line.key for line in lines],
            "keep": [line.key for line in lines if line.is_kept],
            "asked": [each.key for each in answer.questions],
            **replies,
            asked: said,
            "q-unknown": "yes",
        }
        page = client.post(address(FIRM), sent)
        replies[asked] = said
        for key, value in replies.items():
            assert f'<input type="hidden" name="{key}" value="{value}">' in page.text
        assert "q-unknown" not in page.text
        assert not set(replies) & {each.key for each in page.context["answer"].questions}
    first, second = (key.removeprefix("q-") for key in replies)
    kept = {
        line.key: line.is_kept for block in page.context["answer"].blocks for line in block.lines
    }
    assert kept[f"k-{first}"]
    assert f"k-{second}" not in kept
    text = _written(client.post(address(FIRM), {**sent, "as": "odt"}))
    labels = page.context["replies_in_words"]
    assert [said for _label, said in labels] == ["oui", "non"]
    for label, said in labels:
        assert f"{label} : {said}" in text


def test_a_sheet_says_its_day_what_was_said_and_that_data_are_for_trial(client: Client) -> None:
    sent = {"domain": "D", "zone": "gap"}
    page = address("commande-publique-formation")
    drawn = client.post(page, {**sent, "as": "pdf"}).getvalue()
    printed = " ".join(
        " ".join(each.extract_text() for each in PdfReader(io.BytesIO(drawn)).pages).split()
    )
    assert "très forte · place possible : 1–12 sur 12" in printed
    assert "Toute la région" in _written(client.post(page, {"domain": "D", "as": "odt"}))
    for text in (_written(client.post(page, {**sent, "as": "odt"})), printed):
        day = clock.day_words(clock.paris_day(clock.now()))
        assert f"Fiche du {day}" in text
        assert "Gap" in text
        assert "Commerce, vente et grande distribution" in text
        assert "Données d’essai" in text
        assert "Boulanger / Boulangère" in text
    funded = {"occupation": "Boulangère", "as": "pdf"}
    drawn = client.post(address("transition-salaries"), funded).getvalue()
    pages = PdfReader(io.BytesIO(drawn)).pages
    printed = " ".join(each.extract_text() for each in pages)
    assert "www.moncompteformation.gouv.fr" in printed
    assert len(pages) == 1
    # The heading stops before the code of the corner: it takes two lines.
    assert " ".join(printed.split()).count(f"· Fiche du {day}") == 1
    assert f"· Fiche du {day}" not in printed


@pytest.mark.parametrize("case", [each for each in CASES if each.form.sentence])
def test_how_to_reach_somebody_is_neither_read_nor_shown_nor_printed(
    client: Client, case: Any
) -> None:
    reach = ("marie@boulangerie-plage.fr", "06 11 22 33 44", "12 rue du Boulanger, 13001 Marseille")
    sent = {case.form.sentence: f"Soudeur, {', '.join(reach)}"}
    page = client.post(address(case.sheet.slug), sent)
    result = page.text.split('id="resultat"')[1]
    assert "(coordonnées retirées)" in result
    assert "Nous avons retiré les coordonnées" in result
    assert "Soudeur / Soudeuse" in result
    assert "Boulang" not in result
    sheet = _written(client.post(address(case.sheet.slug), {**sent, "as": "odt"}))
    for text in (page.text, sheet):
        assert not any(each in text for each in (*reach, "Marseille"))
    assert "Nous avons retiré les coordonnées" in sheet


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("au 12 bis rue des Lilas, pétrir", "au (coordonnées retirées), pétrir"),
        ("voir www.fournil.fr.", "voir (coordonnées retirées)."),
        ("10 cours Mirabeau", "(coordonnées retirées)"),
        ("3 cours de yoga, 2 places, 5 quais de chargement", ""),
        ("10 chemins de fer et 4 routes, 3 place de parking", ""),
    ],
)
def test_a_street_is_taken_out_when_it_is_one(text: str, read: str) -> None:
    assert without_contacts(text) == (read or text)


def test_a_sentence_becomes_the_draft_of_a_need(client: Client) -> None:
    sent = {"text": SENTENCE, "as": "need"}
    told = client.post(address(FIRM), sent)
    result = told.text.split('id="resultat"')[1]
    assert "Connectez-vous" in result.split('id="besoin"')[1]
    assert SENTENCE.split(",")[0] in told.text
    assert not Contribution.objects.exists()
    client.force_login(UserFactory())
    reached = {**sent, "text": f"{SENTENCE} Appeler le 06 12 34 56 78.", "zone": "gap"}
    led = client.post(address(FIRM), reached)
    draft = Contribution.objects.select_related("resource", "revision").get()
    assert str(draft.public_id) in led["Location"]
    assert draft.proposed.title == "Recruter : Boulanger / Boulangère"
    assert "- Boulanger / Boulangère (D04)" in draft.proposed.description
    assert "- Zone d’emploi : Gap" in plain_text(draft.proposed.description)
    assert "Appeler le (coordonnées retirées)." in draft.proposed.description
    assert draft.proposed.use_cases == ["sme_needs"]


def test_a_page_open_before_one_signs_in_asks_to_press_again(
    offered: dict[str, Prototype],
) -> None:
    client = Client(enforce_csrf_checks=True)
    sent = {
        "text": SENTENCE,
        "as": "need",
        "csrfmiddlewaretoken": _token(client.get(address(FIRM))),
    }
    assert "Connectez-vous" in client.post(address(FIRM), sent).text
    client.force_login(UserFactory())  # in another tab: the token of this page is of no use now
    del client.cookies[settings.CSRF_COOKIE_NAME]
    counted = client.post(address(FIRM), sent | {"as": "", "opinion": "useful"})
    assert "votre avis est compté" not in counted.text
    shown = client.post(address(FIRM), sent)
    assert "Appuyez encore une fois" in shown.text.split('id="besoin"')[1]
    assert SENTENCE.split(",")[0] in shown.text
    assert not Contribution.objects.exists()
    led = client.post(address(FIRM), sent | {"csrfmiddlewaretoken": _token(shown)})
    assert str(Contribution.objects.get().public_id) in led["Location"]
    assert Prototype.objects.get(pk=offered[FIRM].pk).useful_count == 0


def _token(page: Any) -> str:
    return re.findall('name="csrfmiddlewaretoken" value="([^"]+)"', page.text)[-1]


def test_an_opinion_is_counted_and_tied_to_nobody(
    client: Client, offered: dict[str, Prototype], monkeypatch: pytest.MonkeyPatch
) -> None:
    off = "the quick brown fox jumps over it"
    monkeypatch.setattr(views, "OPINIONS_RATE", "3/h/ip")
    for said, text in (
        ("useful", SENTENCE),
        ("useless", off),
        ("useful", SENTENCE),
        ("else", SENTENCE),
    ):
        sent = {"text": text, "ticked": "1", "seen": "m-D04", "opinion": said}
        shown = client.post(address(FIRM), sent)
        assert ("votre avis est compté" in shown.text) is (said in views.OPINIONS)
        # The answer stays, and the box that was not ticked.
        assert shown.context["answer"].text == text
        assert (shown.context["answer"].silence != "") is (text == off)
        assert 'value="m-D04" checked' not in shown.text
        assert ('value="useful"' in shown.text) is (said not in views.OPINIONS)
    counted = {"useful": 2, "useless": 1}
    # Pressed again, by who is thanked already, or past the share of a network: not counted.
    again = {"text": SENTENCE, "opinion": "useful"}
    client.post(address(FIRM), {**again, "thanked": "1"})
    client.post(address(FIRM), again)
    row = Prototype.objects.get(pk=offered[FIRM].pk)
    assert {"useful": row.useful_count, "useless": row.useless_count} == counted
    assert events() == []


def test_a_network_asks_no_more_than_its_share(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "DOCUMENTS_RATE", "1/m/ip")
    sent = {"text": SENTENCE, "as": "odt"}
    assert client.post(address(FIRM), sent).status_code == 200
    assert client.post(address(FIRM), sent).status_code == 429
    table = {"domain": "D", "as": "csv"}
    assert client.post(address("commande-publique-formation"), table).status_code == 429
    assert client.post(address(FIRM), {"text": SENTENCE}).status_code == 200


def test_a_case_without_prototype_shows_its_need_and_answers_nothing(
    client: Client, offered: dict[str, Prototype]
) -> None:
    _decided(offered[FIRM], PrototypeState.SCOPING)
    shown = client.post(address(FIRM), {"text": SENTENCE})
    assert "À construire" in shown.text
    assert "Boulanger" not in shown.text
    assert "Quels secteurs d’abord" in shown.text
    sent = client.post(
        f"/api/v1/demonstrator/{FIRM}", {"text": SENTENCE}, content_type="application/json"
    )
    assert sent.status_code == 403


def test_a_stopped_prototype_keeps_what_was_learnt(
    client: Client, offered: dict[str, Prototype], monkeypatch: pytest.MonkeyPatch
) -> None:
    known = [measures.Measured("De la phrase au métier", clock.now(), ())]
    monkeypatch.setattr(views.measures, "of", lambda *_arguments: known)
    _decided(offered[FIRM], PrototypeState.STOPPED)
    shown = client.post(address(FIRM), {"text": SENTENCE})
    assert "Prototype arrêté" in shown.text
    assert "À construire" not in shown.text
    assert "Ce qu’il vaut" in shown.text
    assert 'name="text"' not in shown.text
    assert "À construire" not in client.get(reverse("demonstrator:index")).text


def test_the_card_of_a_winning_entry_is_proposed_as_a_component(
    client: Client, offered: dict[str, Prototype]
) -> None:
    challenge = ChallengeFactory(opened=True, use_cases=["UC2"])
    card = ResourceFactory(kind="solution", published=True)
    for each in (card, ResourceFactory(kind="solution")):  # the other is a draft
        EntryFactory(enrolment=EnrolmentFactory(team__challenge=challenge), card=each)
    shown = client.get(address(FIRM))
    assert [each.title for each in shown.context["rewarded"]] == [card.title]
    assert "à reprendre comme composants" in shown.text
    offered[FIRM].components.add(card)
    assert client.get(address(FIRM)).context["rewarded"] == []


def test_a_step_of_a_day_to_come_is_foreseen_and_decides_nothing(
    client: Client, offered: dict[str, Prototype]
) -> None:
    today = clock.paris_day(clock.now())
    row = offered[FIRM]
    stopped = {"state": PrototypeState.STOPPED, "text": "Bilan."}
    row.milestones.create(on=today + timedelta(days=1), partner="CMAR", **stopped)
    shown = client.get(address(FIRM))
    assert "Testé avec CMAR" not in " ".join(shown.text.split())
    assert "Testé avec personne encore" in shown.text
    assert "Prévu le" in shown.text
    assert 'name="text"' in shown.text
    assert Prototype.objects.get(pk=row.pk).state == PrototypeState.PROTOTYPE
    row.milestones.create(on=today, **stopped)
    assert Prototype.objects.get(pk=row.pk).state == PrototypeState.STOPPED


def test_figures_by_group_are_named_in_words() -> None:
    groups = [{"group": name, "value": 0.5, "n": 30} for name in ("feminine", "mixte", "D")]
    told = measures._figure({"metric": "mae", "value": 0.5, "n": 90, "groups": groups})
    assert [each[0] for each in told.groups] == ["intitulé féminin", "métiers mixtes", "D"]
    by_group = measures.Measured("", clock.now(), (told, told)).by_group  # a row each
    assert by_group["D"] == [(told.label, "0,50", 30)] * 2
    gap = measures._figure({"metric": "gender_mix_gap", "value": 11.54, "n": 115})
    assert (gap.label[-9:], gap.value) == ("en points", "11,54")


def test_a_page_says_where_the_code_and_the_data_are(
    client: Client, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = plain(client.get(address(FIRM)))
    assert "pip install" not in shown
    assert "portal/demonstrator/use_cases/small_firm_needs<" in shown
    assert f"{len(served.referential.occupations)} métiers, écrits pour ce portail" in shown
    for version in ("4.60", "4.61"):
        LoadedData.objects.create(
            kind=ReferentialKind.ROME,
            origin="France Travail",
            licence="Licence Ouverte 2.0",
            is_public=True,
            version=version,
            rows=1,
            content_sha256=version[-1] * 64,
            loaded_at=clock.now(),
        )
    builds = {
        "text": Build(data=["0" * 64], figures=[], built_at=clock.now())
    }  # the newer is loaded, and not learnt yet
    monkeypatch.setattr(
        views, "served", lambda _sheet: replace(served, is_trial=False, builds=builds)
    )
    shown = plain(client.get(address(FIRM)))
    assert "version 4.60" in shown
    assert "version 4.61" not in shown
    assert "Le référentiel d’essai" not in shown


def test_an_answer_leads_on_to_public_pages_by_code_only_on_official_data(
    client: Client, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = address("orientation-lycee")
    sheet = "https://candidat.francetravail.fr/metierscope/fiche-metier/"
    on_trial = client.post(page, {"text": "la cuisine"}).text
    assert 'href="https://www.onisep.fr/"' in on_trial
    assert sheet not in on_trial
    monkeypatch.setattr(views, "served", lambda _sheet: replace(served, is_trial=False))
    assert f'href="{sheet}G02"' in client.post(page, {"text": "la cuisine"}).text


def test_needs_are_a_table_too_that_is_taken_away(client: Client) -> None:
    page, sent = address("commande-publique-formation"), {"domain": "D", "zone": "gap"}
    shown = client.post(page, sent).text
    assert shown.count('class="ci"') == 12
    taken = client.post(page, {**sent, "as": "csv"})
    assert taken["Content-Disposition"] == (
        'attachment; filename="commande-publique-formation-commerce-vente-et-grande-distribution-'
        'gap.csv"'
    )
    head, first, *others = taken.content.decode("utf-8-sig").splitlines()
    assert head.endswith("place_min;place_max;parmi;domaine;zone;donnees")
    assert ";12;Commerce, vente et grande distribution;Gap;" in first
    assert first.startswith("D11;Attaché commercial / Attachée commerciale;5;")
    assert first.endswith("inventées, pour l’essai")
    assert len(others) == 11
    assert "csv" not in client.post(address(FIRM), {"text": SENTENCE, "as": "csv"})["Content-Type"]


def test_in_english_a_page_asks_for_french_and_marks_its_results(client: Client) -> None:
    page = f"/en{address(FIRM)}"
    assert "Write in French" in client.get(page).text
    assert "Écrivez en français" not in client.get(address(FIRM)).text
    assert '<b lang="fr">Boulanger' in client.post(page, {"text": SENTENCE}).text


def test_a_portal_where_nothing_was_decided_shows_ideas(client: Client) -> None:
    Prototype.objects.all().delete()
    assert client.get(reverse("demonstrator:index")).text.count("À construire") == len(CASES)
    assert "À construire" in client.get(address(FIRM)).text
    assert client.get(f"/api/v1/demonstrator/{FIRM}").json()["may_be_tried"] is False


@pytest.mark.parametrize(
    "case",
    [pytest.param(case, marks=[] if case.sheet.slug == FIRM else pytest.mark.ci) for case in CASES],
    ids=lambda case: case.sheet.code,
)
def test_what_is_typed_is_kept_nowhere(
    case: Any,
    client: Client,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Page, documents, API, what is refused, another page's form, what breaks."""
    canary = "zibelinequartz Ж🙂"
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    caplog.set_level(logging.DEBUG)
    foreign = Client(enforce_csrf_checks=True, raise_request_exception=False)
    page, (sent, _expected) = address(case.sheet.slug), TRIED[case.sheet.slug]
    typed = case.form.sentence
    sent = {**sent, typed: f"{sent[typed]} {canary}"} if typed else {**sent, "zone": canary}
    for act in ("", "odt", "pdf", "need"):
        answered = client.post(page, {**sent, "as": act, "opinion": "useful"})
        assert answered.status_code == (200 if typed else 422)
        b"".join(answered.streaming_content) if answered.streaming else None
    client.post(page, {**sent, typed or "zone": "x" * 3_000 + canary})
    client.post(f"/api/v1{page}", sent, content_type="application/json")
    client.post(f"/en{page}", {**sent, "as": "need"})
    foreign.post(f"/api/v1{page}", sent, content_type="application/json")
    foreign.post(page, {**sent, "as": "need", "csrfmiddlewaretoken": canary})
    with monkeypatch.context() as broken:
        broken.setattr(views.measures, "of", lambda *_arguments: 1 / 0)
        assert foreign.post(page, sent).status_code == 500
    stored = [str(list(model._base_manager.values())) for model in apps.get_models()]
    kept = [*stored, caplog.text, *capfd.readouterr(), str(getattr(cache, "_cache", ""))]
    parts = {*canary.split(), "Ж", "🙂", "\\u0416"}
    assert not [text[:200] for text in kept if any(part in text for part in parts)]
    for folder in (tmp_path, Path(settings.VAR_DIR)):
        for path in folder.rglob("*"):
            content = path.read_bytes() if path.is_file() else b""
            assert not any(part.encode() in content for part in canary.split()), path


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
    assert sent["is_trial"] is True
    zones = next(each["values"] for each in read["inputs"] if each["name"] == "zone")
    assert {"value": "gap", "label": "Gap"} in zones
    listed = client.get("/api/v1/demonstrator").json()
    assert [each["code"] for each in listed] == ["UC1", "UC2", "UC3", "UC4", "UC5", "UC6"]
    assert client.get(listed[1]["href"]).json()["slug"] == FIRM
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
    # Nothing was measured on this portal: nobody says that one may try it.
    assert "n’est pas mesuré sur ce portail" in client.post("/admin/milestone/new/", sent).text
    assert events() == []
    assert len(checks.measured(databases=["default"])) == len(CASES)
    _measured()
    assert checks.measured(databases=["default"]) == []
    client.post("/admin/milestone/new/", sent)
    assert offered[FIRM].state == PrototypeState.TAKEN_OVER
    assert events() == ["demonstrator.milestone_added"]
    shown = client.get(address(FIRM)).text
    assert "Repris par Chambre de métiers, 12 personnes" in " ".join(shown.split())
    need = ResourceFactory(kind="need", published=True)
    model = ResourceFactory(kind="model", published=True)
    hidden = ResourceFactory(kind="need")
    edited = f"/admin/prototype/edit/{offered[FIRM].pk}/"
    offers = client.get(edited).text.split('name="need"')[1].split("</select>")[0]
    assert need.title in offers
    assert not [each for each in (model, hidden) if each.title in offers]
    client.post(edited, {"use_case": "school_guidance", "components": [model.pk]})
    written = json.loads(AuditBody.objects.get(event__action="demonstrator.prototype_changed").body)
    assert written["facts"]["row"]["use_case"] == "sme_needs"
    assert written["facts"]["row"]["components"] == [reference(model)]
    assert client.get(f"/admin/prototype/delete/{offered[FIRM].pk}/").status_code == 302
    for card, is_linked in ((need, True), (hidden, False)):
        Prototype.objects.filter(pk=offered[FIRM].pk).update(need=card)
        assert (card.slug in client.get(address(FIRM)).text) is is_linked
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
