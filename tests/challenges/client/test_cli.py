"""The command `openemploi`: sentences, JSON, exit codes, both languages."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from challenges.client import cli, receipts, sentences
from challenges.scoring import contract
from challenges.scoring.commands import guess
from tests.challenges.client import kits
from tests.challenges.client.kits import CONTRACT, TRUTH

Run = Callable[..., tuple[int, str, str]]
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder of a kit, with a truth and a good file beside."""
    return kits.write(tmp_path)


@pytest.fixture(autouse=True)
def french(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in cli.VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], folder: Path) -> Run:
    """Run the command beside the kit; return its exit code and what it wrote."""

    def call(*words: Any, place: Path | None = folder) -> tuple[int, str, str]:
        code = cli.main([str(word) for word in words], folder=place)
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


def test_check_says_a_right_format_or_names_code_line_and_sentence(run: Run, folder: Path) -> None:
    code, said, _ = run("check", folder / "good.csv")
    assert (code, said) == (0, "good.csv : format correct, 6 lignes.\n")
    bad = folder / "bad.csv"
    bad.write_text("id,y\na,1\nb,deux\nc,1\nd,1\ne,1\nf,1\n")
    code, said, _ = run("check", bad)
    assert code == 1
    assert said.startswith("E_VALUE_TYPE : ligne 3 : ")
    assert said.endswith("bad.csv : format refusé.\n")
    code, said, _ = run("check", bad, "--json")
    assert (code, json.loads(said)["code"], json.loads(said)["line"]) == (1, "E_VALUE_TYPE", 3)
    marked = folder / "bom.csv"
    marked.write_bytes(b"\xef\xbb\xbf" + (folder / "good.csv").read_bytes())
    code, said, _ = run("check", marked)
    assert code == 0
    assert said.startswith("Attention : ")
    assert "W_BOM" not in said


def test_score_by_the_contract_of_the_kit(run: Run, folder: Path) -> None:
    code, said, _ = run("score", folder / "verite.csv", folder / "good.csv")
    assert code == 0
    assert said.splitlines()[0] == "Toute la vérité, 6 lignes :"
    assert said.splitlines()[1].startswith("  mae : 0.5 (intervalle à 95 % de ")
    assert "Non calculées ici, faute des colonnes que seul le portail a : par_zone." in said
    assert "Colonnes du contrat absentes de cette vérité : employeur, jeu." in said
    code, said, _ = run("score", folder / "verite.csv", folder / "good.csv", "--json")
    answer = json.loads(said)
    assert (answer["metric"], answer["score"], answer["n"]) == ("mae", 0.5, 6)
    assert answer["values"]["all"] == {"n": 6, "mae": 0.5, "rmse": 0.5**0.5}
    assert (answer["left_out"], answer["absent"]) == (["par_zone"], ["employeur", "jeu"])
    assert answer["engine_sha256"] == contract.engine_sha256()
    (folder / "bad.csv").write_text("id,y\na,x\n")
    code, said, _ = run("score", folder / "verite.csv", folder / "bad.csv", "--json")
    refused = json.loads(said)
    assert (code, refused["code"], refused["line"]) == (1, "E_VALUE_TYPE", 2)
    assert refused["contract_sha256"] == answer["contract_sha256"]


