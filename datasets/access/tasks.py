"""Write to the people concerned by a request or a grant, one row a person, once each.

A letter says what is awaited, until when and where; of the request, its title and organisation.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from catalogue.resources.queries.relations import editors_of, region_people
from datasets.access import queries, rules
from datasets.access.actions import drafts, extracts, grants, review
from datasets.access.enums import GrantState, RefusalReason, RequestStatus, ReturnState
from datasets.access.models import AccessRequest, Extract, Grant, NamedUser, Opinion, PromisedReturn
from portal.accounts import news
from portal.accounts.actions import notifications
from portal.accounts.authorization import Permission
from portal.accounts.models import User
from portal.audit import letters
from portal.audit.duties import schedule
from portal.audit.outbox import handler
from portal.lib import clock

news.declare(
    news.Kind(
        "access",
        _("Accès aux données"),
        (
            "access_received",
            "access_to_examine",
            "access_admitted",
            "access_opinion_asked",
            "access_changes_asked",
            "access_to_decide",
            "access_granted",
            "access_refused",
            "access_lapsed",
            "access_late",
            "access_nobody_decides",
            "access_to_sign",
            "access_ends",
            "access_destruction",
            "access_return_due",
            "access_suspended",
            "access_resumed",
            "access_revoked",
            "access_draft_expires",
            "access_withheld",
            "extract_ready",
            "extract_given_up",
            "opening_to_do",
            "opening_told",
            "opening_withdrawn",
        ),
        detail=_("Demandes, avis, décisions, signatures, échéances, ouvertures."),
        open_to=queries.is_concerned,
    )
)
S = RequestStatus


def _tell(
    letter: str,
    people: Iterable[User],
    asked: AccessRequest,
    *,
    event: str,
    path: str = "",
    until: date | None = None,
) -> None:
    """Note an event for each of these people, once; owe a letter to those who hear at once."""
    notifications.tell(
        letter,
        people,
        path=path or asked.get_absolute_url(),
        event=event,
        facts={"title": str(asked), "about": str(asked.organisation or "")},
        sent_by="mail.access_letter",
        request_id=asked.pk,
        until=until.isoformat() if until else "",
    )


@handler("mail.access_letter")
def access_letter(letter: str, user_id: int, path: str, request_id: int, until: str) -> None:
    """Send one letter about a request to a person who has an account and wants it."""
    asked = _request(request_id)
    if asked is not None:
        asks = user_id in {each.pk for each in _answering(asked)}
        news.write(letter, user_id, path=path, asks=asks, **_context(asked, until))


def _context(asked: AccessRequest, until: str) -> dict[str, Any]:
    day = date.fromisoformat(until) if until else None
    return {
        "title": str(asked),
        "organisation": asked.organisation or "",
        "number": asked.number,
        "until": day,
        "is_over": day is not None and day < clock.paris_day(clock.now()),
        "in_review": asked.status == S.IN_REVIEW,
        "is_again": asked.review_asked_at is not None,
        "reason": RefusalReason(asked.reason).label if asked.reason else "",
        "review_days": settings.ACCESS_REVIEW_DAYS,
        "decision_days": settings.ACCESS_DECISION_DAYS,
    }


def _request(pk: int, *states: RequestStatus) -> AccessRequest | None:
    """Find a request while what a letter says of it is true: in one of these states."""
    rows = AccessRequest.objects.select_related("organisation", "requester", "officer", "grant")
    rows = rows.prefetch_related("named_users", "opinions")
    return rows.filter(pk=pk, **({"status__in": states} if states else {})).first()


def _to_requester(asked: AccessRequest | None, letter: str, **said: Any) -> None:
    if asked is not None:
        said.setdefault("event", f"{asked.pk}:{asked.version}:{asked.edits}")
        said.setdefault("until", asked.due_on)
        _tell(letter, _answering(asked), asked, **said)


def _answering(asked: AccessRequest) -> list[User]:
    """List who hears of a request: who asked; once they have left, who writes for theirs."""
    if asked.requester.is_active:
        return [asked.requester]
    return list(editors_of(asked.organisation_id))


@handler("mail.access_submitted")
def submitted(request_id: int) -> None:
    """Send its receipt to who asked; tell the officers who may admit it, or who prepares it."""
    asked = _request(request_id, S.SUBMITTED, S.IN_REVIEW)
    _to_requester(asked, "access_received")
    if asked is None:
        return
    officers: Iterable[User] = region_people(Permission.ACCESS_PREPARE)
    if asked.officer is not None:
        officers = [asked.officer]
    people = [each for each in officers if rules.may_prepare(each, asked)]
    event = f"{asked.pk}:{asked.version}"
    _tell("access_to_examine", people, asked, event=event, until=asked.due_on)


@handler("mail.access_admitted")
def admitted(request_id: int) -> None:
    """Tell who asked that opinions are asked, and by when it is decided."""
    _to_requester(_request(request_id, S.IN_REVIEW), "access_admitted")


@handler("mail.access_review_asked")
def review_asked(request_id: int) -> None:
    """Send its receipt to who asked that a refusal is examined again."""
    _to_requester(_request(request_id, S.IN_REVIEW), "access_received")


@handler("mail.access_opinion_asked")
def opinion_asked(opinion_id: int) -> None:
    """Ask the producer's people, or the officers for the protection of data."""
    rows = Opinion.objects.select_related("request", "organisation").filter(verdict="")
    opinion = rows.filter(pk=opinion_id).first()
    asked = _request(opinion.request_id, S.IN_REVIEW) if opinion else None
    if opinion is None or asked is None:
        return
    opinion.request = asked
    concerned = region_people(Permission.ACCESS_ADVISE)
    if opinion.organisation_id is not None:
        concerned = editors_of(opinion.organisation_id)
    people = [each for each in concerned if rules.may_advise(each, opinion)]
    event = str(opinion.public_id)
    _tell("access_opinion_asked", people, asked, event=event, until=asked.due_on)


