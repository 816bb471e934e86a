"""What a challenge shows besides its presentation: pages, public notices."""

from django.db import models

from challenges.enums import NoticeKind
from challenges.models.challenge import Challenge
from challenges.models.words import within, word


class ChallengePage(models.Model):
    """Hold a further page of texts of a challenge."""

    challenge = models.ForeignKey(Challenge, on_delete=models.CASCADE, related_name="pages")
    index = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=120)
    body_md = models.TextField()
    body_html = models.TextField()

    class Meta:
        ordering = ["index"]
        constraints = [
            models.UniqueConstraint(fields=["challenge", "index"], name="challenge_page_index_once")
        ]


class Notice(models.Model):
    """Announce a public change of a challenge; never rewritten."""

    challenge = models.ForeignKey(Challenge, on_delete=models.CASCADE, related_name="notices")
    kind = word(NoticeKind, default=NoticeKind.TEXT)
    text = models.TextField()
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [within("kind", NoticeKind, name="notice_kind_known")]