def test_score_of_both_parts_and_groups_when_the_truth_has_them(run: Run, folder: Path) -> None:
    (folder / "truth.csv").write_text(TRUTH)
    code, said, _ = run("score", folder / "truth.csv", folder / "good.csv", "--json")
    answer = json.loads(said)
    assert code == 0
    assert answer["values"] == {
        "public": {"n": 2, "mae": 0.0, "rmse": 0.0, "par_zone": {"nord": 0.0, "sud": 0.0}},
        "private": {
            "n": 4,
            "mae": 0.75,
            "rmse": 0.75**0.5,
            "par_zone": {"nord": 0.5, "sud": 1.0},
        },
    }
    assert (answer["left_out"], answer["absent"]) == ([], [])
    _, said, _ = run("score", folder / "truth.csv", folder / "good.csv")
    assert "  par_zone : nord 0.5, sud 1" in said


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("check", "absent.csv"), "U_FILE"),
        (("check", "absent.json", "good.csv"), "U_FILE"),
        (("check", "word.json.csv", "good.csv"), "U_SAMPLE"),
        (("check", "wide.csv", "good.csv"), "U_SAMPLE_SHAPE"),
        (("check", "word.json", "good.csv"), "U_JSON"),
        (("score", "absent.csv", "good.csv"), "U_FILE"),
        (("score", "verite.csv", "good.csv", "--metric", "beauty"), "U_METRIC"),
        (
            ("score", "verite.csv", "good.csv", "--metric", "mae", "--target", "z"),
            "U_TRUTH_COLUMN",
        ),
        (("score", "verite.csv", "good.csv", "--spec", "ref/spec.json:Z"), "U_KEY"),
        (("score", "verite.csv", "good.csv", "--contract", "format.json"), "U_CONTRACT"),
        (("score", "latin.csv", "good.csv"), "E_ENCODING"),
        (("score", "twice.csv", "good.csv"), "E_IDS"),
        (("receipt", "verify", "good.csv", "--key", "good.csv"), "U_PUBLIC_KEY"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("spoken", ["fr", "en"])
def test_a_wrong_usage_has_a_code_and_a_sentence(
    run: Run,
    folder: Path,
    words: tuple[str, ...],
    code: str,
    spoken: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(folder)
    (folder / "latin.csv").write_bytes("id,y\né,1\n".encode("latin-1"))
    (folder / "twice.csv").write_text("id,y\na,1\na,1\n")
    (folder / "word.json").write_text("bonjour\n")
    (folder / "word.json.csv").write_text("bonjour\n")
    (folder / "wide.csv").write_text(TRUTH)
    lists = CONTRACT | {"submission": kits.RANKED, "truth": kits.RANKED_TRUTH}
    (folder / "lists.json").write_text(json.dumps(lists))
    found, out, err = run(*words, "--lang", spoken)
    assert (found, out) == (2, "")
    table = {**sentences.sentences(spoken)["usage"], **sentences.sentences(spoken)["truth"]}
    assert err.startswith(f"openemploi : {code} : ")
    start = table[code].partition("{")[0]
    assert err.removeprefix(f"openemploi : {code} : ").startswith(start)
    found, out, _ = run(*words, "--json")
    assert (found, json.loads(out)["error"]["code"]) == (2, code)


def test_without_a_kit_the_format_and_the_contract_are_asked_for(run: Run, folder: Path) -> None:
    (folder / "empty").mkdir()
    for place, words, code in (
        (None, ("check", folder / "good.csv"), "U_TEMPLATE"),
        (folder / "empty", ("score", folder / "verite.csv", folder / "good.csv"), "U_HOW"),
    ):
        found, _, err = run(*words, place=place)
        assert (found, code in err) == (2, True)


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        ({}, "fr"),
        ({"LANG": "C.UTF-8"}, "fr"),
        ({"LANG": "fr_FR.UTF-8"}, "fr"),
        ({"LANG": "en"}, "en"),
        ({"LANG": "en_GB.UTF-8"}, "en"),
        ({"LANG": "fr_FR.UTF-8", "LC_ALL": "en_US.UTF-8"}, "en"),
        ({"LANG": "en_GB.UTF-8", "LC_MESSAGES": "fr_FR.UTF-8"}, "fr"),
        ({"LANG": "en_GB.UTF-8", "LC_ALL": ""}, "en"),
    ],
)
def test_the_language_is_that_of_the_terminal(environment: dict[str, str], wanted: str) -> None:
    assert cli.environment_language(environment) == wanted


