"""Receipts: issued with the score, reissued after it, verified by the page and the command."""

import base64
import hashlib
import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from challenges.client.receipts import (
    MAX_BYTES,
    ReceiptState,
    from_pem,
    key_id,
    read_receipt,
)
from challenges.entries.enums import EntryStatus
from challenges.evaluation.actions import evaluations
from challenges.models import (
    Challenge,
    Column,
    Entry,
    Evaluation,
    Leaderboard,
    PhaseTask,
    ReceiptKey,
    Score,
    ScoreReceipt,
)
from challenges.receipts import actions as receipts
from challenges.receipts.queries import known_keys
from challenges.scoring import contract
from challenges.scoring.contract import ScoringContract
from challenges.verification.queries import judge
from challenges.worker import drain
from portal.lib import clock, immutable
from tests.challenges.bundles import folders
from tests.challenges.pages.scenes import Costs
from tests.challenges.world import answer, entered, opened, revealed, scored
from tests.factories.challenges import EntryFactory, ScoreReceiptFactory

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def challenge(tmp_path: Path) -> Challenge:
    return scored(tmp_path, 0.7)


@pytest.fixture
def scored_entry(challenge: Challenge) -> Entry:
    return Entry.objects.of_teams().get()


def payload(receipt: ScoreReceipt) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(receipt.text)["payload"]
    return found


def state(text: str) -> ReceiptState:
    return judge(text.encode()).state


def rescore(scored_entry: Entry) -> None:
    """Put a second version of the scoring in force and score the entry by it."""
    task = PhaseTask.objects.select_related("scorer_version__scorer").get(current=True)
    former = task.scorer_version
    version = former.scorer.versions.create(
        number=2, spec=former.spec, digest="2" * 64, created_at=clock.now()
    )
    PhaseTask.objects.filter(pk=task.pk).update(current=False)
    PhaseTask.objects.create(
        phase=task.phase, name=task.name, scorer_version=version, holdout=task.holdout
    )
    scored_entry.become(EntryStatus.QUEUED, at=clock.now())
    scored_entry.save()
    evaluations.queue_scores(scored_entry)
    assert drain()


def test_a_score_receipt_says_what_was_scored_by_what_on_what(
    challenge: Challenge, scored_entry: Entry
) -> None:
    receipt = scored_entry.score_receipts.get()
    version = PhaseTask.objects.get().scorer_version
    holdout = PhaseTask.objects.get().holdout
    said = payload(receipt)
    resampling = said.pop("resampling_sha256")
    assert len(resampling) == 64
    assert said.pop("code_version").startswith(f"openemploi {contract.VERSION}, numpy ")
    assert said == {
        "kind": "score",
        "version": 2,
        "challenge": challenge.slug,
        "phase": 0,
        "team": scored_entry.enrolment.team.slug,
        "entry": str(scored_entry.pk),
        "number": 1,
        "sha256": scored_entry.sha256,
        "size": scored_entry.size,
        "canonical_sha256": scored_entry.canonical_sha256,
        "received_at": scored_entry.received_at.astimezone(clock.PARIS).isoformat(
            timespec="seconds"
        ),
        "task": 0,
        "scorer": version.digest,
        "scorer_version": 1,
        "program_sha256": "",
        "contract_sha256": ScoringContract.from_json(version.spec).digest,
        "engine_sha256": contract.engine_sha256(),
        "holdout": str(holdout.public_id),
        "holdout_version": 1,
        "holdout_sha256": holdout.ciphertext_sha256,
        "environment": "",
        "seed": 0,
        "values": {
            "public": {
                each.metric: each.value_text
                for each in Score.objects.filter(evaluation__entry=scored_entry)
            }
        },
        "intervals": {
            "public": {
                each.metric: [f"{each.low:.{places}f}", f"{each.high:.{places}f}"]
                for each in Score.objects.filter(evaluation__entry=scored_entry, low__isnull=False)
                if (places := len(each.value_text.partition(".")[2]))
            }
        },
        "duration": "<= 1 min",
        "serial": 1,
        "reason": "scored",
        "replaces": None,
        "issued_at": receipt.issued_at.astimezone(clock.PARIS).isoformat(timespec="minutes"),
    }
    assert set(said["values"]["public"]) == {"exactitude", "mae"}
    assert "exactitude" in said["intervals"]["public"]
    assert receipt.sha256 == hashlib.sha256(receipt.text.encode()).hexdigest()
    assert state(receipt.text) is ReceiptState.VALID


