"""Reads of openings: where one stands, what its report says, which open tables it may join."""

import csv
import io
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext

from catalogue.community.queries import followers_of
from catalogue.resources.models import Resource
from catalogue.resources.queries.relations import editors_of
from datasets.access.models import produced_by
from datasets.access.queries import asks_or_lends
from datasets.openings import rules, wording
from datasets.openings.enums import Emergency, OpeningStatus, Outcome
from datasets.openings.models import Opening, OpeningReport, OpeningWithdrawal
from datasets.openings.wording import CheckRow
from datasets.releases.actions import FILE_MAX_BYTES
from datasets.releases.enums import AccessLevel, FileRole
from datasets.releases.models import DataFile, Dataset, Release
from datasets.releases.queries import TYPE_LABELS, last_release
from portal.accounts import space
from portal.accounts.account_data import columns_of
from portal.accounts.authorization import P, has_permission
from portal.accounts.models import Organisation, User
from portal.lib import clock

LINKED_MOST = 5
TO_DO_MOST = 20
SHOWN_ROWS = 5
S = OpeningStatus


def _open_tables() -> Any:
    """Give the tables that anybody may read today."""
    return DataFile.objects.filter(
        level=AccessLevel.OPEN,
        role=FileRole.DATA,
        rows__isnull=False,
        release__number=last_release(),
        release__withdrawn_at=None,
    ).select_related("release__dataset__resource")


def former_table(opening: Opening) -> DataFile | None:
    """Give the table that the card of an opening lets anybody read today."""
    own = _open_tables().filter(release__dataset__resource=opening.card_id)
    table: DataFile | None = own.filter(size__lte=FILE_MAX_BYTES).first()
    return table


def replaced_by(opening: Opening) -> Release | None:
    """Give the former release of its card: current before it is published, or once taken back."""
    rows = Release.objects.filter(dataset__resource=opening.card_id, withdrawn_at=None)
    there = rows.exclude(pk=opening.release_id).select_related("opening").order_by("-number")
    last = there.first() if opening.card_id is not None else None
    own = opening.release
    return None if own and last and last.number > own.number else last


def approvals_of(opening: Opening) -> list[tuple[User, datetime]]:
    """List who approved an opening, and when, the first first."""
    given = [
        (opening.approver, opening.approved_at),
        (opening.second_approver, opening.second_approved_at),
    ]
    return sorted(((who, at) for who, at in given if who and at), key=lambda each: each[1])


def _sharing(rows: Any, columns: Collection[str], card: Resource | None) -> list[DataFile]:
    """List open tables of other cards online with columns of the same name, the most first."""
    others = rows.filter(release__dataset__resource__live=True)
    shared = [
        (len({str(each["name"]) for each in row.schema} & set(columns)), row)
        for row in others.exclude(release__dataset__resource=card)
    ]
    several = sorted((each for each in shared if each[0]), key=lambda each: (-each[0], each[1].pk))
    return [row for _count, row in several[:LINKED_MOST]]


def open_tables(columns: Collection[str], *, apart_from: Resource | None) -> list[DataFile]:
    """List other open tables with columns of the same name, those that share most first."""
    return _sharing(_open_tables().filter(size__lte=FILE_MAX_BYTES), columns, apart_from)


def too_large(columns: Collection[str], *, card: Resource | None) -> list[tuple[str, str]]:
    """Pair the check that leaves out an open table, too large to be read, with its title."""
    rows = _open_tables().filter(size__gt=FILE_MAX_BYTES)
    own = rows.filter(release__dataset__resource=card)[:1] if card is not None else []
    left = [("former", each) for each in own]
    left += [("linkage", each) for each in _sharing(rows, columns, card)]
    return [(code, each.release.dataset.resource.title) for code, each in left]


def producers_of(user: User) -> list[Organisation]:
    """List the organisations for which a person deposits data."""
    able = produced_by(user)
    return list(Organisation.objects.filter(pk__in=able).order_by("name")) if able else []


