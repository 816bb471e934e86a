"""Traits of bundles that real organisers wrote, each in a file of our own."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from challenges.bundles.foreign import archives, forms, reading
from challenges.bundles.foreign.values import ForeignSpec
from tests.challenges.bundles.foreign import own
from tests.challenges.bundles.foreign.tables import TREC, written


def spec_of(folder: Path) -> tuple[ForeignSpec, list[str]]:
    """Read a bundle without fault: what it says, and the codes of its warnings."""
    report = reading.read(folder)
    assert report.errors == ()
    assert report.spec is not None
    return report.spec, [one.code for one in report.warnings]


def test_a_date_under_a_key_without_effect_is_kept_as_text(tmp_path: Path) -> None:
    folder = own.bundle(tmp_path, "codabench")
    file = folder / "competition.yaml"
    file.write_text(file.read_text() + "created_when: 2027-01-01 10:00:00\ndays: [2027-01-02]\n")

    spec, _codes = spec_of(folder)

    assert json.loads(json.dumps(spec.kept)) == {
        "created_when": "2027-01-01 10:00:00",
        "days": ["2027-01-02"],
    }


def test_phases_that_run_together_are_imported_with_a_warning(tmp_path: Path) -> None:
    changes: dict[str, object] = {"phases.1.start": "2027-01-15 00:00:00"}

    spec, codes = spec_of(own.bundle(tmp_path, "codabench", changes))

    assert "W_PHASES_OVERLAP" in codes
    assert len(spec.phases) == 2


def test_a_last_phase_that_ends_as_it_starts_is_left_without_end(tmp_path: Path) -> None:
    changes: dict[str, object] = {"phases.1.end": "2027-02-01 00:00:01"}

    spec, codes = spec_of(own.bundle(tmp_path, "codabench", changes))

    assert "W_PHASE_END" in codes
    assert [phase.end is None for phase in spec.phases] == [False, True]


def test_of_a_key_written_twice_the_last_counts(tmp_path: Path) -> None:
    folder = own.bundle(tmp_path, "codabench")
    file = folder / "competition.yaml"
    file.write_text(file.read_text() + "title: Le bon titre\n")

    spec, codes = spec_of(folder)

    assert (spec.title, codes.count("W_YAML_DUPLICATE")) == ("Le bon titre", 1)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_file_packed_twice_is_read_when_both_are_alike(tmp_path: Path) -> None:
    path = tmp_path / "b.zip"

    def pack(*contents: bytes) -> None:
        with zipfile.ZipFile(path, "w") as archive:
            for content in contents:
                archive.writestr("a.txt", content)

    pack(b"one", b"one")
    with archives.opened(path) as folder:
        assert (folder / "a.txt").read_bytes() == b"one"
    pack(b"one", b"two")
    with pytest.raises(archives.BundleRefused, match="E_ZIP_DUPLICATE"), archives.opened(path):
        pass


@pytest.mark.parametrize(
    ("program", "name"),
    [
        ('data = open(os.path.join(folder, "prediction")).read()', "prediction"),
        ('data = np.loadtxt(folder / "prediction")', "prediction"),
        ('data = open("prediction", "rb")', "prediction"),
        ('data = open(path, encoding="utf-8")', ""),
    ],
)
def test_the_file_that_a_program_opens_is_expected_without_extension_too(
    program: str, name: str, tmp_path: Path
) -> None:
    folder = own.bundle(tmp_path, "codabench")
    (folder / "notation/n.py").write_text(program)
    spec, _codes = spec_of(folder)

    proposal = forms.proposals(spec, reading.Folder(folder))[0]

    assert proposal.form.name == name


@pytest.mark.parametrize("name", ["qrels.tsv", "qrels.trec", "test.qrels", "topics.qrels.txt"])
def test_judgements_are_known_by_their_usual_names(name: str, tmp_path: Path) -> None:
    files = {name: TREC["qrels.txt"], "description.md": TREC["description.md"]}

    spec, _codes = spec_of(written(tmp_path / "t", files))

    assert spec.judgements is not None
    assert len(spec.judgements.topics) == 4
