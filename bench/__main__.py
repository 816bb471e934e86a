"""Run every benchmark: python -m bench."""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main() -> int:
    """Run each module of this folder in its own process; return the number that failed."""
    names = sorted(path.stem for path in HERE.glob("[a-z]*.py"))
    failed = 0
    for name in names:
        print(f"== {name}", flush=True)  # noqa: T201  # the report of a program
        done = subprocess.run([sys.executable, "-m", f"bench.{name}"], check=False)  # noqa: S603  # ours
        failed += done.returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main())
