"""What a person was told of, and how they want to hear of each kind of news."""

from django.conf import settings
from django.db import models

from portal.accounts.enums import Delivery


class NotificationQuerySet(models.QuerySet["Notification"]):
    """News, by whose they are and whether they were read."""

    def visible_to(self, user: object) -> "NotificationQuerySet":
        """Keep one's own, nobody else's."""
        return self.filter(user_id=getattr(user, "pk", None) or 0)

    def unread(self) -> "NotificationQuerySet":
        """Keep what was not read yet."""
        return self.filter(read_at__isnull=True)


class Notification(models.Model):
    """Tell one person of one event, once; the sentence is that of the letter of this name."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notifications"
    )
    letter = models.CharField(max_length=40)
    event = models.CharField(max_length=120)
    # What the subject of the letter shows: {"title", "language", "about"}; never a figure.
    facts = models.JSONField(default=dict)
    path = models.CharField(max_length=200)
    delivery = models.CharField(max_length=8, choices=Delivery.choices)
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)
    # When the daily letter told of it; null for what waits for one, or is not in any.
    gathered_at = models.DateTimeField(null=True, blank=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["user", "letter", "event"], name="notified_once"),
            models.CheckConstraint(
                condition=models.Q(delivery__in=["now", "daily", "space"]),
                name="notification_delivery_known",
            ),
        ]
        indexes = [
            models.Index(
                fields=["user"],
                condition=models.Q(delivery="daily", gathered_at__isnull=True),
                name="notification_to_gather",
            ),
            models.Index(fields=["created_at"], name="notification_age"),
        ]


class NotificationChoice(models.Model):
    """Hold how a person wants to hear of a kind of news, where not as by default."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notification_choices"
    )
    kind = models.CharField(max_length=40)
    delivery = models.CharField(max_length=8, choices=Delivery.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "kind"], name="notification_choice_once"),
            models.CheckConstraint(
                condition=models.Q(delivery__in=["now", "daily", "space"]),
                name="notification_choice_known",
            ),
        ]
