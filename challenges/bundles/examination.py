"""Read a stranger's bundle in a child process that can be killed and holds no secret.

Run as a program, this module is the child: it reads one bundle, writes its report and ends. Its
scratch folder is removed by the parent.
"""

import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from challenges.bundles import exporting, portable
from challenges.bundles.folder import Folder
from challenges.bundles.foreign import bundle as foreign_bundle
from challenges.bundles.foreign import forms, reading
from challenges.bundles.spec import CHALLENGE_FILE
from challenges.scoring.archives import ArchiveRefused
from portal.lib import children
from portal.lib.children import TIME, Bounds, ChildLost

OWN = "open-emploi"
REPORT_BYTES = 32 << 20
WALL_SECONDS = 180.0
ORDINARY = Bounds(seconds=120, memory_bytes=2 << 30, written_bytes=2 << 30)


class BundleTooCostly(Exception):
    """A bundle whose reading was stopped; code: X_TIMEOUT, X_MEMORY."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


def examine(
    path: Path, bounds: Bounds = ORDINARY, *, wall_seconds: float = WALL_SECONDS
) -> dict[str, object]:
    """Read the zip at `path`: the report as JSON, as `ForeignReport.to_json` writes it.

    format is OWN for our own form. No program of the bundle is run. Raises BundleTooCostly.
    """
    with tempfile.TemporaryDirectory(prefix="lecture-") as scratch:
        try:
            written = children.run(
                __name__,
                *(str(path), json.dumps(asdict(bounds))),
                given=b"",
                seconds=wall_seconds,
                answer_bytes=REPORT_BYTES,
                environment={"TMPDIR": scratch},
            )
        except ChildLost as lost:
            raise BundleTooCostly("X_TIMEOUT" if lost.ending == TIME else "X_MEMORY") from lost
    report: dict[str, object] = json.loads(written)
    return report


def examined(path: Path) -> dict[str, object]:
    """Read a bundle, ours or another platform's, without running anything of it."""
    try:
        with foreign_bundle.opened(path) as root:
            if exporting.is_export(root):
                return _export(root)
            if not (root / CHALLENGE_FILE).is_file():
                return _foreign(root)
            return _own(root)
    except ArchiveRefused as refusal:
        return reading.refused_archive(refusal).to_json()


def _export(root: Path) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "challenge"
        found = exporting.restore(root, folder)
        if found.errors:
            return reading.refused(*found.errors).to_json()
        if found.source is not None:
            return _foreign(found.source[0])
        return _own(folder)


def _foreign(root: Path) -> dict[str, object]:
    """Read a folder, and the tables that the form of its answers is proposed from."""
    report = reading.read_folder(root)
    if report.spec is not None and report.spec.format.is_scored_by_program:
        forms.proposals(report.spec, Folder(root))
    return report.to_json()


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
    Bounds(**json.loads(sys.argv[2])).apply()
    sys.stdout.write(json.dumps(examined(Path(sys.argv[1]))))
