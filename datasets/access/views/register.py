"""The public register: page, table for a spreadsheet, feed."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import AnonymousUser
from django.core.paginator import Paginator
from django.db.models import Count, Window
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from datasets.access import queries, register
from datasets.access.enums import Purpose
from datasets.access.filters import RegisterFilter
from datasets.access.models import Grant
from datasets.access.register import Return, Row
from datasets.releases.models import Dataset
from datasets.releases.rules import may_describe
from portal.accounts.models import User
from portal.lib import clock
from portal.lib.prose.texts import Feed
from portal.lib.storage.files import csv_answer

PER_PAGE, IN_FEED, USES_SHOWN, READS_SHOWN = 20, 50, 5, 50
FILTERS = ("q", "etat", "finalite", "jeu", "rendu")


@login_not_required
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Show who uses restricted data, for what, until when, and what is given back."""
    now = clock.now()
    listed = RegisterFilter(request.GET, queryset=register.grants(), now=now)
    shown = Paginator(listed.qs, PER_PAGE).get_page(request.GET.get("page"))
    asked = request.GET.copy()
    asked.pop("page", None)
    context = {
        "section": "donnees",
        "filter": listed,
        "filtered": any(request.GET.get(name) for name in FILTERS),
        "query": asked.urlencode(),
        "page": shown,
        "rows": register.rows(shown, now),
        "figures": register.figures(now),
        "now": now,
    }
    return render(request, "datasets/access/register.html", context)


@login_not_required
@require_safe
def table(request: HttpRequest) -> HttpResponse:
    """Give the register, or what the same filters keep of it, for a spreadsheet."""
    now = clock.now()
    listed = RegisterFilter(request.GET, queryset=register.grants(), now=now)
    head = (
        _("Numéro"),
        _("Projet"),
        _("Organisme"),
        _("Finalité"),
        _("Jeux"),
        _("Accordée le"),
        _("Du"),
        _("Au"),
        _("État"),
        _("Ce qui est rendu"),
    )
    lines = [_line(row) for row in register.rows(listed.qs, now)]
    return csv_answer([head, *lines], "registre.csv")


def _line(row: Row) -> Iterator[str]:
    yield from (row.number, row.title, row.organisation, row.purpose)
    yield " | ".join(title for title, _page in row.datasets)
    for at in (row.approved_at, row.starts_at, row.ended_at):
        yield clock.paris_day(at).isoformat() if at else ""
    yield str(row.state.label)
    yield " | ".join(_promised(each) for each in row.returns)


def _promised(each: Return) -> str:
    day = clock.paris_day(each.at).isoformat() if each.at else ""
    said = " ".join(part for part in (str(each.state.label), day) if part)
    return " ".join(part for part in (each.text, f"({said})", each.link) if part)


@login_not_required
@require_safe
def feed(request: HttpRequest) -> HttpResponse:
    """Give the last grants, or those that the filters keep, and what became of them, as Atom."""
    now, link = clock.now(), settings.SITE_URL + reverse("datasets:register")
    atom = Feed(
        title=_("Registre public des accès"),
        link=link,
        description=_("Qui utilise les données du répertoire, pour quoi, jusqu’à quand."),
        language=request.LANGUAGE_CODE,
        feed_url=request.build_absolute_uri(),
        author_name="Open Emploi",
    )
    listed = RegisterFilter(request.GET, queryset=register.grants(), now=now)
    for row in register.rows(listed.qs[:IN_FEED], now):
        atom.add_item(
            title=f"{row.title} ({row.organisation})",
            link=f"{link}#{row.number}",
            description=_("%(state)s. %(purpose)s. Jeux : %(datasets)s. Accordée le %(day)s.")
            % {
                "state": row.state.label,
                "purpose": row.purpose,
                "datasets": ", ".join(title for title, _page in row.datasets),
                "day": clock.day_words(clock.paris_day(row.approved_at)),
            },
            unique_id=f"{link}#{row.number}",
            pubdate=row.approved_at,
            updateddate=row.changed_at,
        )
    return HttpResponse(atom.writeString("utf-8"), content_type=atom.content_type)


def around(dataset: Dataset, user: User | AnonymousUser) -> dict[str, Any]:
    """Give what the page of a lent dataset says: who uses it today; to its producer, each read."""
    if not dataset.level_enum.is_restricted:
        return {}
    now = clock.now()
    current = Grant.objects.active(now).filter(datasets__dataset=dataset)
    current = current.order_by("-approved_at", "-pk").annotate(active=Window(Count("pk")))
    uses = list(current[:USES_SHOWN])
    lends = may_describe(user, dataset.resource.organisation)
    held = [(each, each.state(now)) for each in queries.live_grants(user, dataset)]
    reads = queries.reads_of_dataset(dataset)[:READS_SHOWN] if lends else []
    return {
        "uses": [(each, Purpose(each.content["purpose"]).label) for each in uses],
        "uses_count": uses[0].active if uses else 0,  # type: ignore[attr-defined]  # annotated
        "lends": lends,
        "held": held,
        "readable": queries.readable_extracts(user, granted__dataset=dataset) if held else [],
        "reads": reads,
    }
