"""Say how to present an archive of code: the layouts a challenge accepts, its limits."""

import csv
import io
import zipfile
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from challenges.actions import coding
from challenges.actions.code_imports import FORMAT_NAME
from challenges.bundles.code import LAYOUTS
from challenges.client import starting
from challenges.forms.coding import ENVIRONMENT_WORDS
from challenges.models import Challenge, Phase, RunPlan
from challenges.queries import code
from portal.lib import objects

TITLES = {
    "manifest": gettext_lazy("Avec manifest.toml"),
    "main": gettext_lazy("Avec main.py, comme chez DrivenData"),
    "codalab": gettext_lazy("Avec metadata, comme chez CodaLab et Codabench"),
}
TEXTS = {
    "manifest": gettext_lazy(
        "À la racine, manifest.toml nomme le fichier à lancer. Il est appelé avec --in DOSSIER "
        "--out FICHIER : il lit les entrées dans le dossier et écrit ses réponses dans le fichier."
    ),
    "main": gettext_lazy(
        "À la racine, main.py. Il trouve les entrées dans data/ et écrit submission.csv à côté de "
        "lui."
    ),
    "codalab": gettext_lazy(
        "À la racine, metadata ou metadata.yaml donne la commande. $input est le dossier des "
        "entrées, $output celui où écrire predictions.csv, $program celui de l’archive."
    ),
}
MAIN = """\
import csv

with open("data/{table}", encoding="utf-8", newline="") as file:
    rows = list(csv.DictReader(file))
# …
with open("submission.csv", "w", encoding="utf-8", newline="") as file:
    csv.writer(file).writerows(answers)
"""


def file_names(plan: RunPlan) -> list[str]:
    """List the files that programs read, the table to predict first."""
    return sorted((each["name"] for each in plan.sample_files), key=lambda one: one == FORMAT_NAME)


def sample_of(plan: RunPlan) -> dict[str, bytes]:
    """Read the public sample, by the names that programs read."""
    with zipfile.ZipFile(io.BytesIO(objects.read(plan.sample_sha256))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def coding_of(
    challenge: Challenge, phase: Phase | None, contract: Mapping[str, Any], example: bytes | None
) -> starting.Coding | None:
    """Gather what the kit says of code; None where teams send their answers.

    example: the example of an answer, in CSV.
    """
    plan = code.plan_of(phase)
    if plan is None or phase is None:
        return None
    rules = coding.rules_of(challenge)
    columns = (contract.get("submission") or {}).get("columns") or []
    own = next((each["name"] for each in columns if each["role"] in {"id", "query"}), plan.ids)
    rows = list(csv.reader(io.StringIO((example or b"").decode("utf-8-sig"), newline="")))[:2]
    return starting.Coding(
        layouts=rules.layouts if rules else LAYOUTS,
        environment=plan.environment,
        seconds=phase.time_limit_s,
        memory_mb=phase.memory_mb,
        max_bytes=phase.max_bytes,
        sample=sample_of(plan),
        table=file_names(plan)[0],
        key=plan.ids,
        id=own,
        header=rows[0] if rows else [own],
        first=rows[1] if len(rows) > 1 else [""],
    )


def packing(plan: RunPlan, phase: Phase, *, is_first: bool) -> dict[str, Any]:
    """Prepare the panel about packages. is_first: the team has sent nothing yet."""
    rules = coding.rules_of(phase.challenge)
    files = file_names(plan)
    examples = {
        "manifest": ("manifest.toml", starting.manifest(plan.environment), ""),
        "main": ("main.py", MAIN.format(table=files[0]), "python"),
        "codalab": ("metadata", starting.METADATA, ""),
    }
    return {
        "is_first": is_first,
        "files": files,
        "layouts": [
            {
                "title": TITLES[each],
                "text": TEXTS[each],
                "name": examples[each][0],
                "example": examples[each][1],
                "language": examples[each][2],
            }
            for each in (rules.layouts if rules else LAYOUTS)
        ],
        "seconds": ngettext("%(n)s seconde", "%(n)s secondes", phase.time_limit_s)
        % {"n": phase.time_limit_s},
        "memory": _("%(n)s Mo") % {"n": phase.memory_mb},
        "size": phase.max_bytes,
        "environment": plan.environment,
        "environment_words": ENVIRONMENT_WORDS.get(plan.environment, ""),
    }
