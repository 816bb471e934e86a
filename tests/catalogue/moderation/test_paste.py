"""Paste a description: the draft with its origins, what is refused and why, one record of many."""

import html
import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from catalogue.contributions.actions import drafts
from catalogue.contributions.forms.steps import Step
from catalogue.contributions.queries import descriptions, proposals
from catalogue.models import Contribution
from catalogue.standards.readers.serve import read_here
from portal.accounts.models import User
from tests.catalogue.ledger import cost
from tests.factories import contributions as make
from tests.factories.accounts import signed_in
from tests.sites import listener, says, site

pytestmark = pytest.mark.django_db

CITATION = """cff-version: 1.2.0
message: Citez ce logiciel.
title: Appariement des offres
abstract: Rapproche une offre et un profil, et dit pourquoi. Le résultat est expliqué à la personne.
authors:
  - family-names: Roux
    given-names: Camille
    affiliation: Atelier des données
license: EUPL-1.2
repository-code: https://forge.example/appariement
version: 2.1.0
keywords: [appariement, offres, explication]
"""
README = """# Prévoir les embauches

Un modèle pré-entraîné qui prévoit les embauches à trois mois, par zone d’emploi.

## Limites

- Zones de moins de 200 offres : intervalle très large.

## Licence

MIT
"""


def paste(client: Client, **given: Any) -> Any:
    return client.post(reverse("catalogue:contribution_paste"), given)


def words(answer: Any) -> str:
    text = html.unescape(answer.text)
    return text.replace("\u202f", " ").replace("\xa0", " ")  # French typography


def draft_of(text: str, code: str, author: User) -> Contribution:
    reading = read_here(code, text.encode())
    [record] = reading.records
    kept = descriptions.kept(code, reading, record)
    return drafts.begin(described=record, kind=record.kind, reading=kept, by=author)


def test_a_citation_becomes_a_draft_that_says_where_each_field_comes_from() -> None:
    author = make.person()
    client = signed_in(author)

    answer = paste(client, text=CITATION)

    contribution = Contribution.objects.get()
    record = proposals.flat(proposals.proposed_record(contribution))
    assert contribution.author == author
    assert {name: record[name] for name in ("kind", "title", "licences", "version", "authors")} == {
        "kind": "algorithm",
        "title": "Appariement des offres",
        "licences": ["EUPL-1.2"],
        "version": "2.1.0",
        "authors": ["Camille Roux"],
    }
    assert contribution.content["provenance"]["title"] == {
        "origin": "import:cff",
        "key": "CITATION.cff › title",
        "date": contribution.content["provenance"]["title"]["date"],
        "verified": True,
        "guessed": False,
    }
    page = words(client.get(answer.headers["Location"]))
    assert "CITATION.cff › repository-code" in page
    assert "Camille Roux" in page
    step = reverse("catalogue:contribution_step", args=(contribution.public_id, Step.IDENTIFY))
    assert "D’après CITATION.cff › title" in words(client.get(step))


def test_what_a_person_changes_is_theirs_and_a_guess_they_save_is_verified() -> None:
    author = make.person()
    contribution = draft_of(README, "readme", author)
    before = contribution.content["provenance"]
    assert before["summary"]["guessed"] is True
    assert before["summary"]["verified"] is False

    contribution = make.edit(
        contribution,
        author,
        title="Prévoir les embauches saisonnières",
        summary=contribution.content["summary"],
    )

    after = contribution.content["provenance"]
    assert after["title"] == {"origin": "contributor", "verified": True}
    assert after["summary"] == {**before["summary"], "guessed": False, "verified": True}
    assert after["description"] == before["description"]
    assert set(descriptions.origins(contribution)) == set(before) - {"title"}


def test_a_rare_language_stays_when_its_page_is_saved() -> None:
    author = make.person()
    card = "---\nlanguage: [fr, bzd]\nlicense: mit\npretty_name: Corpus\n---\n# Corpus\n"
    contribution = draft_of(card, "hf", author)
    step = reverse("catalogue:contribution_step", args=(contribution.public_id, Step.CLASSIFY))

    signed_in(author).post(step, {"languages": ["fr", "bzd"], "scope": "national"})

    record = proposals.proposed_record(make.again(contribution))
    assert (record["languages"], record["scope"]) == (["fr", "bzd"], "national")


