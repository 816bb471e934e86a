"""Deliver the letters of saved searches; look for what they should tell."""

from datetime import date

from django.conf import settings

from catalogue.actions import alert_links, alerts, matching
from catalogue.filters import said
from catalogue.models import Resource, SavedSearch
from portal.audit import letters
from portal.audit.duties import duty
from portal.audit.outbox import handler
from portal.lib import clock, failpoints

PER_LETTER = 50


@duty("catalogue.alerts", minutes=60, by_itself=True)
def write_alerts() -> None:
    """Look for every saved search, and owe the letters of the day."""
    alerts.write_all(at=clock.now())


@duty("catalogue.alerts.forget", minutes=24 * 60)
def forget_old_alerts() -> None:
    """Forget the addresses that nobody confirmed, and what was told long ago."""
    alerts.forget()


@handler("mail.saved_search_asked")
def asked_letter(search_id: int) -> None:
    """Ask an address to confirm a search; tell one that did where its search is changed."""
    search = SavedSearch.objects.filter(pk=search_id, user__isnull=True).first()
    if search is None:
        return
    known = search.confirmed_at is not None
    letters.send(
        "saved_search_known" if known else "saved_search_asked",
        to=search.email,
        context={
            "search": search,
            # Whoever asked may be anybody: nothing that they typed goes to this address.
            "title": said.closed_title(matching.query_of(search)),
            "link": alert_links.manage(search) if known else alert_links.confirm(search),
            "hours": settings.SAVED_SEARCH_CONFIRM_HOURS,
        },
    )


@handler("mail.saved_search")
def saved_search_letter(search_id: int, day: str) -> None:
    """Send what was put into the letter of a day; nothing once the search was stopped."""
    search = SavedSearch.objects.writing().select_related("user").filter(pk=search_id).first()
    if search is None:
        return
    told = search.matches.filter(told_on=date.fromisoformat(day)).values("resource_id")
    rows = Resource.objects.public().with_organisation().filter(pk__in=told)
    found = list(rows.order_by("-first_published_at", "-pk"))
    if not found:
        return
    shown = found[:PER_LETTER]
    failpoints.hit("alerts.before_sending")
    letters.send(
        "saved_search",
        to=search.address,
        stop=alert_links.stop(search),
        once=f"saved_search:{search.public_id}:{day}",
        context={
            "search": search,
            "rows": [
                {"resource": each, "link": f"{settings.SITE_URL}{each.get_absolute_url()}"}
                for each in shown
            ],
            "count": len(found),
            "more": len(found) - len(shown),
            "manage": alert_links.manage(search),
        },
    )
    failpoints.hit("alerts.after_sending")
