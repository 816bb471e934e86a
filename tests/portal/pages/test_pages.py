"""The pages as a visitor gets them: languages, search, feeds, documents, health, policy."""

import json
import re
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser, Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError, connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import override
from wagtail.documents.forms import get_document_form
from wagtail.documents.models import Document
from wagtail.models import Collection
from wagtail.rich_text import RichText

from catalogue.models import Synonym
from catalogue.resources.enums import Access, LinkType, ResourceKind
from challenges.models import Notice, Team
from challenges.organising.enums import ChallengeStatus, NoticeKind
from challenges.queue import actions as jobs
from challenges.queue.enums import JobKind
from portal.accounts import space
from portal.accounts.actions.appointments import BACKOFFICE_GROUPS
from portal.accounts.enums import RegionRole
from portal.audit import duties
from portal.audit.outbox import owe
from portal.discussions.models import Discussion
from portal.lib import clock
from portal.lib.prose import texts
from portal.lib.refusals import QuotaSpent, TooLarge
from portal.management.opening import people
from portal.middleware import refusal_response
from portal.pages import health, home, searching, views
from portal.pages.home import Census
from portal.pages.models import ContentPage, HomePage, PageText
from tests.archives import zipped
from tests.challenges.pages.scenes import board_of, listed, with_contract
from tests.factories import contributions as make
from tests.factories.accounts import UserFactory, bearer, signed_in
from tests.factories.catalogue import MeasurementFactory, ResourceFactory, ResourceLinkFactory
from tests.factories.challenges import ChallengeFactory, accepted_person, region_person
from tests.factories.datasets import (
    DataFileFactory,
    DatasetCardFactory,
    DatasetFactory,
    ReleaseFactory,
)

pytestmark = pytest.mark.django_db


def test_empty_portal_shows_designed_empty_states(client: Client) -> None:
    response = client.get("/")
    page = response.text
    assert response.status_code == 200
    assert "Aucun challenge n’est encore publié" in page
    assert "Le catalogue est encore vide" in page
    assert "Aucune actualité n’est encore publiée" in page


def test_every_page_leads_to_reports_and_to_their_figures(client: Client) -> None:
    page = client.get("/ressources/").text
    footer = page[page.index('class="site-footer"') :]
    assert 'href="/signaler/"' in footer
    assert 'href="/transparence/"' in footer


def test_kinds_are_counted_by_access() -> None:
    census = Census()
    census.resources = {("model", "open"): 2, ("dataset", "open"): 3, ("dataset", "restricted"): 4}
    assert [row["count"] for row in home.kinds(census)] == [2, 0, 7, *[0] * 6]
    assert census.of([ResourceKind.DATASET], [Access.OPEN]) == 3
    assert census.of() == 9


def test_theme_comes_from_the_cookie(client: Client) -> None:
    client.cookies["theme"] = "dark"
    assert 'data-theme="dark"' in client.get("/contact/").text
    client.cookies["theme"] = '"><script>'
    assert "data-theme=" not in client.get("/contact/").text.split("<head>")[0]


@pytest.mark.parametrize(
    ("chosen", "cookie"), [("dark", "dark"), ("light", "light"), ("", ""), ("pink", "")]
)
def test_theme_is_chosen_without_script(client: Client, chosen: str, cookie: str) -> None:
    response = client.post("/apparence/", {"theme": chosen, "suite": "/contact/"})
    assert (response.status_code, response.headers["Location"]) == (302, "/contact/")
    assert response.cookies["theme"].value == cookie


@pytest.mark.parametrize("suite", ["https://evil.example/", "//evil.example", "javascript:x", ""])
def test_theme_never_leads_elsewhere(client: Client, suite: str) -> None:
    response = client.post("/apparence/", {"theme": "dark", "suite": suite})
    assert response.headers["Location"] == "/"
    page = client.get("/apparence/", {"suite": suite}).text.replace("suite=", "")
    assert "evil" not in page.split("<main")[1].split("</main")[0]


