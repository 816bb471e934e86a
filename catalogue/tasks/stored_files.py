"""Examine the files of cards, and forget those that no text names any more."""

from catalogue.actions import file_examinations, stored_files
from catalogue.enums.files import FileState
from catalogue.models import CardFile
from portal.audit.duties import duty
from portal.lib.queue import task


@task(stored_files.TASK)
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
    """Forget the files that no text has named for thirty days."""
    stored_files.forget_unnamed()