def cards_of(producers: Collection[Organisation]) -> list[Resource]:
    """List the cards on which these producers may open data: those of no restricted file."""
    cards = Resource.objects.filter(kind="dataset", organisation__in=producers)
    closed = Dataset.objects.filter(level__in=[e for e in AccessLevel if e.is_restricted])
    in_directory = Dataset.objects.filter(in_directory=True)
    return list(
        cards.exclude(dataset__in=closed).exclude(dataset__in=in_directory).order_by("title", "pk")
    )


def restricted_of(producers: Collection[Organisation]) -> list[Dataset]:
    """List the restricted datasets of these producers."""
    levels = [each for each in AccessLevel if each.is_restricted]
    rows = Dataset.objects.filter(level__in=levels, resource__organisation__in=producers)
    return list(rows.select_related("resource").order_by("resource__title", "pk"))


def checks_of(report: OpeningReport) -> list[CheckRow]:
    """Give the checks of a report as rows, failures first."""
    order = list(Outcome)
    rows = [wording.row(each) for each in report.content["checks"]]
    return sorted(rows, key=lambda row: order.index(row.outcome))


def failed_of(report: OpeningReport | None) -> list[CheckRow]:
    """Give the checks that failed, none without a report."""
    return [row for row in checks_of(report) if row.outcome is Outcome.FAIL] if report else []


def tally_of(rows: Sequence[CheckRow]) -> list[tuple[str, str, str]]:
    """Count the checks by how they ended, as badges."""
    ended = [(each, sum(row.outcome is each for row in rows)) for each in Outcome]
    return [(f"{each.label} : {n}", each.tone, each.icon) for each, n in reversed(ended) if n]


def opening_of(card: Resource, number: int) -> Opening:
    """Give the opening whose data anybody reads as this release; Opening.DoesNotExist without."""
    rows = Opening.objects.filter(release__dataset__resource=card, release__number=number)
    opening: Opening = rows.filter(release__withdrawn_at=None).with_names().get()
    return opening


def told_of(report: OpeningReport) -> dict[str, Any]:
    """Give what a page says of the checks of a report."""
    checks = checks_of(report)
    return {
        "report": report,
        "checks": checks,
        "tally": tally_of(checks),
        "groups": figures_of(report, "groups"),
        "bars": bars_of(report),
        "crossings": figures_of(report, "cells").get("crossings", []),
    }


def described_columns(opening: Opening) -> list[tuple[str, str, str, str]]:
    """List the columns deposited as (name, type, what they do, description), before a report."""
    told = opening.declared
    does = {
        told.get("count", ""): _("compte des personnes"),
        **dict.fromkeys(told.get("quasi_identifiers", ()), _("permet de reconnaître")),
        **dict.fromkeys(told.get("free_text", ()), _("texte libre admis")),
    }
    said = [(name, opening.dictionary.get(name, {})) for name in opening.columns]
    return [
        (name, _type(each.get("type", "")), does.get(name, ""), each.get("description", ""))
        for name, each in said
    ]


def _type(code: str) -> str:
    return str(TYPE_LABELS.get(code, code))


def shape_of(report: OpeningReport) -> dict[str, Any]:
    """Give the columns of a table with their types, and the first of its synthetic rows."""
    told = report.content
    types = told.get("types", [""] * len(told["columns"]))  # the first reports said none
    labels = [TYPE_LABELS.get(each, each) for each in types]
    lines = csv.reader(io.StringIO(report.sample), delimiter=told["read"]["delimiter"])
    rows = list(islice(lines, 1, 1 + SHOWN_ROWS))
    return {"columns": list(zip(told["columns"], labels, strict=True)), "rows": rows}


def figures_of(report: OpeningReport, code: str) -> dict[str, Any]:
    """Give the figures of one check of a report, {} without it."""
    named = (each["figures"] for each in report.content["checks"] if each["code"] == code)
    return next(named, {})


def bars_of(report: OpeningReport) -> list[dict[str, Any]]:
    """Give the sizes of groups as bars: {label, count, small, height, top} of a hundred."""
    sizes = figures_of(report, "groups").get("sizes", [])
    most = max((count for _label, count, _small in sizes), default=0) or 1
    bars = []
    for label, count, small in sizes:
        height = round(max(3.0, 100 * count / most), 1) if count else 0.0
        last = label.endswith("+")
        bars.append(
            {
                "label": _("%(least)s et plus") % {"least": label[:-1]} if last else label,
                "count": count,
                "small": small,
                "height": f"{height}",
                "top": f"{round(100 - height, 1)}",
                "limit": label.startswith("11-"),
            }
        )
    return bars


