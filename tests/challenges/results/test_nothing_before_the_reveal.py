"""Before the reveal, no figure nor label that is held shows anywhere: all of it is searched.

A challenge of numbers is imported, entered, scored, refused and broken; then every answer of
the site to every role, every letter, log, receipt, file, row and left-over is searched for the
true answers, the exact and private figures (at 3 to 12 digits, rounded and cut) and the groups.
"""

import csv
import io
import json
import logging
import random
import re
import struct
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core import mail
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse

from challenges.entries.enums import EntryStatus
from challenges.evaluation import worker as evaluator
from challenges.models import Challenge, Entry, Evaluation
from challenges.organising.actions import challenges
from challenges.results import actions as results
from challenges.worker import drain
from portal.audit import outbox
from portal.lib.storage import objects
from tests.challenges.bundles import folders
from tests.challenges.pages.scenes import url_of
from tests.challenges.world import entered, opened, owner_of
from tests.factories.accounts import UserFactory, bearer
from tests.factories.challenges import TeamFactory, captain_of
from tests.routes.declared import routes
from tests.routes.test_crawl import texts

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.database]
ROWS = 90
GROUPS = ("groupe-tenu-7f3a1c", "groupe-tenu-e20b94", "groupe-tenu-51dd08")
SINGLE_BYTES = 4  # of a number of single precision
PLACES = range(3, 13)
OURS = ("challenges/", "espace/challenges/", "moderation/so", "api/v1/")
# Forms of people, organisations and cards: full walks them too, tests/routes walks them for all.
APART = ("compte/", "contribuer/", "organisations/", "moissonnage/", "dossiers/", ".well-known/")
# The seconds of an instant are no figure, though one in a hundred thousand reads like one.
INSTANT = re.compile(r"\d\d:\d\d:\d\d\.\d+")
NUMBER = re.compile(r"(?<![\d.,])(\d{1,9})[.,](\d{3,})")
LEAN = ("captain",)  # who reads most of what others may not see
OTHERS = ("organiser", "moderator", "visitor")  # who runs it, who examines, and who frames
REST = ("rival", "member", "administrator", "officer", "approver", "dpo", "auditor")
MORE = (*LEAN, *OTHERS, *REST)


def truth() -> list[float]:
    """Draw the true answers: nine decimals, so that none is met by chance."""
    draw = random.Random(20261126)  # noqa: S311  # test data
    return [round(draw.uniform(100, 900), 9) for _ in range(ROWS)]


def answered(seed: int) -> bytes:
    """Answer with whole numbers: no true answer is ever echoed."""
    draw = random.Random(seed)  # noqa: S311  # test data
    lines = [f"A{at:04},{round(y + draw.gauss(0, 40))}" for at, y in enumerate(truth())]
    return "\n".join(["id,delai", *lines, ""]).encode()


def document() -> dict[str, Any]:
    """Describe the challenge: two errors, the worst group, an audit and its column."""
    columns = [
        {"name": "id", "role": "id", "type": "string"},
        {"name": "delai", "role": "target", "type": "float", "min": 0, "max": 1000},
    ]
    figure = {"direction": "min", "decimals": 2}
    return {
        "task": "regression",
        "submission": {
            "layout": "one_row_per_id",
            "formats": ["csv"],
            "max_bytes": 100_000,
            "columns": columns,
        },
        "truth": {
            "file": "truth.csv",
            "id": "id",
            "target": "delai",
            "split": {"column": "jeu", "public": "public", "private": "private"},
        },
        "metrics": [
            {"key": "mae", "metric": "mae", "label": "Erreur", "primary": True, **figure},
            {"key": "rmse", "metric": "rmse", "label": "RMSE", **figure},
        ],
        "quotas": {"timezone": "Europe/Paris", "per_day": 9, "total": 9, "final_selections": 2},
        "fairness": {
            "min_rows": 11,
            "attributes": [{"key": "zone", "source": "truth", "column": "zone", "label": "Zone"}],
            "metrics": [
                {
                    "key": "par_zone",
                    "metric": "mae",
                    "by": "zone",
                    "aggregate": "table",
                    "label": "Erreur par zone",
                    **figure,
                }
            ],
            "audit": {"column": {"limit": 60}},
        },
    }


