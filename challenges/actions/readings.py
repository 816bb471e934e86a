"""What must be read of another scoring before an entry meets it."""

from django.utils.translation import gettext as _

from challenges.enums import JobKind, JobState
from challenges.models import Job, Rescoring
from challenges.scoring.truth.keys import Keys, load_keys
from datasets.models import HoldoutVersion
from portal.lib import objects
from portal.lib.refusals import Conflict


def refuse_unread(rescoring: Rescoring) -> None:
    """Raise Conflict while the answers of a change are not read, or where nobody could use them."""
    holdout, former = rescoring.task.holdout, rescoring.former.holdout
    if not holdout.is_compiled:
        job = compilation(rescoring)
        if job is not None and job.state == JobState.DEAD:
            raise Conflict(
                _(
                    "Les réponses corrigées ne se lisent pas (%(code)s). Retirez ce changement et "
                    "proposez-en un autre."
                )
                % {"code": job.error_code},
                code="truth_unreadable",
            )
        raise Conflict(
            _("Les réponses sont en cours de lecture : réessayez dans un instant."),
            code="holdout_not_compiled",
        )
    if former.is_compiled and holdout.pk != former.pk and not _same_identifiers(holdout, former):
        raise Conflict(
            _(
                "Les réponses corrigées ne portent pas sur les mêmes identifiants : les fichiers "
                "des équipes ne pourraient plus être lus."
            ),
            code="truth_ids_changed",
        )


def _same_identifiers(one: HoldoutVersion, other: HoldoutVersion) -> bool:
    first, second = _keys(one), _keys(other)
    if len(first) != len(second):
        return False
    return _candidates(first) == _candidates(second)


def _keys(version: HoldoutVersion) -> Keys:
    return load_keys(objects.read(str(version.compiled_keys_sha256)))  # without a label


def _candidates(keys: Keys) -> dict[str, set[str]]:
    rows = keys.candidates or [[] for _name in keys.ids]
    return {name: set(row) for name, row in zip(keys.ids, rows, strict=True)}


def compilation(rescoring: Rescoring) -> Job | None:
    """Return the job that reads the truth of a change, None where it was read already."""
    task = rescoring.task
    key = f"{task.holdout_id}:{task.scorer_version_id}"
    return Job.objects.filter(kind=JobKind.COMPILE, dedup_key=key).first()
