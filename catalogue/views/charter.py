"""The charter that every sending accepts."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


@login_not_required
@require_safe
def charter(request: HttpRequest) -> HttpResponse:
    """Show the charter in force."""
    context = {"version": settings.CHARTER_VERSION}
    return render(request, "catalogue/contribute/charter.html", context)
