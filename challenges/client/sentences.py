"""What the command line says, in French and in English: one code, one sentence a language.

The sentences stand in sentences_fr.json and sentences_en.json: `usage` and `truth` by code,
{detail} being the name at fault, `frames` around what is shown, `help` of the commands and of
their options.
"""

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from challenges.scoring.contract import TruthFault, UsageFault
from challenges.scoring.fields import ContractFault
from challenges.scoring.verdict import french_reasons

LANGUAGES = ("fr", "en")
UNREADABLE = (
    ContractFault,
    TruthFault,
    OSError,
    KeyError,
    ValueError,
    ModuleNotFoundError,
)


@cache
def sentences(language: str) -> Mapping[str, Mapping[str, str]]:
    """Return the sentences of a language, by what they are for, then by name."""
    file = resources.files(__package__).joinpath(f"sentences_{language}.json")
    read: Mapping[str, Mapping[str, str]] = json.loads(file.read_text("utf-8"))
    return read


def frame(name: str, language: str, /, **facts: object) -> str:
    """Return a sentence of the command line; facts stand in its named places."""
    return sentences(language)["frames"][name].format_map(facts)


def fault_line(fault: Mapping[str, Any], language: str) -> str:
    """Return the line of one fault: its code, its line of the file, its sentence."""
    where = frame("line", language, line=fault["line"]) if fault.get("line") else ""
    return f"{fault['code']} : {where}{fault['message']}"


def help_of(name: str, language: str) -> str:
    """Return the help of a command or of an option, as argparse takes it."""
    return sentences(language)["help"][name].replace("%", "%%")


def told(fault: Exception, language: str = "fr") -> tuple[str, str]:
    """Return the code and the sentence of what stopped a command."""
    code, detail = _named(fault)
    known = {**sentences(language)["usage"], **sentences(language)["truth"]}
    detail = detail if code in known else f"{code} {detail}".strip()
    if code in {"U_CONTRACT", "E_METRIC_UNDEFINED"} and language == "fr":
        detail = french_reasons(detail)
    return code, known.get(code, known["U_CONTRACT"]).replace("{detail}", detail)


def _named(fault: Exception) -> tuple[str, str]:
    match fault:
        case UsageFault() | TruthFault():
            return fault.code, fault.detail
        case ContractFault():
            return "U_CONTRACT", str(fault)
        case ModuleNotFoundError():
            return "U_LIBRARY", (fault.name or "").partition(".")[0]
        case OSError():
            return "U_FILE", str(fault.filename or fault)
        case json.JSONDecodeError():
            return "U_JSON", str(fault)
        case UnicodeDecodeError():
            return "U_ENCODING", fault.reason
        case KeyError():
            return "U_KEY", str(fault.args[0] if fault.args else "")
        case _:
            return "U_CONTRACT", str(fault)
