"""Say which platform wrote a bundle, read it, and report everything that was found."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from challenges.bundles import spec as ours
from challenges.bundles.folder import Folder
from challenges.bundles.foreign import bundle as foreign_bundle
from challenges.bundles.foreign import codabench, evalai, tables, trec, values
from challenges.bundles.foreign.bundle import Reading
from challenges.bundles.foreign.documents import Question, load
from challenges.bundles.foreign.evalai import Evaluator
from challenges.bundles.foreign.values import ForeignSpec, Format
from challenges.scoring.archives import ArchiveRefused
from challenges.scoring.fields import Findings, Problem

YAML = (".yaml", ".yml")
COMPETITION = ("competition.yaml", "competition.yml")
DRIVEN = "submission_format.csv"
LOOKED_FOR = (
    "competition.yaml (Codabench, CodaLab), un seul fichier YAML avec challenge_phases (EvalAI), "
    "conf.json et solution.csv (Hugging Face), solution.csv avec une colonne Usage (Kaggle), "
    "qrels.txt (TREC), challenge.yaml (Open Emploi)"
)
REFUSED = foreign_bundle.FORMAT


@dataclass(frozen=True)
class ForeignReport:
    """What was found in a bundle; spec is None as soon as there is an error."""

    format: Format | None
    errors: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    questions: tuple[Question, ...] = ()
    spec: ForeignSpec | None = None
    dry_run: tuple[str, ...] = ()

    def to_json(self) -> dict[str, object]:
        """Give the whole report as JSON values."""
        return {
            "format": self.format.value if self.format else None,
            "errors": [one.to_json() for one in self.errors],
            "warnings": [one.to_json() for one in self.warnings],
            "questions": [one.to_json() for one in self.questions],
            "facts": values.facts_of(self.spec) if self.spec else None,
            "dry_run": list(self.dry_run),
        }


def refused(*problems: Problem) -> ForeignReport:
    """Report on a bundle that was not read."""
    return ForeignReport(None, problems, ())


def refused_archive(refusal: ArchiveRefused) -> ForeignReport:
    """Report on an archive that was not opened."""
    return refused(Problem(refusal.code, refusal.reason, refusal.member))


def read_folder(
    root: Path, *, evaluator: Callable[[], Evaluator | None] = lambda: None
) -> ForeignReport:
    """Read an opened bundle; evaluator is called only for an EvalAI script without fault.

    It runs an EvalAI script in isolation; without one names are not compared, and the report says
    so.
    """
    reading = Reading(root)
    found = _dispatched(root, reading)
    if found is None:
        return _report(None, reading, None)
    format_, reader = found
    spec = reader()
    dry_run: tuple[str, ...] = ()
    if spec is not None and spec.evaluation_script and not reading.findings.errors:
        dry_run = evalai.compare(spec, reading, evaluator())
    return replace(_report(format_, reading, spec), dry_run=dry_run)


def _report(format_: Format | None, reading: Reading, spec: ForeignSpec | None) -> "ForeignReport":
    noted = reading.findings
    return ForeignReport(
        format_,
        tuple(noted.errors),
        tuple(noted.warnings),
        tuple(reading.questions),
        None if noted.errors else spec,
    )


Reader = Callable[[], ForeignSpec | None]


def _dispatched(root: Path, reading: Reading) -> tuple[Format, Reader] | None:
    """Choose a reader by what the folder holds; None once the refusal is noted."""
    names = foreign_bundle.files_below(root)
    top = [name for name in names if "/" not in name]
    written = [name for name in top if name.lower().endswith(YAML)]
    competition = next((name for name in COMPETITION if name in top), None)
    if competition is not None:
        return _competition(competition, reading)
    if ours.CHALLENGE_FILE not in top:
        if written:
            return _evalai(written, reading)
        if found := _tables(top, reading):
            return found
    _unknown(names, reading.findings)
    return None


def _tables(top: list[str], reading: Reading) -> tuple[Format, Reader] | None:
    """Recognise the formats without YAML, by the names of their files."""
    if tables.SOLUTION in top:
        if tables.CONF in top:
            return Format.HUGGING_FACE, lambda: tables.read_hugging_face(top, reading)
        return Format.KAGGLE, lambda: tables.read_kaggle(top, reading)
    if any(trec.is_qrels(name) for name in top):
        return Format.TREC, lambda: trec.read_trec(top, reading)
    return None


def _competition(file: str, reading: Reading) -> tuple[Format, Reader] | None:
    """Tell the two versions of competition.yaml apart."""
    block = load(Folder(reading.root), file, reading.findings)
    if block is None:
        return None
    version = block.text("version")
    if version in {"2", "2.0"}:
        return Format.CODABENCH, lambda: codabench.read_codabench(block, reading)
    if version in {"", "1", "1.0", "1.5", "1.8"}:
        return Format.CODALAB, lambda: codabench.read_codalab(block, reading)
    block.refuse(REFUSED, "versions lues : 1, 1.5, 1.8 et 2", key="version", value=version)
    return None


def _evalai(files: list[str], reading: Reading) -> tuple[Format, Reader] | None:
    """Accept exactly one YAML file, and only with phases."""
    if len(files) > 1:
        reading.findings.refuse(
            REFUSED, f"un seul fichier YAML est attendu, trouvés : {', '.join(files)}",
            file=files[0],
        )  # fmt: skip
        return None
    block = load(Folder(reading.root), files[0], reading.findings)
    if block is None:
        return None
    if not block.has("challenge_phases"):
        reading.findings.refuse(REFUSED, f"cherché : {LOOKED_FOR}", file=files[0])
        return None
    return Format.EVALAI, lambda: evalai.read_evalai(block, reading)


def _unknown(names: list[str], findings: Findings) -> None:
    """Refuse a bundle of no known format, naming the file that is one folder too deep."""
    wanted = (*COMPETITION, "challenge_config.yaml", "conf.json", "solution.csv", "qrels.txt")
    deeper = [name for name in names if name.rsplit("/", 1)[-1] in wanted]
    hint = f" ; {deeper[0]} devrait être à la racine" if deeper else ""
    if "main.py" in names and any(name.rsplit("/", 1)[-1] == DRIVEN for name in names):
        hint = (
            " ; c’est un paquet de code pour DrivenData (main.py, submission_format.csv), pas un "
            "challenge : créez-le par formulaire, page « Code », ou par notre dossier, clé code"
        )
    if "problem.py" in names:
        hint = " ; les défis RAMP (problem.py) ne sont pas repris"
    findings.refuse(
        REFUSED, f"cherché à la racine : {LOOKED_FOR}{hint}", file=deeper[0] if deeper else ""
    )
