"""The commands of a team and of an organiser, against a portal that really answers."""

import hashlib
import json
import stat
import zipfile
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from challenges.client import cli, online, remote
from challenges.client.remote import Refused
from challenges.models import Challenge, Entry, Team, Upload
from challenges.teams.actions import teams
from challenges.worker import drain
from datasets.releases import uploads as releases
from datasets.releases.models import DataFile, Download
from portal.accounts.actions import accounts
from portal.accounts.enums import TokenScope
from portal.accounts.models import User
from portal.lib.storage import objects
from portal.lib.web import responses
from tests.challenges import world
from tests.challenges.bundles.foreign.tables import KAGGLE
from tests.challenges.exchange.test_bundle_imports import zipped
from tests.challenges.world import answer, opened
from tests.factories.access import World, build_extracts, lend
from tests.factories.accounts import UserFactory
from tests.factories.challenges import TeamFactory, captain_of
from tests.factories.datasets import CSV, DatasetFactory, member

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


class Terminal:
    """A person at a terminal, connected to a portal."""

    def __init__(self, server: str, capsys: pytest.CaptureFixture[str]) -> None:
        self.server, self.capsys = server, capsys

    def connect(self, person: User, *scopes: TokenScope) -> None:
        made = accounts.create_token(name="cli", scopes=scopes or TokenScope, days=30, by=person)
        remote.save_access(remote.Access(self.server, made.secret))

    def run(self, *words: Any) -> tuple[int, str, str]:
        code = cli.main([str(word) for word in words])
        said = self.capsys.readouterr()
        return code, said.out, said.err

    def json(self, *words: Any) -> Any:
        code, out, err = self.run(*words, "--json")
        assert code == 0, (out, err)
        return json.loads(out)


