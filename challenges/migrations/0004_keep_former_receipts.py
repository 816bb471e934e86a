"""Make rows of the score receipts that evaluations held; each entry's form one chain a task."""

import hashlib

from django.db import migrations

BATCH = 1_000


def keep(apps, schema_editor):
    Evaluation = apps.get_model("challenges", "Evaluation")
    PhaseTask = apps.get_model("challenges", "PhaseTask")
    ScoreReceipt = apps.get_model("challenges", "ScoreReceipt")
    tasks = {
        (phase, version, holdout): index
        for phase, version, holdout, index in PhaseTask.objects.order_by("pk").values_list(
            "phase_id", "scorer_version_id", "holdout_id", "index"
        )
    }
    heads = {}
    held = Evaluation.objects.exclude(receipt="").select_related("entry__enrolment")
    for evaluation in held.order_by("finished_at", "pk").iterator(chunk_size=BATCH):
        phase = evaluation.entry.enrolment.phase_id
        task = tasks.get((phase, evaluation.scorer_version_id, evaluation.holdout_id), 0)
        former = heads.get((evaluation.entry_id, task))
        heads[evaluation.entry_id, task] = ScoreReceipt.objects.create(
            entry_id=evaluation.entry_id,
            evaluation_id=evaluation.pk,
            task=task,
            serial=former.serial + 1 if former else 1,
            reason="rescored" if former else "scored",
            text=evaluation.receipt,
            sha256=hashlib.sha256(evaluation.receipt.encode()).hexdigest(),
            replaces=former,
            issued_at=evaluation.finished_at,
        )


class Migration(migrations.Migration):
    dependencies = [("challenges", "0003_score_receipts")]

    operations = [migrations.RunPython(keep, migrations.RunPython.noop)]