def life_of(opening: Opening, report: OpeningReport | None) -> list[tuple[str, str, str]]:
    """Give the steps of an opening: label, when or by whom, state (done, now or none)."""
    at = list(_stages(opening, report))
    ended = opening.status in {S.REFUSED, S.WITHDRAWN}
    current = {
        S.PROPOSED: 1,
        S.IN_REVIEW: 1,
        S.CHECKING: 2,
        S.CHANGES_REQUESTED: 2 if opening.admitted_at else 1,
        S.READY: 3,
        S.APPROVED: 4,
    }.get(opening.status_enum)
    if opening.status == S.PUBLISHED:
        current = len(at)
    if ended:
        # As far as it had come.
        passed = (True, opening.admitted_at, report, opening.second_approved_at)
        current = sum(map(bool, passed))
    steps = []
    for number, (label, text) in enumerate(at):
        state = "" if current is None else "done" if number < current else ""
        steps.append((label, text, "now" if number == current and not ended else state))
    if ended:
        when = opening.decided_at
        steps.append((opening.get_status_display(), _day(when), "now"))
    elif opening.release is not None and opening.release.withdrawn_at is not None:
        steps.append((str(opening.standing.label), _day(opening.release.withdrawn_at), "now"))
    return steps


def _stages(opening: Opening, report: OpeningReport | None) -> Iterator[tuple[str, str]]:
    yield _("Proposée"), _day(opening.proposed_at)
    yield _("Examinée"), _day(opening.admitted_at) or _("intérêt, base légale, licence, accord")
    told = ""
    if report is not None:
        failed = len(failed_of(report))
        attempt = _("essai %(number)s") % {"number": report.attempt}
        failures = ngettext("%(count)s échec", "%(count)s échecs", failed) % {"count": failed}
        told = f"{attempt}, {failures}"
    yield _("Contrôles"), told
    given = [at for at in (opening.approved_at, opening.second_approved_at) if at]
    waited = (
        _("Région et délégué à la protection des données")
        if opening.of_personal_origin
        else _("deux personnes de la Région")
    )
    count = _("%(count)s sur 2") % {"count": len(given)}
    yield _("Accord de deux personnes"), count if given else waited
    published = opening.release.published_at if opening.release else None
    yield _("Publiée"), _day(published) or _("avec ce rapport")


def _day(at: Any) -> str:
    return clock.paris_words(at).partition(" à ")[0].partition(" at ")[0] if at else ""


def audience_of(opening: Opening) -> list[User]:
    """List who hears what becomes of an opening: who proposed it, its producer's editors."""
    proposer = User.objects.filter(pk=opening.proposed_by_id, is_active=True).distinct()
    return list(editors_of(opening.producer_id) | proposer)


def followers(opening: Opening) -> list[User]:
    """List who follows the card of an opening."""
    return list(followers_of(opening.card)) if opening.card is not None else []


def to_do(user: User) -> Iterator[space.ItemSource]:
    """List the openings that wait for this person, for Mon espace."""
    if rules.may_confirm(user):
        urgent = OpeningWithdrawal.objects.waiting().select_related("opening__producer")
        yield space.ItemSource(urgent, partial(_urgent, user))
    rows = Opening.objects.visible_to(user).with_names().order_by("proposed_at", "pk")
    open_ones = rows.filter(
        status__in=[S.PROPOSED, S.CHANGES_REQUESTED, S.IN_REVIEW, S.READY, S.APPROVED]
    )
    yield space.ItemSource(open_ones[:TO_DO_MOST], partial(_open, user))


def _urgent(user: User, rows: Any) -> Iterator[space.Item]:
    for asked in rows:
        if rules.may_answer_withdrawal(user, asked):
            yield space.Item(
                title=_("Confirmer un retrait urgent : « %(title)s »")
                % {"title": asked.opening.title},
                url=asked.opening.get_absolute_url(),
                detail=f"{asked.opening.number} · {asked.opening.producer}",
                icon="triangle-alert",
                tone="garance",
                badge=Emergency.SUSPENDED.label,
            )