@pytest.fixture
def terminal(
    live_server: Any,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Terminal:
    """Return a French terminal whose memory is a file of this test."""
    monkeypatch.setenv(remote.VARIABLE, str(tmp_path / "memory" / "acces.json"))
    for name in cli.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    return Terminal(live_server.url, capsys)


@pytest.fixture
def challenge(tmp_path: Path) -> Challenge:
    """Return a small challenge, published, its reference scored."""
    return opened(tmp_path)


@pytest.fixture
def team(challenge: Challenge, terminal: Terminal) -> Team:
    """Return a team whose captain is at the terminal."""
    made: Team = TeamFactory(challenge=challenge)
    terminal.connect(captain_of(made))
    return made


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a file that scores."""
    path = tmp_path / "reponse.csv"
    path.write_bytes(answer(0.7))
    return path


def test_a_token_is_remembered_for_its_owner_alone(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made = accounts.create_token(name="cli", scopes=[TokenScope.READ], days=30, by=UserFactory())
    typed = tmp_path / "typed"
    typed.write_text(made.secret + "\n")
    with typed.open() as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        code, said, _ = terminal.run("login", terminal.server + "/")
    assert (code, said) == (0, f"Connecté à {terminal.server}.\n")
    assert remote.load_access() == remote.Access(terminal.server, made.secret)
    assert stat.S_IMODE(remote.access_file().stat().st_mode) == 0o600
    with typed.open("w+") as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        code, _, err = terminal.run("login", terminal.server)
    assert (code, err) == (
        1,
        "openemploi : token_invalid : Ce jeton est inconnu, révoqué ou expiré.\n",
    )
    assert remote.load_access().token == made.secret


@pytest.mark.parametrize(
    "server",
    ["http://exemple.test", "ftp://127.0.0.1", "exemple.test", "https://a:b@c.test", "https://[x"],
)
def test_a_token_goes_to_no_unsafe_address(terminal: Terminal, server: str) -> None:
    code, _, err = terminal.run("login", server)
    assert (code, err.split(" : ")[1]) == (2, "U_SERVER")


def test_who_is_not_connected_is_told_how_and_a_portal_that_does_not_answer_is_named(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, _, err = terminal.run("list")
    assert (code, err.split(" : ")[1]) == (2, "U_LOGIN")
    monkeypatch.setattr(remote.time, "sleep", lambda _seconds: None)
    remote.save_access(remote.Access("http://127.0.0.1:1", "oe_x"))
    code, _, err = terminal.run("list")
    assert (code, err.split(" : ")[1]) == (2, "U_OFFLINE")


def test_a_team_goes_from_the_list_to_its_final_choice(
    terminal: Terminal, team: Team, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(online.time, "sleep", lambda _seconds: drain())
    slug = team.challenge.slug
    assert terminal.run("list")[1].startswith(f"{slug} : ")
    verdict = terminal.json("check", file, "--challenge", slug)
    assert (verdict["verdict"], verdict["rows"]) == ("accept", 120)
    there = ("check", file, "--challenge", slug, "--phase")
    assert terminal.json(*there, 0)["verdict"] == "accept"
    assert terminal.run(*there, 7)[0] == 1
    code, said, _ = terminal.run("submit", slug, file, "--wait", "--note", "essai")
    first, second = said.splitlines()
    assert code == 0
    assert first.startswith("Soumission n° 1 reçue le ")
    assert first.endswith(hashlib.sha256(file.read_bytes()).hexdigest())
    assert second.startswith("n° 1, phase 0 : Évaluée, public ")
    entry = Entry.objects.get(enrolment__team=team)
    assert (entry.note, entry.original_name) == ("essai", "reponse.csv")
    assert terminal.run("entries", slug)[1] == second + "\n"
    assert terminal.run("choose", slug, 1)[1] == "Soumission n° 1 : choix final.\n"
    assert terminal.run("entries")[1] == second + " [choix final]\n"
    gone = terminal.run("choose", slug, 1, "--no")[1]
    assert gone == "Soumission n° 1 : n’est plus un choix final.\n"
    code, _, err = terminal.run("choose", slug, 9)
    assert (code, err.split(" : ")[1]) == (2, "U_ENTRY")
    drain()
    board = terminal.json("standings", slug)
    assert team.name in [row["team"] for row in board["rows"]]
    assert f" {team.name} " in terminal.run("standings", slug)[1]


def test_a_refused_format_ends_in_a_refusal(
    terminal: Terminal, team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "(open" in terminal.run("list", "--lang", "en")[1]
    assert terminal.run("entries", "--lang", "en")[1] == "None.\n"
    monkeypatch.setattr(online.time, "sleep", lambda _seconds: drain())
    bad = tmp_path / "bad.csv"
    bad.write_text("id,niveau\nZ,1\n")
    slug = team.challenge.slug
    checked = terminal.run("check", bad, "--challenge", slug, "--json")
    code, said, _ = terminal.run("submit", slug, bad, "--wait")
    assert (checked[0], code) == (1, 1)
    assert json.loads(checked[1])["code"] == "E_ID_UNKNOWN"
    assert "E_ID_UNKNOWN : ligne 2 : " in said


def test_a_large_file_goes_in_parts_with_the_answers_to_questions(
    terminal: Terminal, team: Team, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key given twice answers a question of several choices."""
    options = {"type": "checkbox", "options": ["R", "Python", "Go"]}
    team.challenge.fact_sheet = [{"key": "outils"} | options, {"key": "note"}]
    team.challenge.save()
    facts = [part for one in ("outils=R", "note=a=b", "outils=Go") for part in ("--fact", one)]
    monkeypatch.setattr(remote, "WHOLE_BYTES", 100)
    monkeypatch.setattr(remote, "PART_BYTES", 500)
    told = terminal.json("submit", team.challenge.slug, file, *facts)
    assert told["receipt"]["payload"]["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    upload = Upload.objects.get()
    assert (upload.state, upload.offset) == ("stored", file.stat().st_size)
    entry = Entry.objects.get(enrolment__team=team)
    assert entry.fact_sheet == {"outils": ["R", "Go"], "note": "a=b"}


def test_the_public_files_arrive_whole(terminal: Terminal, team: Team, tmp_path: Path) -> None:
    slug = team.challenge.slug
    told = terminal.json("download", slug, "--to", tmp_path / "here")
    names = {Path(name).name for name in told["files"]}
    said = terminal.run("download", slug, "--to", tmp_path / "said")[1]
    assert all(name in said for name in names)
    assert names == {"kit.zip", *team.challenge.files.values_list("name", flat=True)}
    for each in team.challenge.files.all():
        got = (tmp_path / "here" / slug / each.name).read_bytes()
        assert hashlib.sha256(got).hexdigest() == each.sha256
    for each in team.challenge.files.all():
        objects.store().location(each.sha256).write_bytes(b"autre")  # type: ignore[attr-defined]
    code, _, err = terminal.run("download", slug, "--to", tmp_path / "there")
    assert (code, err.split(" : ")[1]) == (2, "U_DIGEST")
    assert list((tmp_path / "there" / slug).iterdir()) == []


def test_rules_are_read_then_accepted(terminal: Terminal, challenge: Challenge) -> None:
    person = UserFactory()
    terminal.connect(person)
    assert terminal.run("rules", challenge.slug)[1].startswith("Règlement n° 1\n")
    assert not challenge.registrations.filter(user=person).exists()
    said = terminal.run("rules", challenge.slug, "--accept")[1]
    assert said.endswith("Règlement accepté, inscription acceptée.\n")
    assert challenge.registrations.get(user=person).state == "accepted"


def test_the_forbidden_uses_are_read_and_signed_with_the_rules(
    terminal: Terminal, challenge: Challenge
) -> None:
    grant, person = lend(challenge), UserFactory()
    terminal.connect(person)
    assert f"demande {grant.number} : Piloter" in terminal.run("rules", challenge.slug)[1]
    assert terminal.run("rules", challenge.slug, "--accept")[0] == 0
    assert challenge.registrations.get(user=person).grant == grant


def test_a_team_is_created_then_joined_by_a_letter_a_link_or_a_code(
    terminal: Terminal, challenge: Challenge
) -> None:
    captain, *others = UserFactory.create_batch(4)
    for person in (captain, *others):
        terminal.connect(person)
        terminal.run("rules", challenge.slug, "--accept")
    terminal.connect(captain)
    assert terminal.run("team", "create", challenge.slug)[2].split(" : ")[1] == "U_TEAM"
    assert terminal.run("team", "create", challenge.slug, "Les Alouettes")[0] == 0
    team = Team.objects.get(name="Les Alouettes")
    sent = teams.invite(team=team, email=others[0].email, by=captain)
    team = teams.open_link(team=team, by=captain)
    given = [terminal.server + sent.path, terminal.server + team.path, team.join_code]
    for other, link in zip(others, given, strict=True):
        terminal.connect(other)
        assert terminal.run("team", "join", "abcdefgh23")[2].split(" : ")[1] == "no_such_link"
        assert str(other) in terminal.run("team", "join", link)[1]


def test_a_kit_brings_its_own_data_signed_out(
    terminal: Terminal, challenge: Challenge, client: Client, tmp_path: Path
) -> None:
    """Unzip, download, run the reference: a valid file."""
    built = client.get(f"/challenges/{challenge.slug}/kit.zip").content
    zipfile.ZipFile(BytesIO(built)).extractall(tmp_path)
    folder = tmp_path / challenge.slug
    table = folder / "fichiers.csv"
    table.write_text(table.read_text("utf-8").replace("http://testserver", terminal.server))
    assert terminal.run("download")[2].split(" : ")[1] == "U_SLUG"
    assert cli.main(["download"], folder=folder) == 0
    for each in challenge.files.all():
        assert hashlib.sha256((folder / each.name).read_bytes()).hexdigest() == each.sha256


def test_a_refusal_of_the_portal_is_told(
    terminal: Terminal, challenge: Challenge, file: Path
) -> None:
    terminal.connect(UserFactory(), TokenScope.READ)
    code, out, err = terminal.run("submit", challenge.slug, file, "--json")
    assert code == 1
    assert json.loads(out)["error"]["code"] == "scope_required"
    assert err.startswith("openemploi : scope_required : Ce jeton ne permet pas cette action.")


def test_a_receipt_is_verified_with_the_keys_of_the_portal(
    terminal: Terminal, team: Team, file: Path, tmp_path: Path
) -> None:
    receipt = terminal.json("submit", team.challenge.slug, file)["receipt"]
    kept = tmp_path / "recepisse.json"
    kept.write_text(json.dumps(receipt))
    code, said, _ = terminal.run("receipt", "verify", kept)
    assert (code, said.splitlines()[0]) == (0, "Récépissé authentique.")
    receipt["payload"]["number"] = 2
    kept.write_text(json.dumps(receipt))
    code, said, _ = terminal.run("receipt", "verify", kept)
    assert (code, said.splitlines()[0].split(",")[0]) == (1, "Récépissé modifié")


def test_a_redirection_is_not_followed(live_server: Any) -> None:
    access = remote.Access(f"{live_server.url}/fr-nowhere", "oe_x")
    with pytest.raises(Refused):
        remote.Portal(access).get("keys")


@pytest.fixture
def organiser(terminal: Terminal) -> Terminal:
    """Connect an organiser."""
    terminal.connect(world.owner())
    return terminal


def asked(organiser: Terminal, bundle: Path, answer: str) -> None:
    """Answer, without waiting for the draft; then have the worker see to it."""
    code, _out, err = organiser.run("import", bundle, "--answer", answer, "--seconds", 0)
    assert (code, "U_WAIT" in err) == (2, True)
    assert drain()


def test_a_bundle_is_imported_and_taken_away(organiser: Terminal, tmp_path: Path) -> None:
    bundle = tmp_path / "defi.zip"
    bundle.write_bytes(zipped(KAGGLE).getvalue())
    code, _out, err = organiser.run("import", bundle, "--seconds", 0)
    assert (code, "U_WAIT" in err) == (2, True)
    assert drain()
    code, out, _err = organiser.run("import", bundle)
    assert code == 1
    assert "--answer metric=… : Quelle mesure" in out
    assert "roc_auc : Aire sous la courbe ROC" in out
    code, out, _err = organiser.run("import", bundle, "--report")
    assert (code, "rien n’est créé" in out) == (0, True)
    asked(organiser, bundle, "metric=maison")
    code, out, _err = organiser.run("import", bundle, "--report")
    assert (code, "E_ANSWER" in out) == (0, True)
    assert not Challenge.objects.exists()
    asked(organiser, bundle, "metric=roc_auc")
    told = {"challenge": Challenge.objects.get().slug}
    target = tmp_path / "export.zip"
    code, out, _err = organiser.run("export", told["challenge"], "--to", target)
    assert (code, out) == (0, f"Écrit : {target}\n")
    assert "competition.yaml" in zipfile.ZipFile(target).namelist()
    code, _out, err = organiser.run("export", told["challenge"], "--to", target)
    assert (code, "U_EXISTS" in err) == (2, True)


def test_what_is_refused_is_told(organiser: Terminal, tmp_path: Path) -> None:
    bundle = tmp_path / "autre.zip"
    bundle.write_bytes(b"pas un zip")
    organiser.run("import", bundle, "--seconds", 0)
    assert drain()
    code, _out, _err = organiser.run("export", "inconnu", "--to", tmp_path / "x.zip")
    assert (code, (tmp_path / "x.zip").exists()) == (1, False)
    assert organiser.run("import", bundle, "--answer", "sans-égal")[0] == 2


def test_granted_data_are_listed_and_brought_even_after_a_cut(
    terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World()
    world.active(world.datasets[0])
    build_extracts()
    terminal.connect(world.reader)
    (extract,) = terminal.json("data", "list")["extracts"]
    assert extract["name"] in terminal.run("data", "list")[1]
    bring = ("data", "download", extract["id"], "--to", tmp_path)
    target, part = tmp_path / extract["name"], tmp_path / f"{extract['id']}.part"
    assert terminal.json(*bring) == {"file": str(target), "size": extract["size"]}
    whole = target.read_bytes()
    assert (len(whole), stat.S_IMODE(target.stat().st_mode)) == (extract["size"], 0o600)
    target.with_name(f"{target.name}.part").write_bytes(b"of another grant")
    for begun, reads in ((whole[:20], 2), (whole, 2), (whole + b"more", 3)):
        part.write_bytes(begun)
        terminal.json(*bring)
        assert (target.read_bytes(), part.exists()) == (whole, False)
        assert Download.objects.count() == reads
    target.unlink()
    with monkeypatch.context() as patch:
        cut = SimpleNamespace(copyfileobj=lambda _answer, file, _size: file.write(whole[:9]))
        patch.setattr(remote, "shutil", cut)
        assert terminal.run(*bring)[0] == 2
    assert (target.exists(), part.read_bytes()) == (False, whole[:9])
    with monkeypatch.context() as patch:  # a proxy that knows no range
        patch.setattr(
            responses,
            "asked_range",
            lambda _request, *, size, etag: responses.Span(0, size, size, is_part=False),
        )
        terminal.json(*bring)
    assert target.read_bytes() == whole
    assert terminal.run("data", "download", "inconnu", "--to", tmp_path)[0] == 2


def test_data_are_sent_in_parts_and_published_in_one_command(
    terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = DatasetFactory()
    terminal.connect(member(dataset.resource.organisation))
    file, words = tmp_path / "effectifs.csv", tmp_path / "mots.csv"
    file.write_bytes(CSV)
    words.write_text("colonne,protection\nzone,pseudonyme\n", "utf-8")
    monkeypatch.setattr(remote, "PART_BYTES", 20)
    monkeypatch.setattr(online.time, "sleep", lambda _seconds: releases.publish_waiting())
    bare = ("data", "publish", file, "--dataset", dataset.resource.slug)
    publish = (*bare, "--level", "restricted_personal")
    code, out, err = terminal.run(*publish, "--dictionary", words)
    assert (code, "Version 1 publiée" in out, f"{file} : 100 %\n" in err) == (0, True, True)
    kept = DataFile.objects.get()
    assert (kept.level, kept.size) == ("restricted_personal", len(CSV))
    assert kept.schema[0]["protection"] == "pseudonym"
    file.write_bytes(b"zone,n\nArles\n")
    code, out, _err = terminal.run(*publish)
    assert (code, "effectifs.csv Ligne 2" in out) == (1, True)
    for untold in (("data", "publish", file), bare):
        assert terminal.run(*untold)[0] == 2