@pytest.mark.parametrize(
    ("view", "status"),
    [
        (views.bad_request, 400),
        (views.forbidden, 403),
        (views.csrf_failure, 403),
        (views.not_found, 404),
        (views.server_error, 500),
        (views.unavailable, 503),
    ],
)
def test_error_pages(rf: RequestFactory, view: Any, status: int) -> None:
    request = rf.get("/")
    request.user = AnonymousUser()
    response = view(request)
    assert response.status_code == status
    assert "<h1>" in response.text


def test_server_error_page_needs_no_database_and_shows_the_reference_of_the_log(
    rf: RequestFactory, django_assert_num_queries: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with django_assert_num_queries(0):
        response = views.server_error(rf.get("/quelque-part/"))
    assert response.status_code == 500
    (line,) = [record.getMessage() for record in caplog.records]
    reference = line.removeprefix("reference ").partition(":")[0]
    assert line == f"reference {reference}: GET /quelque-part/"
    assert f"<code>{reference}</code>" in response.text


def test_the_address_of_a_form_opened_by_hand_says_so(client: Client) -> None:
    answer = client.post("/donnees/")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")
    assert "Cette adresse ne s’ouvre pas directement" in answer.text


def test_refusal_page_tells_what_why_and_when(rf: RequestFactory) -> None:
    request = rf.get("/")
    request.user = AnonymousUser()
    opening_at = people.clock.now()
    page = refusal_response(request, QuotaSpent(next_opening=opening_at)).text
    assert "Votre quota est épuisé" in page
    assert "Prochaine ouverture" in page
    assert "quota_reached" in page


@pytest.mark.parametrize(
    ("came_from", "back"),
    [
        ("http://testserver/challenges/x/soumissions/?a=1", "/challenges/x/soumissions/?a=1"),
        ("https://ailleurs.test/challenges/", ""),
        ("http://testserver//ailleurs.test/", ""),
        ("", ""),
    ],
    ids=["form", "elsewhere", "disguised", "unknown"],
)
def test_a_refused_file_names_the_limit_and_leads_back_to_its_form(
    rf: RequestFactory, came_from: str, back: str
) -> None:
    request = rf.post("/challenges/x/soumissions/", HTTP_REFERER=came_from)
    request.user = AnonymousUser()
    response = refusal_response(request, TooLarge(limit_bytes=1_000_000))
    page = re.sub(r"[\u00a0\u202f]", " ", response.text)
    assert (response.status_code, "Taille permise : 1 Mo." in page) == (413, True)
    link = f'<a class="btn btn-primary" href="{back}">Revenir au formulaire</a>'
    assert (link in page, "Revenir au formulaire" in page) == (bool(back), bool(back))


@pytest.mark.parametrize("out", [False, True], ids=["closed", "revealed"])
def test_the_line_of_time_ends_with_the_final_results(out: bool) -> None:
    values = {"status": ChallengeStatus.REVEALED} if out else {}
    challenge = ChallengeFactory(closed=True, **values)
    first, (name, dates, state) = home.phases(challenge, None)
    assert (first[2], name) == ("done", "Résultats définitifs")
    assert (state, dates == "date à venir") == (("done", False) if out else ("", True))


@pytest.mark.parametrize(
    ("role", "led"),
    [(RegionRole.ADMINISTRATOR, True), (RegionRole.MODERATOR, True), (RegionRole.AUDITOR, False)],
)
def test_the_space_leads_staff_to_the_editorial_pages(role: RegionRole, led: bool) -> None:
    person = region_person(role)
    assert ("wagtailadmin_home" in {place.route for place in space.places(person)}) is led


@pytest.mark.parametrize("path", ["/a%00b/", "/organisations/a%00b/", "/challenges/x/a%00b"])
def test_an_address_with_a_nul_byte_leads_nowhere(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404
    assert client.get("/organisations/?q=%00&nature=%00").status_code == 200


MARK = "zzécrit"
VOID = frozenset({"br", "hr", "img", "input", "link", "meta", "use", "path", "circle", "rect"})


class Reader(HTMLParser):
    """Collect the texts of a page with the language each one is read in."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, str | None]] = []
        self.texts: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append((tag, dict(attrs).get("lang")))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        return

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            continue

    def handle_data(self, data: str) -> None:
        # A title and an option can hold no other element.
        if not any(tag in ("title", "option", "script") for tag, _lang in self.open):
            language = next((lang for _tag, lang in reversed(self.open) if lang), "")
            self.texts.append((language, data.strip()))


def read(client: Client, address: str) -> list[tuple[str, str]]:
    """Read the texts that somebody wrote, as (language, text)."""
    response = client.get(address)
    assert response.status_code == 200, address
    reader = Reader()
    reader.feed(response.text)
    return [(language, text) for language, text in reader.texts if MARK in text]


def wrong(texts: list[tuple[str, str]], language: str) -> list[tuple[str, str]]:
    """List what is not read in its language; there must be something to read."""
    assert texts != []
    return [each for each in texts if each[0] != language]


def card(**values: Any) -> Any:
    written = f"Un texte {MARK} pour la région et les personnes qui cherchent un emploi."
    return ResourceFactory(
        published=True,
        title=f"Titre {MARK}",
        summary=written,
        description_html=f"<p>{written}</p>",
        tags=[MARK],
        **values,
    )


def test_a_card_in_french_is_marked_on_the_english_pages(client: Client) -> None:
    shown = card(
        kind=ResourceKind.NEED,
        details={
            "beneficiary": f"Les centres {MARK}",
            "situation": f"Les signaux {MARK} sont dispersés.",
            "existing_data": f"Aucune {MARK}",
        },
    )
    MeasurementFactory(resource=shown, task=f"Tâche {MARK}", metric=f"Mesure {MARK}")
    ResourceLinkFactory(source=shown, target=card(), type=LinkType.ANSWERS)
    page = f"/ressources/{shown.slug}/"
    for address in ("/en/", "/en/ressources/", f"/en{page}"):
        assert (address, wrong(read(client, address), "fr")) == (address, [])
    for address in ("/", "/ressources/", page):
        assert (address, {language for language, _text in read(client, address)}) == (
            address,
            {"fr"},
        )
        assert 'lang="fr"' not in client.get(address).text.partition("<body>")[2]


def test_a_card_in_english_is_marked_on_the_french_pages(client: Client) -> None:
    shown = ResourceFactory(
        published=True,
        title=f"A {MARK} dictionary of the skills",
        summary=f"What the {MARK} jobs of the region have in common, and how they are described.",
    )
    for address in ("/ressources/", shown.get_absolute_url()):
        assert (address, wrong(read(client, address), "en")) == (address, [])


def test_a_challenge_is_marked_on_the_english_pages(client: Client) -> None:
    challenge = ChallengeFactory(
        opened=True,
        title=f"Défi {MARK}",
        summary=f"Prévoir {MARK}.",
        body_html=f"<p>Le problème {MARK}</p>",
        caveats=[{"text": f"À savoir {MARK}"}],
        provenance=[{"title": f"Source {MARK}", "producer": "", "licence": ""}],
    )
    challenge.phases.update(name=f"Phase {MARK}")
    with_contract(challenge)
    board_of(challenge).columns.update(title=f"Écart {MARK}")
    listed(challenge, f"Référence {MARK}", 0.5, rank=1, baseline=True)
    start = f"/en/challenges/{challenge.slug}/"
    pages = ["", "donnees/", "evaluation/", "classement/", "reglement/", "entraide/"]
    for address in ("/en/", "/en/challenges/", *(start + page for page in pages)):
        assert (address, wrong(read(client, address), "fr")) == (address, [])


def test_a_dataset_is_marked_on_the_english_pages(client: Client) -> None:
    shown = DatasetCardFactory(
        live=True, title=f"Jeu {MARK}", summary=f"Des lignes {MARK}.", tags=[MARK]
    )
    release = ReleaseFactory(dataset=DatasetFactory(resource=shown), notes=f"Notes {MARK}")
    schema = {"name": "zone", "type": f"énumération {MARK}", "description": f"La zone {MARK}"}
    whole = schema | {"filled": 100, "distinct": 2, "protection": "free"}
    preview = {"header": ["zone"], "rows": [[f"Arles {MARK}"]]}
    DataFileFactory(release=release, schema=[whole], preview=preview)
    address = f"/en{release.dataset.get_absolute_url()}"
    for page in ("/en/donnees/", address, f"{address}versions/"):
        assert (page, wrong(read(client, page), "fr")) == (page, [])


def test_a_proposal_is_marked_for_its_author_and_its_moderator() -> None:
    author = make.person()
    contribution = make.sent_back(author, title=f"Besoin {MARK}", situation=f"Rare {MARK}")
    client = signed_in(author)
    start = f"/en/contribuer/{contribution.public_id}/"
    mine = "/en/contribuer/mes-contributions/"
    for page in ("/en/espace/", mine, start, f"{start}envoi/"):
        assert (page, wrong(read(client, page), "fr")) == (page, [])
    client.force_login(make.moderator())
    other = make.submitted(title=f"Besoin {MARK} autre", situation=f"Rare {MARK}")
    page = f"/en/moderation/{other.public_id}/"
    assert wrong(read(client, page), "fr") == []


def test_a_title_within_a_sentence_is_marked_and_escaped() -> None:
    with override("en"):
        said = texts.sentence("Finish “%(title)s” & send", language="fr", title="<b>Été</b>")
        assert said == 'Finish “<span lang="fr">&lt;b&gt;Été&lt;/b&gt;</span>” &amp; send'
        assert isinstance(said, SafeString)
        assert texts.in_language("", "fr") == ""
        assert texts.in_language("Summer", "en") == "Summer"
        assert texts.lang_attribute("fr") == ' lang="fr"'
    with override("fr"):
        assert (
            texts.sentence("Terminer « %(t)s »", language="fr", t="<i>") == "Terminer « &lt;i&gt; »"
        )
        assert texts.lang_attribute("fr") == ""


def published(title: str, text: str) -> ContentPage:
    home = HomePage.objects.get(locale__language_code="fr", depth=2)
    page = ContentPage(title=title, slug=title.split()[-1].lower(), lede="Le chapeau.")
    page.body = [("text", RichText(text))]
    home.add_child(instance=page)
    page.save_revision().publish()
    return page


def test_a_live_page_is_found_by_its_words_and_in_the_suggestions(client: Client) -> None:
    ResourceFactory(published=True, title="Une fiche sur le zzcanari")
    page = published("Le programme Zzcanaris", "<p>Les mésanges du parc.</p>")
    href = f'href="{page.url}"'
    assert href in client.get("/ressources/?q=zzcanari").text
    assert href in client.get("/ressources/?q=mesange zzcanari").text
    assert href not in client.get("/ressources/?q=zzcanari hirondelle").text
    assert href not in client.get("/ressources/?q=zzcanari&kind=model").text
    assert href not in client.get("/en/ressources/?q=zzcanari").text
    assert f'data-href="{page.url}"' in client.get("/ressources/suggestions?q=zzca").text
    Synonym.objects.create(phrases="mésange, charbonnière")
    assert href in client.get("/ressources/?q=charbonniere").text
    page.unpublish()
    assert page.url not in client.get("/ressources/?q=zzcanari").text


def test_a_page_put_online_without_a_publication_is_caught_up_with() -> None:
    page = published("Une page Discrète", "<p>Rien.</p>")
    PageText.objects.all().delete()
    assert searching.catch_up() >= 1
    assert PageText.objects.filter(page=page).exists()
    assert searching.catch_up() == 0


PAGE = b"<!DOCTYPE html><script>alert(1)</script>"


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("notice.pdf", b"%PDF-1.7 ...", ""),
        ("notice.pdf", PAGE, "type"),
        ("notice.txt", b"\n" + PAGE, "type"),
        ("notice.txt", "<html><p>Bonjour</p>".encode("utf-16"), "type"),
        ("notice.csv", "métier;offres\n".encode("cp1252"), ""),
        ("notice.odt", zipped({"content.xml": "<p>Bonjour</p>"}), ""),
        ("notice.odt", zipped({"content.xml": "<p>1 84 12 76 451 089 46</p>"}), "personal_number"),
        ("notice.odt", b"PK\x03\x04 cut short", "unread"),
    ],
)
def test_a_document_is_what_its_name_says(name: str, content: bytes, code: str) -> None:
    staff = UserFactory()
    staff.groups.add(Group.objects.get(name=BACKOFFICE_GROUPS["administrator"]))
    form = get_document_form(Document)(
        {"title": "Notice", "collection": Collection.get_first_root_node().pk},
        {"file": SimpleUploadedFile(name, content)},
        user=staff,
    )
    form.is_valid()
    codes = [each.code for each in form.errors.as_data().get("file", [])]
    assert codes[:1] == ([code] if code else [])


CANARY = "CNRY-csp-5f3a9c1e"
OLD: dict[str, Any] = {
    "csp-report": {
        "document-uri": f"https://portail.invalid/invitations/{CANARY}/?q={CANARY}",
        "referrer": f"https://portail.invalid/?q={CANARY}",
        "violated-directive": "script-src",
        "effective-directive": "script-src-elem",
        "original-policy": CANARY,
        "blocked-uri": f"https://{CANARY}@mechant.example:8443/{CANARY}.js?x={CANARY}",
        "script-sample": CANARY,
    }
}
NEW = [
    {
        "type": "csp-violation",
        "url": f"https://portail.invalid/?q={CANARY}",
        "body": {
            "documentURL": "https://portail.invalid/challenges/",
            "effectiveDirective": "style-src-attr",
            "blockedURL": "inline",
            "sample": CANARY,
        },
    }
]


def send(content: Any, kind: str = "application/csp-report", **extra: Any) -> int:
    body = content if isinstance(content, (str, bytes)) else json.dumps(content)
    return int(Client(enforce_csrf_checks=True).post("/csp/", body, kind, **extra).status_code)


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [each.getMessage() for each in caplog.records if each.name == "portal.csp"]


def test_both_forms_are_logged_without_addresses(caplog: pytest.LogCaptureFixture) -> None:
    assert send(OLD) == 204
    assert send(NEW, "application/reports+json") == 204
    assert lines(caplog) == [
        "directive script-src-elem blocked mechant.example:8443 on invitation",
        "directive style-src-attr blocked inline on challenges:list",
    ]
    assert CANARY not in caplog.text
    assert send(NEW * 30, "application/reports+json") == 204
    assert len(lines(caplog)) == 2 + views.REPORTS_READ


def test_what_is_not_known_is_not_repeated(caplog: pytest.LogCaptureFixture) -> None:
    odd = {
        "document-uri": "https://portail.invalid/\r\nportal CRITICAL faux",
        "effective-directive": "script-src\r\nfaux",
        "blocked-uri": "http://[\r\nfaux",
    }
    assert send({"csp-report": odd}) == 204
    assert send({"csp-report": {"effective-directive": 3, "blocked-uri": None}}) == 204
    assert lines(caplog)[1] == "directive ? blocked ? on ?"
    assert "faux" not in caplog.text
    assert all("\n" not in line for line in lines(caplog))


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (" ", 400),
        ("{", 400),
        (b"\xff\xfe", 400),
        ("[" * 8_000, 400),
        ("3", 400),
        ('{"csp-report": "x"}', 400),
        ('{"autre": {}}', 400),
        ("[]", 204),
        ('{"csp-report": {}}' + " " * views.REPORT_MAX_BYTES, 413),
    ],
    ids=["empty", "cut", "bytes", "deep", "number", "text", "other", "none", "long"],
)
def test_odd_bodies(content: Any, status: int, caplog: pytest.LogCaptureFixture) -> None:
    assert send(content) == status
    assert lines(caplog) == []


def test_other_types_and_methods_are_refused(client: Client) -> None:
    assert send(OLD, "text/plain") == 415
    assert send("a=1", "application/x-www-form-urlencoded") == 415
    assert client.get("/csp/").status_code == 405


def test_a_sender_is_limited(caplog: pytest.LogCaptureFixture) -> None:
    answers = [send(OLD, REMOTE_ADDR="203.0.113.7") for _ in range(32)]
    assert answers == [204] * 30 + [429] * 2
    assert send(OLD, REMOTE_ADDR="203.0.113.8") == 204
    assert len(lines(caplog)) == 31


def test_a_crowd_is_limited(caplog: pytest.LogCaptureFixture) -> None:
    answers = [send(OLD, REMOTE_ADDR=f"203.0.113.{n % 250}") for n in range(310)]
    assert answers == [204] * 300 + [429] * 10


def test_every_page_says_where_to_report(client: Client) -> None:
    client.force_login(UserFactory(region="administrator"))
    for path in ("/", "/challenges/", "/admin/", "/rien/"):
        policy = client.get(path).headers["Content-Security-Policy"]
        assert "; report-uri /csp/" in policy, path
    assert settings.SECURE_CSP["report-uri"] == ["/csp/"]


KEYS = [
    "database", "worker", "tasks", "queue", "deliveries", "search", "disk", "sealing", "receipts",
]  # fmt: skip


class Disk(NamedTuple):
    """What shutil says of a disk."""

    total: int
    used: int
    free: int


@pytest.fixture
def alive(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make everything right: both processes beat, both keys are there, the disk has room."""
    for name in ("HOLDOUT_PUBLIC_KEY_FILE", "RECEIPT_KEY_FILE"):
        path = Path(getattr(settings, name))
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"k")
    for name in ("worker", "tasks"):
        duties.beat(name)
    monkeypatch.setattr(health.shutil, "disk_usage", lambda _path: Disk(100, 80, 20))


def levels() -> dict[str, str]:
    return {each.key: str(each.level) for each in health.checks()}


def health_texts() -> dict[str, str]:
    return {each.key: each.text for each in health.checks()}


def test_a_sound_portal_says_so(client: Client, alive: None) -> None:
    assert levels() == dict.fromkeys(KEYS, "good")
    page = client.get("/sante/")
    assert (page.status_code, "Tout fonctionne." in page.text) == (200, True)
    told = json.loads(client.get("/sante/?format=json").content)
    assert told["level"] == "good"
    assert [check["key"] for check in told["checks"]] == KEYS
    assert set(told["checks"][0]) == {"key", "name", "level", "text", "at"}


def test_a_portal_just_made_is_to_be_watched(client: Client) -> None:
    found = levels()
    assert {key for key, level in found.items() if level == "watch"} >= {"worker", "tasks"}
    page = client.get("/sante/")
    assert (page.status_code, "seront notées à la reprise" in page.text) == (200, True)


def test_a_silent_process_says_what_it_means(alive: None, monkeypatch: pytest.MonkeyPatch) -> None:
    later = clock.now() + timedelta(seconds=health.FRESH_SECONDS + 1)
    duties.beat("tasks")
    monkeypatch.setattr(clock, "now", lambda: later)
    duties.beat("tasks")
    assert (levels()["worker"], levels()["tasks"]) == ("watch", "good")
    assert "gardées" in health_texts()["worker"]


@pytest.mark.parametrize(("minutes", "level"), [(1, "good"), (10, "watch")])
def test_what_waits_too_long_is_watched(
    alive: None, monkeypatch: pytest.MonkeyPatch, minutes: int, level: str
) -> None:
    jobs.put(kind=JobKind.SCORE, subject_id=1, dedup_key="1")
    owe("mail.account", key="x")
    later = clock.now() + timedelta(minutes=minutes)
    monkeypatch.setattr(clock, "now", lambda: later)
    found = levels()
    assert (found["queue"], found["deliveries"]) == (level, level)
    assert health_texts()["queue"] == "1 travail de notation attend son tour."


@pytest.mark.parametrize(("free", "status"), [(11, 200), (9, 503)])
def test_a_disk_that_is_nearly_full_is_not_ready(
    client: Client, alive: None, monkeypatch: pytest.MonkeyPatch, free: int, status: int
) -> None:
    monkeypatch.setattr(health.shutil, "disk_usage", lambda _path: Disk(100, 100 - free, free))
    assert client.get("/sante/").status_code == status


def test_the_web_must_not_see_the_private_key(client: Client, alive: None, settings: Any) -> None:
    settings.HOLDOUT_PRIVATE_KEY_FILE = "/somewhere/private.key"
    response = client.get("/sante/")
    assert response.status_code == 503
    assert "private.key" not in response.text


@pytest.mark.parametrize(("embedded", "told"), [(True, True), (False, False)])
def test_one_machine_does_not_isolate_the_key(
    alive: None, settings: Any, embedded: bool, told: bool
) -> None:
    settings.EMBEDDED = embedded
    assert ("sur la même machine" in health_texts()["sealing"]) is told


def test_a_database_that_does_not_answer_leaves_the_rest(
    alive: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise OperationalError

    monkeypatch.setattr(health, "_database", fail)
    assert levels() == {"database": "bad", "disk": "good", "sealing": "good", "receipts": "good"}


def test_it_costs_the_same_whatever_waits(alive: None) -> None:
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as asked:
            health.checks()
        counts.append(len(asked))
        for number in range(3):
            jobs.put(kind=JobKind.SCORE, subject_id=number)
    assert counts == [7 + (connection.vendor == "postgresql")] * 2


def test_a_bucket_that_does_not_answer_is_told(
    alive: None, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "of nothing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-3")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    settings.OBJECTS_URL = "s3://away/p"
    (told,) = [each for each in health.checks() if each.key == "store"]
    assert told.level == health.Level.BAD


ODD = "Un\x01 titre\ufffe odd"


def test_stored_control_characters_break_no_feed(client: Client) -> None:
    by = UserFactory()
    challenge = ChallengeFactory(opened=True, slug="tensions", title=ODD, owner=by)
    board_of(challenge)
    row = listed(challenge, "Alpha", 0.30, rank=1)
    Team.objects.filter(pk=row.team_id).update(name=ODD)
    now = clock.now()
    Notice.objects.create(challenge=challenge, kind=NoticeKind.TEXT, text=ODD, at=now)
    ResourceFactory(title=ODD, published=True)
    for name, args in (
        ("challenges:feed", []),
        ("challenges:standings_feed", ["tensions"]),
        ("catalogue:feed", []),
    ):
        sent = client.get(reverse(name, args=args))
        assert sent.status_code == 200, name
        tree = ElementTree.fromstring(sent.content)  # noqa: S314  our own
        assert "Un titre odd" in "".join(tree.itertext()), name


@pytest.mark.parametrize("bad", ["\x01", "\x7f", "\x85", "\u202e", "\u2066"])
def test_invisible_characters_are_refused_beside_their_field(client: Client, bad: str) -> None:
    owner = UserFactory()
    challenge = ChallengeFactory(opened=True, owner=owner)
    person = accepted_person(challenge)
    odd = f"Les{bad} Pins"
    forms: list[tuple[Any, str, dict[str, str]]] = [
        (person, "team", {"name": odd}),
        (person, "discussions", {"title": odd, "body_md": "Quand ?"}),
        (person, "discussions", {"title": "Dates", "body_md": odd}),
        (owner, "announcements", {"text": odd, "publier": "1"}),
    ]
    for who, name, sent in forms:
        client.force_login(who)
        page = client.post(reverse(f"challenges:{name}", args=[challenge.slug]), sent)
        assert page.status_code == 422, (name, sent)
        assert "caractère invisible" in page.text
    told = client.post(
        f"/api/v1/challenges/{challenge.slug}/teams",
        {"name": odd},
        content_type="application/json",
        headers=bearer(person),
    )
    assert (told.status_code, told.json()["code"]) == (422, "characters")
    assert [each.objects.count() for each in (Team, Discussion, Notice)] == [0, 0, 0]


def test_a_long_text_keeps_its_lines(client: Client) -> None:
    challenge = ChallengeFactory(opened=True)
    client.force_login(UserFactory())
    sent = {"title": "Dates", "body_md": "Quand ?\r\n\tEt où ?"}
    page = client.post(reverse("challenges:discussions", args=[challenge.slug]), sent)
    assert page.status_code == 302