def _open(user: User, rows: Any) -> Iterator[space.Item]:
    for opening in rows:
        title = _awaited(opening, user)
        if title:
            yield space.Item(
                title=title % {"title": opening.title},
                url=opening.get_absolute_url(),
                detail=f"{opening.number} · {opening.producer}",
                icon="database",
                tone="olivier",
                badge=opening.get_status_display(),
            )


def _awaited(opening: Opening, user: User) -> str:
    """Say what an opening waits for from this person, "" for nothing."""
    status = opening.status
    if rules.may_write(user, opening.producer):
        return {
            S.PROPOSED: _("Répondre à une proposition d’ouverture : « %(title)s »"),
            S.CHANGES_REQUESTED: _("Corriger l’ouverture « %(title)s »"),
            S.APPROVED: _("Publier l’ouverture « %(title)s »"),
        }.get(S(status), "")
    if status == S.IN_REVIEW and rules.may_examine(user, opening):
        return _("Examiner l’ouverture « %(title)s »")
    if status == S.READY and rules.may_approve(user, opening):
        return _("Approuver l’ouverture « %(title)s »")
    return ""


def listed(openings: Iterable[Opening], user: User) -> list[tuple[Opening, str]]:
    """Pair openings with what each waits for, as this person is told; "" once it is over."""
    several = list(openings)
    wrong = [each for each in several if each.status == S.CHANGES_REQUESTED]
    reports = OpeningReport.objects.filter(opening__in=wrong).defer("sample").order_by("attempt")
    last = {(each.opening_id, each.attempt): each for each in reports}
    return [(each, _next(each, last.get((each.pk, each.attempt)), user)) for each in several]


def _next(opening: Opening, report: OpeningReport | None, user: User) -> str:
    status = opening.status_enum
    if rules.may_write(user, opening.producer):
        failed = failed_of(report)
        own = {
            S.PROPOSED: _("Donnez votre accord, ou refusez"),
            S.CHANGES_REQUESTED: ngettext(
                "%(count)s contrôle échoue : corrigez",
                "%(count)s contrôles échouent : corrigez",
                len(failed),
            )
            % {"count": len(failed)}
            if failed
            else _("Corrigez"),
            S.APPROVED: _("Publiez"),
        }
        if status in own:
            return own[status]
    if status == S.IN_REVIEW and rules.may_examine(user, opening):
        return _("Admettez, ou demandez des corrections")
    if status == S.READY and rules.may_approve(user, opening):
        return _("Approuvez, ou refusez")
    given = sum(at is not None for at in (opening.approved_at, opening.second_approved_at))
    others = {
        S.PROPOSED: _("Le producteur répond"),
        S.IN_REVIEW: _("La Région examine"),
        S.CHECKING: _("Le rapport vient dans quelques minutes"),
        S.CHANGES_REQUESTED: _("Le producteur corrige"),
        S.READY: _("Accords : %(count)s sur 2") % {"count": given},
        S.APPROVED: _("Le producteur publie"),
    }
    return others.get(status, "")


PLACES = (
    space.Place(_lazy("Mes ouvertures"), "lock-open", "datasets:openings", asks_or_lends),
    space.Place(
        _lazy("Ouvertures à décider"),
        "shield-check",
        "datasets:opening_queue",
        lambda user: has_permission(user, P.ACCESS_READ),
    ),
)


def described(user: User) -> dict[str, Any]:
    """Describe what a person proposed, decided and asked to take back, for their archive."""
    decided = Q(officer=user) | Q(approver=user) | Q(second_approver=user) | Q(decided_by=user)
    told = "title status changes_asked reason decision decided_at"
    return {
        "proposees": columns_of(
            Opening.objects.filter(proposed_by=user),
            f"interest legal_basis licence removed proposed_at {told}",
        ),
        "decidees": columns_of(Opening.objects.filter(decided), told),
        "retraits": columns_of(
            OpeningWithdrawal.objects.filter(proposed_by=user), "opening__title reason proposed_at"
        ),
    }
