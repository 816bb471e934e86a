"""Write the OpenAPI document that the API promises: python -m tests.portal.openapi"""

import json
import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

SNAPSHOT = Path(__file__).parent / "openapi.json"


def written(document: object) -> str:
    """Write a document as the snapshot holds it."""
    return json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


TYPES: dict[str, Any] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "null": type(None),
    "integer": int,
    "number": (int, float),
}


@cache
def _promised() -> Any:
    return json.loads(SNAPSHOT.read_text(encoding="utf-8"))


def unlike(answer: Any, method: str, pattern: str) -> list[str]:
    """List how an answer differs from what the document promises of its operation."""
    document = _promised()
    path = "/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", pattern)
    operation = document["paths"].get(path, {}).get(method.lower())
    if operation is None:
        return []
    promised = operation["responses"].get(str(answer.status_code))
    if promised is None:
        return [f"{answer.status_code} is not documented"]
    media = answer.headers.get("Content-Type", "").split(";")[0]
    content = promised.get("content", {})
    if content and media not in content:
        return [f"{media} is not documented"]
    if not media.endswith("json") or media not in content:
        return []
    schema = content[media]["schema"]
    return list(_misfits(json.loads(answer.body), schema, document["components"]["schemas"], ""))


def _misfits(value: Any, schema: Any, named: dict[str, Any], at: str) -> Iterator[str]:
    """Yield what of a value a schema does not permit, as a strict client reads it."""
    schema = named[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    if "anyOf" in schema:
        tried = [list(_misfits(value, each, named, at)) for each in schema["anyOf"]]
        if all(tried):
            yield from tried[0]
        return
    kind = schema.get("type")
    is_number = isinstance(value, bool) and kind in {"integer", "number"}
    if kind and (not isinstance(value, TYPES[kind]) or is_number):
        yield f"{at}: {value!r:.60} is no {kind}"
    elif value not in schema.get("enum", [schema.get("const", value)]):
        yield f"{at}: {value!r:.60} is not among the values"
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _misfits(each, schema.get("items", {}), named, f"{at}[{number}]")
    elif isinstance(value, dict):
        own, others = schema.get("properties", {}), schema.get("additionalProperties", {})
        yield from (
            f"{at}.{name} is missing" for name in schema.get("required", ()) if name not in value
        )
        for name, each in value.items():
            if name not in own and others is False:
                yield f"{at}.{name} is not documented"
            told = own.get(name, others if isinstance(others, dict) else {})
            yield from _misfits(each, told, named, f"{at}.{name}")


def main() -> None:
    """Write today's document."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django  # noqa: PLC0415  # app ready

    django.setup()
    from django.test import Client  # noqa: PLC0415  # app ready

    answer = Client().get("/api/v1/openapi.json", headers={"Host": "127.0.0.1"})
    SNAPSHOT.write_text(written(answer.json()), encoding="utf-8")


if __name__ == "__main__":
    main()