def test_copies_of_one_answer_have_equal_receipts(tmp_path: Path) -> None:
    submission = folders.document()["submission"]
    assert isinstance(submission, dict)
    challenge = opened(tmp_path, submission={**submission, "formats": ["csv", "parquet"]})
    header, *lines = answer(0.7).decode().splitlines()
    rows = [line.split(",") for line in reversed(lines)]
    table = pa.table({"niveau": [int(row[1]) for row in rows], "id": [row[0] for row in rows]})
    pq.write_table(table, tmp_path / "copy.parquet")
    copies = {
        "answer.csv": answer(0.7),
        "turned.csv": "\n".join([header, *reversed(lines)]).encode(),
        "copy.csv": b"\r\n".join([b"niveau;id", *(f"{b};{a}".encode() for a, b in rows)]),
        "copy.parquet": (tmp_path / "copy.parquet").read_bytes(),
    }
    made = [
        entered(challenge, content=content, original_name=name) for name, content in copies.items()
    ]
    assert drain()
    said = [payload(each.score_receipts.get()) for each in made]
    for name in ("canonical_sha256", "values", "intervals", "contract_sha256", "holdout_sha256"):
        assert len({json.dumps(each[name]) for each in said}) == 1, name
    assert len({each["sha256"] for each in said}) == len(copies)


def test_the_reveal_adds_a_receipt_with_the_private_values(
    challenge: Challenge, scored_entry: Entry
) -> None:
    first = scored_entry.score_receipts.get()
    revealed(challenge)
    assert ScoreReceipt.objects.get(pk=first.pk).text == first.text
    second = scored_entry.score_receipts.get(serial=2)
    said, before = payload(second), payload(first)
    assert (said["reason"], said["serial"]) == ("revealed", 2)
    assert said["replaces"] == {"serial": 1, "sha256": first.sha256}
    assert said["values"]["public"].items() >= before["values"]["public"].items()
    scores = Score.objects.filter(
        evaluation__entry=scored_entry, split="private", metric="exactitude"
    )
    assert said["values"]["private"]["exactitude"] == scores.get().value_text
    assert "mae_par_zone/nord" in said["values"]["private"]
    changed = {"reason", "serial", "replaces", "values", "intervals", "issued_at"}
    assert {key for key in said if said[key] != before[key]} <= changed
    assert state(second.text) is ReceiptState.VALID
    judged = judge(first.text.encode())
    assert (judged.state, judged.successor) == (ReceiptState.SUPERSEDED, second)


def test_a_new_scoring_adds_a_receipt_that_names_the_former_and_is_revealed(
    challenge: Challenge, scored_entry: Entry
) -> None:
    first = scored_entry.score_receipts.get()
    rescore(scored_entry)
    second = scored_entry.score_receipts.get(serial=2)
    said = payload(second)
    assert (said["reason"], said["scorer"], said["scorer_version"]) == ("rescored", "2" * 64, 2)
    assert said["replaces"] == {"serial": 1, "sha256": first.sha256}
    assert said["values"] == payload(first)["values"]
    assert second.evaluation_id != first.evaluation_id
    assert state(first.text) is ReceiptState.SUPERSEDED
    rescored = Entry.objects.references().get()
    rescored.become(EntryStatus.QUEUED, at=clock.now())
    rescored.save()
    evaluations.queue_scores(rescored)
    assert drain()
    revealed(challenge)
    last = scored_entry.score_receipts.get(serial=3)
    assert payload(last)["scorer_version"] == 2
    assert last.evaluation == Evaluation.objects.get(entry=scored_entry, scorer_version__number=2)
    assert ScoreReceipt.objects.filter(entry=scored_entry).count() == 3


@pytest.mark.parametrize("what", ["column", "board"])
def test_a_hidden_figure_is_on_no_receipt(challenge: Challenge, what: str) -> None:
    hidden = Column.objects.filter(key="mae")
    if what == "column":
        hidden.update(hidden=True)
    else:
        board = Leaderboard.objects.create(
            challenge=challenge, phase=challenge.phases.get(), key="interne", hidden=True
        )
        hidden.update(leaderboard=board)
    made = entered(challenge)
    assert drain()
    assert Score.objects.filter(evaluation__entry=made, metric="mae").exists()
    assert set(payload(made.score_receipts.get())["values"]["public"]) == {"exactitude"}