def test_english_where_the_terminal_is(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANG", "en_GB.UTF-8")
    _, said, _ = run("check", folder / "good.csv")
    assert said == "good.csv: right format, 6 rows.\n"
    _, said, _ = run("score", folder / "verite.csv", folder / "good.csv")
    assert said.splitlines()[0] == "The whole truth, 6 rows:"
    (folder / "one.csv").write_text("id,y\na,1\n")
    words = ("score", folder / "verite.csv", folder / "one.csv", "--metric", "mae")
    code, said, _ = run(*words)
    assert (code, "5 identifiers are missing out of 6." in said) == (1, True)
    code, said, _ = run(*words, "--lang", "fr")
    assert (code, "Il manque 5 identifiants sur 6." in said) == (1, True)


def test_every_sentence_has_two_languages_with_the_same_places() -> None:
    french, english = (sentences.sentences(each) for each in sentences.LANGUAGES)
    assert set(french) == set(english)
    for table in english:
        assert set(french[table]) == set(english[table])
        for code, text in english[table].items():
            other = french[table][code]
            assert text != other, code
            places = [sorted(p.split("}")[0] for p in one.split("{")[1:]) for one in (text, other)]
            assert places[0] == places[1], code


def test_the_page_of_the_participants_names_every_code_and_command() -> None:
    page = (ROOT / "docs" / "participants.md").read_text("utf-8")
    assert set(re.findall(r"`(U_[A-Z_]+)`", page)) == set(sentences.sentences("fr")["usage"])
    assert set(re.findall(r"^\| `openemploi ([a-z-]+)", page, re.M)) == set(cli.RUN)


def test_help_is_in_both_languages(capsys: pytest.CaptureFixture[str]) -> None:
    for words, said in (
        (("--help",), "sans réseau"),
        (("check", "--help", "--lang", "en"), "check the format"),
    ):
        with pytest.raises(SystemExit) as stopped:
            cli.main(list(words))
        assert stopped.value.code == 0
        assert said in " ".join(capsys.readouterr().out.split())


def test_verify_a_receipt_offline(run: Run, folder: Path) -> None:
    key = Ed25519PrivateKey.from_private_bytes(bytes(32))
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    text = kits.receipt(key, {"kind": "score", "team": "équipe"})
    (folder / "r.json").write_bytes(text)
    (folder / "k.pem").write_text(receipts.to_pem(public))
    words = ("receipt", "verify", folder / "r.json", "--key", folder / "k.pem")
    code, said, _ = run(*words)
    assert (code, said.splitlines()[0]) == (0, "Récépissé authentique.")
    assert 'team : "équipe"' in said
    (folder / "r.json").write_bytes(text.replace("équipe".encode(), b"autre"))
    code, said, _ = run(*words, "--json")
    assert (code, json.loads(said)["state"], json.loads(said)["payload"]) == (1, "altered", None)
    (folder / "r.json").write_bytes(b"{}")
    assert run(*words)[0] == 1
    (folder / "k.pem").write_text(receipts.to_pem(bytes(32)))
    (folder / "r.json").write_bytes(text)
    code, said, _ = run(*words)
    assert (code, said.startswith("Clé inconnue")) == (1, True)


def test_version_names_the_sources(run: Run, folder: Path) -> None:
    code, said, _ = run("version")
    assert (code, contract.VERSION in said, contract.engine_sha256() in said) == (0, True, True)


def test_a_missing_library_is_named(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*_args: Any) -> Any:
        raise ModuleNotFoundError("no pyarrow", name="pyarrow.parquet")

    monkeypatch.setattr(guess, "check_template", missing)
    code, _, err = run("check", folder / "good.csv")
    assert (code, "pip install pyarrow" in err) == (2, True)


ALONE = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {{BLOCKED}}:
            raise ModuleNotFoundError("blocked " + name, name=name)
sys.meta_path.insert(0, Blocked())
from challenges.client import cli
sys.exit(cli.main(sys.argv[1:]))
"""
PORTAL = ("django", "wagtail", "celery", "ninja", "portal", "catalogue", "datasets", "yaml",
          "cryptography", "pandas", "scipy", "sklearn")  # fmt: skip


def in_a_process(blocked: tuple[str, ...], *words: Any) -> subprocess.CompletedProcess[str]:
    program = ALONE.replace("{BLOCKED}", repr(set(blocked)))
    command = [sys.executable, "-I", "-c", program, *(str(word) for word in words)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_engine_imports_nothing_of_the_portal(folder: Path) -> None:
    done = in_a_process(
        PORTAL, "score", folder / "verite.csv", folder / "good.csv", "--metric", "mae", "--json"
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["score"] == 0.5


def test_what_computes_nothing_runs_without_numpy(folder: Path) -> None:
    done = in_a_process((*PORTAL, "numpy"), "version")
    assert (done.returncode, done.stderr) == (0, "")
    asked = in_a_process((*PORTAL, "numpy"), "list")
    assert asked.stderr.startswith("openemploi : U_LOGIN")
    scored = in_a_process((*PORTAL, "numpy"), "score", folder / "verite.csv", folder / "good.csv")
    assert "python -m pip install numpy" in scored.stderr


def test_a_large_file_needs_numpy_only(folder: Path) -> None:
    ids = [f"identifiant-{i:06d}" for i in range(60_000)]
    truth, given = folder / "large_truth.csv", folder / "large.csv"
    truth.write_text("id,y\n" + "".join(f"{one},{i % 5}\n" for i, one in enumerate(ids)))
    given.write_text("id,y\n" + "".join(f"{one},{i % 4}\n" for i, one in enumerate(reversed(ids))))
    words = ("score", truth, given, "--metric", "mae", "--json")
    found = in_a_process((*PORTAL, "pyarrow"), *words)
    assert json.loads(found.stdout)["n"] == 60_000, found.stderr
    wanted = [abs(i % 5 - (59_999 - i) % 4) for i in range(60_000)]
    assert json.loads(found.stdout)["score"] == pytest.approx(sum(wanted) / 60_000, rel=1e-12)


@pytest.mark.parametrize(
    ("manifest", "line"),
    [('entry = "main.py"\nseed = 12\n', None), ('seed = 1\nentry = "run.py"\n', 2), ("", None)],
)
def test_a_package_of_code_is_read_as_by_the_worker(
    run: Run, folder: Path, manifest: str, line: int | None
) -> None:
    """By one reader: sandbox/test_texts.py has its refusals."""
    package = folder / "package"
    package.mkdir()
    (package / "main.py").write_text("")
    if manifest:
        (package / "manifest.toml").write_text(manifest)
    code, said, _ = run("check", package, "--json")
    answer = json.loads(said)
    assert (code, answer["verdict"]) == ((0, "accept") if line is None else (1, "reject"))
    assert answer.get("line") == line
