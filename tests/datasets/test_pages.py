"""Datasets in their pages: the list, each level, each refusal, the downloads, the form."""

import json
import time
from datetime import timedelta
from typing import Any
from unittest.mock import Mock

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from catalogue.resources.enums import Access
from datasets.openings.actions.publication import REPORT
from datasets.releases.enums import AccessLevel, FileRole
from datasets.releases.models import DataFile, Dataset, Download, Release
from portal.lib.storage import scanning
from tests.factories.accounts import UserFactory
from tests.factories.datasets import (
    CSV,
    DataFileFactory,
    DatasetCardFactory,
    DatasetFactory,
    ReleaseFactory,
    member,
)
from tests.ledger import cost, events, same_for_three

pytestmark = pytest.mark.django_db


def titles(response: Any) -> list[str]:
    return [row["title"] for row in response.context["rows"]]


def test_the_directory_lists_what_is_held_here_by_level(client: Client) -> None:
    hosted = DataFileFactory(level=AccessLevel.RESTRICTED_PERSONAL)
    dataset = hosted.release.dataset
    Dataset.objects.filter(pk=dataset.pk).update(level=AccessLevel.RESTRICTED_PERSONAL)
    free = DataFileFactory().release.dataset
    DatasetCardFactory(title="Fiche seule", producer_name="Insee", access=Access.OPEN)
    draft = DataFileFactory().release.dataset.resource
    type(draft).objects.filter(pk=draft.pk).update(live=False, first_published_at=None)

    response = client.get("/donnees/")

    assert sorted(titles(response)) == sorted([free.resource.title, dataset.resource.title])
    assert dataset.get_absolute_url() in response.text
    assert "Sur demande (1)" in response.text
    # What is lent has the terms of its agreement, and not the licence of the card.
    assert response.text.count("Licence Ouverte 2.0") == 1
    for asked, shown in (("on_request", [dataset]), ("%00", [free, dataset])):
        listed = titles(client.get(f"/donnees/?access={asked}&page=99"))
        assert sorted(listed) == sorted(each.resource.title for each in shown)
    client.force_login(member(draft.organisation))
    assert draft.title not in titles(client.get("/donnees/"))


def test_the_list_costs_the_same_with_one_and_three_items(client: Client) -> None:
    assert same_for_three(DataFileFactory, lambda: cost(client, "/donnees/")) == [3]


SCHEMA = [
    {"name": "zone", "type": "string", "filled": 100, "distinct": 2, "description": "=Zone",
     "protection": "generalised"},
    {"name": "effectif", "type": "integer", "filled": 50, "distinct": 1, "description": "",
     "protection": "free"},
]  # fmt: skip
PREVIEW = {"header": ["zone", "effectif"], "rows": [["Arles", "12"], ["<b>Gap", ""]]}


def open_file(**values: Any) -> DataFile:
    return DataFileFactory(schema=SCHEMA, preview=PREVIEW, **values)


def page(file: DataFile) -> str:
    return file.release.dataset.get_absolute_url()


def address(file: DataFile) -> str:
    return f"{page(file)}fichiers/{file.public_id}/"


def prove(client: Client, person: Any, *, ago: timedelta = timedelta(0)) -> None:
    """Sign somebody in, who proved a while ago who they are."""
    client.force_login(person)
    session = client.session
    at = time.time() - ago.total_seconds()
    session["account_authentication_methods"] = [{"method": "password", "at": at}]
    session["account_authentication_methods_user"] = session["_auth_user_id"]
    session.save()


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content)


def test_an_open_dataset_shows_its_rows_and_is_downloaded_without_account(client: Client) -> None:
    file = open_file(name="éffectifs.csv")
    DataFileFactory(release=file.release, index=1, name=REPORT, level=AccessLevel.OPEN)

    text = client.get(page(file)).text
    for said in ("Accès ouvert", "&lt;b&gt;Gap", "Généralisée", address(file)):
        assert said in text
    assert "Demande d’accès" not in text
    assert "Rapport de contrôle" not in text  # no opening made this release

    response = client.get(address(file))
    assert (response.status_code, body(response)) == (200, CSV)
    assert response["Content-Type"] == "text/csv"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert response["Content-Disposition"].startswith("attachment;")
    assert Download.objects.count() == 1


