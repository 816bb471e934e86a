"""The tracking address of a notice: signed, given to who sent it, never stored."""

from uuid import UUID

from django.conf import settings
from django.core import signing
from django.urls import reverse

from catalogue.models import Report

SALT = "catalogue.reports.track"


def path(report: Report) -> str:
    """Return the tracking address, from its first slash."""
    token = signing.Signer(salt=SALT).sign_object(str(report.public_id))
    return reverse("catalogue:report_track", args=(token,))


def absolute(report: Report) -> str:
    """Return the tracking address for a letter."""
    return settings.SITE_URL + path(report)


def found(token: str) -> Report | None:
    """Read which notice an address tracks; None when it is not ours."""
    try:
        name = signing.Signer(salt=SALT).unsign_object(token)
        return Report.objects.whole().filter(public_id=UUID(str(name))).first()
    except (signing.BadSignature, ValueError):
        return None
