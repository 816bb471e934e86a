"""What openings do by themselves, and letters about them, one row a person, once each."""

from collections.abc import Iterable

from django.db.models import QuerySet

from catalogue.resources.queries.relations import editors_of, region_people
from datasets.openings import queries, rules
from datasets.openings.actions import review
from datasets.openings.models import Opening, OpeningWithdrawal
from portal.accounts import news
from portal.accounts.actions import notifications
from portal.accounts.authorization import Permission
from portal.accounts.models import User
from portal.audit.duties import schedule
from portal.audit.outbox import handler


def _deciders() -> QuerySet[User]:
    return region_people(Permission.ACCESS_DECIDE) | region_people(Permission.ACCESS_ADVISE)


def _tell(
    letter: str,
    people: Iterable[User],
    opening: Opening,
    about: str,
    *,
    path: str = "",
    event: str = "",
) -> None:
    """Note what happens to an opening for some people; owe a letter to who hears at once.

    event: what happened, once; by default, this to this deposit.
    """
    notifications.tell(
        letter,
        people,
        path=path or opening.get_absolute_url(),
        event=event or f"{opening.public_id}:{opening.attempt}:{about}",
        facts={"title": opening.title, "about": about},
        sent_by="mail.opening_letter",
        opening_id=opening.pk,
        about=about,
    )


def _opening(opening_id: int) -> Opening:
    return Opening.objects.select_related("producer", "card").get(pk=opening_id)


@handler("mail.opening_letter")
def opening_letter(letter: str, user_id: int, path: str, opening_id: int, about: str) -> None:
    """Send one letter about an opening to one person who still has an account."""
    opening = _opening(opening_id)
    news.write(letter, user_id, path=path, opening=opening, title=opening.title, about=about)


@handler("mail.opening_proposed")
def opening_proposed(opening_id: int) -> None:
    """Tell a producer's editors that somebody proposes to open one of their datasets."""
    opening = _opening(opening_id)
    people = [each for each in queries.audience_of(opening) if each.pk != opening.proposed_by_id]
    _tell("opening_to_do", people, opening, "proposed")


@handler("mail.opening_to_review")
def opening_to_review(opening_id: int) -> None:
    """Ask the officers without a tie to it to examine an opening."""
    opening = _opening(opening_id)
    officers = region_people(Permission.ACCESS_PREPARE)
    people = [each for each in officers if rules.may_examine(each, opening)]
    _tell("opening_to_do", people, opening, "review")


@handler("mail.opening_to_approve")
def opening_to_approve(opening_id: int) -> None:
    """Ask those who may be one of the two to approve an opening."""
    opening = _opening(opening_id)
    people = [each for each in _deciders() if rules.may_approve(each, opening)]
    _tell("opening_to_do", people, opening, "approve")


@handler("mail.opening_told")
def opening_told(opening_id: int, about: str) -> None:
    """Tell who proposed an opening, and its producer, what became of it."""
    opening = _opening(opening_id)
    _tell("opening_told", queries.audience_of(opening), opening, about)


@handler("mail.opening_to_withdraw")
def opening_to_withdraw(withdrawal_id: int) -> None:
    """Ask a second person to confirm an emergency withdrawal; tell the producer of it."""
    withdrawal = OpeningWithdrawal.objects.select_related("opening").get(pk=withdrawal_id)
    if withdrawal.answer:
        return
    opening, event = withdrawal.opening, str(withdrawal.public_id)
    _tell("opening_to_do", _able(withdrawal), opening, "withdrawal", event=event)
    _tell("opening_told", editors_of(opening.producer_id), opening, "suspended", event=event)


def _able(withdrawal: OpeningWithdrawal) -> list[User]:
    return [each for each in _deciders() if rules.may_answer_withdrawal(each, withdrawal)]


@handler("mail.opening_kept")
def opening_kept(withdrawal_id: int) -> None:
    """Tell the producer, who asked and who was called to confirm that nothing is withdrawn."""
    rows = OpeningWithdrawal.objects.select_related("opening", "proposed_by")
    withdrawal = rows.get(pk=withdrawal_id)
    opening = withdrawal.opening
    concerned = [*_able(withdrawal), withdrawal.proposed_by, *editors_of(opening.producer_id)]
    people = {each.pk: each for each in concerned if each.pk != withdrawal.decided_by_id}
    event = f"{withdrawal.public_id}:kept"
    _tell("opening_told", people.values(), opening, "kept", event=event)


@handler("mail.opening_withdrawn")
def opening_withdrawn(withdrawal_id: int) -> None:
    """Tell who follows the card, and the producer, that its data were taken back."""
    withdrawal = OpeningWithdrawal.objects.select_related("opening__card").get(pk=withdrawal_id)
    opening = withdrawal.opening
    people = {each.pk: each for each in queries.followers(opening)}
    people |= {each.pk: each for each in queries.audience_of(opening)}
    path = opening.card.get_absolute_url() if opening.card is not None else ""
    event = str(withdrawal.public_id)
    _tell("opening_withdrawn", people.values(), opening, "withdrawn", path=path, event=event)


# What the schedule does, and how often.
schedule("datasets.openings", review.check_waiting, minutes=1, by_itself=True)
