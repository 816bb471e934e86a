"""Archives that tests send."""

import zipfile
from collections.abc import Mapping
from io import BytesIO


def zipped(files: Mapping[str, str | bytes]) -> bytes:
    """Write a zip in memory, its members of no date: twice the same bytes."""
    made = BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return made.getvalue()
