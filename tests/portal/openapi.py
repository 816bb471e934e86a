"""Write the OpenAPI document that the API promises: python -m tests.portal.openapi"""

import json
import os
from pathlib import Path

SNAPSHOT = Path(__file__).parent / "openapi.json"


def written(document: object) -> str:
    """Write a document as the snapshot holds it."""
    return json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


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