def test_a_head_says_what_the_download_would_and_is_none(client: Client) -> None:
    file = open_file()
    secret = DataFileFactory(level=AccessLevel.RESTRICTED_BUSINESS)
    got, head = client.get(address(file)), client.head(address(file))

    assert (head.status_code, dict(head.headers)) == (200, dict(got.headers))
    assert client.head(address(secret)).status_code == 404
    prove(client, member(secret.release.dataset.resource.organisation))
    assert client.head(address(secret)).status_code == 404

    assert Download.objects.count() == 1
    assert events() == ["access.denied"] * 2  # a visitor, then the producer
    assert (body(head), body(got)) == (b"", CSV)


def test_a_restricted_dataset_leads_to_a_request(client: Client) -> None:
    file = DataFileFactory(level=AccessLevel.RESTRICTED_PERSONAL, schema=SCHEMA)
    client.force_login(UserFactory())

    text = client.get(page(file)).text

    assert "Demander l’accès" in text
    assert "Généralisée" in text
    assert address(file) not in text
    assert "Arles" not in text


def test_a_producer_is_told_that_the_original_stays_with_them(client: Client) -> None:
    file = DataFileFactory(level=AccessLevel.RESTRICTED_PERSONAL)
    assert "garde l’original" not in client.get(page(file)).text
    prove(client, member(file.release.dataset.resource.organisation))
    text = client.get(page(file)).text
    assert "Votre organisation garde l’original" in text
    assert address(file) not in text + client.get(f"{page(file)}versions/").text
    assert client.get(address(file)).status_code == 404


def test_an_open_file_goes_on_from_where_its_reader_had_come(client: Client) -> None:
    file = open_file()
    whole = client.get(address(file))
    assert (whole["Accept-Ranges"], body(whole)) == ("bytes", CSV)
    rest: Any = client.get(address(file), headers={"range": "bytes=5-"})
    assert (rest.status_code, body(rest)) == (206, CSV[5:])
    assert rest["Content-Range"] == f"bytes 5-{len(CSV) - 1}/{len(CSV)}"
    known = {"range": "bytes=5-", "if-range": whole["ETag"]}
    assert body(client.get(address(file), headers=known)) == CSV[5:]
    other = {"range": "bytes=5-", "if-range": '"autre"'}
    assert body(client.get(address(file), headers=other)) == CSV
    assert body(client.get(address(file), headers={"range": "bytes=5-9"})) == CSV
    past = client.get(address(file), headers={"range": f"bytes={len(CSV)}-"})
    assert (past.status_code, past["Content-Range"]) == (416, f"bytes */{len(CSV)}")


def test_a_file_for_members_is_posted_with_the_licence(client: Client) -> None:
    file = DataFileFactory(level=AccessLevel.REGISTERED)

    assert client.get(address(file)).status_code == 302
    assert client.post(address(file), {"accept": "on"}).status_code == 302
    assert "Se connecter pour télécharger" in client.get(page(file)).text
    client.force_login(UserFactory())
    assert client.get(address(file)).url == page(file)  # type: ignore[attr-defined] # a redirect
    assert client.post(address(file)).status_code == 422
    assert Download.objects.count() == 0

    assert body(client.post(address(file), {"accept": "on"})) == CSV
    assert Download.objects.get().licences == "etalab-2.0"


def test_a_draft_and_its_files_are_hidden(client: Client) -> None:
    file = open_file()
    file.release.dataset.resource.live = False
    file.release.dataset.resource.save()

    paths = [page(file), address(file), f"{page(file)}versions/", f"{page(file)}schema.json"]
    assert [client.get(path).status_code for path in paths] == [404] * 4
    client.force_login(member(file.release.dataset.resource.organisation))
    answers = [client.get(path) for path in paths]
    assert [answer.status_code for answer in answers] == [200] * 4
    answers[1].close()


def test_the_sample_is_shown_when_the_data_are_closed(client: Client) -> None:
    release = ReleaseFactory()
    DataFileFactory(release=release, level=AccessLevel.RESTRICTED_PERSONAL, schema=SCHEMA)
    DataFileFactory(release=release, role=FileRole.SAMPLE, schema=SCHEMA, preview=PREVIEW)
    Dataset.objects.update(level=AccessLevel.RESTRICTED_PERSONAL)

    text = client.get(release.dataset.get_absolute_url()).text

    assert "Lignes synthétiques" in text
    assert "Ces lignes ont la forme des vraies" in text


