"""Write a request for access, send it, take it back; forget the drafts that nobody writes."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from datasets.access import rules
from datasets.access.actions import review
from datasets.access.enums import MEASURING, ForbiddenUse, RequestStatus
from datasets.access.models import (
    AccessRequest,
    Grant,
    NamedUser,
    PromisedReturn,
    RequestedDataset,
    RequestVersion,
    content_of,
)
from datasets.releases import queries as released
from datasets.releases.enums import Protection
from datasets.releases.models import Dataset
from portal.accounts.authorization import require
from portal.accounts.models import Organisation, User
from portal.audit.actors import Actor, SystemActor
from portal.audit.outbox import owe
from portal.audit.record import record, reference
from portal.lib import clock, immutable
from portal.lib.refusals import Conflict, Invalid

SERVICE_LEAST = 200
DATASETS_MOST = 10
PERSONS_MOST = 20
RETURNS_MOST = 10
TEXTS = (
    "title",
    "summary",
    "purpose",
    "service",
    "use_cases",
    "organises_challenge",
    "beneficiaries",
    "legal_basis",
    "impact_assessment",
    "security",
    "hosting",
    "months",
)
SWEEPER = SystemActor("sweep")


@transaction.atomic
def start(*, datasets: Sequence[Dataset], organisation: Organisation | None, by: User) -> Any:
    """Open a draft for these datasets, which names who writes it.

    Event "access_request.started". Raises Invalid for a dataset that is not restricted.
    """
    now = clock.now()
    request = AccessRequest(requester=by, created_at=now, edited_at=now)
    if rules.may_ask(by, organisation):
        request.organisation = organisation
    request.save()
    for dataset in datasets:
        _add(request, dataset)
    _set_persons(request, [])
    record("access_request.started", by=by, on=request)
    return request


@transaction.atomic
def save(*, request: AccessRequest, values: Mapping[str, Any], by: User) -> AccessRequest:
    """Write what was typed, whether it is complete or not.

    values: any of TEXTS, and organisation, datasets ({dataset: {column: why}}), persons
    (addresses), returns (pairs of text and months), pledges (codes), answer (to the changes asked).
    What is not there stays.

    In order: the request locked; rows; the instant of the last typing. Raises NotAllowed; Conflict
    once sent.
    """
    request = AccessRequest.objects.locked(request)
    require(rules.may_write_request, by, request)
    _require_writable(request)
    for name in (*TEXTS, "answer"):
        if name in values:
            setattr(request, name, values[name])
    if "organisation" in values:
        if values["organisation"] is not None:
            require(rules.may_ask, by, values["organisation"])
        request.organisation = values["organisation"]
    if "pledges" in values:
        request.pledges = sorted(set(values["pledges"]) & set(ForbiddenUse.values))
    if "datasets" in values:
        _set_datasets(request, values["datasets"])
    if "persons" in values:
        _set_persons(request, values["persons"])
    if "returns" in values:
        _set_returns(request, values["returns"])
    request.note(edited_at=clock.now(), expiry_told_at=None)
    return request


def _require_writable(request: AccessRequest) -> None:
    if not request.is_writable:
        raise Conflict(
            _("Cette demande est déposée : elle ne change plus, sauf si la Région le demande."),
            code="request_status",
        )


def _add(request: AccessRequest, dataset: Dataset) -> None:
    if not dataset.level_enum.is_restricted or dataset.released_at is None:
        raise Invalid(
            _("« %(title)s » n’est pas un jeu du répertoire à accès restreint.")
            % {"title": dataset.resource.title},
            code="not_restricted",
        )
    RequestedDataset.objects.get_or_create(request=request, dataset=dataset)


def _set_datasets(request: AccessRequest, wanted: Mapping[Dataset, Mapping[str, str]]) -> None:
    if len(wanted) > DATASETS_MOST:
        raise Invalid(
            _("Une demande porte sur %(most)s jeux au plus.") % {"most": DATASETS_MOST},
            code="request_datasets",
        )
    request.datasets.exclude(dataset__in=[each.pk for each in wanted]).delete()
    known = released.columns_of([each.pk for each in wanted])
    for dataset, columns in wanted.items():
        _add(request, dataset)
        names = {column.name for column in known[dataset.pk]}
        kept = {name: why.strip()[:500] for name, why in columns.items() if name in names}
        request.datasets.filter(dataset=dataset).update(columns=kept)


def _set_persons(request: AccessRequest, addresses: Iterable[str]) -> None:
    """Name these persons; with none, who asks alone."""
    wanted = list(dict.fromkeys(each.strip().lower() for each in addresses if each.strip()))
    wanted = wanted or [request.requester.email.lower()]
    if len(wanted) > PERSONS_MOST:
        raise Invalid(
            _("Une demande nomme %(most)s personnes au plus.") % {"most": PERSONS_MOST},
            code="request_persons",
        )
    request.named_users.exclude(email__in=wanted).delete()
    there = set(request.named_users.values_list("email", flat=True))
    NamedUser.objects.bulk_create(
        NamedUser(request=request, email=each) for each in wanted if each not in there
    )


def _set_returns(request: AccessRequest, returns: Iterable[tuple[str, int]]) -> None:
    wanted = [(text.strip(), months) for text, months in returns if text.strip()][:RETURNS_MOST]
    if list(request.returns.values_list("text", "months")) == wanted:
        return
    request.returns.all().delete()
    PromisedReturn.objects.bulk_create(
        PromisedReturn(request=request, text=text, months=months) for text, months in wanted
    )


LACKING = {
    "organisation": gettext_lazy("Choisissez l’organisme au nom duquel vous demandez."),
    "title": gettext_lazy("Donnez un intitulé au projet : il sera public."),
    "summary": gettext_lazy("Résumez le projet en une ou deux phrases : elles seront publiques."),
    "purpose": gettext_lazy("Choisissez la finalité la plus proche."),
    "use_cases": gettext_lazy("Dites dans quels cas les données serviront."),
    "beneficiaries": gettext_lazy("Dites à qui le service profite."),
    "legal_basis": gettext_lazy("Donnez la base légale du traitement, par exemple une mission."),
    "security": gettext_lazy("Dites comment les données seront protégées."),
    "hosting": gettext_lazy("Choisissez le pays où les données seront gardées."),
}


def faults_of(request: AccessRequest) -> list[dict[str, str]]:
    """List what keeps a request from being sent: {field, message}, in the order of the steps."""
    faults = [
        {"field": name, "message": str(message)}
        for name, message in LACKING.items()
        if not getattr(request, name if name != "organisation" else "organisation_id")
    ]
    missing = SERVICE_LEAST - len(request.service.strip())
    if missing > 0:
        sentence = ngettext(
            "Décrivez le service en au moins %(least)s caractères : il en manque %(count)s.",
            "Décrivez le service en au moins %(least)s caractères : il en manque %(count)s.",
            missing,
        )
        faults.append(
            {"field": "service", "message": sentence % {"least": SERVICE_LEAST, "count": missing}}
        )
    faults += _column_faults(request)
    if not 1 <= request.months <= settings.ACCESS_MOST_MONTHS:
        sentence = _("De 1 à %(most)s mois.") % {"most": settings.ACCESS_MOST_MONTHS}
        faults.append({"field": "months", "message": sentence})
    if not request.returns.exists():
        sentence = _("Dites ce qui sera rendu : un outil, un code, des résultats.")
        faults.append({"field": "returns", "message": sentence})
    if set(request.pledges) != set(ForbiddenUse.values):
        sentence = _("Cochez chacun des usages auxquels vous renoncez.")
        faults.append({"field": "pledges", "message": sentence})
    return faults


def _column_faults(request: AccessRequest) -> list[dict[str, str]]:
    rows = list(request.datasets.select_related("dataset__resource"))
    if not rows:
        return [{"field": "datasets", "message": _("Choisissez au moins un jeu du répertoire.")}]
    faults, columns = [], released.columns_of([row.dataset_id for row in rows])
    for row in rows:
        title = row.dataset.resource.title
        if not row.columns:
            sentence = _("Choisissez au moins une colonne de « %(title)s ».") % {"title": title}
            faults.append({"field": f"columns-{row.dataset.public_id}", "message": sentence})
        for column in columns[row.dataset_id]:
            if column.name not in row.columns:
                continue
            field = f"why-{row.dataset.public_id}-{column.name}"
            if column.protection is Protection.CONDITIONAL and request.purpose not in MEASURING:
                sentence = _(
                    "La colonne « %(name)s » n’est lue que pour mesurer l’égalité de traitement ou "
                    "évaluer une politique : retirez-la, ou changez de finalité."
                )
                faults.append({"field": field, "message": sentence % {"name": column.name}})
            elif column.protection.is_sensitive and not row.columns[column.name]:
                measured = column.protection is Protection.CONDITIONAL
                sentence = (
                    _("Nommez la mesure d’équité que sert la colonne « %(name)s ».")
                    if measured
                    else _("Dites pourquoi la colonne « %(name)s » est nécessaire.")
                )
                faults.append({"field": field, "message": sentence % {"name": column.name}})
    return faults


@transaction.atomic
def submit(*, request: AccessRequest, by: User) -> AccessRequest:
    """Send a request, or send it again after changes were asked.

    In order: complete and pledged, else Invalid with its faults; a version of all it says, and of
    the changes it answers; status
    SUBMITTED, or back IN_REVIEW with the opinions asked again where what they judged changed; event
    "access_request.submitted"; letters. Raises NotAllowed; Conflict once sent, and while the
    organisation owes a word on data it should have destroyed.
    """
    request = AccessRequest.objects.locked(request)
    require(rules.may_write_request, by, request)
    _require_writable(request)
    faults = faults_of(request)
    if faults:
        raise Invalid(_("La demande n’est pas complète."), faults=faults)
    require(rules.may_ask, by, request.organisation)
    _refuse_while_undestroyed(request)
    now, content = clock.now(), content_of(request)
    number = request.version + 1
    with immutable.writes(RequestVersion):
        RequestVersion.objects.create(
            request=request,
            number=number,
            content=content,
            sent_by=by,
            sent_at=now,
            changes_asked_at=request.changes_asked_at,
            changes_asked=request.changes_asked,
            answer=request.answer,
        )
    days = clock.working_days_elapsed(
        clock.paris_day(request.changes_asked_at or now), clock.paris_day(now)
    )
    columns: dict[str, Any] = {"version": number, "edited_at": now, "answer": ""}
    columns |= {"changes_asked_at": None, "changes_asked": "", "changes_fields": []}
    if request.admitted_at is None:
        request.become(RequestStatus.SUBMITTED, submitted_at=now, **columns)
    else:
        stopped = request.stopped_days + days
        request.become(RequestStatus.IN_REVIEW, stopped_days=stopped, **columns)
        review.ask_opinions(request, at=now)
    record("access_request.submitted", by=by, on=request, version=number)
    owe("mail.access_submitted", key=f"{request.pk}:{number}", request_id=request.pk)
    return request


def _refuse_while_undestroyed(request: AccessRequest) -> None:
    """Raise Conflict while the organisation has not attested a destruction that is due."""
    now = clock.now()
    theirs = Grant.objects.over(now).filter(
        request__organisation=request.organisation, closed_at=None, starts_at__isnull=False
    )
    owed = [each for each in theirs if each.destruction_due_at and each.destruction_due_at < now]
    if owed:
        raise Conflict(
            _(
                "Votre organisme doit d’abord attester la destruction des données de "
                "%(number)s : rien de nouveau ne lui est accordé avant."
            )
            % {"number": owed[0].request.number},
            code="destruction_owed",
        )


@transaction.atomic
def withdraw(*, request: AccessRequest, by: User) -> AccessRequest:
    """Take a request back before it is decided: event "access_request.withdrawn"."""
    request = AccessRequest.objects.locked(request)
    require(rules.may_write_request, by, request)
    request.become(RequestStatus.WITHDRAWN)
    record("access_request.withdrawn", by=by, on=request)
    return request


@transaction.atomic
def discard(*, request: AccessRequest, by: User) -> None:
    """Delete a draft that was never sent: event "access_request.discarded"."""
    request = AccessRequest.objects.locked(request)
    require(rules.may_write_request, by, request)
    if request.status != RequestStatus.DRAFT:
        raise Conflict(_("Cette demande est déposée : retirez-la."), code="request_status")
    _erase(request, by)


def _erase(request: AccessRequest, by: Actor) -> None:
    erased = reference(request)
    request.delete()
    record("access_request.discarded", by=by, on=erased)


DRAFT_NOTICE_DAYS = 7
LAPSE_REMINDERS = (30, 50)


def tidy() -> None:
    """Forget drafts after their days, with notice; end requests whose changes never came.

    Once a day, each in its own transaction. Event "access_request.discarded" or
    "access_request.lapsed" each; letters before.
    """
    last = timedelta(days=settings.ACCESS_DRAFT_KEPT_DAYS - DRAFT_NOTICE_DAYS)
    old = Q(status=RequestStatus.DRAFT, edited_at__lte=clock.now() - last)
    due = AccessRequest.objects.filter(old | Q(status=RequestStatus.CHANGES_REQUESTED))
    for request in due.order_by("pk"):
        with transaction.atomic():
            _tidy_one(due, request)


def _tidy_one(due: QuerySet[AccessRequest], request: AccessRequest) -> None:
    """Do what is due for a request, read again under its lock: it may have been sent meanwhile."""
    held = due.select_for_update(of=("self",)).filter(pk=request.pk).first()
    if held is None:
        return
    if held.status == RequestStatus.DRAFT:
        _tidy_draft(held)
    else:
        _tidy_awaited(held)


def _tidy_draft(draft: AccessRequest) -> None:
    now, key = clock.now(), str(draft.pk)
    if draft.expiry_told_at is None:
        AccessRequest.objects.filter(pk=draft.pk).update(expiry_told_at=now)
        owe("mail.access_draft_expires", key=f"{key}:{now:%Y%m%d}", request_id=draft.pk)
    elif draft.expiry_told_at <= now - timedelta(days=DRAFT_NOTICE_DAYS):
        _erase(draft, SWEEPER)


def _tidy_awaited(request: AccessRequest) -> None:
    waited = (clock.now() - (request.changes_asked_at or clock.now())).days
    if waited >= settings.ACCESS_LAPSE_DAYS:
        request.become(RequestStatus.LAPSED)
        record("access_request.lapsed", by=SWEEPER, on=request)
        owe("mail.access_decided", key=f"{request.pk}:lapsed", request_id=request.pk)
        return
    for days in LAPSE_REMINDERS:
        if waited >= days:
            key = f"{request.pk}:{request.version}:{days}"
            owe("mail.access_changes_awaited", key=key, request_id=request.pk)
