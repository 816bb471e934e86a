"""Announce a change of a challenge, in the language of the challenge."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from challenges.organising import rules
from challenges.organising.enums import NoticeKind
from challenges.organising.models.challenges import Challenge, Notice, Phase
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.audit.outbox import owe
from portal.audit.record import record
from portal.lib import clock
from portal.lib.prose.texts import require_plain_text
from portal.lib.refusals import Conflict

MOST_A_DAY = 10


def announce(
    *,
    challenge: Challenge,
    sentence: Promise,
    kind: NoticeKind = NoticeKind.TEXT,
    at: datetime | None = None,
    **facts: str | datetime,
) -> Notice:
    """Write a public notice; it is read beside the texts of the challenge, for ever.

    sentence: not yet translated, so that the language of who acts does not matter; facts: for
    its placeholders, an instant in words. at: now by default.
    """
    spoken = {code for code, _name in settings.LANGUAGES}
    language = challenge.language if challenge.language in spoken else settings.LANGUAGE_CODE
    with override(language):
        said = {
            name: clock.paris_words(each) if isinstance(each, datetime) else each
            for name, each in facts.items()
        }
        text = str(sentence) % said
    return Notice.objects.create(challenge=challenge, kind=kind, text=text, at=at or clock.now())


def announce_by_letter(**notice: Any) -> Notice:
    """Write a public notice as `announce`, and owe a letter to the people registered."""
    made = announce(**notice)
    owe("mail.notice", key=str(made.pk), notice_id=made.pk)
    return made


def announce_recomputed(phase: Phase, *, at: datetime) -> None:
    """Say that final boards change by a decision of the Region on entries; nothing before.

    Nobody is named: who was set aside is told by letter.
    """
    if phase.is_revealed:
        announce(
            challenge=phase.challenge,
            kind=NoticeKind.SCORING,
            sentence=gettext_lazy(
                "Le classement définitif de « %(name)s » est recalculé après une décision de "
                "la Région sur une participation."
            ),
            at=at,
            name=phase.name,
        )


@transaction.atomic
def write(*, challenge: Challenge, text: str, by: User) -> Notice:
    """Announce something to everybody, in the organiser's own words: plain text, never rewritten.

    In order: notice; event "notice.written"; letters to the people registered. Raises
    NotAllowed; Invalid for control characters; Conflict before the challenge is public, for the
    same text twice in ten minutes, past ten announcements a day.
    """
    challenge = Challenge.objects.locked(challenge)
    require(rules.may_edit_challenge, by, challenge)
    require_plain_text(text)
    if not challenge.is_public:
        raise Conflict(_("Une annonce paraît une fois le challenge publié."), code="before_visa")
    now = clock.now()
    recent = challenge.notices.filter(kind=NoticeKind.TEXT, at__gt=now - timedelta(days=1))
    if recent.filter(text=text, at__gt=now - timedelta(minutes=10)).exists():
        raise Conflict(_("Cette annonce vient de paraître."), code="sent_twice")
    if recent.count() >= MOST_A_DAY:
        raise Conflict(_("Dix annonces par jour au plus."), code="too_many")
    notice = Notice.objects.create(challenge=challenge, kind=NoticeKind.TEXT, text=text, at=now)
    record("notice.written", by=by, on=challenge, notice=notice.pk)
    owe("mail.notice", key=str(notice.pk), notice_id=notice.pk)
    return notice