def test_a_former_key_still_verifies_after_a_rotation(
    challenge: Challenge, scored_entry: Entry, settings: Any, tmp_path: Path
) -> None:
    first = scored_entry.score_receipts.get()
    old = receipts.public_key()
    settings.RECEIPT_KEY_FILE = str(tmp_path / "keys" / "next.key")
    made = entered(challenge, seed=3)
    assert drain()
    drawn = {payload(each)["resampling_sha256"] for each in ScoreReceipt.objects.all()}
    assert (ScoreReceipt.objects.count(), len(drawn)) == (3, 1)  # all are judged on the same
    new = receipts.public_key()
    assert new != old
    assert known_keys() == {key_id(old): old, key_id(new): new}
    assert ReceiptKey.objects.count() == 2
    for text in (first.text, scored_entry.receipt, made.score_receipts.get().text, made.receipt):
        assert state(text) is ReceiptState.VALID
    settings.EMBEDDED = False  # a process without the key
    settings.RECEIPT_KEY_FILE = str(tmp_path / "absent.key")
    assert state(first.text) is ReceiptState.VALID


def test_the_register_believes_nothing_that_our_key_signs_elsewhere(scored_entry: Entry) -> None:
    assert state(scored_entry.receipt) is ReceiptState.VALID
    deposit = json.loads(scored_entry.receipt)["payload"]
    unknown = "00000000-0000-4000-8000-000000000000"
    score = payload(scored_entry.score_receipts.get())
    for said in (
        {**deposit, "number": 7},
        {**deposit, "entry": unknown},
        {**score, "values": {"public": {"exactitude": "1.0000", "mae": "0.0000"}}},
        {"kind": "autre"},
        {"kind": "deposit", "entry": "x"},
    ):
        assert state(receipts.sign_receipt(said)) is ReceiptState.UNREGISTERED


PAGE = reverse("challenges:receipts")


def signed(entry: Entry, **changes: Any) -> str:
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
    return ScoreReceiptFactory(
        entry=entry, text=text, sha256=read_receipt(text.encode()).sha256, **changes
    )


@pytest.fixture
def entry() -> Entry:
    return EntryFactory(scored=True)


def paste(client: Client, text: str) -> Any:
    return client.post(PAGE, {"text": text})


def test_a_valid_receipt_is_told_with_what_it_states(client: Client, entry: Entry) -> None:
    text = signed(entry)
    registered(entry, text)
    page = paste(client, text).text
    assert "Récépissé authentique" in page
    for said in ("defi-temoin", "les-eclaireurs", "0.1234", "a" * 64, "de 0.1100 à 0.1400"):
        assert said in page
    sent = SimpleUploadedFile("recepisse.json", text.encode())
    assert "Récépissé authentique" in client.post(PAGE, {"file": sent}).text
    text = receipts.sign_receipt({"kind": "deposit", "entry": str(entry.pk), "number": 3})
    Entry.objects.filter(pk=entry.pk).update(receipt=text)
    assert "Ce que dit ce récépissé de dépôt" in paste(client, text).text
    hostile = paste(client, '{"<script>alert(1)</script>": 1}')
    assert (hostile.status_code, "<script>alert" in hostile.text) == (200, False)


@pytest.mark.parametrize(
    ("change", "said", "believed"),
    [
        ("replaced", "remplacé depuis", True),
        ("altered", "modifié ou incomplet", False),
        ("out of the register", "absent du registre", False),
        ("another key", "Clé inconnue", False),
    ],
)
def test_a_receipt_of_less_worth_says_why(
    client: Client, entry: Entry, change: str, said: str, believed: bool
) -> None:
    text = signed(entry)
    if change != "out of the register":
        first = registered(entry, text)
    if change == "replaced":
        ScoreReceiptFactory(entry=entry, replaces=first)
    other = json.dumps(json.loads(text) | {"key_id": "0" * 16})
    changed = {"altered": text.replace("0.1234", "0.9999"), "another key": other}
    page = paste(client, changed.get(change, text)).text
    assert (said in page, "les-eclaireurs" in page) == (True, believed)


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


