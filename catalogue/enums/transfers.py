"""The words of transfers of cards between organisations."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class TransferKind(models.TextChoices):
    """Who asked that a card change hands."""

    OFFER = "offer", _("Proposé par qui la tient")
    CLAIM = "claim", _("Demandé par l’organisation qui la reprendrait")
    REGION = "region", _("Demandé par la Région")
