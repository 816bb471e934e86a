"""Note when the first byte of a file reached us, by our own clock."""

from datetime import datetime
from typing import Any

from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest

from portal.lib import clock

NOTED = "_first_byte_at"


class DatedUpload(FileUploadHandler):
    """Date the first piece of the first file of a request, and leave the file to the others.

    The rest may take minutes to come: a close that passes meanwhile is judged on this instant.
    Nothing that the client writes goes into it.
    """

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Note the instant once a request."""
        if getattr(self.request, NOTED, None) is None:
            setattr(self.request, NOTED, clock.now())
        return raw_data

    def file_complete(self, file_size: int) -> Any:
        """Keep nothing."""
        return None


def first_byte_at(request: HttpRequest) -> datetime | None:
    """Return when the first byte of a file of this request came; None without a file."""
    noted: datetime | None = getattr(request, NOTED, None)
    return noted
