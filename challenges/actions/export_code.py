"""What the export of a challenge of code says to Codabench, which runs one of our layouts alone."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from challenges.bundles.code import KEY, LAYOUTS
from challenges.bundles.spec import Role

SHARED_LAYOUT = "codalab"


def inputs(document: Mapping[str, Any]) -> str:
    """Name the held-out inputs of code; empty where teams send predictions."""
    files = document.get("files") or {}
    rows = (files.get("held_out") or []) if KEY in document else []
    found = [str(row["path"]) for row in rows if row.get("role") == Role.HIDDEN_INPUTS.value]
    return found[0] if found else ""


def description(document: Mapping[str, Any]) -> str:
    """Say what Codabench does not do for code; empty where teams send predictions."""
    code = document.get(KEY)
    if not isinstance(code, Mapping):
        return ""
    layouts = list(code.get("layouts") or LAYOUTS)
    others = ", ".join(each for each in layouts if each != SHARED_LAYOUT)
    said = [
        _(
            "Codabench lance le programme sur input_data ; la mémoire n’y est pas limitée et le "
            "réseau y est ouvert."
        )
    ]
    if others:
        said.insert(
            0,
            _("Codabench ne lance que des archives CodaLab (metadata), pas celles-ci : %(others)s.")
            % {"others": others},
        )
    if SHARED_LAYOUT not in layouts:
        said.insert(0, _("Aucune présentation admise ici n’est lue par Codabench."))
    return " ".join(said)
