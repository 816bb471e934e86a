"""The audit application."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """What happened, what is owed."""

    name = "portal.audit"
    label = "audit"
    default_auto_field = "django.db.models.BigAutoField"
