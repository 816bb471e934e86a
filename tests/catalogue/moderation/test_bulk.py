"""Several contributions at once: what would be done is told, then done one by one."""

import re
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from catalogue.contributions.actions import review
from catalogue.contributions.actions.review import BulkAct, Order
from catalogue.contributions.queries import reviews
from catalogue.contributions.views import review as review_pages
from catalogue.enums import ContributionStatus
from catalogue.models import Contribution
from portal.accounts.enums import Role
from portal.audit import outbox
from portal.lib.refusals import NotAllowed
from tests.catalogue.ledger import cost, events, rows
from tests.factories import contributions as make
from tests.factories.accounts import signed_in

pytestmark = pytest.mark.django_db
BULK = "/moderation/lot/"


def token(contribution: Contribution) -> str:
    return f"{contribution.public_id}:{contribution.version}"


def states() -> list[str]:
    return list(Contribution.objects.order_by("pk").values_list("status", flat=True))


def test_an_order_is_told_then_done_and_leaves_out_what_touches_one() -> None:
    holder = make.organisation()
    judge = make.joined(make.moderator(), holder, Role.CONTRIBUTOR)
    editor = make.joined(make.person(), holder, Role.EDITOR)
    mine = make.submitted(editor, holder=holder)
    other, blocked = make.submitted(title="Libre de tout lien"), make.submitted(title="Bloquée ici")
    fault = {"code": "licence", "verdict": "blocking", "remarks": [{"code": "licence_missing"}]}
    Contribution.objects.filter(pk=blocked.pk).update(checks=[fault])
    client = signed_in(judge)
    said: dict[str, Any] = {
        "item": [token(each) for each in (mine, other, blocked)],
        "act": "publish",
        "assignee": "",
        "reason": "",
        "message": "",
    }
    before = rows()
    page = client.post(BULK, said).text
    assert rows() == before
    assert "Libre de tout lien" in page
    assert "Un contrôle bloque la publication." in page
    assert "une autre personne décide" in page
    client.post(BULK, said | {"confirm": "1"})
    assert states() == ["submitted", "published", "submitted"]
    assert events()[-2:] == ["access.denied", "contribution.published"]
    client.post(BULK, said | {"confirm": "1"})
    assert states() == ["submitted", "published", "submitted"]


def test_refusals_in_a_lot_write_to_each_author_once() -> None:
    judge = make.moderator()
    lot = [make.submitted(), make.submitted()]
    order = Order(BulkAct.REFUSE, reason="off_topic", message="Hors du sujet du portail.")
    for _time in range(2):
        done = review.carry_out_order(contributions=lot, order=order, by=judge)
        lot = [make.again(each) for each in lot]
    assert all(line.skipped for line in done)
    assert states() == [ContributionStatus.REFUSED] * 2
    mail.outbox.clear()
    while outbox.relay():
        pass
    refused = [m.to[0] for m in mail.outbox if "Hors du sujet" in m.body]
    assert sorted(refused) == sorted(each.author.email for each in lot if each.author)


def test_a_proposal_is_given_to_who_may_decide_on_it() -> None:
    one, two = make.moderator("un"), make.moderator("deux")
    waiting = make.submitted(title="À confier")
    own = make.submitted(two, title="Celle de deux")
    order = Order(BulkAct.ASSIGN, assignee=two)
    done = review.carry_out_order(contributions=[waiting, own], order=order, by=one)
    assert [bool(line.skipped) for line in done] == [False, True]
    with pytest.raises(NotAllowed):
        review.assign(contribution=make.again(own), to=two, by=one)
    mine = reviews.queue(sieve=reviews.Sieve(assignee="moi"), viewer=two)
    assert [each.pk for each in mine] == [waiting.pk]
    nobody = reviews.queue(sieve=reviews.Sieve(assignee="personne"), viewer=two)
    assert [each.pk for each in nobody] == [own.pk]
    client = signed_in(two)
    page = client.get(reverse("catalogue:moderation"), {"confiee": "moi"}).text
    assert "À confier" in page
    assert "Celle de deux" not in page


def test_the_queue_is_sifted_by_organisation_and_check() -> None:
    holder = make.organisation("Mission locale")
    editor = make.joined(make.person(), holder, Role.EDITOR)
    theirs, other = make.submitted(editor, holder=holder), make.submitted()
    remark = {"code": "spam", "verdict": "warning", "remarks": [{"code": "spam"}]}
    Contribution.objects.filter(pk=other.pk).update(checks=[remark | {"code": "language"}])
    Contribution.objects.filter(pk=theirs.pk).update(checks=[])
    for sieve, wanted in (
        (reviews.Sieve(organisation=holder.slug), theirs),
        (reviews.Sieve(check="language"), other),
    ):
        assert [each.pk for each in reviews.queue(sieve=sieve)] == [wanted.pk]


