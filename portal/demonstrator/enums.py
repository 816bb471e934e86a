"""Closed lists of the demonstrator."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from portal.lib.columns import Shown


class PrototypeState(Shown):
    """How far a use case has come. Value, pigment, icon, words."""

    IDEA = "idea", "ardoise", "lightbulb", _("Idée")
    SCOPING = "scoping", "ardoise", "pencil", _("Cadrage")
    PROTOTYPE = "prototype", "lavande", "flask-conical", _("Prototype")
    TRIAL = "trial", "lavande", "flask-conical", _("En expérimentation")
    TAKEN_OVER = "taken_over", "pin", "check", _("Repris")
    TRANSFERRED = "transferred", "pin", "check", _("Transféré")
    STOPPED = "stopped", "garance", "x", _("Arrêté")


# Where one may try it.
TRIABLE = (
    PrototypeState.PROTOTYPE,
    PrototypeState.TRIAL,
    PrototypeState.TAKEN_OVER,
    PrototypeState.TRANSFERRED,
)


class EngineName(TextChoices):
    """What is learnt, and measured apart."""

    TEXT = "text", _("De la phrase au métier")
    MOVES = "moves", _("D’un métier à d’autres")
    TENSION = "tension", _("Tension d’un métier dans une zone")


class ReferentialKind(TextChoices):
    """Official open data that one may load in place of ours."""

    ROME = "rome", _("Métiers et appellations (ROME)")
    MOBILITIES = "mobilities", _("Mobilités entre métiers")
    TENSION = "tension", _("Tensions par métier et bassin")


class Contract(TextChoices):
    """The contract of an employee in post."""

    PERMANENT = "permanent", _("CDI")
    FIXED = "fixed", _("CDD")
    AGENCY = "agency", _("Intérim")
