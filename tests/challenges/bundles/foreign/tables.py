"""Small challenges of Kaggle and TREC, to be broken by the tests."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

ROWS = range(40)
KAGGLE = {
    "description.md": "# Un défi\n\nTexte.\n",
    "solution.csv": "id,y,Usage\n"
    + "".join(f"{at:03},{at % 2},{'Public' if at % 4 < 2 else 'Private'}\n" for at in ROWS),
    "sample_submission.csv": "id,y\n" + "".join(f"{at:03},0\n" for at in ROWS),
    "test.csv": "id,x\n" + "".join(f"{at:03},{at}\n" for at in ROWS),
}
TREC = {
    "description.md": "# Une recherche\n",
    "qrels.txt": "".join(
        f"q{topic} 0 d{document} {int(document == topic)}\n"
        for topic in range(1, 5)
        for document in range(1, 7)
    ),
}


def written(folder: Path, files: Mapping[str, str], **changes: str | None) -> Path:
    """Write files, some replaced or, with None, left out; « . » of a name is written « _ »."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        content = changes.get(name.replace(".", "_"), text)
        if content is not None:
            (folder / name).write_text(content, encoding="utf-8")
    return folder
