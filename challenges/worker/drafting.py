"""Check a challenge written by form as an imported one: the same folder, the same path.

The worker opens the sealed answers, writes the folder in memory and calls the
import. What it says back holds no value of a file.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from challenges.actions.rehearsals import Rehearsal
from challenges.bundles import exporting, portable, recorded
from challenges.bundles.folder import Folder
from challenges.bundles.report import Findings, Problem
from challenges.bundles.spec import Expected, PortableSpec
from challenges.enums import ChallengeStatus, Split
from challenges.exchange.actions.imports import Imported, import_folder
from challenges.models import Challenge, ChallengeDraft, Job, Phase, PhaseTask
from challenges.organising.actions import drafts, phases
from challenges.organising.actions.phases import Built
from challenges.queue import actions as jobs
from challenges.queue.actions import WORKER
from challenges.queue.worker import Beating, acting_person
from challenges.sandbox import rooms
from challenges.worker import scorings, vault
from datasets import gate
from datasets.models import HoldoutVersion
from portal.lib import objects
from portal.lib.files import safe_name
from portal.lib.refusals import Refusal, Unavailable

REFERENCE, EXPECTED = "reference", ".expected.json"


def draft_job(job: Job, truths: vault.Truths, beating: Beating) -> None:
    """Check the draft that a job names by the import of its folder, on behalf of who asked.

    A request that was replaced meanwhile changes nothing. Raises Unavailable, for another attempt:
    an outage of the store or the vault is no fault of the draft.
    """
    written = ChallengeDraft.objects.select_related("challenge").get(pk=job.subject_id)
    if drafts.is_replaced(written, job):
        with transaction.atomic():
            jobs.complete(job)
        return
    errors, warnings = _imported(written)
    drafts.finish_build(job=job, errors=errors, warnings=warnings)


def _imported(written: ChallengeDraft) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    challenge = written.challenge
    if written.asked_by_id is None:
        raise AssertionError("a build that runs was asked by somebody")
    by = acting_person(written.asked_by_id)
    if challenge.status != ChallengeStatus.DRAFT:
        reason = _("Ceci ne se change que dans un brouillon.")
        return [{"code": "not_a_draft", "message": reason, "file": "", "key": ""}], []
    phase = challenge.phases.filter(index=0).first()
    try:
        with rooms.private("draft") as scratch:
            folder = scratch / "challenge"
            document, contents = _document(challenge), _contents(written)
            exporting.write_folder(folder, document, contents)
            built, faults = _checked(written, document, contents, folder)
            if faults:
                return _said(faults), []
            made: Imported = import_folder(
                folder=folder,
                by=by,
                opens_at=phase.opens_at if phase else None,
                closes_at=phase.closes_at if phase else None,
            )
    except gate.VaultBroken as broken:  # for good: no other attempt would open it
        return _refused(broken), []
    except Unavailable:
        raise
    except Refusal as refusal:
        return _refused(refusal), []
    if not made.errors:
        first = [each for each in built if each.scoring["phase"] == 0]
        phases.put_scorings(challenge=challenge, built=first, by=by)
        phases.follow_first(challenge=challenge)
        others = [each for each in built if each.scoring["phase"] != 0]
        phases.put_scorings(challenge=challenge, built=others, by=by)
    return _said(made.errors), _said(made.warnings)


def _checked(
    written: ChallengeDraft,
    document: Mapping[str, object],
    contents: Mapping[str, bytes],
    folder: Path,
) -> tuple[Sequence[Built], Sequence[Problem]]:
    """Check what the import does not: the expected score, the scorings of further phases."""
    read = portable.read(folder).spec
    if read is None:
        return (), ()  # the import tells the faults
    surprises = _unexpected(written.challenge, read, folder)
    if surprises or not written.scorings:
        return (), surprises
    sealed = _Sealed(written.challenge)
    return scorings.check(written, document, contents, sealed.of, folder.parent)


def _unexpected(challenge: Challenge, read: PortableSpec, folder: Path) -> Sequence[Problem]:
    """Compare the public score of the reference with what its organiser expects, where said."""
    wanted = next(
        (
            each["expected_score"]
            for each in drafts.all_files(challenge)
            if each.get("expected_score") is not None
        ),
        None,
    )
    if wanted is None:
        return ()
    scores = {REFERENCE: {Split.PUBLIC.value: {read.contract.primary.key: wanted}}}
    (folder / EXPECTED).write_text(json.dumps(scores), encoding="utf-8")
    findings = Findings()
    expected = replace(read, expected=Expected(EXPECTED, baseline=REFERENCE))
    recorded.check(expected, Folder(folder), Rehearsal(), findings)
    # The file that was compared was written here: nobody knows it by name.
    return [replace(each, file="", key="") for each in findings.errors]


def _refused(refusal: Refusal) -> list[dict[str, str]]:
    return [{"code": refusal.code, "message": str(refusal.message), "file": "", "key": ""}]


def _said(problems: Sequence[Problem]) -> list[dict[str, str]]:
    """Write each fault without its value, which could come from the answers."""
    return [
        {"code": each.code, "message": each.message, "file": each.file, "key": each.key}
        for each in problems
    ]


def _document(challenge: Challenge) -> Mapping[str, object]:
    """Write the document of a draft: what its forms wrote, its texts beside it."""
    document: dict[str, Any] = dict(challenge.bundle)
    # Scores recorded for another scoring prove nothing of this one.
    for key in ("page", "terms", "schedule", "expected"):
        document.pop(key, None)
    if challenge.body_md.strip():
        document["page"] = drafts.PAGE
    if challenge.terms.exists():
        document["terms"] = drafts.TERMS
    return document


def _contents(written: ChallengeDraft) -> dict[str, bytes]:
    challenge = written.challenge
    found: dict[str, bytes] = {}
    if challenge.body_md.strip():
        found[drafts.PAGE] = challenge.body_md.encode()
    terms = challenge.terms.first()
    if terms is not None:
        found[drafts.TERMS] = terms.text.encode()
    public = {each.name: each.sha256 for each in challenge.files.all()}
    sealed = _Sealed(challenge)
    for entry in drafts.all_files(challenge):
        path = str(entry["path"])
        kept = written.kept.get(path, {})
        if "sealed" in kept:
            found[path] = sealed.of(kept["sealed"], path)
        elif "sha256" in kept:
            found[path] = objects.read(kept["sha256"])
        elif safe_name(path) in public:
            found[path] = objects.read(public[safe_name(path)])
        else:
            found[path] = sealed.in_force(path)
    return found


class _Sealed:
    """The sealed files of a challenge, each version opened once."""

    def __init__(self, challenge: Challenge) -> None:
        self._challenge = challenge
        self._opened: dict[str, dict[str, bytes]] = {}

    def of(self, public_id: str, path: str) -> bytes:
        """Return a file deposited by form, sealed under the name of this challenge."""
        version = HoldoutVersion.objects.get(
            public_id=public_id,
            holdout__owner=self._challenge.organiser,
            holdout__name__startswith=f"{self._challenge.slug}/",
        )
        return self._files(version)[safe_name(path)]

    def in_force(self, path: str) -> bytes:
        """Return a file of the version that scores now: the challenge was imported before."""
        phase = Phase.objects.get(challenge=self._challenge, index=0)
        task = PhaseTask.objects.get(phase=phase, current=True, index=0)
        return self._files(HoldoutVersion.objects.get(pk=task.holdout_id))[safe_name(path)]

    def _files(self, version: HoldoutVersion) -> dict[str, bytes]:
        key = str(version.public_id)
        if key not in self._opened:
            self._opened[key] = gate.open_holdout(
                version=version, reason=f"draft {self._challenge.slug}", by=WORKER
            )
        return self._opened[key]