def test_a_card_without_files_is_read_in_the_catalogue_where_its_producer_may_start(
    client: Client,
) -> None:
    card = DatasetCardFactory()
    assert client.get(f"/donnees/{card.slug}/").headers["Location"] == card.get_absolute_url()
    assert client.get(f"/donnees/{card.slug}/versions/").status_code == 404
    start = f"/donnees/{card.slug}/versions/nouvelle/"
    assert start not in client.get(card.get_absolute_url()).text
    client.force_login(member(card.organisation))
    assert start in client.get(card.get_absolute_url()).text


@pytest.mark.parametrize("is_described", [True, False])
def test_a_draft_without_release_leads_its_producer_to_publish_one(
    client: Client, is_described: bool
) -> None:
    card = DatasetCardFactory(live=False, first_published_at=None)
    if is_described:
        DatasetFactory(resource=card)
    place = f"/donnees/{card.slug}/"
    assert client.get(place).status_code == 404
    client.force_login(member(card.organisation))
    shown = client.get(place, follow=True)
    assert shown.redirect_chain == [(f"{place}versions/nouvelle/", 302)]
    assert (shown.status_code, card.title in shown.text) == (200, True)


def test_versions_are_listed_with_their_files(client: Client) -> None:
    dataset = DatasetFactory()
    files = [DataFileFactory(release=ReleaseFactory(dataset=dataset, number=n)) for n in (1, 2)]

    text = client.get(f"{dataset.get_absolute_url()}versions/").text

    assert all(address(file) in text for file in files)
    assert text.index("Version 2") < text.index("Version 1")


def test_schema_and_dictionary_are_public(client: Client) -> None:
    file = DataFileFactory(level=AccessLevel.RESTRICTED_PERSONAL, schema=SCHEMA)

    schema = json.loads(client.get(f"{page(file)}schema.json").content)
    text = client.get(f"{page(file)}dictionnaire.csv").text

    assert [field["name"] for field in schema["fields"]] == ["zone", "effectif"]
    assert text.splitlines()[1] == "zone,string,'=Zone,Généralisée,100"
    bare = DataFileFactory(name="notice.pdf")
    assert client.get(f"{page(bare)}schema.json").status_code == 404


def test_a_dataset_held_here_has_one_page_which_says_what_its_card_does(client: Client) -> None:
    file = open_file()
    card = file.release.dataset.resource

    answer = client.get(card.get_absolute_url())
    text = client.get(page(file)).text

    assert (answer.status_code, answer["Location"]) == (302, page(file))
    assert f"/ressources/{card.slug}/discussions/" in text
    assert f"/ressources/{card.slug}.ttl" in text
    assert client.get(f"/ressources/{card.slug}.ttl").status_code == 200
    around = client.get(f"/ressources/{card.slug}/discussions/").text
    assert f'href="{page(file)}"' in around
    assert f'href="{page(file)}versions/"' in around


def test_a_page_costs_the_same_with_one_and_three_files(client: Client) -> None:
    release = ReleaseFactory()
    paths = [release.dataset.get_absolute_url() + rest for rest in ("", "versions/")]
    counts = [lambda path=path: cost(client, path) for path in paths]
    assert same_for_three(lambda: open_file(release=release), *counts) == [14, 4]


def upload(name: str = "effectifs.csv", content: bytes = CSV) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


@pytest.fixture
def form(client: Client) -> str:
    """Sign in who publishes for the holder of a new card; give the address of its form."""
    card = DatasetCardFactory(slug="nouvelle")
    client.force_login(member(card.organisation))
    return f"/donnees/{card.slug}/versions/nouvelle/"


