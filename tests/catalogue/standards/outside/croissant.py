"""Validate a Croissant document and load the rows of its tables. Run with mlcroissant's Python.

Arguments: the document, then `name=path` for each file; prints {"issues": [...], "rows": [...]}.
"""

import json
import sys

import mlcroissant

document, *files = sys.argv[1:]
dataset = mlcroissant.Dataset(jsonld=document, mapping=dict(file.split("=", 1) for file in files))
issues = dataset.metadata.ctx.issues
rows = [
    {
        key.rsplit("/", 1)[-1]: value.decode() if isinstance(value, bytes) else value
        for key, value in row.items()
    }
    for records in dataset.metadata.record_sets
    for row in dataset.records(records.id)
]
found = sorted(issues.errors) + sorted(issues.warnings)
print(json.dumps({"issues": found, "rows": rows}, default=str))  # noqa: T201 - its answer
