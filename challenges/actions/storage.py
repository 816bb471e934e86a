"""What the files of a team may weigh in a phase."""

from django.conf import settings
from django.utils.translation import gettext as _

from challenges.models import Enrolment, Entry
from challenges.models.entry import EntryQuerySet
from portal.lib.refusals import QuotaSpent

_MB = 1_000_000


def refuse_beyond(enrolment: Enrolment, size: int, *, sha256: str = "", coming: int = 0) -> None:
    """Raise QuotaSpent when a file finds no room; the enrolment is locked.

    size: in bytes. sha256: of a file that is here, "" before: bytes that the team sent already
    are kept once, and take no room. coming: bytes announced by uploads that are not submitted
    yet. facts: limit_bytes, left_bytes.
    """
    held = _held(enrolment)
    limit = settings.TEAM_PHASE_MAX_BYTES
    left = max(0, limit - held.bytes_held() - coming)
    if size <= left or (sha256 and held.with_file().filter(sha256=sha256).exists()):
        return
    raise QuotaSpent(
        _(
            "Il reste à votre équipe %(left)d Mo sur %(limit)d pour ses fichiers dans cette phase, "
            "et celui-ci pèse %(size)d Mo. Envoyez un fichier plus petit, ou compressé si le "
            "challenge le permet. Aucun essai ne vous est décompté."
        )
        % {"left": left // _MB, "limit": limit // _MB, "size": -(-size // _MB)},
        code="storage_reached",
        next_opening=None,
        limit_bytes=limit,
        left_bytes=left,
    )


def _held(enrolment: Enrolment) -> EntryQuerySet:
    counted = Entry.objects.of_team(enrolment.team_id)
    return counted.filter(enrolment__phase_id=enrolment.phase_id)