def test_a_broken_file_is_refused_with_its_line_and_makes_no_draft() -> None:
    broken = b'{\n "@context": {"cr": "http://mlcommons.org/croissant/"},\n "name": "x",\n}'

    answer = paste(signed_in(make.person()), file=SimpleUploadedFile("jeu.json", broken))

    assert answer.status_code == 422
    assert "Ligne 4, colonne 1" in words(answer)
    assert not Contribution.objects.exists()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "Donnez une adresse, un fichier ou un texte."),
        ({"text": "a", "url": "https://a.example"}, "Donnez une seule chose à la fois"),
        ({"text": "cff-version: [1"}, "Syntaxe YAML incorrecte."),
        ({"text": CITATION.replace("title: ", "titre: ")}, "« titre » : cette clé n’existe pas"),
        ({"url": "ftp://a.example/x"}, "ne commence ni par https:// ni par http://"),
    ],
)
def test_what_cannot_be_taken_is_said(given: dict[str, str], said: str) -> None:
    answer = paste(signed_in(make.person()), **given)

    assert answer.status_code == 422
    assert said in words(answer)
    assert not Contribution.objects.exists()


def test_a_picture_and_a_file_too_large_are_refused() -> None:
    client = signed_in(make.person())

    picture = paste(client, file=SimpleUploadedFile("a.png", b"\x89PNG\r\n\x1a\n\x00"))
    large = paste(client, file=SimpleUploadedFile("a.txt", b"a" * 5_000_001))

    assert "dans aucun des formats lus" in words(picture)
    assert "Ce fichier dépasse 5 Mo." in words(large)


def test_one_record_of_several_is_chosen_without_losing_what_was_given() -> None:
    packages = [
        {"id": f"p{at}", "title": f"Jeu {at}", "license_id": "odc-odbl", "resources": []}
        for at in (1, 2)
    ]
    client = signed_in(make.person())
    listing = SimpleUploadedFile("liste.json", json.dumps(packages).encode())

    asked = paste(client, file=listing)
    assert asked.status_code == 200
    assert "Ce document contient 2 notices" in words(asked)
    again = paste(client, text=json.dumps(packages), which="1")
    assert "Choisissez une des notices." in words(again)
    answer = paste(client, text=json.dumps(packages), which="1", record="1")

    assert answer.status_code == 302
    record = proposals.proposed_record(Contribution.objects.get())
    assert (record["title"], record["licences"]) == ("Jeu 2", ["ODbL-1.0"])


def test_an_address_is_read_through_the_one_client(settings: Any) -> None:
    client = signed_in(make.person())
    with site(settings) as there:
        there.replies["/CITATION.cff"] = says(CITATION.encode(), kind="text/plain")
        answer = paste(client, url=f"{there.url}/CITATION.cff")
        assert answer.status_code == 302
        assert [path for _method, path, _headers in there.asked] == ["/CITATION.cff"]
        missing = paste(client, url=f"{there.url}/rien")
    assert "n’a rien donné à cette adresse (état 404)" in words(missing)


def test_a_private_address_is_refused_and_nobody_is_connected_to(settings: Any) -> None:
    with listener() as (port, came):
        settings.HTTP_PORTS = (80, 443, port)
        answer = paste(signed_in(make.person()), url=f"http://127.0.0.1:{port}/CITATION.cff")

        assert answer.status_code == 422
        assert "réseau privé" in words(answer)
        assert came == []


def test_one_person_pastes_so_many_times_a_minute(settings: Any) -> None:
    settings.PASTES_PER_MINUTE = 1
    client = signed_in(make.person())

    assert paste(client, text=CITATION).status_code == 302
    assert paste(client, text=CITATION).status_code == 429
    assert Contribution.objects.count() == 1


def test_active_html_of_a_document_is_shown_as_text() -> None:
    author = make.person()
    text = CITATION.replace("Appariement des offres", '"Avec <img src=x onerror=alert(1)> image"')

    answer = paste(signed_in(author), text=text)

    page = signed_in(author).get(answer.headers["Location"]).text
    assert "<img src=x" not in page
    assert "&lt;img src=x" in page


def test_the_page_of_a_reading_asks_as_much_whatever_it_holds() -> None:
    author = make.person()
    client = signed_in(author)
    small = draft_of("# Un titre\n\nUn texte assez long pour faire un résumé.", "readme", author)
    large = draft_of(CITATION, "cff", author)

    counts = [
        cost(client, reverse("catalogue:contribution_reading", args=(each.public_id,)))
        for each in (small, large)
    ]

    assert counts[0] == counts[1] <= 25