@handler("mail.access_changes_asked")
@handler("mail.access_changes_awaited")
def changes_asked(request_id: int) -> None:
    """Ask who wrote the request for its changes; again while they do not come."""
    now = clock.paris_day(clock.now())
    asked = _request(request_id, S.CHANGES_REQUESTED)
    if asked is not None:
        _to_requester(asked, "access_changes_asked", event=f"{asked.pk}:{asked.edits}:{now}")


@handler("mail.access_to_decide")
@handler("mail.access_late")
def to_decide(request_id: int) -> None:
    """Tell the approvers who may decide that a request waits for them, or is late.

    Where nobody may, the administrators, who give the role.
    """
    asked = _request(request_id, S.SUBMITTED, S.IN_REVIEW)
    if asked is None:
        return
    people: Iterable[User] = queries.deciders(asked)
    letter = "access_late" if asked.is_late else "access_to_decide"
    if not people:
        people, letter = region_people(Permission.ROLE_GIVE), "access_nobody_decides"
    event = f"{asked.pk}:{asked.edits}:{asked.status}"
    _tell(letter, people, asked, event=event, until=asked.due_on)


DECIDED = {
    S.APPROVED: "access_granted",
    S.REFUSED: "access_refused",
    S.LAPSED: "access_lapsed",
}


@handler("mail.access_decided")
def decided(request_id: int) -> None:
    """Tell who asked what was decided: they sign, may ask for a review, or ask anew.

    Who lends is told of what was granted, each producer asked of what was refused.
    """
    asked = _request(request_id, *DECIDED)
    if asked is None:
        return
    letter, event = DECIDED[asked.status_enum], f"{asked.pk}:{asked.version}:{asked.edits}"
    path = _path(asked.grant) if asked.status == S.APPROVED else ""
    _to_requester(asked, letter, event=event, path=path)
    if asked.status == S.APPROVED:
        lends = {each.pk for each in queries.producers_of(asked.grant)}
        _tell(letter, _editors(lends), asked, event=event, path=path)
    elif asked.status == S.REFUSED:
        asked_of = {each.organisation_id for each in queries.opinions_of(asked)}
        _tell(letter, _editors(asked_of), asked, event=event)