def test_the_page_asks_for_what_lacks_and_costs_the_same_for_three() -> None:
    client = signed_in(make.moderator())
    first = make.submitted()
    one = cost(client, BULK)
    make.submitted()
    make.submitted()
    assert cost(client, BULK) == one
    assert client.post(BULK, {"act": "refuse", "item": [token(first)]}).status_code == 422
    assert client.post(BULK, {"act": "publish"}).status_code == 422
    assert client.post(BULK, {"act": "publish", "item": ["x:y", "é"]}).status_code == 422


def values(page: str, name: str) -> list[str]:
    return re.findall(rf'name="{name}" value="([^"]*)"', page)


ORDER = {"act": "refuse", "assignee": "", "reason": "off_topic", "message": "Hors du sujet."}


def test_all_that_a_filter_keeps_is_chosen_told_by_its_number_and_done_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    holder = make.organisation()
    judge = make.joined(make.moderator(), holder, Role.CONTRIBUTOR)
    mine = make.submitted(make.joined(make.person(), holder, Role.EDITOR), holder=holder)
    others = [make.submitted(title=f"À trier {number}") for number in range(4)]
    elsewhere = make.submitted(kind="dataset")
    client, address = Client(), f"{BULK}?kind=need"
    client.force_login(judge)
    monkeypatch.setattr(review_pages, "MOST_SHOWN", 2)
    shown = client.get(address).text
    assert "Les 5 fiches de cette file" in shown
    assert len(values(shown, "item")) == 2
    before = rows()
    page = client.post(address, ORDER | {"all": "1"}).text
    assert rows() == before
    assert "4 fiches seront traitées. 1 fiche est laissée de côté." in page
    assert "Confirmer pour 4 fiches" in page
    items = values(page, "item")
    assert sorted(items) == sorted(token(each) for each in [mine, *others])
    late = make.submitted(title="Arrivée depuis")
    said = ORDER | {"all": "1", "item": items, "confirm": "1"}
    for treated in (4, 0):  # what is confirmed is what was told, once
        report = client.post(address, said).text
        assert f"{treated} fiche{'s' if treated > 1 else ''} traitée" in report
        assert "une autre personne décide" in report
        assert [make.again(each).status for each in others] == ["refused"] * 4
        waiting = (mine, elsewhere, late)
        assert [make.again(each).status for each in waiting] == ["submitted"] * 3


def test_what_takes_too_long_goes_on_where_it_was_left(monkeypatch: pytest.MonkeyPatch) -> None:
    judge = make.moderator()
    lot = [make.submitted(judge, title="La mienne"), *(make.submitted() for _ in range(2))]
    client = signed_in(judge)
    monkeypatch.setattr(review_pages, "MOST_SECONDS", 0)
    said = ORDER | {"item": [token(each) for each in lot], "confirm": "1"}
    told = []
    for _ in range(3):
        page = client.post(BULK, said).text
        told.append((len(values(page, "item")), len(values(page, "left")), "La mienne" in page))
        said |= {name: values(page, name) for name in ("item", "left", "treated")}
    assert told == [(2, 1, True), (1, 1, True), (0, 0, True)]
    assert "2 fiches traitées." in page
    assert [make.again(each).status for each in lot] == ["submitted", "refused", "refused"]


def test_no_more_than_the_bound_is_chosen_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(4):
        make.submitted()
    client = signed_in(make.moderator())
    monkeypatch.setattr(review_pages, "MOST", 3)
    assert "Les 3 plus anciennes des 4 fiches de cette file" in client.get(BULK).text
    assert "3 fiches seront traitées" in client.post(BULK, ORDER | {"all": "1"}).text


def test_telling_what_would_be_done_costs_the_same_for_three() -> None:
    client = signed_in(make.moderator())
    client.get(BULK)  # what is read once for all
    costs = []
    for wanted in (1, 2):
        for _ in range(wanted):
            make.submitted()
        with CaptureQueriesContext(connection) as seen:
            client.post(BULK, ORDER | {"act": "publish", "all": "1"})
        costs.append(len(seen))
    assert costs[0] == costs[1]
