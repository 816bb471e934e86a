"""Read what a challenge says of the code its teams send: `code` in challenge.yaml.

With this key, the table to predict is held out (role hidden_inputs) and teams see a public sample
of it (role sample_inputs). Its layouts are those of the README of packages: `manifest` (ours),
`main` (DrivenData), `codalab`.
"""

from dataclasses import dataclass

from challenges.scoring.fields import Fields

KEY, CODE = "code", "E_CODE"
# What folders and archives of before chose among the layouts, which are all taken now.
FORMER = "layouts"
LOGS = ("none", "organiser", "team_trial")
SECONDS, MEMORY_MB, PACKAGE_BYTES = (1, 3_600), (64, 16_384), (1_000, 2_000_000_000)
# Rows of a public sample that try a program without waiting, and still tell something.
SAMPLE_ROWS = (100, 1_000)


@dataclass(frozen=True)
class CodeRules:
    """How the code of teams is run.

    logs: who reads what a trial on the sample printed. max_bytes: of a package.
    """

    time_limit_s: int = 600
    memory_mb: int = 1_024
    logs: str = "team_trial"
    max_bytes: int = 200_000_000


def rules(top: Fields) -> CodeRules | None:
    """Read the rules of code; None for a challenge where teams send predictions."""
    if top.values.get(KEY) is None:
        return None
    block = top.mapping(KEY)
    if FORMER in block.values:
        said = "les trois présentations sont prises : clé sans effet"
        shown = block.values[FORMER]
        top.findings.warn("W_UNKNOWN_KEY", said, file=top.file, key=block.at(FORMER), value=shown)
    for key in sorted(set(block.values) - {*CodeRules.__dataclass_fields__, FORMER}):
        block.refuse(CODE, "clé inconnue", key=key, value=block.values[key])
    usual = CodeRules()
    return CodeRules(
        time_limit_s=_between(block, "time_limit_s", SECONDS, usual.time_limit_s),
        memory_mb=_between(block, "memory_mb", MEMORY_MB, usual.memory_mb),
        max_bytes=_between(block, "max_bytes", PACKAGE_BYTES, usual.max_bytes),
        logs=block.chosen("logs", LOGS, default=usual.logs, code=CODE),
    )


def _between(block: Fields, key: str, bounds: tuple[int, int], usual: int) -> int:
    value = block.whole(key, default=usual, code=CODE)
    if value is None or not bounds[0] <= value <= bounds[1]:
        block.refuse(CODE, f"de {bounds[0]} à {bounds[1]}", key=key, value=value)
        return usual
    return value