def _editors(organisations: Iterable[int | None]) -> set[User]:
    return {who for pk in organisations for who in editors_of(pk)}


@handler("mail.access_draft_expires")
def draft_expires(request_id: int) -> None:
    """Tell who writes a draft until when it is kept, unless they took it up again."""
    asked = _request(request_id, S.DRAFT)
    if asked is not None and asked.expiry_told_at is not None:
        until = clock.paris_day(asked.expiry_told_at + timedelta(days=drafts.DRAFT_NOTICE_DAYS))
        _to_requester(asked, "access_draft_expires", until=until)


def _grant(pk: int) -> Grant | None:
    rows = Grant.objects.select_related("request__organisation", "request__requester")
    rows = rows.prefetch_related("request__named_users")
    return rows.filter(pk=pk).first()


def _path(grant: Grant) -> str:
    return reverse("datasets:grant", args=(grant.public_id,))


def _to_named(grant: Grant, letter: str, named: Iterable[NamedUser], **said: Any) -> None:
    """Write to persons named by their address, whether it has an account or none."""
    addresses = {each.email.lower() for each in named}
    people = {
        each.email.lower(): each
        for each in User.objects.filter(email__in=addresses, is_active=True)
    }
    _tell(letter, people.values(), grant.request, path=_path(grant), **said)
    until = said.get("until")
    context = _context(grant.request, until.isoformat() if until else "")
    context["link"] = settings.SITE_URL + _path(grant)
    for address in sorted(addresses - set(people)):
        once = f"{letter}:{said['event']}:{address}"
        letters.send(letter, to=address, context=context | {"without_account": True}, once=once)


@handler("mail.access_to_sign")
def to_sign(grant_id: int) -> None:
    """Ask each person named to sign for themselves, while they may."""
    grant = _grant(grant_id)
    if grant is not None and grant.state(clock.now()) is GrantState.ACTIVE:
        waiting = grant.request.named_users.filter(removed_at=None, signed_at=None)
        _to_named(grant, "access_to_sign", waiting, event=str(grant.public_id))


@handler("mail.access_ends")
def ends(grant_id: int, days: int) -> None:
    """Tell who asked, and who reads, that the end of a grant is near."""
    grant = _grant(grant_id)
    if grant is None or grant.ends_at is None or grant.state(clock.now()) is not GrantState.ACTIVE:
        return
    said = {"event": f"{grant.public_id}:{days}", "until": clock.paris_day(grant.ends_at)}
    _to_requester(grant.request, "access_ends", path=_path(grant), **said)
    others = grant.request.named_users.filter(removed_at=None, signed_at__isnull=False)
    others = others.exclude(user=grant.request.requester)
    _to_named(grant, "access_ends", others, **said)


@handler("mail.access_destruction")
def destruction(grant_id: int) -> None:
    """Ask who asked to destroy what was received, by when; again once that day has passed."""
    grant = _grant(grant_id)
    due = grant and grant.closed_at is None and grant.destruction_due_at
    if grant is not None and due:
        event = f"{grant.public_id}:{due <= clock.now()}"
        day = clock.paris_day(due)
        _to_requester(
            grant.request, "access_destruction", path=_path(grant), event=event, until=day
        )


@handler("mail.access_return_due")
def return_due(return_id: int) -> None:
    """Ask who promised it for what the register shows as late."""
    rows = PromisedReturn.objects.in_state(ReturnState.LATE, clock.now())
    promised = rows.select_related("request__organisation", "request__grant")
    each = promised.filter(pk=return_id).first()
    if each is not None and each.due_at is not None:
        _to_requester(
            each.request,
            "access_return_due",
            path=_path(each.request.grant),
            event=str(each.public_id),
            until=clock.paris_day(each.due_at),
        )


