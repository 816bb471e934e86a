"""Show the state of the service."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from portal.pages import health as house


@require_safe
@never_cache
@login_not_required
def health(request: HttpRequest) -> HttpResponse:
    """Answer 200 while the portal can serve, 503 when a check is bad; JSON on demand."""
    found = house.checks()
    overall = house.overall(found)
    status = 503 if overall == house.Level.BAD else 200
    if request.GET.get("format") == "json":
        rows = [
            {"key": c.key, "name": c.name, "level": c.level, "text": c.text, "at": c.at}
            for c in found
        ]
        return JsonResponse({"level": overall, "checks": rows}, status=status)
    context = {"checks": found, "overall": overall}
    return render(request, "pages/health.html", context, status=status)
