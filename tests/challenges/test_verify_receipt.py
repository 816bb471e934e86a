"""`manage.py verify_receipt`: its sentences, its JSON and its exit codes."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from challenges.client.receipts import read, to_pem
from challenges.models import Entry
from challenges.receipts import actions as receipts
from tests.factories.challenges import EntryFactory, ScoreReceiptFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def entry() -> Entry:
    return EntryFactory(scored=True)


@pytest.fixture
def text(entry: Entry) -> str:
    """Return a registered score receipt."""
    signed = receipts.sign_receipt({"kind": "score", "entry": str(entry.pk), "team": "équipe"})
    ScoreReceiptFactory(entry=entry, text=signed, sha256=read(signed.encode()).sha256)
    return signed


def run(folder: Path, content: str, *options: str) -> tuple[int, str]:
    """Run the command on a file; return its exit code and what it wrote."""
    file, out, err = folder / "recepisse.json", io.StringIO(), io.StringIO()
    file.write_text(content, "utf-8")
    code = 0
    try:
        call_command("verify_receipt", str(file), *options, stdout=out, stderr=err)
    except SystemExit as stopped:
        code = int(stopped.code or 0)
    return code, out.getvalue() + err.getvalue()


def told(folder: Path, content: str, *options: str) -> tuple[int, dict[str, Any]]:
    code, said = run(folder, content, "--json", *options)
    return code, json.loads(said)


def test_a_valid_receipt_is_zero(tmp_path: Path, text: str) -> None:
    code, answer = told(tmp_path, text)
    assert code == 0
    assert answer == {
        "state": "valid",
        "valid": True,
        "message": "Récépissé authentique.",
        "key_id": json.loads(text)["key_id"],
        "sha256": read(text.encode()).sha256,
        "payload": json.loads(text)["payload"],
        "registered": True,
        "replaced_by": None,
    }
    code, said = run(tmp_path, text + "\n")
    assert (code, said.splitlines()[0]) == (0, "Récépissé authentique.")
    assert 'team : "équipe"' in said


@pytest.mark.parametrize(
    ("change", "state", "knows_key"),
    [
        (lambda text: text.replace("équipe", "autre"), "altered", True),
        (lambda text: text[:-9], "altered", False),
        (lambda text: "", "altered", False),
        (lambda text: text.replace('"key_id":"', '"key_id":"0'), "unknown_key", True),
        (lambda text: receipts.sign_receipt({"kind": "score", "n": 1}), "unregistered", True),
    ],
    ids=["changed", "cut", "empty", "other key", "not issued"],
)
def test_anything_else_is_one_and_tells_no_payload(
    tmp_path: Path, text: str, change: Any, state: str, knows_key: bool
) -> None:
    code, answer = told(tmp_path, change(text))
    assert (code, answer["state"], answer["valid"]) == (1, state, False)
    assert answer["payload"] is None
    assert (answer["key_id"] is not None) == knows_key


def test_a_superseded_receipt_is_one_and_names_the_next(
    tmp_path: Path, text: str, entry: Entry
) -> None:
    later = ScoreReceiptFactory(entry=entry, replaces=entry.score_receipts.get())
    code, answer = told(tmp_path, text)
    assert (code, answer["state"]) == (1, "superseded")
    assert answer["payload"]["team"] == "équipe"
    assert answer["replaced_by"] == {
        "serial": 2,
        "sha256": later.sha256,
        "issued_at": later.issued_at.isoformat(timespec="seconds"),
    }
    code, said = run(tmp_path, text)
    assert (code, "remplacé par : 2, " in said) == (1, True)


def test_a_public_key_does_without_the_register(
    tmp_path: Path, text: str, entry: Entry, django_assert_num_queries: Any
) -> None:
    ScoreReceiptFactory(entry=entry, replaces=entry.score_receipts.get())
    pem = tmp_path / "cle.pem"
    pem.write_text(to_pem(receipts.public_key()))
    with django_assert_num_queries(0):
        code, answer = told(tmp_path, text, "--key", str(pem))
    assert (code, answer["state"], answer["registered"]) == (0, "valid", None)
    assert "un récépissé plus récent peut le remplacer" in answer["message"]
    assert told(tmp_path, text.replace("équipe", "autre"), "--key", str(pem))[0] == 1
    pem.write_text(to_pem(bytes(32)))
    code, answer = told(tmp_path, text, "--key", str(pem))
    assert (code, answer["state"]) == (1, "unknown_key")


def test_a_wrong_usage_is_two(tmp_path: Path, text: str) -> None:
    pem = tmp_path / "cle.pem"
    pem.write_text("bonjour")
    code, said = run(tmp_path, text, "--key", str(pem))
    assert (code, "pas une clé publique Ed25519" in said) == (2, True)
    pem.write_bytes(b"\xff")
    assert run(tmp_path, text, "--key", str(pem))[0] == 2
    code, said = run(tmp_path, text, "--key", str(tmp_path / "absente.pem"))
    assert (code, "absente.pem" in said) == (2, True)
    with pytest.raises(SystemExit) as stopped:
        call_command("verify_receipt", str(tmp_path / "absent.json"), stderr=io.StringIO())
    assert stopped.value.code == 2
