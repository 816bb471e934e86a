"""Write a portable challenge folder, from values made here or read before."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import yaml

from challenges.bundles import spec
from challenges.bundles.folder import is_relative


def dump(document: Mapping[str, object]) -> str:
    """Write the document of challenge.yaml: known keys in their order, unknown ones after."""
    known = {key: document[key] for key in spec.TOP_KEYS if key in document}
    rest = {key: value for key, value in document.items() if key not in spec.TOP_KEYS}
    return yaml.safe_dump(
        {**known, **rest}, allow_unicode=True, sort_keys=False, width=100, default_flow_style=None
    )


def write(folder: Path, document: Mapping[str, object], files: Mapping[str, bytes]) -> None:
    """Write challenge.yaml and `files` (relative path to content) into `folder`.

    Creates the folder. Raises ValueError on a path that leaves it and FileExistsError rather
    than replace a file.
    """
    for path in files:
        if not is_relative(path) or path == spec.CHALLENGE_FILE:
            raise ValueError(path)
    folder.mkdir(parents=True, exist_ok=True)
    for path, content in {spec.CHALLENGE_FILE: dump(document).encode(), **files}.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        with os.fdopen(os.open(place, flags, 0o644), "wb") as stream:
            stream.write(content)
