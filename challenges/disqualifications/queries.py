"""Disqualifications in words: what it is about, where it stands."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from challenges.enums import DisqualificationStatus
from challenges.models import Disqualification

STATUS_WORDS: Mapping[str, str | Promise] = {
    DisqualificationStatus.PROPOSED: gettext_lazy("Réponse attendue"),
    DisqualificationStatus.IN_FORCE: gettext_lazy("Disqualifiée"),
    DisqualificationStatus.DISMISSED: gettext_lazy("Classée sans suite"),
    DisqualificationStatus.WITHDRAWN: gettext_lazy("Demande retirée"),
    DisqualificationStatus.LIFTED: gettext_lazy("Levée"),
}
STATUS_TONES: Mapping[str, tuple[str, str]] = {
    DisqualificationStatus.PROPOSED: ("ocre", "hourglass"),
    DisqualificationStatus.IN_FORCE: ("garance", "x"),
    DisqualificationStatus.DISMISSED: ("pin", "circle-check"),
    DisqualificationStatus.WITHDRAWN: ("ardoise", "history"),
    DisqualificationStatus.LIFTED: ("pin", "circle-check"),
}


@dataclass(frozen=True)
class Row:
    """A disqualification of a list: what it is about, its state in words."""

    found: Disqualification
    about: str
    status: str
    tone: str
    icon: str


def row(found: Disqualification) -> Row:
    """Put a disqualification in words; its entry, phase and team are fetched with it."""
    tone, icon = STATUS_TONES[found.status]
    status = STATUS_WORDS[found.status]
    if found.is_undecided and found.replied_at is not None:
        status, tone, icon = _("Réponse reçue"), "ocre", "message-square"
    return Row(found, about(found), str(status), tone, icon)


def rows(several: Iterable[Disqualification]) -> list[Row]:
    """Put disqualifications in words."""
    return [row(each) for each in several]


def about(found: Disqualification) -> str:
    """Name what would be disqualified: an entry by its phase and number, or the whole team."""
    if found.entry is None:
        return _("L’équipe entière")
    return _("Soumission n° %(number)d, %(phase)s") % {
        "number": found.entry.number,
        "phase": found.entry.enrolment.phase.name,
    }
