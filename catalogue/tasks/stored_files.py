"""Examine the files of cards, and forget those that no text names any more."""

import logging

from catalogue.actions import card_uploads, file_examinations, stored_files
from catalogue.enums import FileState
from catalogue.models import CardFile, CardUpload
from portal.audit.duties import duty
from portal.lib.queue import task
from portal.lib.refusals import Refusal

log = logging.getLogger("catalogue.files")


@task(file_examinations.TASK)
def examine_file(file_id: int) -> None:
    """Examine one file, unless it was."""
    found = CardFile.objects.filter(pk=file_id, state=FileState.WAITING).first()
    if found is not None:
        file_examinations.examine(found)


@duty("catalogue.files", minutes=5, by_itself=True)
def examine_waiting() -> None:
    """Examine what waits: large files, and those for which no antivirus answered."""
    file_examinations.examine_waiting()


@duty("catalogue.files_unnamed", minutes=24 * 60, by_itself=True)
def forget_unnamed() -> None:
    """Forget the files that no text has named for thirty days; take up those found again."""
    stored_files.forget_unnamed()
    file_examinations.wait_for_found()


@task(card_uploads.TASK)
def assemble_file(upload_id: str) -> None:
    """Bring one whole upload to its draft; what refuses it now is tried again by the duty."""
    found = CardUpload.objects.whole().filter(pk=upload_id).first()
    if found is None:
        return
    try:
        card_uploads.finish(found)
    except Refusal as refusal:
        log.info("upload %s is not a file yet: %s", upload_id, refusal.code)


@duty("catalogue.uploads", minutes=5, by_itself=True)
def finish_uploads() -> None:
    """Bring the whole uploads that wait to their drafts; drop those whose day is over."""
    card_uploads.finish_waiting()
    card_uploads.expire()
