"""Look at this host's processes."""

from pathlib import Path


def processes_with(word: str) -> list[str]:
    """List the command lines that hold a word."""
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if word in line:
            lines.append(line)
    return lines
