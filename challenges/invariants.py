"""What must hold of entries, jobs, quotas, scores, boards and what was signed, for `verify`."""

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from challenges.client import receipts as reading
from challenges.client.receipts import ReceiptFault, ReceiptState
from challenges.entries.enums import EntryStatus
from challenges.entries.models import Entry
from challenges.evaluation.enums import EvaluationState, RunState, Split
from challenges.evaluation.models import (
    Evaluation,
    Score,
    ScoreReceipt,
    evaluations_of,
    wanted_jobs,
)
from challenges.organising.models.challenges import ChallengeDraft, Phase, PublicFile
from challenges.organising.models.scorings import Leaderboard, PhaseTask
from challenges.programs.models import CodeRun, CodeTrial
from challenges.queue.enums import JobKind
from challenges.queue.models import Job
from challenges.receipts.models import ReceiptKey
from challenges.rescoring.models import Rescoring, RescoringState
from challenges.results.models.boards import listing
from challenges.results.models.certificates import Certificate
from portal.audit.reading import events
from portal.audit.record import reference
from portal.lib import clock, signing
from portal.lib.storage import objects


def broken_receipts() -> Iterator[str]:
    """Yield the score receipts that are not what was signed, or do not follow the former one."""
    keys = ReceiptKey.objects.by_id()
    found = ScoreReceipt.objects.select_related("replaces").order_by("pk")
    for row in found.iterator(chunk_size=2_000):
        if not _holds(row, keys):
            yield f"receipt:{row.pk}"


def broken_certificates() -> Iterator[str]:
    """Yield the certificates that are not what was signed.

    Each is signed bytes about its own row, follows the former one, has its event, and states the
    figure of the score receipt that it names.
    """
    keys = ReceiptKey.objects.by_id()
    rows = list(Certificate.objects.select_related("replaces", "team", "phase").order_by("pk"))
    told = {
        each.object_ref
        for each in events([reference(row) for row in rows], families=("certificate",))
        if each.action == "certificate.issued"
    }
    for row in rows:
        if not _certifies(row, keys) or reference(row) not in told:
            yield f"certificate:{row.pk}"


def _certifies(row: Certificate, keys: Mapping[str, bytes]) -> bool:
    try:
        read = reading.read_receipt(row.text.encode())
    except ReceiptFault:
        return False
    payload, former = read.payload, row.replaces
    follows = former is None or (former.team_id, former.phase_id, former.serial) == (
        row.team_id,
        row.phase_id,
        row.serial - 1,
    )
    named = {"serial": former.serial, "sha256": former.sha256} if former else None
    about = (payload.get("team"), payload.get("phase"), payload.get("entry"), payload.get("serial"))
    own = about == (row.team.slug, row.phase.index, str(row.entry_id), row.serial)
    genuine = reading.state_of(read, keys, check=signing.check) is ReceiptState.VALID
    same = read.sha256 == row.sha256 and payload.get("replaces") == named
    return follows and own and same and genuine and _says_the_score(row, payload)


def _says_the_score(row: Certificate, payload: Mapping[str, Any]) -> bool:
    """Compare the figure with the private one of the score receipt that the certificate names."""
    cited = payload.get("score_receipt")
    if cited is None:
        return True
    found = ScoreReceipt.objects.filter(sha256=cited["sha256"], entry=row.entry_id).first()
    if found is None:
        return False
    if found.task or row.phase.tasks.filter(current=True).count() > 1:
        return True  # a mean of several tasks: no receipt holds it
    values = json.loads(found.text)["payload"].get("values", {}).get(Split.PRIVATE.value, {})
    return payload["metric"] not in values or values[payload["metric"]] == payload["value"]


def _holds(row: ScoreReceipt, keys: Mapping[str, bytes]) -> bool:
    try:
        receipt = reading.read_receipt(row.text.encode())
    except ReceiptFault:
        return False
    former = row.replaces
    follows = former is None or (former.entry_id, former.task, former.serial) == (
        row.entry_id,
        row.task,
        row.serial - 1,
    )
    named = receipt.payload.get("entry") == str(row.entry_id)
    same = receipt.sha256 == row.sha256
    genuine = reading.state_of(receipt, keys, check=signing.check) is ReceiptState.VALID
    return follows and named and same and genuine


# How long the duty that copies final choices, which runs each minute, may need for all teams.
TAKEOVER_MINUTES = 15


def receipts_without_file() -> Iterator[str]:
    """Yield the entries whose receipt does not match the row, or whose file is not there.

    A file that was deleted once its months had passed is not missed.
    """
    store = objects.store()
    for entry in Entry.objects.order_by("pk").iterator(chunk_size=2_000):
        if entry.file_deleted_at is None and not store.exists(entry.sha256):
            yield str(entry.pk)
            continue
        payload = json.loads(entry.receipt).get("payload")
        if payload and (payload["entry"], payload["sha256"], payload["size"]) != (
            str(entry.pk),
            entry.sha256,
            entry.size,
        ):
            yield str(entry.pk)


