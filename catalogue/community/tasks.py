"""Write to people about what happens around cards, one row a person, once each."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from catalogue.community import queries as community_queries
from catalogue.community import rules
from catalogue.community.actions import alerts, maskings, reports
from catalogue.community.actions.reuses import cards
from catalogue.community.enums import ReportStage, ReportStatus, ReviewState
from catalogue.community.models import (
    Masking,
    Report,
    ReportDecision,
    Reuse,
    SavedSearch,
)
from catalogue.contributions.queries import reviews
from catalogue.resources import rules as resource_rules
from catalogue.resources.models import Resource
from catalogue.resources.queries.relations import owners_of, region_people
from catalogue.resources.tasks import write_to
from catalogue.search import filters
from portal.accounts import news
from portal.accounts.actions import notifications
from portal.accounts.authorization import Permission
from portal.accounts.enums import Delivery
from portal.accounts.models import User
from portal.accounts.news import Kind, declare
from portal.audit import letters
from portal.audit.duties import duty, schedule
from portal.audit.letters import absolute
from portal.audit.outbox import handler
from portal.lib import clock, failpoints

KINDS = (
    Kind(
        "follows",
        _("Fiches et recherches suivies"),
        ("followed_new", "followed_changed"),
        detail=_("Fiches, organisations, cas d’usage et mots-clés que vous suivez."),
        default=Delivery.DAILY,
    ),
    Kind(
        "around",
        _("Autour de mes ressources"),
        ("reuse_of_mine",),
        detail=_("Une réutilisation paraît."),
        open_to=reviews.has_proposed,
    ),
    Kind(
        "brought",
        _("Mes réutilisations"),
        ("brought_published", "brought_refused"),
        detail=_("Ce que la Région a décidé de ce que vous avez déclaré."),
        open_to=lambda user: Reuse.objects.filter(by=user).exists(),
    ),
    Kind(
        "review",
        _("Réutilisations à relire"),
        ("brought_to_review",),
        detail=_("Ce que d’autres déclarent avoir fait des ressources."),
        open_to=resource_rules.may_moderate,
    ),
)
for _kind in KINDS:
    declare(_kind)


def tell(letter: str, people: Iterable[User], *, path: str, event: str, about: str) -> None:
    """Note an event for each of these people, once; owe a letter to those who hear at once.

    about: the title that the letter quotes. path: the page it leads to.
    """
    quoted = {"about": about[:200]}
    notifications.tell(
        letter,
        people,
        path=path,
        event=event,
        facts=quoted,
        sent_by="mail.catalogue_letter",
        **quoted,
    )


@handler("mail.catalogue_letter")
def catalogue_letter(letter: str, user_id: int, path: str, about: str) -> None:
    """Send one letter to one person who still has an account and still wants it."""
    news.write(letter, user_id, path=path, about=about)


QUEUE = "/moderation/autour/"


def moderators() -> Iterable[User]:
    """List who reads what waits for the Region."""
    return region_people(Permission.CONTRIBUTION_MODERATE)


@handler("mail.brought")
def brought(reuse_id: int) -> None:
    """Tell the moderators who may decide that a reuse waits."""
    found = _find(reuse_id)
    if found is None or found.state != ReviewState.WAITING:
        return
    concerned = cards(found)
    people = [each for each in moderators() if rules.may_review(each, found, concerned)]
    tell("brought_to_review", people, path=QUEUE, event=f"reuse:{found.pk}", about=str(found))


@handler("mail.brought_decided")
def brought_decided(reuse_id: int) -> None:
    """Tell the author what was decided; once published, who answers for the cards."""
    found = _find(reuse_id)
    if found is None:
        return
    concerned = cards(found)
    event = f"reuse:{found.pk}:{found.state}"
    path = f"/ressources/{concerned[0].slug}/reutilisations/" if concerned else "/ressources/"
    if found.state == ReviewState.REFUSED:
        tell("brought_refused", [found.by], path=path, event=event, about=str(found))
    if found.state != ReviewState.PUBLISHED:
        return
    tell("brought_published", [found.by], path=path, event=event, about=str(found))
    for card in concerned:
        tell(
            "reuse_of_mine",
            owners_of(card).exclude(pk=found.by_id),
            path=f"/ressources/{card.slug}/reutilisations/",
            event=f"{event}:{card.pk}",
            about=card.title,
        )


def _find(reuse_id: int) -> Reuse | None:
    rows = Reuse.objects.select_related("by", "organisation")
    found: Reuse | None = rows.filter(pk=reuse_id).first()
    return found


@handler("catalogue.published")
def published(resource_id: int, revision_id: int, first: int, by_id: int) -> None:
    """Tell followers of a card that it changed, those of its subjects that it came; once each.

    Nothing when it went offline meanwhile; nothing to who published it.
    """
    resource = Resource.objects.public().filter(pk=resource_id).first()
    if resource is None:
        return
    path, event = resource.get_absolute_url(), f"{resource.pk}:{revision_id}"
    readers = list(community_queries.followers_of(resource).exclude(pk=by_id))
    tell("followed_changed", readers, path=path, event=event, about=resource.title)
    if first:
        others = community_queries.watchers_of(resource).exclude(
            pk__in=[by_id, *(r.pk for r in readers)]
        )
        tell("followed_new", others, path=path, event=event, about=resource.title)


PER_LETTER = 50


@duty("catalogue.alerts", minutes=60, by_itself=True)
def write_alerts() -> None:
    """Look for every saved search, and owe the letters of the day."""
    alerts.write_all(at=clock.now())


@handler("mail.saved_search_asked")
def alert_asked_letter(search_id: int) -> None:
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
            # Whoever asked may be anybody: no word of theirs alone goes to this address.
            "title": filters.closed_title(alerts.query_of(search)),
            "link": alerts.manage_link(search) if known else alerts.confirm_link(search),
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
        stop=alerts.stop_link(search),
        once=f"saved_search:{search.public_id}:{day}",
        context={
            "search": search,
            "rows": [
                {"resource": each, "link": f"{settings.SITE_URL}{each.get_absolute_url()}"}
                for each in shown
            ],
            "count": len(found),
            "more": len(found) - len(shown),
            "manage": alerts.manage_link(search),
        },
    )
    failpoints.hit("alerts.after_sending")


@handler("mail.report_received")
def received_letter(report_id: int) -> None:
    """Send the receipt, with the tracking address, to who reported."""
    report = Report.objects.get(pk=report_id)
    if report.email:
        _send("report_received", report.email, report, link=reports.tracking_address(report))


@handler("mail.report_to_judge")
def to_judge_letter(report_id: int) -> None:
    """Tell the moderators who may judge that a notice, or a contestation, waits."""
    report = Report.objects.whole().get(pk=report_id)
    contested = report.status == ReportStatus.CONTESTED
    if not contested and report.status != ReportStatus.RECEIVED:
        return
    first = report.decisions.filter(stage=ReportStage.FIRST).first()
    for user in moderators():
        judges = rules.may_judge(user, report)
        if judges and (not contested or rules.may_settle(user, report, first)):
            letter = "report_contested" if contested else "report_to_judge"
            _send(letter, user.email, report, link=_item(report))


@handler("mail.report_decided")
def decided_letter(decision_id: int) -> None:
    """Tell who reported what was decided."""
    decision = _decision(decision_id)
    if decision is not None and decision.report.email:
        report = decision.report
        link = reports.tracking_address(report)
        _send("report_decided", report.email, report, link=link, decision=decision)


@handler("mail.statement")
def statement_letter(decision_id: int) -> None:
    """Send the statement of reasons to who wrote the content: nothing of who reported it."""
    decision = _decision(decision_id)
    if decision is None:
        return
    link = absolute("catalogue:statement", decision.public_id)
    # The template is given the decision and the title alone.
    for user in community_queries.answerable(decision.report):
        context = {"decision": decision, "title": decision.report.title, "link": link}
        letters.send(
            "statement",
            to=user.email,
            context={**context, "days": settings.REPORT_CONTEST_DAYS},
            once=f"statement:{decision.public_id}:{user.pk}",
        )


@handler("mail.masking")
def masking_letter(masking_id: int) -> None:
    """Ask a second moderator to confirm; tell those who answer for the card."""
    masking = _masking(masking_id)
    if masking is None or masking.ended_at is not None:
        return
    free = [user for user in moderators() if rules.may_confirm_masking(user, masking)]
    _of_masking("masking_to_confirm", free, masking, hours=settings.MASKING_CONFIRM_HOURS)
    card = settings.SITE_URL + masking.resource.get_absolute_url()
    write_to("card_masked", owners_of(masking.resource), masking=masking, link=card)


@handler("mail.masking_lift")
def lift_letter(masking_id: int) -> None:
    """Ask a second moderator to answer the proposal to show a card again."""
    masking = _masking(masking_id)
    if masking is None or masking.ended_at is not None or masking.lift_asked_by is None:
        return
    free = [user for user in moderators() if rules.may_answer_lift(user, masking)]
    _of_masking("masking_lift_proposed", free, masking)


@handler("mail.masking_lapsed")
def lapsed_letter(masking_id: int) -> None:
    """Alert the moderators: a card is shown again because nobody confirmed in time."""
    masking = _masking(masking_id)
    if masking is not None:
        free = [user for user in moderators() if resource_rules.may_mask(user, masking.resource)]
        _of_masking("masking_lapsed", free, masking)


def _item(report: Report) -> str:
    return absolute("catalogue:moderation_report", report.public_id)


def _of_masking(letter: str, people: Iterable[User], masking: Masking, **facts: Any) -> None:
    link = absolute("catalogue:moderation_reports")
    if masking.report is not None:
        link = _item(masking.report)
    write_to(letter, people, masking=masking, link=link, **facts)


def _decision(decision_id: int) -> ReportDecision | None:
    found: Any = ReportDecision.objects
    row: ReportDecision | None = found.select_related("report").filter(pk=decision_id).first()
    return row


def _masking(masking_id: int) -> Masking | None:
    rows = Masking.objects.select_related(
        "resource__organisation", "report", "masked_by", "lift_asked_by"
    )
    return rows.filter(pk=masking_id).first()


def _send(letter: str, to: str, report: Report, *, link: str, **more: Any) -> None:
    letters.send(letter, to=to, context={"report": report, "link": link, **more})


# What the schedule does, and how often.
schedule("catalogue.alerts.forget", alerts.forget, minutes=24 * 60)
schedule("catalogue.maskings", maskings.lapse_due, minutes=10)
schedule("catalogue.reports", reports.close_uncontested, reports.forget_identities, minutes=24 * 60)