def test_requests_are_counted_by_address(client: Client, settings: Any) -> None:
    settings.RECEIPT_CHECKS_PER_MINUTE = 2
    said = [paste(client, "x").status_code for _ in range(3)]
    assert said == [200, 200, 429]
    assert client.get(PAGE).status_code == 200
    other = Client(REMOTE_ADDR="198.51.100.7")
    assert paste(other, "x").status_code == 200


def test_the_page_costs_the_same_for_one_and_three_keys(
    client: Client, count: int, costs: Costs
) -> None:
    with immutable.writes(ReceiptKey):
        for number in range(count):
            public = base64.b64encode(bytes([number]) * 32).decode()
            ReceiptKey(
                key_id=f"{number:016}", public=public, first_used_at="2026-11-02T00:00:00Z"
            ).save()
    client.get(PAGE)  # the frame keeps what it found
    with costs(2):
        page = client.get(PAGE)
    assert all(f"{number:016}" in page.text for number in range(count))


def test_the_keys_are_published_for_machines_and_in_pem(
    client: Client, entry: Entry, settings: Any, tmp_path: Path
) -> None:
    signed(entry)
    public = receipts.public_key()
    answer = client.get("/api/v1/keys")
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert "max-age=3600" in answer["Cache-Control"]
    [told] = answer.json()["keys"]
    at = ReceiptKey.objects.get().first_used_at.isoformat(timespec="milliseconds")
    assert from_pem(told.pop("pem")) == public
    assert told == {
        "key_id": key_id(public),
        "algorithm": "Ed25519",
        "public_key": base64.b64encode(public).decode(),
        "first_used_at": at.replace("+00:00", "Z"),
    }
    sent = client.get(reverse("challenges:receipt_key", args=[key_id(public)]))
    assert from_pem(sent.text) == public
    assert client.get(reverse("challenges:receipt_key", args=["0" * 16])).status_code == 404


def test_a_portal_without_a_key_says_so(client: Client, settings: Any, tmp_path: Any) -> None:
    settings.EMBEDDED = False
    settings.RECEIPT_KEY_FILE = str(tmp_path / "absent.key")
    assert "Aucune clé n’a encore signé ici." in client.get(PAGE).text
    assert client.get("/api/v1/keys").json() == {"keys": []}


@pytest.fixture
def text(entry: Entry) -> str:
    """Return a registered score receipt."""
    made = receipts.sign_receipt({"kind": "score", "entry": str(entry.pk), "team": "équipe"})
    registered(entry, made)
    return made


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


def told_of(folder: Path, content: str, *options: str) -> tuple[int, dict[str, Any]]:
    code, said = run(folder, content, "--json", *options)
    return code, json.loads(said)


def test_a_valid_receipt_is_zero(tmp_path: Path, text: str) -> None:
    code, answer = told_of(tmp_path, text)
    assert code == 0
    assert answer == {
        "state": "valid",
        "valid": True,
        "message": "Récépissé authentique.",
        "key_id": json.loads(text)["key_id"],
        "sha256": read_receipt(text.encode()).sha256,
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
    code, answer = told_of(tmp_path, change(text))
    assert (code, answer["state"], answer["valid"]) == (1, state, False)
    assert answer["payload"] is None
    assert (answer["key_id"] is not None) == knows_key


def test_a_superseded_receipt_is_one_and_names_the_next(
    tmp_path: Path, text: str, entry: Entry
) -> None:
    later = ScoreReceiptFactory(entry=entry, replaces=entry.score_receipts.get())
    code, answer = told_of(tmp_path, text)
    assert (code, answer["state"]) == (1, "superseded")
    assert answer["payload"]["team"] == "équipe"
    assert answer["replaced_by"] == {
        "serial": 2,
        "sha256": later.sha256,
        "issued_at": later.issued_at.isoformat(timespec="seconds"),
    }
    code, said = run(tmp_path, text)
    assert (code, "remplacé par : 2, " in said) == (1, True)


def test_a_wrong_usage_is_two(tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as stopped:
        call_command("verify_receipt", str(tmp_path / "absent.json"), stderr=io.StringIO())
    assert stopped.value.code == 2