def orphan_entries() -> Iterator[str]:
    """Yield the unfinished entries that no ready or leased job will move on."""
    alive = set(Job.objects.alive().order_by("pk").values_list("kind", "dedup_key"))
    entries = Entry.objects.unfinished().order_by("pk").prefetch_related("evaluations__run")
    for entry in entries:
        if not wanted_jobs(entry) or not wanted_jobs(entry) <= alive:
            yield str(entry.pk)


def missing_files() -> Iterator[str]:
    """Yield the public files whose object is not there."""
    store = objects.store()
    for file in PublicFile.objects.order_by("pk"):
        if not store.exists(file.sha256):
            yield f"file:{file.pk}"


def passed_quotas() -> Iterator[str]:
    """Yield the enrolments with more accepted entries than their quota on a day or in all."""
    counted = Entry.objects.of_teams()
    by_day = (
        counted.filter(day_slot__isnull=False)
        .values("enrolment_id", "quota_day", limit=F("enrolment__phase__max_per_day"))
        .annotate(used=Count("pk"))
        .order_by("enrolment_id", "quota_day")
    )
    in_all = (
        counted.filter(total_slot__isnull=False)
        .values("enrolment_id", limit=F("enrolment__phase__max_total"))
        .annotate(used=Count("pk"))
        .order_by("enrolment_id")
    )
    spent = [(row["enrolment_id"], row["used"], row["limit"]) for row in by_day]
    spent += in_all.values_list("enrolment_id", "used", "limit")
    for enrolment, used, limit in spent:
        if limit is not None and used > limit:
            yield f"enrolment:{enrolment}"


def doubled_scores() -> Iterator[str]:
    """Yield the figures released twice, and the scored entries without any figure."""
    twice = (
        Score.objects.values("evaluation_id", "split", "metric", "group")
        .annotate(n=Count("pk"))
        .filter(n__gt=1)
        .order_by("evaluation_id")
    )
    for row in twice:
        yield str(row["evaluation_id"])
    bare = Entry.objects.filter(status=EntryStatus.SCORED).exclude(
        evaluations__state=EvaluationState.DONE, evaluations__sealed_result__isnull=False
    )
    for entry in bare.order_by("pk"):
        yield str(entry.pk)


def early_private_scores() -> Iterator[str]:
    """Yield the private figures stored before the reveal of their phase."""
    early = Score.objects.filter(split=Split.PRIVATE).exclude(
        evaluation__entry__enrolment__phase__reveal__executed_at__isnull=False
    )
    for pk in early.order_by("pk").values_list("pk", flat=True):
        yield f"score:{pk}"


def stale_boards() -> Iterator[str]:
    """Yield the boards that differ from a recomputation and that no job will recompute."""
    alive = set(
        Job.objects.alive()
        .filter(kind__in=[JobKind.STANDINGS, JobKind.REVEAL])
        .order_by("pk")
        .values_list("subject_id", flat=True)
    )
    for board in Leaderboard.objects.select_related("phase").order_by("pk"):
        if str(board.phase_id) in alive:
            continue
        for split in list(Split) if board.phase.is_revealed else [Split.PUBLIC]:
            if not _is_fresh(board, split):
                yield f"{board.pk}:{split}"


def _is_fresh(board: Leaderboard, split: Split) -> bool:
    """Compare each stored row with the listing: entry, order, figures, digest of the inputs."""
    found = listing(board, split)
    stored = list(board.standings.filter(split=split).order_by("position"))
    if not stored and not found.candidates:
        return True
    rows = [
        (row.entry_id, {key: cell.get("text") for key, cell in row.cells.items()}) for row in stored
    ]
    wanted = [
        (
            each.entry_id,
            {key: text for key, (_value, text) in each.figures.items()}
            | each.facts
            | dict.fromkeys(each.groups),
        )
        for each in found.candidates
    ]
    return rows == wanted and {row.source_digest for row in stored} == {found.digest}


def doubled_tasks() -> Iterator[str]:
    """Yield the tasks of a phase that are in force twice, or replaced without another in force.

    A further task that an organiser took out of a draft has none, and is not told.
    """
    counted = (
        PhaseTask.objects.exclude(pk__in=_taken_out())
        .values("phase_id", "index")
        .annotate(n=Count("pk", filter=Q(current=True)))
        .exclude(n=1)
        .order_by("phase_id", "index")
    )
    for row in counted:
        yield f"phase:{row['phase_id']}:{row['index']}"


def _taken_out() -> list[int]:
    """List the further tasks written by form that their draft does not name any more."""
    drafts = ChallengeDraft.objects.exclude(scorings=[]).order_by("pk")
    named = {(one.challenge_id, each["task"]) for one in drafts for each in one.scorings}
    former = PhaseTask.objects.filter(
        current=False, index__gt=0, scorer_version__scorer__key__startswith="phase-"
    )
    rows = former.order_by("pk").values_list("pk", "phase__challenge_id", "index")
    return [pk for pk, challenge, index in rows if (challenge, index) not in named]


