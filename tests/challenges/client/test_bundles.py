"""The commands of an organiser, against a portal that really answers."""

import zipfile
from pathlib import Path

import pytest

from challenges.models import Challenge
from challenges.worker import drain
from tests.challenges import world
from tests.challenges.bundles.foreign.tables import KAGGLE
from tests.challenges.client.test_online import Terminal, terminal
from tests.challenges.test_bundle_imports import zipped

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
__all__ = ["terminal"]


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
