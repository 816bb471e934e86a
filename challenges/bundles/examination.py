"""Be the child process of `challenges.bundles.child`: read one bundle, write its report, end."""

import json
import resource
import sys
import tempfile
from pathlib import Path

from challenges.bundles import exporting, portable
from challenges.bundles.child import OWN
from challenges.bundles.folder import Folder
from challenges.bundles.foreign import archives, forms, reading
from challenges.bundles.report import Problem
from challenges.bundles.spec import CHALLENGE_FILE
from challenges.scoring.archives import ArchiveRefused


def main(path: Path, report: Path, cpu_seconds: int, memory_bytes: int, file_bytes: int) -> None:
    """Bound this process, read the bundle at `path` and write its report as JSON."""
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 5))
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    report.write_text(json.dumps(examined(path)), encoding="utf-8")


def examined(path: Path) -> dict[str, object]:
    """Read a bundle, ours or another platform's, without running anything of it."""
    try:
        with archives.opened(path) as root:
            if exporting.is_export(root):
                return _export(root)
            if not (root / CHALLENGE_FILE).is_file():
                return _foreign(root)
            return _own(root)
    except ArchiveRefused as refusal:
        return _refused((reading.refused(refusal),))


def _export(root: Path) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "challenge"
        found = exporting.restore(root, folder)
        if found.errors:
            return _refused(found.errors)
        if found.source is not None:
            return _foreign(found.source[0])
        return _own(folder)


def _foreign(root: Path) -> dict[str, object]:
    """Read a folder, and the tables that the form of its answers is proposed from."""
    report = reading.read_folder(root)
    if report.spec is not None and report.spec.format.is_scored_by_program:
        forms.proposals(report.spec, Folder(root))
    return report.to_json()


def _refused(problems: tuple[Problem, ...]) -> dict[str, object]:
    return reading.ForeignReport(None, problems, ()).to_json()


def _own(root: Path) -> dict[str, object]:
    own = portable.read_challenge(root)
    spec = own.spec
    return {
        "format": OWN,
        "errors": [one.to_json() for one in own.errors],
        "warnings": [one.to_json() for one in own.warnings],
        "questions": [],
        "facts": {"title": spec.title, "slug": spec.slug} if spec else None,
        "dry_run": [],
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *(int(one) for one in sys.argv[3:6]))