def written(path: Path) -> Challenge:
    """Open the challenge, its truth and groups held out."""
    ids = [f"A{at:04}" for at in range(ROWS)]
    rows = "".join(
        f"{one},{y!r},{'public' if at % 3 == 0 else 'private'},{GROUPS[at // 3 % 3]}\n"
        for at, (one, y) in enumerate(zip(ids, truth(), strict=True))
    )
    files = {
        "test.csv": "id,x\n" + "".join(f"{one},{at}\n" for at, one in enumerate(ids)),
        "train.csv": "id,x,delai\nE1,0.5,100\nE2,1.5,200\nE3,2.5,300\n",
        "sample.csv": "id,delai\n" + "".join(f"{one},1\n" for one in ids),
        "baseline.csv": answered(1).decode(),
        "truth.csv": "id,delai,jeu,zone\n" + rows,
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(folders, "FILES", folders.FILES | files)
        patch.setattr("tests.challenges.world.folder", _folder)
        return opened(path, **document())


def _folder(path: Path, **changes: Any) -> Path:
    found = folders.document() | {"slug": "niveau", **changes}
    found.pop("expected", None)
    files: Any = found["files"]
    for each in (*files["public"], *files["held_out"]):
        each.pop("rows", None)
    files["organiser"].pop()
    (path / "niveau").mkdir(parents=True, exist_ok=True)
    return folders.write(path / "niveau", found)


class Held:
    """What must be nowhere: numbers in every writing, their bytes, words."""

    def __init__(self, numbers: Iterable[float], words: Iterable[str]) -> None:
        self.words = tuple(words)
        self.written: set[str] = set()
        self.packed: set[bytes] = set()
        for number in {abs(float(each)) for each in numbers}:
            if abs(number * 1000 - round(number * 1000)) < 1e-6:
                continue  # a round number tells nothing of where it comes from
            whole = repr(number)
            cut = (whole + "0" * 12).partition(".")
            for places in PLACES:
                self.written |= {f"{number:.{places}f}", f"{cut[0]}.{cut[2][:places]}"}
            self.packed |= {struct.pack(form, number) for form in ("<d", ">d", "<f", ">f")}

    def in_text(self, text: str) -> list[str]:
        """List what a text shows."""
        numbers = {f"{a}.{b[:12]}" for a, b in NUMBER.findall(INSTANT.sub("", text))}
        return sorted(numbers & self.written) + [word for word in self.words if word in text]

    def in_bytes(self, content: bytes) -> list[str]:
        """List what bytes show, as text in any form or, of what is no text, as packed numbers."""
        found = [shown for text in texts(content) for shown in self.in_text(text)]
        with suppress(UnicodeDecodeError):
            content.decode()
            return found
        packed = [each for each in self.packed if each in content]
        # Ciphertext holds four given bytes by chance, once in some dozens of runs, never two such.
        if len(packed) == 1 and len(packed[0]) == SINGLE_BYTES:
            packed = []
        return found + [each.hex() for each in packed]


def numbers_in(value: Any) -> Iterator[float]:
    """Yield every number of a tree of values."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for each in value:
            yield from numbers_in(each)
    elif isinstance(value, float):
        yield value


def held() -> Held:
    """Gather what is sealed of every evaluation, besides the truth and the groups."""
    numbers = truth()
    for evaluation in Evaluation.objects.filter(state="done"):
        opened_result = evaluator.unseal(evaluation.pk)
        assert set(opened_result["values"]) == {"public", "private"}
        for name in ("values", "audit"):
            numbers += numbers_in(opened_result[name])
        numbers += numbers_in(opened_result["intervals"]["private"])
    return Held(numbers, GROUPS)


class Scene:
    """The challenge once entered: four fates of an entry, and what their work wrote."""

    def __init__(self, path: Path, patch: pytest.MonkeyPatch) -> None:
        self.challenge = written(path)
        team, rival = (TeamFactory(challenge=self.challenge) for _ in range(2))
        self.scored = entered(self.challenge, team=team, content=answered(2))
        entered(self.challenge, team=rival, content=answered(3))
        wrong = answered(4)
        self.refused = [
            entered(self.challenge, team=team, content=content)
            for content in (
                wrong.replace(b"A0003,", b"Z9999,"),
                wrong.replace(b"A0003,", b"A0002,"),
                wrong[: wrong.rindex(b"A0089")],
                re.sub(rb"A0005,\d+", b"A0005,nan", wrong),
                re.sub(rb"A0005,\d+", b"A0005,5000", wrong),
            )
        ]
        assert drain()
        patch.setattr("challenges.evaluation.worker.examine_file", broken)
        patch.setattr("django.conf.settings.JOB_MAX_ATTEMPTS", 1)
        self.broken = entered(self.challenge, team=rival, content=answered(5))
        assert drain()
        patch.undo()
        while outbox.relay():
            pass
        self.people = {
            "visitor": None,
            "member": UserFactory(),
            "captain": captain_of(team),
            "rival": captain_of(rival),
            "organiser": owner_of(self.challenge),
        }
        for role in ("moderator", "administrator", "officer", "approver", "dpo", "auditor"):
            self.people[role] = UserFactory(region=role)

    def client(self, role: str) -> Client:
        """Sign someone in."""
        person = self.people[role]
        if person is None:
            return Client(raise_request_exception=False)
        client = Client(raise_request_exception=False, headers=bearer(person))
        client.force_login(person)
        return client

    def addresses(self, apart: tuple[str, ...]) -> Iterator[str]:
        """List the pages and files of the site, and all of this challenge and its entries."""
        own = [self.scored, self.refused[0], self.refused[-1], self.broken]
        teams = self.challenge.teams.of_people()
        named = {
            "slug": [self.challenge.slug],
            "entry": [each.pk for each in own],
            "team": [each.public_id for each in teams],
            "key": [each.key for each in self.challenge.leaderboards.all()],
            "name": ["sample.csv", "truth.csv"],
            "index": [0],
            "serial": [1],
        }
        for route in routes():
            if (
                "GET" not in route.methods
                or "^" in route.pattern
                or route.pattern.startswith(apart)
            ):
                continue
            wanted = re.findall(r"<(?:\w+:)?(\w+)>", route.pattern)
            if wanted and not route.pattern.startswith(OURS):
                continue
            for values in product(*(named.get(name, ()) for name in wanted)):
                path = "/" + route.pattern
                for value in values:
                    path = re.sub(r"<(?:\w+:)?\w+>", str(value), path, count=1)
                yield path
                if path.startswith(f"/challenges/{self.challenge.slug}/classement"):
                    yield from (f"{path}?{query}" for query in ("partie=privee", "lang=en"))
                if "/leaderboards/" in path:
                    yield f"{path}?split=private"


def broken(*_args: Any, **_kwargs: Any) -> Any:
    """Fail as a bug would, the worst there is: the truth in its message."""
    raise ValueError(f"label {truth()[7]!r} of {GROUPS[0]}, mean {sum(truth()) / ROWS!r}")


@pytest.mark.parametrize(
    "roles",
    [
        pytest.param(LEAN, id="lean"),
        pytest.param(OTHERS, id="others", marks=pytest.mark.ci),
        pytest.param(MORE, id="full", marks=pytest.mark.full),
    ],
)
def test_no_answer_of_the_site_shows_what_is_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any, roles: tuple[str, ...]
) -> None:
    settings.API_REQUESTS_PER_MINUTE = 100_000
    scene = Scene(tmp_path, monkeypatch)
    secrets, wrong, answers = held(), [], 0
    for role in roles:
        client = scene.client(role)
        for address in sorted(set(scene.addresses(() if roles is MORE else APART))):
            response = client.get(address)
            answers += response.status_code == 200
            content = b"".join(response) if response.streaming else response.content
            headers = "\n".join(f"{name}: {value}" for name, value in response.headers.items())
            found = secrets.in_bytes(content) + secrets.in_text(headers)
            unwell = response.status_code >= 500 and address != "/sante/"  # no worker beats
            if found or unwell:
                wrong.append((role, address, response.status_code, found))
    assert wrong == []
    assert answers > 40 * len(roles)


def test_no_refusal_shows_what_is_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(tmp_path, monkeypatch)
    secrets, client = held(), scene.client("captain")
    address = url_of(scene.challenge, "entries")
    for entry in scene.refused:
        content = io.BytesIO(objects.read(entry.sha256))
        content.name = "reponse.csv"
        form = {"key": f"clé-{entry.number}", "file": content, "check_only": "on"}
        sent = client.post(address, form)
        assert sent.status_code == 422
        assert secrets.in_bytes(sent.content) == []
    assert {each.status for each in Entry.objects.filter(pk__in=[e.pk for e in scene.refused])} == {
        EntryStatus.REJECTED
    }


def test_nothing_written_shows_what_is_held(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Logs, standard outputs, letters, rows, files and what is left of temporary ones."""
    left = tmp_path / "tmp"
    left.mkdir()
    monkeypatch.setenv("TMPDIR", str(left))
    monkeypatch.setattr(tempfile, "tempdir", str(left))
    caplog.set_level(logging.DEBUG)
    scene = Scene(tmp_path, monkeypatch)
    said = {}
    slug = scene.challenge.slug
    for command in (("standings", slug), ("verify",)):
        out = io.StringIO()
        with suppress(SystemExit):
            call_command(*command, "--json", stdout=out, stderr=out)
        said[f"command {command[0]}"] = out.getvalue()
    secrets = held()
    logged = "\n".join(
        f"{each.getMessage()} {each.exc_text} {each.exc_info} {each.args}"
        for each in caplog.records
    )
    assert "ValueError" in logged  # the broken scoring was told of, without its message
    assert "job score" in logged
    told = said | {"logs": logged, "outputs": "".join(capfd.readouterr())}
    assert len(mail.outbox) > 3
    for message in mail.outbox:
        told[f"letter {message.subject}"] = message.message().as_string() + message.body
    shown = {name: found for name, text in told.items() if (found := secrets.in_text(text))}
    assert shown == {}
    assert dict(rows_showing(secrets)) == {}
    assert dict(files_showing(secrets, tmp_path / "objects", tmp_path / "media")) == {}
    assert [str(path) for path in left.rglob("*") if path.is_file()] == []


def rows_showing(secrets: Held) -> Iterator[tuple[str, list[str]]]:
    """Read every table as a dump in clear would, and yield what it shows."""
    count = 0
    for model in apps.get_models(include_auto_created=True):
        table = model._meta.db_table
        with connection.cursor() as cursor:
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608
            for row in cursor.fetchall():
                count += 1
                for cell in row:
                    raw = bytes(cell) if isinstance(cell, bytes | memoryview) else None
                    found = secrets.in_text(repr(cell)) if raw is None else secrets.in_bytes(raw)
                    if found:
                        yield table, found
    assert count > 200


def files_showing(secrets: Held, *folders_: Path) -> Iterator[tuple[str, list[str]]]:
    """Read every file kept and yield what it shows."""
    paths = [path for each in folders_ for path in each.rglob("*") if path.is_file()]
    assert len(paths) > 10
    for path in paths:
        if found := secrets.in_bytes(path.read_bytes()):
            yield path.name, found


def test_the_search_finds_each_of_them_once_revealed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same search, on pages that may show: it would have found what it looks for."""
    scene = Scene(tmp_path, monkeypatch)
    secrets = held()
    assert secrets.in_text(f"x {truth()[3]:.3f} y") == [f"{truth()[3]:.3f}"]
    assert secrets.in_text(f"{truth()[3]!r}".replace(".", ",")) != []
    assert secrets.in_bytes(struct.pack("<d", truth()[4])) != []
    assert secrets.in_bytes(struct.pack("<2f", *truth()[3:5])) != []
    assert secrets.in_bytes(json.dumps({"zone": GROUPS[1]}).encode()) == [GROUPS[1]] * 3
    Entry.objects.filter(pk=scene.broken.pk).update(status=EntryStatus.FAILED)
    phase = challenges.close(phase=scene.challenge.phases.get(), by=owner_of(scene.challenge))
    results.propose_reveal(phase=phase, by=owner_of(scene.challenge))
    results.confirm_reveal(phase=phase, by=scene.people["administrator"])
    assert drain()
    client = scene.client("visitor")
    private = evaluator.unseal(scene.scored.evaluations.get().pk)["values"]["private"]["mae"]
    slug = scene.challenge.slug
    sent = client.get(reverse("challenges:standings_csv", args=[slug])).text
    lines = list(csv.DictReader(io.StringIO(sent)))
    assert f"{private:.2f}" in [line["mae"] for line in lines]
    for name in ("embed_frame", "standings_feed", "standings_json", "report", "report_json"):
        shown = client.get(reverse(f"challenges:{name}", args=[slug])).text
        assert f"{private:.2f}" in shown.replace(",", "."), name
    page = client.get(reverse("challenges:audit", args=[slug, scene.scored.pk]))
    assert set(GROUPS) <= set(secrets.in_text(page.text))
    team = scene.scored.enrolment.team
    results.issue_certificate(team=team, phase=phase, by=captain_of(team))
    certified = [slug, team.public_id, 0]
    for name in ("certificate_json", "certificate_pdf"):
        address = reverse(f"challenges:{name}", args=certified)
        assert client.get(address).status_code == 302
        content = scene.client("captain").get(address).content
        assert any(f"{private:.2f}" in text.replace(",", ".") for text in texts(content)), name
