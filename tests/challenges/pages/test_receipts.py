"""The public page that verifies a receipt, and the keys it publishes."""

import base64
import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from challenges.client.receipts import MAX_BYTES, from_pem, key_id, read
from challenges.models import Entry, ReceiptKey
from challenges.receipts import actions as receipts
from portal.audit.models import AuditEvent
from portal.lib import immutable
from tests.factories.challenges import EntryFactory, ScoreReceiptFactory

pytestmark = pytest.mark.django_db
PAGE = reverse("challenges:receipts")


def receipt(entry: Entry, **changes: Any) -> str:
    """Sign a score receipt of an entry; it is registered by nobody."""
    return receipts.sign_receipt(
        {
            "kind": "score",
            "version": 2,
            "challenge": "defi-temoin",
            "team": "les-eclaireurs",
            "phase": 0,
            "entry": str(entry.pk),
            "number": 3,
            "sha256": "a" * 64,
            "received_at": "2026-11-02T09:30:00+01:00",
            "issued_at": "2026-11-02T09:31:00+01:00",
            "values": {"public": {"mae": "0.1234"}},
            "intervals": {"public": {"mae": ["0.1100", "0.1400"]}},
            **changes,
        }
    )


def registered(entry: Entry, text: str, **changes: Any) -> Any:
    return ScoreReceiptFactory(entry=entry, text=text, sha256=read(text.encode()).sha256, **changes)


@pytest.fixture
def entry() -> Entry:
    return EntryFactory(scored=True)


def paste(client: Client, text: str) -> Any:
    return client.post(PAGE, {"text": text})


def test_the_page_asks_for_a_file_or_a_text(client: Client) -> None:
    page = client.get(PAGE)
    assert page.status_code == 200
    assert page["Cache-Control"] == "no-store, private"
    assert 'type="file"' in page.text
    assert "<textarea" in page.text
    assert "Résultat" not in page.text


def test_a_valid_receipt_is_told_with_what_it_states(client: Client, entry: Entry) -> None:
    text = receipt(entry)
    registered(entry, text)
    page = paste(client, text).text
    assert "Récépissé authentique" in page
    for said in ("defi-temoin", "les-eclaireurs", "0.1234", "a" * 64, "de 0.1100 à 0.1400"):
        assert said in page
    sent = SimpleUploadedFile("recepisse.json", text.encode())
    assert "Récépissé authentique" in client.post(PAGE, {"file": sent}).text


def test_a_deposit_receipt_is_told_too(client: Client, entry: Entry) -> None:
    text = receipts.sign_receipt({"kind": "deposit", "entry": str(entry.pk), "number": 3})
    Entry.objects.filter(pk=entry.pk).update(receipt=text)
    assert "Ce que dit ce récépissé de dépôt" in paste(client, text).text


def test_a_replaced_receipt_says_by_which_one(client: Client, entry: Entry) -> None:
    text = receipt(entry)
    first = registered(entry, text)
    ScoreReceiptFactory(entry=entry, replaces=first)
    page = paste(client, text).text
    assert "remplacé depuis" in page
    assert "Le récépissé n° 2" in page
    assert "0.1234" in page


def test_an_altered_receipt_shows_nothing_of_what_it_says(client: Client, entry: Entry) -> None:
    text = receipt(entry)
    registered(entry, text)
    page = paste(client, text.replace("0.1234", "0.9999")).text
    assert "modifié ou incomplet" in page
    assert "Ce que dit ce récépissé" not in page
    assert "modifié ou incomplet" in paste(client, "bonjour").text


def test_a_receipt_out_of_the_register_is_not_believed(client: Client, entry: Entry) -> None:
    page = paste(client, receipt(entry)).text
    assert "absent du registre" in page
    assert "les-eclaireurs" not in page


def test_a_receipt_of_another_key_is_told(client: Client, entry: Entry) -> None:
    raw = json.loads(receipt(entry)) | {"key_id": "0" * 16}
    assert "Clé inconnue" in paste(client, json.dumps(raw)).text


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "Choisissez un fichier ou collez"),
        ({"text": "   "}, "Choisissez un fichier ou collez"),
        ({"text": "é" * MAX_BYTES}, "plus long qu’un récépissé"),
        ({"file": b""}, "Ce fichier est vide"),
        ({"file": b" " * (MAX_BYTES + 1)}, "plus long qu’un récépissé"),
    ],
)
def test_nothing_to_read_is_said_on_the_form(
    client: Client, given: dict[str, Any], said: str
) -> None:
    if "file" in given:
        given = {"file": SimpleUploadedFile("recepisse.json", given["file"])}
    page = client.post(PAGE, given)
    assert page.status_code == 422
    assert said in page.text


def test_hostile_text_is_shown_to_nobody(client: Client) -> None:
    page = paste(client, '{"<script>alert(1)</script>": 1}')
    assert page.status_code == 200
    assert "<script>alert" not in page.text


def test_nothing_is_kept(client: Client, entry: Entry) -> None:
    text = receipt(entry)
    registered(entry, text)
    before = (AuditEvent.objects.count(), ReceiptKey.objects.count())
    paste(client, text)
    paste(client, "x")
    assert (AuditEvent.objects.count(), ReceiptKey.objects.count()) == before


def test_requests_are_counted_by_address(client: Client, settings: Any) -> None:
    settings.RECEIPT_CHECKS_PER_MINUTE = 2
    said = [paste(client, "x").status_code for _ in range(3)]
    assert said == [200, 200, 429]
    assert client.get(PAGE).status_code == 200
    other = Client(REMOTE_ADDR="198.51.100.7")
    assert paste(other, "x").status_code == 200


def test_the_form_is_protected() -> None:
    assert Client(enforce_csrf_checks=True).post(PAGE, {"text": "x"}).status_code == 403


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_costs_the_same_for_one_and_three_keys(
    client: Client, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with immutable.writes(ReceiptKey):
        for number in range(count):
            public = base64.b64encode(bytes([number]) * 32).decode()
            ReceiptKey(
                key_id=f"{number:016}", public=public, first_used_at="2026-11-02T00:00:00Z"
            ).save()
    client.get(PAGE)  # the frame keeps what it found
    with django_assert_num_queries(2):
        page = client.get(PAGE)
    assert all(f"{number:016}" in page.text for number in range(count))


def test_the_keys_are_published_for_machines_and_in_pem(client: Client, entry: Entry) -> None:
    receipt(entry)
    public = receipts.public_key()
    answer = client.get("/api/v1/keys")
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert "max-age=3600" in answer["Cache-Control"]
    first_used_at = ReceiptKey.objects.get().first_used_at
    assert answer.json() == {
        "keys": [
            {
                "key_id": key_id(public),
                "algorithm": "Ed25519",
                "public_key": base64.b64encode(public).decode(),
                "pem": answer.json()["keys"][0]["pem"],
                "first_used_at": first_used_at.isoformat(timespec="milliseconds").replace(
                    "+00:00", "Z"
                ),
            }
        ]
    }
    assert from_pem(answer.json()["keys"][0]["pem"]) == public
    sent = client.get(reverse("challenges:receipt_key", args=[key_id(public)]))
    assert from_pem(sent.text) == public
    assert client.get(reverse("challenges:receipt_key", args=["0" * 16])).status_code == 404


def test_a_portal_without_a_key_says_so(client: Client, settings: Any, tmp_path: Any) -> None:
    settings.EMBEDDED = False
    settings.RECEIPT_KEY_FILE = str(tmp_path / "absent.key")
    assert "Aucune clé n’a encore signé ici." in client.get(PAGE).text
    assert client.get("/api/v1/keys").json() == {"keys": []}
