"""Score the recorded runs of a folder before anything is imported."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from challenges.bundles.folder import Folder
from challenges.scoring import child, evaluation
from challenges.scoring.compilation import CompiledTruth, compile_truth
from challenges.scoring.contract import Limits, ScoringContract, TruthFault
from challenges.scoring.truth import load_keys

_MAX_BYTES = 500 << 20


class Rehearsal:
    """Compile the truth of a folder once and score its files; nothing is kept."""

    def __init__(self) -> None:
        self._compiled: dict[str, CompiledTruth] = {}

    def __call__(
        self, contract: Mapping[str, object], folder: Path, submission: str
    ) -> Mapping[str, Mapping[str, object]]:
        """Return {split: {key: value}}; raises ValueError with a French sentence."""
        spec = ScoringContract.from_json(dict(contract))
        try:
            compiled = self.compiled(spec, dict(contract), folder)
        except TruthFault as fault:
            raise ValueError(sentence(fault)) from fault
        limits = Limits.of(spec.answer, len(load_keys(compiled.keys)))
        content = Folder(folder).read(submission, limit_bytes=_MAX_BYTES)
        with tempfile.TemporaryDirectory() as scratch:
            path = Path(scratch) / f"answer{Path(submission).suffix}"
            path.write_bytes(content)
            found = evaluation.evaluate_file(
                path, spec, compiled.keys, compiled.labels, limits, read=child.read
            )
        if not found.verdict.accepted:
            raise ValueError(found.verdict.faults[0].message)
        return found.values

    def compiled(
        self, spec: ScoringContract, contract: Mapping[str, Any], folder: Path
    ) -> CompiledTruth:
        """Compile the truth of a folder, once, if each figure has a value; raises TruthFault."""
        if spec.digest not in self._compiled:
            place = Folder(folder)
            sources = {each.source for each in spec.attributes if each.source not in {"truth", ""}}
            truth = compile_truth(
                spec,
                place.read(str(contract["truth"]["file"]), limit_bytes=_MAX_BYTES),
                {each: place.read(each, limit_bytes=_MAX_BYTES) for each in sorted(sources)},
            )
            evaluation.require_defined(spec, truth)
            self._compiled[spec.digest] = truth
        return self._compiled[spec.digest]


def sentence(fault: TruthFault) -> str:
    """Say in French why a truth cannot be compiled; the detail names a column or a part."""
    return _("la vérité ne peut pas être compilée (%(code)s %(detail)s)") % {
        "code": fault.code,
        "detail": fault.detail,
    }
