"""Reports: anybody sends one, two moderators at most decide, nobody learns who sent it."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import translation

from catalogue.community import queries as community_queries
from catalogue.community.actions import collections, maskings, reports, reuses
from catalogue.community.enums import Measure, ReportOutcome, ReportStatus
from catalogue.community.tasks import moderators
from catalogue.contributions.actions import drafts, review
from catalogue.models import (
    Collection,
    IndexedResource,
    Masking,
    Report,
    ReportDecision,
    Resource,
    Reuse,
)
from catalogue.resources.actions import cards as card_changes
from catalogue.resources.actions import transfers
from portal.accounts.actions import accounts, notifications
from portal.accounts.enums import Role
from portal.accounts.models import Notification, Organisation, User
from portal.discussions import actions as discussions
from portal.discussions.models import Message
from portal.lib import clock
from portal.lib.refusals import Conflict, Invalid, NotAllowed, QuotaSpent
from tests.factories import contributions as make
from tests.factories.accounts import MembershipFactory, signed_in
from tests.factories.catalogue import ResourceFactory
from tests.factories.letters import delivered
from tests.ledger import cost, events, refused, same_for_three

pytestmark = pytest.mark.django_db
SECRET_NAME, SECRET_ADDRESS = "Camille Rapporteuse", "camille.rapporteuse@exemple.fr"
WORDS = "Le numéro de téléphone d’une salariée y figure : celui que je connais."
LISTED = "/moderation/signalements/"


def sent(address: str, **more: Any) -> Report:
    values: dict[str, Any] = {
        "category": "personal_data",
        "explanation": WORDS,
        "good_faith": True,
        "name": SECRET_NAME,
        "email": SECRET_ADDRESS,
    }
    return reports.file(address=address, **{**values, **more})


def upheld(measure: Measure = Measure.HIDE, **more: Any) -> reports.Reasons:
    values: dict[str, Any] = {
        "facts": "Un numéro personnel figure dans le résumé.",
        "ground": "law",
        "ground_text": "RGPD, article 6 : aucune base légale.",
        "duration": "Tout le portail, jusqu’à correction.",
    }
    return reports.Reasons(outcome=ReportOutcome.UPHELD, measure=measure, **{**values, **more})


DISMISSED = reports.Reasons(outcome=ReportOutcome.DISMISSED, facts="Le numéro est public.")


def again(row: Any) -> Any:
    return type(row).objects.get(pk=row.pk)


def in_hand(address: str, judge: User) -> Report:
    return reports.assess(report=sent(address), by=judge)


def settled(report: Report, by: User, reasons: reports.Reasons = DISMISSED) -> None:
    """Have who is concerned contest a decision, and another moderator settle it."""
    contested = reports.contest(report=again(report), words="Non.", by=report.concerned)
    reports.settle(report=contested, reasons=reasons, by=by)


def hidden(card: Resource, by: User, report: Report | None = None) -> Masking:
    return maskings.mask(
        resource=card, category="illegal", explanation="Propos.", by=by, report=report
    )


def item(report: Report) -> str:
    return f"{LISTED}{report.public_id}/"


def is_indexed(card: Resource) -> bool:
    return IndexedResource.objects.filter(pk=card.pk).exists()


@pytest.fixture
def author() -> User:
    return make.person("autrice")


@pytest.fixture
def card(author: User) -> Resource:
    return make.published(author)


@pytest.fixture
def one() -> User:
    return make.moderator("un")


@pytest.fixture
def two() -> User:
    return make.moderator("deux")


# Sent


def test_a_card_is_found_in_each_language_by_former_addresses_and_by_its_inner_pages(
    author: User, card: Resource
) -> None:
    card = card_changes.move(resource=card, slug="nouvelle-adresse")
    for address in (
        "/en/ressources/nouvelle-adresse/",
        "/en/ressources/nouvelle-adresse/discussions/",
        f"/ressources/{card.former_slugs.get().slug}/",
        "/ressources/nouvelle%2Dadresse/",
    ):
        with translation.override("en"):
            found = community_queries.locate_report(address)
        assert found is not None
        assert (found.resource, found.concerned) == (card, author), address
    assert community_queries.locate_report("/en/ressources/") == community_queries.Place(
        "/en/ressources/"
    )
    assert community_queries.locate_report("/en/rien/de/tel") is None


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"address": "https://ailleurs.example/x"}, "report_place"),
        ({"address": "//[ailleurs/x"}, "report_place"),
        ({"good_faith": False}, "report_incomplete"),
        ({"explanation": "  "}, "report_incomplete"),
        ({"name": ""}, "report_incomplete"),
        ({"email": ""}, "report_incomplete"),
    ],
)
def test_what_lacks_something_is_refused(values: dict[str, Any], code: str) -> None:
    with refused(Invalid, code=code):
        sent(**{"address": "/", **values})


def test_who_reports_abuse_of_children_need_not_say_who_they_are(author: User) -> None:
    assert sent("/", category="explicit", name="", email="").email == ""
    assert sent("/", name="", email="", by=author).email == author.email
    for _time in range(5):
        sent("/", email="trop@exemple.fr")
    with refused(QuotaSpent):
        sent("/", email="trop@exemple.fr")


def test_the_form_the_receipt_and_the_tracking_page(
    card: Resource, one: User, client: Client
) -> None:
    page = client.get(card.get_absolute_url()).text
    address = re.search(r'href="(/signaler/\?adresse=[^"]+)"', page)
    assert address is not None
    assert f'value="{card.get_absolute_url()}"' in client.get(address[1]).text
    assert client.post("/signaler/", {"address": "/", "category": "spam"}).status_code == 422
    told = {
        "address": card.get_absolute_url(),
        "category": "copyright",
        "explanation": "C’est mon texte.",
        "name": SECRET_NAME,
        "email": SECRET_ADDRESS,
        "good_faith": "on",
    }
    place = client.post("/signaler/", told)["Location"]
    report = Report.objects.get()
    assert place == reports.tracking_path(report)
    tracked = client.get(place)
    assert "C’est mon texte." in tracked.text
    kept = (tracked["Referrer-Policy"], tracked["Cache-Control"])
    assert kept == ("same-origin", "no-store, private")
    assert client.get(f"{place[:-3]}x/").status_code == 404
    reports.decide(report=reports.assess(report=report, by=one), reasons=DISMISSED, by=one)
    assert client.post(place, {"words": "Si."}).status_code == 302
    assert again(report).status == ReportStatus.CONTESTED
    delivered()
    to_me = [place in m.body for m in mail.outbox if m.to == [SECRET_ADDRESS]]
    assert to_me == [True, True]
    assert client.post("/signaler/", {**told, "site": "robot"}).status_code == 302
    assert Report.objects.count() == 1
    for _time in range(5):
        last = client.post("/signaler/", told)
    assert last.status_code == 429


# Decided


def test_the_whole_path_from_a_stranger_to_a_third_decision(
    author: User, card: Resource, one: User, two: User
) -> None:
    three = make.moderator("trois")
    report = reports.assess(report=sent(card.get_absolute_url(), field="Résumé"), by=one)
    standing = hidden(card, one, report)
    assert (again(card).live, is_indexed(card)) == (False, False)
    with refused(NotAllowed):
        maskings.confirm(masking=standing, by=one)
    maskings.confirm(masking=standing, by=two)
    decision = reports.decide(report=report, reasons=upheld(), by=one)
    contested = reports.contest(report=report, words="C’est un numéro de service.", by=author)
    with refused(NotAllowed):
        reports.settle(report=contested, reasons=DISMISSED, by=one)
    reports.settle(report=contested, reasons=DISMISSED, by=three)
    assert (again(card).live, is_indexed(card)) == (True, True)
    assert again(report).status == ReportStatus.FINAL
    assert events("report.", "masking.", "resource.masked") == [
        "report.received",
        "report.assessed",
        "resource.masked",
        "masking.confirmed",
        "report.upheld",
        "report.contested",
        "masking.lifted",
        "report.settled",
    ]
    with refused(Conflict):
        reports.contest(report=report, words="Encore.", by=author)
    with refused(Conflict):
        reports.settle(report=contested, reasons=DISMISSED, by=two)
    delivered()
    statement = next(m for m in mail.outbox if m.to == [author.email] and "raisons" in m.body)
    assert f"/signalements/decisions/{decision.public_id}/" in statement.body
    for said in ("RGPD, article 6", "Un numéro personnel", "tribunal administratif", "automatique"):
        assert said in statement.body


def test_the_author_never_learns_who_reported(
    author: User, card: Resource, one: User, two: User
) -> None:
    report = in_hand(card.get_absolute_url(), one)
    decision = reports.decide(report=report, reasons=upheld(), by=one)
    settled(report, two, upheld(facts="C’est confirmé."))
    delivered()
    client = signed_in(author)
    seen = [m.subject + m.body + str(m.extra_headers) for m in mail.outbox if author.email in m.to]
    assert len(seen) >= 3  # masked, decided, settled
    place = f"/signalements/decisions/{decision.public_id}/"
    for address in (place, card.get_absolute_url(), "/espace/", "/transparence/"):
        seen.append(client.get(address).text)
    for page in (LISTED, item(report)):
        assert client.get(page).status_code == 403
    from catalogue.pages.views import space as space_pages  # noqa: PLC0415  # test

    seen.append(str(space_pages.community_described(author)))
    assert "RGPD, article 6" in seen[-1]
    for text in seen:
        for secret in (SECRET_NAME, SECRET_ADDRESS, WORDS[:30]):
            assert secret not in text
    everything = [m.body for m in mail.outbox if m.to != [SECRET_ADDRESS]]
    assert not any(SECRET_ADDRESS in body or SECRET_NAME in body for body in everything)


@pytest.mark.parametrize(
    ("first", "last", "live"),
    [
        (upheld(Measure.CORRECT), upheld(Measure.HIDE), False),
        (upheld(Measure.HIDE), upheld(Measure.CORRECT), True),
        (upheld(Measure.HIDE), upheld(Measure.REMOVE), False),
        (upheld(Measure.HIDE), upheld(Measure.HIDE), False),
        (DISMISSED, upheld(Measure.HIDE), False),
        (upheld(Measure.REMOVE), DISMISSED, True),
        (upheld(Measure.REMOVE), upheld(Measure.CORRECT), True),
        (upheld(Measure.REMOVE), upheld(Measure.HIDE), False),
    ],
)
def test_the_content_follows_the_last_decision(
    card: Resource,
    one: User,
    two: User,
    first: reports.Reasons,
    last: reports.Reasons,
    live: bool,
) -> None:
    report = in_hand(card.get_absolute_url(), one)
    if first.measure == Measure.REMOVE:
        hidden(card, one, report)
    reports.decide(report=report, reasons=first, by=one)
    settled(report, two, last)
    assert again(card).live == live
    waiting = again(card).removals.filter(answer="")
    assert waiting.count() == (last.measure == Measure.REMOVE)


def test_what_another_decision_hides_stays_hidden(
    author: User, card: Resource, one: User, two: User
) -> None:
    def opened() -> tuple[Message, str]:
        talk = discussions.open_discussion(on=card, title="Sujet", body_md="Ah.", by=author)
        message = talk.messages.get()
        return message, f"{talk.path}#m-{message.public_id}"

    message, place = opened()
    targets = ((place, message, "state"), (card.get_absolute_url(), card, "live"))
    for address, target, state in targets:
        pair = [in_hand(address, one) for _ in range(2)]
        for report in pair:
            reports.decide(report=report, reasons=upheld(), by=one)
        gone = getattr(again(target), state)
        seen = []
        for report in pair:
            settled(report, two)
            seen.append(getattr(again(target), state) == gone)
        assert seen == [True, False], address
    # Hidden by hand before the notice was upheld: the notice shows it no more.
    kept, place = opened()
    report = in_hand(place, one)
    discussions.hide(message=kept, reason="Insultes.", by=two)
    reports.decide(report=report, reasons=upheld(Measure.HIDE), by=one)
    settled(report, two)
    assert again(kept).is_hidden


def test_texts_of_people_are_reported_hidden_and_shown_again(
    author: User, card: Resource, one: User, two: User
) -> None:
    opened = discussions.open_discussion(on=card, title="Sujet", body_md="Ah.", by=author)
    message = opened.messages.get()
    reuse = reuses.declare(
        resources=[card], title="Étude", url="https://exemple.fr/e", kind="study", by=author
    )
    reuses.publish(brought=reuse, by=one)
    base = card.get_absolute_url()
    cases: list[tuple[str, Any, str, str]] = [
        (f"{opened.path}#m-{message.public_id}", Message, "hidden", "shown"),
        (f"{base}reutilisations/#r-{reuse.public_id}", Reuse, "refused", "published"),
    ]
    for address, model, gone, back in cases:
        report = in_hand(address, one)
        assert (report.concerned, report.targets_card) == (author, False)
        reports.decide(report=report, reasons=upheld(), by=one)
        assert model.objects.get().state == gone
        settled(report, two)
        assert model.objects.get().state == back
    assert (again(card).live, again(card).reuses) == (True, 1)


def test_a_decision_says_its_reasons(card: Resource, one: User) -> None:
    report = in_hand(card.get_absolute_url(), one)
    for more in ({"ground": ""}, {"ground_text": " "}, {"facts": ""}, {"measure": Measure.NONE}):
        with refused(Invalid):
            reports.decide(report=report, reasons=upheld(**more), by=one)
    reports.decide(report=report, reasons=upheld(Measure.REMOVE), by=one)
    assert again(card).live
    assert again(card).removals.get().answer == ""
    with refused(Conflict):
        reports.decide(report=report, reasons=DISMISSED, by=one)


def test_a_moderator_judges_on_the_page(card: Resource, one: User) -> None:
    report, client = sent(card.get_absolute_url()), signed_in(one)
    page = item(report)
    assert SECRET_NAME in client.get(page).text
    client.post(page, {"act": "assess"})
    assert client.post(page, {"act": "decide", "outcome": "upheld"}).status_code == 422
    client.post(page, {"act": "mask", "category": "personal_data", "explanation": "Un numéro."})
    assert not again(card).live
    said = {"act": "decide", "outcome": "dismissed", "facts": "Rien.", "measure": "", "ground": ""}
    assert client.post(page, said).status_code == 302
    assert again(card).live
    assert "Écarté" in client.get(f"{LISTED}?tous=1").text


def test_nobody_judges_what_touches_them() -> None:
    holder = make.organisation()
    editor = make.joined(make.person(), holder, Role.EDITOR)
    card = make.published(editor, holder=holder)
    judge = make.joined(make.moderator("membre"), holder, Role.CONTRIBUTOR)
    report = sent(card.get_absolute_url())
    with refused(NotAllowed):
        reports.assess(report=report, by=judge)
    with refused(NotAllowed):
        hidden(card, judge)
    for by in (judge, editor):
        assert not Report.objects.visible_to(by).exists()
    assert signed_in(judge).get(item(report)).status_code == 404


def test_delays_run_out_and_identities_are_forgotten(card: Resource, one: User) -> None:
    by = make.person()
    mine = sent(card.get_absolute_url(), by=by)
    accounts.close(user=by, by=by)
    mine = again(mine)
    assert (mine.by, mine.name, mine.email) == (None, "", "")
    report = in_hand(card.get_absolute_url(), one)
    reports.decide(report=report, reasons=DISMISSED, by=one)
    Report.objects.update(decided_at=clock.now() - timedelta(days=62))
    reports.close_uncontested()
    told = again(report)
    assert (told.status, told.email) == (ReportStatus.FINAL, SECRET_ADDRESS)
    Report.objects.filter(pk=report.pk).update(ended_at=clock.now() - timedelta(days=183))
    reports.forget_identities()
    assert (again(report).name, again(report).email) == ("", "")


def test_figures_and_costs(card: Resource, one: User) -> None:
    client, address = signed_in(one), card.get_absolute_url()
    reports.decide(report=in_hand(address, one), reasons=upheld(Measure.CORRECT), by=one)
    kinds = iter(("personal_data", "spam", "other"))

    def more() -> None:
        kind = next(kinds)
        sent(address, category=kind, email=f"{kind}@exemple.fr")
        in_hand(collection(kind).get_absolute_url(), one)

    same_for_three(
        more,
        lambda: cost(client, LISTED),
        lambda: cost(client, "/transparence/"),
    )
    shown = client.get("/transparence/").text
    assert re.findall(r'class="num"[^>]*>(\d+)<', shown)[:4] == ["1", "0", "0", "0"]
    assert ReportDecision.objects.count() == 1


# Maskings: one person hides, another confirms, two lift


def test_a_masked_card_is_nowhere_and_cannot_be_published_over(
    author: User, card: Resource, one: User, client: Client
) -> None:
    waiting = make.send(drafts.propose(resource=card, by=author), author)
    hidden(card, one)
    answer = client.get(card.get_absolute_url())
    assert (answer.status_code, card.title in answer.text) == (451, False)
    for address in ("/ressources/", "/flux/ressources.atom", "/ressources/suggestions?q=rup"):
        assert card.title not in client.get(address).text
    with refused(Conflict, code="resource_masked"):
        review.publish(contribution=make.again(waiting), by=make.moderator())
    removal = transfers.propose_removal(resource=card, reason="illegal", explanation="Oui.", by=one)
    transfers.confirm_removal(removal=removal, by=make.moderator())
    assert client.get(card.get_absolute_url()).status_code == 410


def test_a_masking_that_nobody_confirms_lapses_with_an_alert(
    card: Resource, one: User, two: User
) -> None:
    masking = hidden(card, one)
    with refused(Conflict):
        hidden(card, two)
    maskings.lapse_due()
    assert not again(card).live
    Masking.objects.update(masked_at=clock.now() - timedelta(hours=48))
    with refused(Conflict):
        maskings.confirm(masking=masking, by=two)
    for _ in range(2):
        maskings.lapse_due()
    assert (again(card).live, is_indexed(card)) == (True, True)
    assert events().count("masking.lapsed") == 1
    delivered()
    alerts = [m.to for m in mail.outbox if "expiré" in m.subject]
    assert sorted(alerts) == sorted([[each.email] for each in moderators()])
    assert len(alerts) == 3  # both, and the one who published


def test_what_is_decided_does_not_lapse(card: Resource, one: User, two: User) -> None:
    report = in_hand(card.get_absolute_url(), two)
    masking = hidden(card, one)
    reports.decide(report=report, reasons=upheld(), by=two)
    assert again(masking).confirmed_by == two
    Masking.objects.update(
        confirmed_by=None, confirmed_at=None, masked_at=clock.now() - timedelta(hours=50)
    )
    assert maskings.lapse_due() == 0
    settled(report, one)
    removal = transfers.propose_removal(resource=card, reason="illegal", explanation="Oui.", by=two)
    assert maskings.lapse_due() == 0
    transfers.refuse_removal(removal=removal, by=one)
    transfers.propose_removal(resource=card, reason="illegal", explanation="Oui.", by=one)
    assert maskings.lapse_due() == 1  # who hid it holds it no longer alone
    assert again(card).live


def test_news_that_quote_a_masked_card_go_from_an_english_page_too(
    author: User, card: Resource, one: User
) -> None:
    base = card.get_absolute_url()
    near = f"{base[:-1]}-2/"
    for path in (base, f"{base}reutilisations/", near):
        notifications.notify(
            people=[author], letter="followed_changed", event=path, path=path, facts={"about": "X"}
        )
    with translation.override("en"):
        hidden(card, one)
    left = Notification.objects.filter(event__contains=card.slug).values_list("path")
    assert list(left) == [(near,)]


def test_one_person_lifts_what_nobody_confirmed_and_two_what_was(
    card: Resource, one: User, two: User
) -> None:
    alone = hidden(card, one)
    with refused(Conflict):
        maskings.propose_lift(masking=alone, by=two)
    maskings.lift(masking=alone, by=one)
    assert again(card).live
    masking = maskings.confirm(masking=hidden(card, one), by=two)
    for person in (one, two):
        with refused(Conflict, code="masking_confirmed"):
            maskings.lift(masking=masking, by=person)
    with refused(Conflict):
        maskings.approve_lift(masking=masking, by=one)
    maskings.propose_lift(masking=masking, by=one)
    assert not again(card).live
    for act in (maskings.approve_lift, maskings.refuse_lift):
        for person in (one, make.person()):
            with refused(NotAllowed):
                act(masking=masking, by=person)
    with refused(Conflict):
        maskings.propose_lift(masking=masking, by=two)
    maskings.refuse_lift(masking=masking, by=two)
    assert not again(card).live
    maskings.propose_lift(masking=masking, by=one)
    maskings.approve_lift(masking=masking, by=two)
    assert again(card).live
    acts = "lifted confirmed lift_proposed lift_refused lift_proposed lifted"
    assert events("masking.") == [f"masking.{act}" for act in acts.split()]


def test_a_first_decision_proposes_and_the_last_one_lifts(
    card: Resource, one: User, two: User
) -> None:
    report = in_hand(card.get_absolute_url(), one)
    masking = maskings.confirm(masking=hidden(card, one, report), by=two)
    reports.decide(report=report, reasons=DISMISSED, by=one)
    assert not again(card).live
    assert again(masking).lift_asked_by == one
    delivered()
    asked = [m.to for m in mail.outbox if "Répondez à la levée" in m.subject]
    assert ([two.email] in asked, [one.email] in asked) == (True, False)
    contested = reports.contest(report=again(report), words="Si.", by=reports.VISITOR)
    reports.settle(report=contested, reasons=DISMISSED, by=make.moderator())
    assert again(card).live


def test_the_page_leads_two_persons_through_a_lift(card: Resource, one: User, two: User) -> None:
    report = in_hand(card.get_absolute_url(), one)
    maskings.confirm(masking=hidden(card, one, report), by=two)
    address, first, second = item(report), signed_in(one), signed_in(two)
    page = first.get(address).text
    assert ('value="lift"' in page, 'value="propose_lift"' in page) == (False, True)
    first.post(address, {"act": "propose_lift"})
    assert "Masquages que l’on propose de lever" in second.get(LISTED).text
    shown = ['value="approve_lift"' in each.get(address).text for each in (first, second)]
    assert shown == [False, True]
    second.post(address, {"act": "approve_lift"})
    assert again(card).live


# Collections


def collection(title: str = "Recruter sans biais") -> Collection:
    editor: User = MembershipFactory(role="editor").user
    held = Organisation.objects.get(memberships__user=editor)
    made = collections.make(title=title, summary="Zzrésumé.", organisation=held, by=editor)
    collections.add(collection=made, resource=ResourceFactory(published=True), by=editor)
    made.items.update(comment="Zzcommentaire.")
    return collections.publish(collection=made, by=editor)


def test_a_collection_is_reported_hidden_and_shown_again(
    client: Client, one: User, two: User
) -> None:
    found = collection()
    page, writer = found.get_absolute_url(), signed_in(found.made_by)
    assert f"/signaler/?adresse={page}" in client.get(page).text
    report = in_hand(page, one)
    assert (report.collection, report.title) == (found, found.title)
    assert (report.concerned, report.organisation) == (found.made_by, found.organisation)
    assert reports.measures(report) == [Measure.CORRECT, Measure.HIDE]
    shown = signed_in(one).get(item(report)).text
    assert ("Zzrésumé." in shown, "Zzcommentaire." in shown) == (True, True)
    reasons = upheld(ground="charter", ground_text="Charte, point 4.")
    decision = reports.decide(report=report, reasons=reasons, by=one)
    for address in (page, "/dossiers/", f"/organisations/{found.organisation.slug}/"):
        assert "Zzrésumé." not in client.get(address).text
    assert client.get(page).status_code == 404
    assert community_queries.locate_report(page) == community_queries.Place(page)
    assert "Charte, point 4." in writer.get(page).text
    assert writer.get(f"/signalements/decisions/{decision.public_id}/").status_code == 200
    collections.take_back(collection=found, by=found.made_by)
    collections.publish(collection=found, by=found.made_by)
    assert client.get(page).status_code == 404
    settled(report, two)
    assert client.get(page).status_code == 200
    assert again(found).hidden_by is None


def test_nobody_judges_the_collections_of_their_organisation(one: User, two: User) -> None:
    found = collection()
    MembershipFactory(user=one, organisation=found.organisation, role="editor")
    tied, report = again(one), in_hand(found.get_absolute_url(), two)
    assert not Report.objects.visible_to(tied).exists()
    with refused(NotAllowed):
        reports.decide(report=report, reasons=upheld(), by=tied)
    for by in (tied, found.made_by):
        with refused(NotAllowed):
            collections.hide(collection=found, reason="Non.", by=by)
