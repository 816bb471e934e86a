"""The start of a package of code: a manifest, a program that answers the same everywhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from challenges.scoring.packages import MAIN_FILE, MANIFEST

PACKAGE, SAMPLE = "modele", "echantillon"
PROGRAM = '''\
"""Answer the same on every row: replace `answer` with your model.

Started as: python3 main.py --in FOLDER --out FILE; without argument, it reads data/ and writes
submission.csv, as DrivenData's packages do.
"""

import argparse
import csv
from pathlib import Path

TABLE, KEY, ID = {table!r}, {key!r}, {id!r}
HEADER, FIRST = {header!r}, {first!r}


def answer(row: dict[str, str]) -> list[str]:
    """Return the cells of the answer of one row of the inputs."""
    cells = list(FIRST)
    cells[HEADER.index(ID)] = row[KEY]
    return cells


def main() -> None:
    """Read the inputs, write the predictions."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--in", dest="inputs", default="data")
    parser.add_argument("--out", default="submission.csv")
    given = parser.parse_args()
    with open(Path(given.inputs) / TABLE, encoding="utf-8-sig", newline="") as file:
        first = file.readline()
        file.seek(0)
        delimiter = ";" if first.count(";") > first.count(",") else ","
        rows = list(csv.DictReader(file, delimiter=delimiter))
    print(len(rows), "rows read")
    with open(given.out, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows(answer(row) for row in rows)


if __name__ == "__main__":
    main()
'''


@dataclass(frozen=True)
class Coding:
    """What a team needs to send code. sample: the public inputs, by the names programs read.

    table: the main one of them; key: its column of identifiers. header, first: the columns and
    the first row of the example of an answer; id: its column of identifiers.
    """

    seconds: int
    memory_mb: int
    sample: Mapping[str, bytes]
    table: str
    key: str
    id: str
    header: Sequence[str] = ()
    first: Sequence[str] = field(default=())


MANIFEST_TEXT = f'entry = "{MAIN_FILE}"\nseed = 1\n'
METADATA = "command: python3 $program/predict.py --in $input --out $output/predictions.csv\n"


def program(coding: Coding) -> str:
    """Write the program that answers like the example, row after row."""
    facts: dict[str, Any] = {
        "table": coding.table,
        "key": coding.key,
        "id": coding.id,
        "header": list(coding.header),
        "first": list(coding.first),
    }
    return PROGRAM.format(**facts)


def files(coding: Coding) -> dict[str, bytes]:
    """Give the files of the kit about code: a package to start from, the sample."""
    found = {f"{SAMPLE}/{name}": content for name, content in sorted(coding.sample.items())}
    found[f"{PACKAGE}/{MANIFEST}"] = MANIFEST_TEXT.encode()
    found[f"{PACKAGE}/{MAIN_FILE}"] = program(coding).encode()
    return found
