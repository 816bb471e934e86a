"""Call an EvalAI evaluation inside the sandbox: run by path, never imported.

Arguments: the phase's codename. Writes what `evaluate` returned to /app/output/result.json.
"""

import importlib
import json
import sys

PACKAGE = "evaluation_script"
ANNOTATION, SUBMISSION = "/app/annotation/", "/app/submission/"


def plain(value: object) -> object:
    """Turn a NumPy scalar or array into what JSON knows."""
    convert = getattr(value, "tolist", None)
    if convert is None:
        raise TypeError(f"{type(value).__name__} is not a number")
    return convert()


def main() -> None:
    """Call evaluate() with the file names that the platform chose."""
    codename, annotation, submission = sys.argv[1:4]
    sys.path[0:1] = ["/app/program", "/app/program/" + PACKAGE]
    module = importlib.import_module(PACKAGE)
    if not hasattr(module, "evaluate"):
        module = importlib.import_module(PACKAGE + ".main")
    found = module.evaluate(
        ANNOTATION + annotation,
        SUBMISSION + submission,
        codename,
        submission_metadata={},
    )
    with open("/app/output/result.json", "w", encoding="utf-8") as file:
        json.dump({"result": found["result"]}, file, default=plain)


main()
