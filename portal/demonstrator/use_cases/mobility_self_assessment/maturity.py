"""How far an idea of moving has come, by a rule that one can check on one's fingers."""

from collections.abc import Collection
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _


class Tick(NamedTuple):
    """A sentence one may tick. lever: what helps, where a sign is ticked, or a step is not."""

    key: str
    text: Any
    lever: Any


SIGNS = (
    Tick("body", _("Mon travail use mon corps"), _("Demandez à voir le médecin du travail.")),
    Tick("sense", _("Je n’y vois plus de sens"), _("Notez une semaine ce qui plaît, et pèse.")),
    Tick("hours", _("Mes horaires me pèsent"), _("Voyez le même métier chez d’autres employeurs.")),
    Tick("threat", _("Mon emploi est menacé"), _("Demandez à l’employeur ce qui est prévu.")),
    Tick("stuck", _("Je n’apprends plus rien"), _("Dites-le à l’entretien sur votre parcours.")),
    Tick("pay", _("Ma paie ne suffit pas"), _("Comparez d’abord les offres du même métier.")),
)
# Each stage ends with its steps; the last has none.
STAGES = (
    (
        _("y voir clair"),
        (
            Tick(
                "wish",
                _("Je sais ce que je veux quitter, et garder"),
                _("Écrivez trois choses à quitter et trois à garder."),
            ),
            Tick(
                "talked",
                _("J’en ai parlé avec quelqu’un"),
                _("Voyez un conseiller en évolution professionnelle : gratuit et confidentiel."),
            ),
        ),
    ),
    (
        _("explorer"),
        (
            Tick(
                "idea",
                _("J’ai un métier en tête"),
                _("Retenez une ou deux pistes ci-dessous, même sans certitude."),
            ),
            Tick(
                "met",
                _("J’ai rencontré quelqu’un qui l’exerce"),
                _("Demandez une heure d’échange, ou une immersion de quelques jours."),
            ),
        ),
    ),
    (
        _("construire"),
        (
            Tick(
                "learn",
                _("Je sais quoi apprendre, et où"),
                _("Voyez « À apprendre » sous chaque piste, puis demandez qui y forme."),
            ),
            Tick(
                "means",
                _("Je sais de quoi vivre pendant ce temps"),
                _("Faites le point sur vos droits avant de vous engager."),
            ),
        ),
    ),
    (_("se lancer"), ()),
)


def stage_of(ticked: Collection[str]) -> int:
    """Give the index of the first stage with a step that is not ticked; the last where none is."""
    left = (at for at, (_title, steps) in enumerate(STAGES) if {s.key for s in steps} - {*ticked})
    return next(left, len(STAGES) - 1)
