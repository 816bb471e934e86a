"""Tell the people registered what is announced to everybody."""

from challenges.models import Notice
from challenges.tasks.telling import page, registered, tell
from portal.audit.outbox import handler


@handler("mail.notice")
def notice(notice_id: int) -> None:
    """Tell the people registered of a public notice, once each."""
    found = Notice.objects.select_related("challenge").get(pk=notice_id)
    tell(
        "challenge_notice",
        registered(found.challenge),
        found.challenge,
        path=page(found.challenge),
        event=str(found.pk),
        about=found.text,
    )