CHANGED = {
    "suspended": (GrantState.SUSPENDED,),
    "resumed": (GrantState.ACTIVE, GrantState.PENDING),
    "revoked": (GrantState.REVOKED,),
}


@handler("mail.access_grant_changed")
def grant_changed(grant_id: int, what: str, moment: str) -> None:
    """Tell who asked, who is named and who lends that a grant was suspended, resumed, revoked.

    The approvers too of one that is suspended: it waits for them.
    """
    grant = _grant(grant_id)
    if grant is None or grant.state(clock.now()) not in CHANGED[what]:
        return
    letter, due = f"access_{what}", grant.destruction_due_at if what == "revoked" else None
    said: dict[str, Any] = {
        "event": f"{grant.public_id}:{moment}",
        "until": clock.paris_day(due) if due else None,
    }
    _to_requester(grant.request, letter, path=_path(grant), **said)
    others = grant.request.named_users.filter(removed_at=None)
    _to_named(grant, letter, others.exclude(email__iexact=grant.request.requester.email), **said)
    people = _editors(each.pk for each in queries.producers_of(grant))
    if what == "suspended":
        approvers = region_people(Permission.ACCESS_DECIDE)
        people |= {each for each in approvers if rules.may_end(each, grant)}
    told = sorted(people, key=lambda each: each.pk)
    _tell(letter, told, grant.request, path=_path(grant), **said)


@handler("mail.extract_ready")
def extract_ready(extract_id: int) -> None:
    """Tell the persons named who signed that what they may read is built, and waits for them."""
    extract = Extract.objects.ready().select_related("granted").filter(pk=extract_id).first()
    grant = extract and _grant(extract.granted.grant_id)
    if extract is not None and grant and grant.state(clock.now()) is GrantState.ACTIVE:
        readers = grant.request.named_users.filter(removed_at=None, signed_at__isnull=False)
        _to_named(grant, "extract_ready", readers, event=str(extract.public_id))


@handler("mail.access_withheld")
def withheld(grant_id: int, data_file: int) -> None:
    """Tell who asked, and the approvers, that a new table is not protected as was granted."""
    grant = _grant(grant_id)
    if grant is None or grant.state(clock.now()) is not GrantState.ACTIVE:
        return
    approvers = region_people(Permission.ACCESS_DECIDE)
    people = [
        *_answering(grant.request),
        *(each for each in approvers if rules.may_end(each, grant)),
    ]
    event = f"{grant.public_id}:{data_file}"
    _tell("access_withheld", people, grant.request, path=_path(grant), event=event)


@handler("mail.extract_given_up")
def extract_given_up(extract_id: int) -> None:
    """Tell who asked, the approvers and the producer that no extract of a file could be made."""
    given_up = Extract.objects.given_up(clock.now()).filter(pk=extract_id)
    extract = given_up.select_related("granted__dataset__resource").first()
    grant = extract and _grant(extract.granted.grant_id)
    if extract is None or not grant or grant.state(clock.now()) is not GrantState.ACTIVE:
        return
    producers = editors_of(extract.granted.dataset.resource.organisation_id)
    people = {*_answering(grant.request), *region_people(Permission.ACCESS_DECIDE), *producers}
    told = sorted(people, key=lambda each: each.pk)
    event = str(extract.public_id)
    _tell("extract_given_up", told, grant.request, path=_path(grant), event=event)


# What the schedule does, and how often.
schedule("datasets.access_drafts", drafts.tidy, minutes=24 * 60, by_itself=True)
schedule(
    "datasets.access_dates",
    review.tell_late,
    grants.remind,
    extracts.tell_withheld,
    extracts.tell_given_up,
    minutes=24 * 60,
)
