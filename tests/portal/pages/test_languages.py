"""What people wrote is marked with its language where the page speaks another (WCAG 3.1.2)."""

from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client
from django.utils.safestring import SafeString
from django.utils.translation import override

from catalogue.enums import LinkType, ResourceKind
from portal.lib import languages
from tests.challenges.pages.scenes import board_of, listed, with_contract
from tests.factories import contributions as make
from tests.factories.catalogue import MeasurementFactory, ResourceFactory, ResourceLinkFactory
from tests.factories.challenges import ChallengeFactory
from tests.factories.datasets import (
    DataFileFactory,
    DatasetCardFactory,
    DatasetFactory,
    ReleaseFactory,
)

pytestmark = pytest.mark.django_db
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
    reader.feed(response.content.decode())
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
        assert 'lang="fr"' not in client.get(address).content.decode().partition("<body>")[2]


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
    client = Client()
    client.force_login(author)
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
        said = languages.said("Finish “%(title)s” & send", language="fr", title="<b>Été</b>")
        assert said == 'Finish “<span lang="fr">&lt;b&gt;Été&lt;/b&gt;</span>” &amp; send'
        assert isinstance(said, SafeString)
        assert languages.written("", "fr") == ""
        assert languages.written("Summer", "en") == "Summer"
        assert languages.attribute("fr") == ' lang="fr"'
    with override("fr"):
        assert (
            languages.said("Terminer « %(t)s »", language="fr", t="<i>") == "Terminer « &lt;i&gt; »"
        )
        assert languages.attribute("fr") == ""
