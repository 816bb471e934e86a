"""Score the recorded runs of a folder before anything is imported."""

import csv
import io
import tempfile
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from challenges.bundles.folder import Folder
from challenges.bundles.spec import PortableSpec, Role
from challenges.evaluation.enums import Split
from challenges.evaluation.models import rounded
from challenges.scoring import child, evaluation, manual
from challenges.scoring.compilation import CompiledTruth, compile_truth
from challenges.scoring.contract import AnswerSpec, Limits, ScoringContract, TruthFault
from challenges.scoring.truth import load_keys
from challenges.scoring.verdict import Evaluated, french_reasons

_MAX_BYTES = 500 << 20
CONSTANT = ".constante.csv"


class Rehearsal:
    """Compile the truth of a folder once and score its files; nothing is kept."""

    def __init__(self) -> None:
        self._compiled: dict[str, CompiledTruth] = {}

    def __call__(
        self, contract: Mapping[str, object], folder: Path, submission: str
    ) -> Mapping[str, Mapping[str, object]]:
        """Return {split: {key: value}}; raises ValueError with a French sentence."""
        return self.evaluated(contract, folder, submission).values

    def evaluated(self, contract: Mapping[str, object], folder: Path, submission: str) -> Evaluated:
        """Score a file of the folder; raises ValueError with a French sentence."""
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
        return found

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


def try_measures(read: PortableSpec, folder: Path, rehearsal: Rehearsal) -> dict[str, Any]:
    """Score the example of an answer, and one that is the same everywhere, on the public part.

    Return {"sample", "constant": {"n", "figures": {key: {"value", "low", "high"}}} or {"fault"}};
    nothing where the answers cannot be read: the import says why.
    """
    contract, sample = read.scoring_contract(folder), read.file(Role.SAMPLE_SUBMISSION)
    spec = ScoringContract.from_json(contract)
    if sample is None:
        return {}
    try:
        rehearsal.compiled(spec, contract, folder)
    except TruthFault:
        return {}
    place = Folder(folder)
    given = {name: place.column(sample.path, name) for name in place.header(sample.path)}
    answer, truth = spec.answer, read.contract.truth
    judged = answer.by_target or {str(truth.target): answer.answer}
    known = {} if answer.is_listed else {name: place.column(truth.file, name) for name in judged}
    (folder / CONSTANT).write_text(_constant(answer, given, known), encoding="utf-8")
    return {
        "sample": _tried(spec, contract, folder, sample.path, rehearsal),
        "constant": _tried(spec, contract, folder, CONSTANT, rehearsal),
    }


def _tried(
    spec: ScoringContract,
    contract: Mapping[str, object],
    folder: Path,
    path: str,
    rehearsal: Rehearsal,
) -> dict[str, Any]:
    try:
        got = rehearsal.evaluated(contract, folder, path)
    except ValueError as refusal:
        return {"fault": str(refusal)}
    values, intervals = got.values[Split.PUBLIC], got.intervals[Split.PUBLIC]
    figures = {}
    for each in spec.metrics:
        low, high = (intervals.get(each.key) or (None, None))[:2]
        exact = {"value": values[each.key], "low": low, "high": high}
        # Kept in clear, so as they would be released.
        figures[each.key] = {
            name: None if value is None else rounded(value, each.decimals)[0]
            for name, value in exact.items()
        }
    return {"n": got.n[Split.PUBLIC], "figures": figures}


def _constant(
    answer: AnswerSpec, given: Mapping[str, Sequence[str]], known: Mapping[str, Sequence[str]]
) -> str:
    """Write the example of an answer with the same answer everywhere.

    That which is most often right, the middle one of numbers; one order of the items for all; equal
    probabilities, equal scores. given: its columns. known: the right answers of each target.
    """
    columns = {name: list(cells) for name, cells in given.items()}
    count = len(next(iter(columns.values())))
    if answer.is_ranked:
        queries = columns[answer.column("query").name]
        items = columns[answer.column("item").name]
        ranks, seen = [""] * count, defaultdict[str, int](int)
        for at in sorted(range(count), key=lambda at: (queries[at], items[at])):
            seen[queries[at]] += 1
            ranks[at] = str(seen[queries[at]])
        columns[answer.column("rank").name] = ranks
    elif answer.is_listed:
        name = answer.column("score").name
        columns[name] = columns[name][:1] * count
    elif answer.classes is not None:
        columns |= {each.name: [repr(1 / len(answer.classes))] * count for each in answer.answers}
    else:
        for each, cells in zip(answer.answers, known.values(), strict=True):
            usual = Counter(cells).most_common(1)[0][0]
            middle = sorted(cells, key=float)[len(cells) // 2] if each.is_number else usual
            columns[each.name] = [middle] * count
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return out.getvalue()


def sentence(fault: TruthFault) -> str:
    """Say in French why a truth cannot be compiled; the detail names a column or a part."""
    key, _comma, why = fault.detail.partition(", ")
    if fault.code == "E_METRIC_UNDEFINED":
        name = manual.notes().get(key, {}).get("title", key)
        said = _("« %(name)s » ne se calcule pas sur ces réponses : %(why)s")
        return said % {"name": name, "why": french_reasons(why.partition(" : ")[2])}
    return _("les réponses ne peuvent pas servir à noter (%(code)s %(detail)s)") % {
        "code": fault.code,
        "detail": fault.detail,
    }
