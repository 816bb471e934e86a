"""Give the phase of an imported challenge of code what its programs read."""

import csv
import io
import zipfile
from pathlib import Path

from challenges.actions import code_plans
from challenges.bundles.folder import Folder
from challenges.bundles.spec import PortableSpec, Role
from challenges.models import Challenge, PhaseTask, RunPlan
from challenges.scoring.answer import Layout
from portal.accounts.models import User
from portal.lib import objects
from portal.lib.files import safe_name

MAX_FILE_BYTES = 2 << 30
# What DrivenData's packages read to know the rows and the columns that are asked.
FORMAT_NAME = "submission_format.csv"
FORMATTED = frozenset({Layout.ONE_ROW_PER_ID, Layout.NUMBERS_PER_ID})


def give(
    *, challenge: Challenge, spec: PortableSpec, folder: Path, sealed: bool, by: User
) -> RunPlan | None:
    """Make the plan of a draft of code and use it; None where teams send predictions.

    sealed: held-out files were sealed anew; otherwise the plan in force stays where its sample is
    the same. Raises what `code_plans.make` and `code_plans.use` raise.
    """
    if spec.code is None:
        return None
    inputs, sample = _files(spec, Folder(folder))
    phase = challenge.phases.get(index=0)
    task = PhaseTask.objects.select_related("plan").get(phase=phase, index=0, current=True)
    former = task.plan
    said = spec.code
    if (
        former is not None
        and not sealed
        and (former.environment, tuple(former.layouts)) == (said.environment, said.layouts)
        and _sample_of(former) == sample
    ):
        return former
    plan = code_plans.make(
        challenge=challenge,
        inputs=inputs,
        ids=str(spec.contract.truth.key),
        sample=sample,
        environment=spec.code.environment,
        layouts=spec.code.layouts,
        by=by,
    )
    code_plans.use(phase=phase, plan=plan, by=by)
    return plan


def _files(spec: PortableSpec, place: Folder) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """Name the hidden inputs and the sample alike, each with the format of its answer."""
    hidden, shown = (
        place.read(_path(spec, role), limit_bytes=MAX_FILE_BYTES)
        for role in (Role.HIDDEN_INPUTS, Role.SAMPLE_INPUTS)
    )
    name = safe_name(Path(_path(spec, Role.HIDDEN_INPUTS)).name)
    inputs, sample = {name: hidden}, {name: shown}
    if spec.contract.answer.layout in FORMATTED and name != FORMAT_NAME:
        example = _path(spec, Role.SAMPLE_SUBMISSION)
        ids = place.column(_path(spec, Role.HIDDEN_INPUTS), str(spec.contract.truth.key))
        inputs[FORMAT_NAME] = _format(spec, place, example, ids)
        sample[FORMAT_NAME] = place.read(example, limit_bytes=MAX_FILE_BYTES)
    return inputs, sample


def _path(spec: PortableSpec, role: Role) -> str:
    entry = spec.file(role)
    if entry is None:
        raise AssertionError("the reader asks for this file")
    return entry.path


def _format(spec: PortableSpec, place: Folder, example: str, ids: list[str]) -> bytes:
    """Write an answer that says nothing: each hidden identifier, then the example's first row."""
    own = spec.contract.answer.find("id")
    header = place.header(example)
    first = [place.column(example, name)[0] for name in header]
    at = header.index(own.name if own else "")
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([*first[:at], each, *first[at + 1 :]] for each in ids)
    return out.getvalue().encode()


def _sample_of(plan: RunPlan) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(objects.read(plan.sample_sha256))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}
