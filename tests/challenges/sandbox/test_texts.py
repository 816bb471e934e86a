"""What packages and programs of others write is read as hostile text; each fault has its name."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from challenges.sandbox import scores as written_scores
from challenges.sandbox.metadata import (
    INGESTION,
    OWN,
    SCORING,
    MetadataRefused,
    command_of,
    path_of,
    words,
)
from challenges.sandbox.metadata import package_of as read_package
from challenges.sandbox.scores import (
    Declared,
    Fault,
    Rows,
    RowsRefused,
    ScoreFault,
    Scores,
    read_rows,
    read_scores,
)
from challenges.scoring.packages import Layout, Package, PackageRefused
from challenges.scoring.verdict import fault_of

Content = str | bytes


def put(folder: Path, **files: Content) -> Path:
    """Write files; double underscores in a name stand for a dot."""
    for name, content in files.items():
        raw = content if isinstance(content, bytes) else content.encode()
        (folder / name.replace("__", ".")).write_bytes(raw)
    return folder


def package(folder: Path) -> Package:
    return read_package(folder)


def said(reading: Callable[[], Any]) -> str:
    """Return the sentence of a refusal, from the closed list of messages for a package."""
    with pytest.raises((MetadataRefused, RowsRefused, PackageRefused)) as refused:
        reading()
    fault = refused.value
    if isinstance(fault, PackageRefused):
        return fault_of("E_PACKAGE", variant=fault.why, **fault.facts).message
    return str(fault)


# --- a program starts by the command of its metadata, and by nothing else in it

EVERY = (
    "$input $output $program $ingestion_program $hidden $shared $submission_program $tmp "
    "$predictions"
)


@pytest.mark.parametrize(
    ("step", "first", "last"),
    [
        (INGESTION, "/app/input_data", "/app/output"),
        (OWN, "/app/input", "/app/output"),
        (SCORING, "/app/input", "/app/input/res"),
    ],
)
def test_variables_are_replaced(step: str, first: str, last: str) -> None:
    assert words(EVERY, step) == (
        first, "/app/output", "/app/program", "/app/program", "/app/input/ref", "/app/shared",
        "/app/ingested_program", "/app/output", last,
    )  # fmt: skip


def test_replacement_is_plain_and_in_order() -> None:
    """$input stands in $inputs, as in Codabench; quotes group, nothing is run by a shell."""
    assert words('run $inputs/a "b c" $(id) ; > x $$', SCORING) == (
        *("run", "/app/inputs/a", "b c", "$(id)", ";", ">", "x", "$$"),
    )
    assert words("it's $program", SCORING) == ("it's", "/app/program")


def test_yaml_comes_before_the_old_name(tmp_path: Path) -> None:
    assert path_of(tmp_path) is None
    assert command_of(put(tmp_path, metadata="command: old\ndescription: x\n")) == "old"
    assert command_of(put(tmp_path, metadata__yaml="command: new\n")) == "new"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"description: x\n", "la clé command est absente ou vide"),
        (b"command: ''\n", "la clé command est absente ou vide"),
        (b"command: [a, b]\n", "la clé command est absente ou vide"),
        (b"- command\n", "n’est pas une suite de clés"),
        (b"", "n’est pas une suite de clés"),
        (b"command: !!python/object/apply:os.system ['touch /x']\n", "n’est pas un YAML lisible"),
        (b"command: &a x\nother: *a\n", "les alias ne sont pas lus"),
        (b"command: [\n", "n’est pas un YAML lisible"),
        (b"\xff\xfe", "n’est pas un YAML lisible"),
        (b"[" * 5000, "est trop long ou trop profond"),
        (b"a: 1\n" * 1000, "est trop long ou trop profond"),
        (b"command: " + b"x" * 2001, "la commande dépasse 2000 caractères"),
        (b"#" * 16_385, "dépasse 16384 octets"),
        (None, "est absent du programme"),  # a link
    ],
)
def test_metadata_that_start_nothing_say_why(
    tmp_path: Path, content: bytes | None, reason: str
) -> None:
    put(tmp_path, metadata=content or b"", other="command: x\n")
    if content is None:
        (tmp_path / "metadata").unlink()
        (tmp_path / "metadata").symlink_to("other")
    assert reason in said(lambda: command_of(tmp_path))


# --- a package of code says how it starts; one that does not say so is refused, with the cure


def test_a_manifest_is_read(tmp_path: Path) -> None:
    text = (
        'entry = "predict.py"\nenvironment = "systeme"\nresources = "petite"\n'
        'licence = "MIT"\nseed = 7\n'
    )
    assert package(put(tmp_path, manifest__toml=text, predict__py="")) == Package(
        tmp_path, Layout.MANIFEST, "predict.py", 7
    )


def test_other_layouts_are_recognised_and_what_is_sought_is_told(tmp_path: Path) -> None:
    assert "à sa racine ni manifest" in said(lambda: package(tmp_path))
    put(tmp_path, metadata="x: 1\n")
    assert "la clé command est absente" in said(lambda: package(tmp_path))
    command = "python3 $program/run.py $input $output"
    found = package(put(tmp_path, metadata=f"command: {command}\n"))
    assert found == Package(tmp_path, Layout.CODALAB, command)
    found = package(put(tmp_path, main__py=""))
    assert found == Package(tmp_path, Layout.MAIN, "main.py")
    put(tmp_path, manifest__toml='entry = "predict.py"', predict__py="")
    assert package(tmp_path).layout is Layout.MANIFEST


ENTRY = 'entry = "predict.py"\n'
NAMES_A_FILE = "entry doit nommer un fichier de l’archive"


@pytest.mark.parametrize(
    ("manifest", "reason", "line"),
    [
        ("", NAMES_A_FILE, None),
        ('seed = 1\nentry = "absent.py"', NAMES_A_FILE, 2),
        ('entry = "../predict.py"', NAMES_A_FILE, 1),
        ('entry = "/bin/sh"', NAMES_A_FILE, 1),
        ('entry = "."', NAMES_A_FILE, 1),
        ('entry = "link.py"', NAMES_A_FILE, 1),
        ("entry = 3", "entry doit être un texte court", 1),
        (ENTRY + "licence = [1]", "licence doit être un texte court", 2),
        (ENTRY + '\nrun = "x"', "clé inconnue « run »", 3),
        (ENTRY + 'environment = "docker"', "« docker » inconnu ; écrivez systeme, ou rien", 2),
        (ENTRY + "seed = -1", "seed doit être un entier de 0 à 4294967295", 2),
        (ENTRY + "seed = true", "seed doit être un entier", 2),
        (ENTRY + "seed = 4294967296", "seed doit être un entier", 2),
        (ENTRY + "seed ==", "n’est pas un TOML lisible", 2),
        (b"\xff", "n’est pas un TOML lisible", None),
        ("a = " + "[" * 8000, "n’est pas un TOML lisible", None),
        ("#" * 16_385, "dépasse 16384 octets", None),
    ],
)  # fmt: skip
def test_a_manifest_that_says_nothing_clear_is_refused(
    tmp_path: Path, manifest: Content, reason: str, line: int | None
) -> None:
    put(tmp_path, manifest__toml=manifest, predict__py="")
    (tmp_path / "link.py").symlink_to("predict.py")
    assert reason in said(lambda: package(tmp_path))
    with pytest.raises(PackageRefused) as refused:
        package(tmp_path)
    assert (refused.value.line or None) == line


# --- what each row contributed is read strictly, or left out with its reason


def test_rows_with_and_without_weights(tmp_path: Path) -> None:
    assert read_rows(tmp_path) is None
    found = read_rows(put(tmp_path, rows__csv="id,value\na,1\nb,-0.5\n"))
    assert found == Rows(("a", "b"), (1.0, -0.5))
    text = '\ufeffid,value,weight\r\n"a, b",1e-3,2\r\né,.5,0\r\n'
    found = read_rows(put(tmp_path, rows__csv=text))
    assert found == Rows(("a, b", "é"), (0.001, 0.5), (2.0, 0.0))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "l’en-tête attendu"),
        ("id;value\na;1\n", "l’en-tête attendu"),
        ("value,id\n1,a\n", "l’en-tête attendu"),
        ("id,value\n", "sans ligne"),
        ("id,value\na\n", "ligne 2 : 2 champs"),
        ("id,value\na,1,2\n", "ligne 2 : 2 champs"),
        ("id,value\na,1\n\n", "ligne 3 : 2 champs"),
        ("id,value\na,1\na,1\n", "ligne 3 : identifiant vide, trop long ou répété"),
        ("id,value\n,1\n", "ligne 2 : identifiant vide"),
        ("id,value\n" + "x" * 257 + ",1\n", "ligne 2 : identifiant vide, trop long"),
        ("id,value\na,nan\n", "ligne 2 : la valeur n’est pas un nombre fini"),
        ("id,value\na,1e999\n", "ligne 2 : la valeur n’est pas un nombre fini"),
        ("id,value\na,1_0\n", "ligne 2 : la valeur n’est pas un nombre fini"),
        ("id,value,weight\na,1,-1\n", "un poids est négatif"),
        (b"id,value\n\xff,1\n", "n’est pas un CSV lisible"),
        ('id,value\n"a,1\n', "n’est pas un CSV lisible"),
        ("id,value\n" + "x" * 200_000 + ",1\n", "n’est pas un CSV lisible"),
        ("id,value\na,1\nb,1\nc,1\nd,1\n", "ligne 5 : 2 champs, 3 lignes au plus"),
    ],
)
def test_rows_that_are_not_clear_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: Content, reason: str
) -> None:
    monkeypatch.setattr(written_scores, "MOST_ROWS", 3)
    assert reason in said(lambda: read_rows(put(tmp_path, rows__csv=content)))


# --- scores

F1 = Declared("f1", 0.0, 1.0, (-1.0, 0.999))
ERROR = Declared("error")
BOTH = {"f1": 0.5, "error": 2.0}


def scores(folder: Path, name: str, content: Content) -> Scores:
    return read_scores(put(folder, **{name.replace(".", "__"): content}), (F1, ERROR))


@pytest.mark.parametrize(
    "text",
    [
        "f1:0.5\nerror:2\n",
        "f1: 0.5\nerror: 2.0\n",
        "\ufefff1 : 5e-1\r\n\r\n error:+2.\r\n",
        "error:2\nf1:.5",
    ],
)
def test_both_dialects_of_scores_txt(tmp_path: Path, text: str) -> None:
    assert scores(tmp_path, "scores.txt", text) == Scores(BOTH)


def test_json_comes_before_text(tmp_path: Path) -> None:
    put(tmp_path, scores__txt="f1:0.1\nerror:1\n")
    assert scores(tmp_path, "scores.json", '{"f1": 0.5, "error": 2}') == Scores(BOTH)


def test_undeclared_keys_are_named_without_their_values(tmp_path: Path) -> None:
    text = '{"f1": 0, "error": -0.0, "truth": ["a"], "all": {"x": {"y": 1}}, "b\\nr": null}'
    found = scores(tmp_path, "scores.json", text)
    assert found == Scores({"f1": 0.0, "error": 0.0}, ("truth", "all", "b�r"))
    assert str(found.values["error"]) == "0.0"
    (tmp_path / "scores.json").unlink()
    found = scores(tmp_path, "scores.txt", "f1:0.5\nerror:2\nset1_score: n/a\n")
    assert found == Scores(BOTH, ("set1_score",))


@pytest.mark.parametrize(
    ("name", "values", "kind"),
    [
        ("json", ["NaN", "Infinity", "-Infinity", "1e999", "1" + "0" * 400], ScoreFault.NOT_FINITE),
        ("json", ["true", "null", '"0.5"', "[0.5]", '{"value": 0.5}'], ScoreFault.NOT_A_NUMBER),
        ("json", ["1.0000001", "-0.5"], ScoreFault.OUT_OF_RANGE),
        ("json", ["-1", "0.999"], ScoreFault.SENTINEL),
        ("txt", ["nan", "-inf"], ScoreFault.NOT_FINITE),
        ("txt", ["0,5", "1_0", "", "٣", "!!python/object:os.system"], ScoreFault.NOT_A_NUMBER),
    ],
)
def test_a_value_that_is_no_score_has_its_name(
    tmp_path: Path, name: str, values: list[str], kind: ScoreFault
) -> None:
    for value in values:
        text = f'{{"f1": {value}, "error": 1}}' if name == "json" else f"error:1\nf1:{value}\n"
        found = scores(tmp_path, f"scores.{name}", text)
        assert found == Scores({"error": 1.0}, (), (Fault(kind, "f1"),)), value


@pytest.mark.parametrize(
    ("name", "content", "fault"),
    [
        ("scores.json", '{"f1": 1, "f1": 0, "error": 1}', Fault(ScoreFault.KEY_DUPLICATE, "f1")),
        ("scores.txt", "f1:1\nf1:0\nerror:1", Fault(ScoreFault.KEY_DUPLICATE, "f1")),
        ("scores.json", '{"error": 1, "F1": 1}', Fault(ScoreFault.KEY_MISSING, "f1")),
        ("other.json", "{}", Fault(ScoreFault.ABSENT)),
        *[
            ("scores.json", content, Fault(ScoreFault.UNREADABLE))
            for content in (
                *("", "[1]", "0.5", b"\xff", "[" * 10_000, '{"x":' * 5 + "1" + "}" * 5),
                *('{"f1": ' + "1" * 5000 + "}", '{"f1": "' + "x" * 2**20 + '"}'),
            )
        ],
        ("scores.txt", "f1:1\nerror 1\n", Fault(ScoreFault.UNREADABLE, line=2)),
    ],
)
def test_scores_that_cannot_be_read_have_their_name(
    tmp_path: Path, name: str, content: Content, fault: Fault
) -> None:
    assert scores(tmp_path, name, content).faults == (fault,)


def test_names_are_bounded(tmp_path: Path) -> None:
    keys = ", ".join(f'"{n:0100d}": 1' for n in range(300))
    found = scores(tmp_path, "scores.json", f'{{"f1": 1, "error": 1, {keys}, "last": 1}}')
    assert found.undeclared == ("0" * 64, "last")
    keys = ", ".join(f'"{n}": 1' for n in range(300))
    found = scores(tmp_path, "scores.json", f'{{"f1": 1, "error": 1, {keys}}}')
    assert len(found.undeclared) == 100
