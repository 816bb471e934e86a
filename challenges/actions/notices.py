"""Announce a change of a challenge, in the language of the challenge."""

from datetime import datetime

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import override

from challenges.enums import NoticeKind
from challenges.models import Challenge, Notice


def announce(
    *, challenge: Challenge, kind: NoticeKind, sentence: Promise, at: datetime, **facts: str
) -> Notice:
    """Write a public notice; it is read beside the texts of the challenge, for ever.

    sentence: not yet translated, so that the language of who acts does not matter; facts: for
    its placeholders.
    """
    spoken = {code for code, _name in settings.LANGUAGES}
    language = challenge.language if challenge.language in spoken else settings.LANGUAGE_CODE
    with override(language):
        text = str(sentence) % facts
    return Notice.objects.create(challenge=challenge, kind=kind, text=text, at=at)