def late_takeovers() -> Iterator[str]:
    """Yield the phases that opened a while ago and still lack final choices they take over."""
    before = clock.now() - timedelta(minutes=settings.GRACE_MINUTES + TAKEOVER_MINUTES)
    phases = Phase.objects.taking_over(before).filter(migrate_from__closes_at__lt=before)
    of_source = Entry.objects.filter(enrolment__phase_id=OuterRef("migrate_from_id"))
    waiting = of_source.without_outcome()
    for pk in phases.exclude(Exists(waiting)).order_by("pk").values_list("pk", flat=True):
        yield f"phase:{pk}"


def stray_evaluations() -> Iterator[str]:
    """Yield the evaluations that answer no task of their phase, in force or not."""
    tasks = PhaseTask.objects.filter(
        phase_id=OuterRef("entry__enrolment__phase_id"),
        scorer_version_id=OuterRef("scorer_version_id"),
        holdout_id=OuterRef("holdout_id"),
    )
    strays = Evaluation.objects.filter(~Exists(tasks)).order_by("pk")
    for pk in strays.values_list("pk", flat=True):
        yield str(pk)


def early_releases() -> Iterator[str]:
    """Yield the figures released of a scoring that was never in force."""
    never = Rescoring.objects.exclude(state=RescoringState.IN_FORCE).exclude(task__current=True)
    for rescoring in never.select_related("task").order_by("pk"):
        # The same pair may have been in force by another task.
        others = PhaseTask.objects.filter(
            phase_id=rescoring.phase_id,
            scorer_version_id=rescoring.task.scorer_version_id,
            holdout_id=rescoring.task.holdout_id,
        ).exclude(pk=rescoring.task_id)
        if others.exists():
            continue
        if Score.objects.filter(evaluation__in=evaluations_of(rescoring.task)).exists():
            yield f"rescoring:{rescoring.pk}"


def broken_runs() -> Iterator[str]:
    """Yield the runs whose predictions are not there, and what was scored of code that did not run.

    A run that is over has a reason, or sealed predictions whose object exists until the file of
    its entry is deleted.
    """
    store = objects.store()
    over = CodeRun.objects.filter(state=RunState.DONE).select_related("predictions", "entry")
    for run in over.order_by("pk"):
        kept = getattr(run, "predictions", None)
        is_deleted = run.entry.file_deleted_at is not None
        if kept is None or not (is_deleted or store.exists(kept.ciphertext_sha256)):
            yield f"run:{run.pk}"
    scored = Evaluation.objects.filter(state=EvaluationState.DONE)
    bare = scored.filter(run__isnull=False).exclude(run__state=RunState.DONE)
    for pk in bare.order_by("pk").values_list("pk", flat=True):
        yield str(pk)


def orphan_trials() -> Iterator[str]:
    """Yield the trials that no job will end, and those whose package is gone before."""
    alive = set(
        Job.objects.alive()
        .filter(kind=JobKind.TRIAL)
        .order_by("pk")
        .values_list("dedup_key", flat=True)
    )
    store = objects.store()
    for trial in CodeTrial.objects.alive().order_by("pk"):
        if str(trial.pk) not in alive or not store.exists(trial.sealed):
            yield f"trial:{trial.pk}"


INVARIANTS = {
    "I1": (_("Chaque récépissé a sa soumission et son fichier."), receipts_without_file),
    "I2": (_("Chaque soumission en cours attend un travail."), orphan_entries),
    "I3": (_("Chaque fichier public est là."), missing_files),
    "I4": (_("Aucun quota n’est dépassé."), passed_quotas),
    "I5": (_("Les classements sont à jour."), stale_boards),
    "I6": (_("Chaque score est écrit une fois, avec son résultat scellé."), doubled_scores),
    "I10": (_("Aucun score réservé avant la publication."), early_private_scores),
    "I11": (_("Chaque récépissé de score est signé et suit le précédent."), broken_receipts),
    "I13": (
        _("Chaque certificat est signé, dit son score, et le journal dit s’il est révoqué."),
        broken_certificates,
    ),
    "I20": (_("Chaque épreuve d’une phase a une notation en vigueur, une seule."), doubled_tasks),
    "I21": (_("Chaque évaluation répond à une épreuve connue."), stray_evaluations),
    "I22": (_("Une notation à l’essai n’a rien publié."), early_releases),
    "I23": (_("Chaque exécution de code terminée a ses prédictions scellées."), broken_runs),
    "I24": (_("Chaque essai de code en cours attend un travail."), orphan_trials),
    "I25": (_("Chaque phase ouverte a repris les choix finals attendus."), late_takeovers),
}