def test_nothing_is_open_by_inattention(client: Client) -> None:
    """The form starts from the level of the last release; a first one must be chosen."""
    kept = DataFileFactory(level=AccessLevel.RESTRICTED_PERSONAL).release.dataset
    Dataset.objects.filter(pk=kept.pk).update(level=AccessLevel.RESTRICTED_PERSONAL)
    first = DatasetCardFactory(organisation=kept.resource.organisation)
    client.force_login(member(kept.resource.organisation))
    chosen = [
        client.get(f"/donnees/{card.slug}/versions/nouvelle/").context["form"]["level"].value()
        for card in (kept.resource, first)
    ]
    assert chosen == ["restricted_personal", None]
    form = f"/donnees/{first.slug}/versions/nouvelle/"
    response = client.post(form, {"table": upload()})
    assert (response.status_code, list(response.context["form"].errors)) == (422, ["level"])


def test_a_producer_publishes_by_the_form(client: Client, form: str) -> None:
    assert client.get(form).status_code == 200

    response = client.post(
        form,
        {
            "table": upload(),
            "level": "restricted_personal",
            "dictionary": upload("d.csv", b"colonne,protection\nzone,pseudonyme\n"),
            "sample": upload("exemple.csv", b"zone,effectif\nDigne,7\n"),
            "documentation": upload("notice.md", b"# Notice\n"),
            "notes": "Premier envoi.",
            "in_directory": "on",
            "disclosure_threshold": "11",
        },
    )

    assert (response.status_code, response["Location"]) == (302, "/donnees/nouvelle/")
    dataset = Dataset.objects.get(resource__slug="nouvelle")
    assert (dataset.in_directory, dataset.disclosure_threshold) == (True, 11)
    files = DataFile.objects.order_by("index")
    assert [(f.name, f.role, f.level) for f in files] == [
        ("effectifs.csv", "data", "restricted_personal"),
        ("exemple.csv", "sample", "open"),
        ("notice.md", "documentation", "open"),
    ]
    assert files[0].schema[0]["protection"] == "pseudonym"
    assert "Version 1 publiée." in client.get(response["Location"]).text


def test_the_form_asks_before_it_opens_what_looks_personal(client: Client, form: str) -> None:
    assert "personal_checked" not in client.get(form).text
    content = b"zone,note\nSud,jeanne.martin@exemple.fr\n"
    answer = client.post(form, {"table": upload("a.csv", content), "level": "open"})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["table"])
    page = answer.text
    assert 'name="personal_checked"' in page
    assert "jeanne.martin" not in page
    sent = {"table": upload("a.csv", content), "level": "open", "personal_checked": "on"}
    assert client.post(form, sent).status_code == 302
    sent = {"table": upload(), "level": "open", "in_directory": "on"}
    answer = client.post(form, sent)
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["level"])


def test_a_wrong_file_is_told_beside_its_field(client: Client, form: str) -> None:
    response = client.post(
        form,
        {
            "table": upload(content=b"zone,n\nArles\n"),
            "level": "open",
            "sample": upload("e.exe"),
        },
    )

    assert response.status_code == 422
    errors = response.context["form"].errors
    assert errors["table"] == ["Ligne 2 : 1 cellule au lieu de 2."]
    assert errors["sample"][0].startswith("Le contenu ne correspond pas")
    assert Release.objects.count() == 0


def test_a_file_over_the_bound_is_told(client: Client, form: str, settings: Any) -> None:
    settings.BUNDLE_MAX_BYTES = 1_000_000
    sent = {"table": upload(content=CSV + b"1,2\n" * 250_000), "level": "open"}
    response = client.post(form, sent)
    assert response.context["form"].errors["table"] == ["Ce fichier dépasse 1 Mo."]


def test_a_silent_antivirus_is_told_and_nothing_is_published(
    client: Client, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanning, "scan", Mock(side_effect=scanning.ScannerAway))
    response = client.post(form, {"table": upload(), "level": "open"})
    assert response.status_code == 422
    assert "Réessayez plus tard" in response.context["form"].errors["table"][0]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({}, "table"),
        ({"table": upload(), "level": "held_out"}, "level"),
        ({"table": upload(), "dictionary": upload("d.csv", b"type\n")}, "dictionary"),
        ({"table": upload(), "disclosure_threshold": "0"}, "disclosure_threshold"),
    ],
    ids=["no file", "unknown level", "dictionary", "threshold"],
)
def test_a_wrong_form_is_told(
    client: Client, form: str, values: dict[str, Any], field: str
) -> None:
    response = client.post(form, {"level": "open"} | values)

    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]
