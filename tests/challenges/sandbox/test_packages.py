"""A package of code says how it starts; one that does not say so is refused, with the cure."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from challenges.sandbox.packages import Layout, Package, PackageRefused, read
from challenges.scoring.predictions.faults import fault_of

ENVIRONMENTS = ("systeme", "apprentissage")


@contextmanager
def refused(sentence: str) -> Iterator[None]:
    """Expect a refusal, and that the closed list of messages says it so."""
    with pytest.raises(PackageRefused) as told:
        yield
    fault = told.value
    assert sentence in fault_of("E_PACKAGE", variant=fault.why, **fault.facts).message


def package(folder: Path, manifest: str | bytes) -> Path:
    """Write a package with its manifest and one program."""
    raw = manifest if isinstance(manifest, bytes) else manifest.encode()
    (folder / "manifest.toml").write_bytes(raw)
    (folder / "predict.py").write_text("")
    return folder


def test_a_manifest_is_read(tmp_path: Path) -> None:
    text = (
        'entry = "predict.py"\nenvironment = "apprentissage"\nresources = "petite"\n'
        'licence = "MIT"\nseed = 7\n'
    )
    assert read(package(tmp_path, text), environments=ENVIRONMENTS) == Package(
        tmp_path, Layout.MANIFEST, "predict.py", "apprentissage", 7, "petite", "MIT"
    )


def test_other_layouts_are_recognised(tmp_path: Path) -> None:
    (tmp_path / "metadata").write_text("command: python3 $program/run.py $input $output\n")
    assert read(tmp_path, environments=ENVIRONMENTS) == Package(
        tmp_path, Layout.CODALAB, "python3 $program/run.py $input $output", "systeme"
    )
    (tmp_path / "main.py").write_text("")
    assert read(tmp_path, environments=ENVIRONMENTS) == Package(
        tmp_path, Layout.MAIN, "main.py", "systeme"
    )
    package(tmp_path, 'entry = "predict.py"')
    assert read(tmp_path, environments=ENVIRONMENTS).layout is Layout.MANIFEST


@pytest.mark.parametrize(
    ("manifest", "reason"),
    [
        ("", "entry doit nommer un fichier de l’archive"),
        ('entry = "absent.py"', "entry doit nommer un fichier de l’archive"),
        ('entry = "../predict.py"', "entry doit nommer un fichier de l’archive"),
        ('entry = "/bin/sh"', "entry doit nommer un fichier de l’archive"),
        ('entry = "."', "entry doit nommer un fichier de l’archive"),
        ("entry = 3", "entry doit être un texte court"),
        ('entry = "predict.py"\nrun = "x"', "clé inconnue « run »"),
        (
            'entry = "predict.py"\nenvironment = "docker"',
            "« docker » inconnu ; choisissez parmi : systeme, apprentissage",
        ),
        ('entry = "predict.py"\nseed = -1', "seed doit être un entier de 0 à 4294967295"),
        ('entry = "predict.py"\nseed = true', "seed doit être un entier"),
        ('entry = "predict.py"\nseed = 4294967296', "seed doit être un entier"),
        ("entry =", "n’est pas un TOML lisible"),
        (b"\xff", "n’est pas un TOML lisible"),
        ("a = " + "[" * 8000, "n’est pas un TOML lisible"),
        ("#" * 16_385, "dépasse 16384 octets"),
    ],
)
def test_a_manifest_that_says_nothing_clear_is_refused(
    tmp_path: Path, manifest: str | bytes, reason: str
) -> None:
    with refused(reason):
        read(package(tmp_path, manifest), environments=ENVIRONMENTS)


def test_a_package_without_entry_is_told_what_is_sought(tmp_path: Path) -> None:
    with refused("à sa racine ni manifest"):
        read(tmp_path, environments=ENVIRONMENTS)
    (tmp_path / "metadata").write_text("x: 1\n")
    with refused("la clé command est absente"):
        read(tmp_path, environments=ENVIRONMENTS)


def test_an_entry_is_no_link(tmp_path: Path) -> None:
    package(tmp_path, 'entry = "link.py"')
    (tmp_path / "link.py").symlink_to("predict.py")
    with refused("entry doit nommer un fichier"):
        read(tmp_path, environments=ENVIRONMENTS)
