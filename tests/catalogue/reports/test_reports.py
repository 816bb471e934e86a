"""Reports: anybody sends one, two moderators at most decide, nobody learns who sent it."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import translation

from catalogue.actions import (
    contributions,
    discussions,
    maskings,
    moderation,
    removals,
    report_links,
    reports,
    resources,
    reuses,
)
from catalogue.enums import Measure, ReportOutcome, ReportStatus
from catalogue.models import (
    DiscussionMessage,
    IndexedResource,
    Masking,
    Report,
    ReportDecision,
    Resource,
    Reuse,
)
from catalogue.queries import reported
from catalogue.tasks import reports as duties
from catalogue.tasks.around import moderators
from portal.accounts.actions import accounts, notifications
from portal.accounts.enums import Role
from portal.accounts.models import Notification, User
from portal.lib import clock
from portal.lib.refusals import Conflict, Invalid, NotAllowed, QuotaSpent
from tests.catalogue.ledger import cost, events, rows
from tests.factories import contributions as make
from tests.factories.accounts import signed_in
from tests.factories.letters import delivered

pytestmark = pytest.mark.django_db
SECRET_NAME, SECRET_ADDRESS = "Camille Rapporteuse", "camille.rapporteuse@exemple.fr"
WORDS = "Le numéro de téléphone d’une salariée y figure : celui que je connais."


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


@pytest.fixture
def author() -> User:
    return make.person("autrice")


@pytest.fixture
def card(author: User) -> Resource:
    return make.published(author)


def test_a_card_is_found_in_each_language_by_former_addresses_and_by_its_inner_pages(
    author: User, card: Resource
) -> None:
    card = resources.move(resource=card, slug="nouvelle-adresse")
    for address in (
        "/en/ressources/nouvelle-adresse/",
        "/en/ressources/nouvelle-adresse/discussions/",
        f"/ressources/{card.former_slugs.get().slug}/",
        "/ressources/nouvelle%2Dadresse/",
    ):
        with translation.override("en"):
            found = reported.locate(address)
        assert found is not None
        assert (found.resource, found.concerned) == (card, author), address
    assert reported.locate("/en/ressources/") == reported.Place("/en/ressources/")
    assert reported.locate("/en/rien/de/tel") is None


def test_the_whole_path_from_a_stranger_to_a_third_decision(author: User, card: Resource) -> None:
    one, two = make.moderator("un"), make.moderator("deux")
    three = make.moderator("trois")
    report = reports.assess(report=sent(card.get_absolute_url(), field="Résumé"), by=one)
    maskings.mask(
        resource=card, category="personal_data", explanation="Un numéro.", by=one, report=report
    )
    assert not again(card).live
    assert not IndexedResource.objects.filter(pk=card.pk).exists()
    standing = Masking.objects.get()
    with pytest.raises(NotAllowed):
        maskings.confirm(masking=standing, by=one)
    maskings.confirm(masking=standing, by=two)
    decision = reports.decide(report=report, reasons=upheld(), by=one)
    contested = reports.contest(report=report, words="C’est un numéro de service.", by=author)
    with pytest.raises(NotAllowed):
        reports.settle(report=contested, reasons=DISMISSED, by=one)
    reports.settle(report=contested, reasons=DISMISSED, by=three)
    assert again(card).live
    assert IndexedResource.objects.filter(pk=card.pk).exists()
    assert again(report).status == ReportStatus.FINAL
    assert [e for e in events() if e.startswith(("report.", "masking.", "resource.masked"))] == [
        "report.received",
        "report.assessed",
        "resource.masked",
        "masking.confirmed",
        "report.upheld",
        "report.contested",
        "masking.lifted",
        "report.settled",
    ]
    with pytest.raises(Conflict):
        reports.contest(report=report, words="Encore.", by=author)
    with pytest.raises(Conflict):
        reports.settle(report=report, reasons=DISMISSED, by=two)
    delivered()
    statement = next(m for m in mail.outbox if m.to == [author.email] and "raisons" in m.body)
    assert f"/signalements/decisions/{decision.public_id}/" in statement.body
    for said in ("RGPD, article 6", "Un numéro personnel", "tribunal administratif", "automatique"):
        assert said in statement.body


def test_the_author_never_learns_who_reported(author: User, card: Resource) -> None:
    one, two = make.moderator("un"), make.moderator("deux")
    report = in_hand(card.get_absolute_url(), one)
    decision = reports.decide(report=report, reasons=upheld(), by=one)
    contested = reports.contest(report=report, words="Non.", by=author)
    reports.settle(report=contested, reasons=upheld(facts="C’est confirmé."), by=two)
    delivered()
    client = signed_in(author)
    seen = [m.subject + m.body + str(m.extra_headers) for m in mail.outbox if author.email in m.to]
    assert len(seen) >= 3  # masked, decided, settled
    for address in (
        f"/signalements/decisions/{decision.public_id}/",
        card.get_absolute_url(),
        "/espace/",
        "/transparence/",
    ):
        seen.append(client.get(address).text)
    for page in ("/moderation/signalements/", f"/moderation/signalements/{report.public_id}/"):
        assert client.get(page).status_code == 403
    from catalogue.views import gathered  # noqa: PLC0415  # test

    seen.append(str(gathered.described(author)))
    assert "RGPD, article 6" in seen[-1]
    for text in seen:
        for secret in (SECRET_NAME, SECRET_ADDRESS, WORDS[:30]):
            assert secret not in text
    everything = [m.body for m in mail.outbox if m.to != [SECRET_ADDRESS]]
    assert not any(SECRET_ADDRESS in body or SECRET_NAME in body for body in everything)


def test_a_masking_that_nobody_confirms_lapses_with_an_alert(card: Resource) -> None:
    one, two = make.moderator("un"), make.moderator("deux")
    masking = maskings.mask(resource=card, category="illegal", explanation="Propos.", by=one)
    with pytest.raises(Conflict):
        maskings.mask(resource=card, category="illegal", explanation="Encore.", by=two)
    duties.lapse_maskings()
    assert not again(card).live
    Masking.objects.update(masked_at=clock.now() - timedelta(hours=48))
    with pytest.raises(Conflict):
        maskings.confirm(masking=masking, by=two)
    duties.lapse_maskings()
    duties.lapse_maskings()
    assert again(card).live
    assert IndexedResource.objects.filter(pk=card.pk).exists()
    assert events().count("masking.lapsed") == 1
    delivered()
    alerts = [m.to for m in mail.outbox if "expiré" in m.subject]
    assert sorted(alerts) == sorted([[each.email] for each in moderators()])
    assert len(alerts) == 3  # both, and the one who published


@pytest.mark.parametrize(
    ("first", "settled", "live"),
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
    card: Resource, first: reports.Reasons, settled: reports.Reasons, live: bool
) -> None:
    one, two = make.moderator("un"), make.moderator("deux")
    report = in_hand(card.get_absolute_url(), one)
    if first.measure == Measure.REMOVE:
        maskings.mask(
            resource=card, category="illegal", explanation="Propos.", by=one, report=report
        )
    reports.decide(report=report, reasons=first, by=one)
    contested = reports.contest(report=report, words="Non.", by=card.author)
    reports.settle(report=contested, reasons=settled, by=two)
    assert again(card).live == live
    waiting = again(card).removals.filter(answer="")
    assert waiting.count() == (settled.measure == Measure.REMOVE)


def test_what_another_decision_hides_stays_hidden(author: User, card: Resource) -> None:
    one, two = make.moderator("un"), make.moderator("deux")
    opened = discussions.open_discussion(resource=card, title="Sujet", body_md="Ah.", by=author)
    message = opened.messages.get()
    place = f"{opened.path}#m-{message.public_id}"
    for address, target, state in (
        (place, message, "state"),
        (card.get_absolute_url(), card, "live"),
    ):
        pair = [in_hand(address, one) for _ in range(2)]
        for report in pair:
            reports.decide(report=report, reasons=upheld(), by=one)
        hidden = getattr(again(target), state)
        seen = []
        for report in pair:
            contested = reports.contest(report=report, words="Non.", by=author)
            reports.settle(report=contested, reasons=DISMISSED, by=two)
            seen.append(getattr(again(target), state) == hidden)
        assert seen == [True, False], address
    # Hidden by hand before the notice was upheld: the notice shows it no more.
    other = discussions.open_discussion(resource=card, title="B", body_md="B.", by=author)
    kept = other.messages.get()
    report = in_hand(f"{other.path}#m-{kept.public_id}", one)
    discussions.hide(message=kept, reason="Insultes.", by=two)
    reports.decide(report=report, reasons=upheld(Measure.HIDE), by=one)
    contested = reports.contest(report=report, words="Non.", by=author)
    reports.settle(report=contested, reasons=DISMISSED, by=two)
    assert again(kept).is_hidden


def test_what_is_decided_does_not_lapse(card: Resource) -> None:
    one, two = make.moderator("un"), make.moderator("deux")
    report = in_hand(card.get_absolute_url(), two)
    masking = maskings.mask(resource=card, category="illegal", explanation="Propos.", by=one)
    reports.decide(report=report, reasons=upheld(), by=two)
    assert again(masking).confirmed_by == two
    Masking.objects.update(
        confirmed_by=None, confirmed_at=None, masked_at=clock.now() - timedelta(hours=50)
    )
    assert maskings.lapse_due() == 0
    contested = reports.contest(report=report, words="Non.", by=card.author)
    reports.settle(report=contested, reasons=DISMISSED, by=one)
    removal = removals.propose(resource=card, reason="illegal", explanation="Oui.", by=two)
    assert maskings.lapse_due() == 0
    removals.refuse(removal=removal, by=one)
    removals.propose(resource=card, reason="illegal", explanation="Oui.", by=one)
    assert maskings.lapse_due() == 1  # who hid it holds it no longer alone
    assert again(card).live


def test_a_masked_card_is_nowhere_and_cannot_be_published_over(
    author: User, card: Resource, client: Client
) -> None:
    one = make.moderator("un")
    proposal = contributions.propose(resource=card, by=author)
    waiting = make.send(proposal, author)
    maskings.mask(resource=card, category="illegal", explanation="Propos.", by=one)
    answer = client.get(card.get_absolute_url())
    assert answer.status_code == 451
    assert card.title not in answer.text
    for address in ("/ressources/", "/flux/ressources.atom", "/ressources/suggestions?q=rup"):
        assert card.title not in client.get(address).text
    with pytest.raises(Conflict) as refusal:
        moderation.publish(contribution=make.again(waiting), by=make.moderator("deux"))
    assert refusal.value.code == "resource_masked"
    removal = removals.propose(resource=card, reason="illegal", explanation="Oui.", by=one)
    removals.confirm(removal=removal, by=make.moderator("trois"))
    assert client.get(card.get_absolute_url()).status_code == 410


def test_news_that_quote_a_masked_card_go_from_an_english_page_too(
    author: User, card: Resource
) -> None:
    base = card.get_absolute_url()
    near = f"{base[:-1]}-2/"
    for path in (base, f"{base}reutilisations/", near):
        notifications.notify(
            people=[author], letter="followed_changed", event=path, path=path, facts={"about": "X"}
        )
    with translation.override("en"):
        maskings.mask(
            resource=card, category="illegal", explanation="Propos.", by=make.moderator("un")
        )
    assert list(Notification.objects.filter(event__contains=card.slug).values_list("path")) == [
        (near,)
    ]


def test_nobody_judges_what_touches_them(author: User) -> None:
    holder = make.organisation()
    editor = make.joined(make.person(), holder, Role.EDITOR)
    card = make.published(editor, holder=holder)
    judge = make.joined(make.moderator("membre"), holder, Role.CONTRIBUTOR)
    report = sent(card.get_absolute_url())
    before = rows()
    with pytest.raises(NotAllowed):
        reports.assess(report=report, by=judge)
    with pytest.raises(NotAllowed):
        maskings.mask(resource=card, category="illegal", explanation="Non.", by=judge)
    assert rows() == before
    assert not Report.objects.visible_to(judge).exists()
    assert not Report.objects.visible_to(editor).exists()
    client = signed_in(judge)
    assert client.get(f"/moderation/signalements/{report.public_id}/").status_code == 404


def test_texts_of_people_are_reported_hidden_and_shown_again(author: User, card: Resource) -> None:
    one, two = make.moderator("un"), make.moderator("deux")
    opened = discussions.open_discussion(resource=card, title="Sujet", body_md="Ah.", by=author)
    message = opened.messages.get()
    reuse = reuses.declare(
        resources=[card], title="Étude", url="https://exemple.fr/e", kind="study", by=author
    )
    reuses.publish(brought=reuse, by=one)
    base = card.get_absolute_url()
    cases: list[tuple[str, Any, str, str]] = [
        (f"{opened.path}#m-{message.public_id}", DiscussionMessage, "hidden", "shown"),
        (f"{base}reutilisations/#r-{reuse.public_id}", Reuse, "refused", "published"),
    ]
    for address, model, gone, back in cases:
        report = in_hand(address, one)
        assert report.concerned == author
        assert not report.targets_card
        reports.decide(report=report, reasons=upheld(), by=one)
        assert model.objects.get().state == gone
        contested = reports.contest(report=report, words="Non.", by=author)
        reports.settle(report=contested, reasons=DISMISSED, by=two)
        assert model.objects.get().state == back
    assert again(card).live
    assert again(card).reuses == 1


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
    with pytest.raises(Invalid) as refusal:
        sent(**{"address": "/", **values})
    assert refusal.value.code == code
    assert not Report.objects.exists()


def test_who_reports_abuse_of_children_need_not_say_who_they_are(author: User) -> None:
    assert sent("/", category="explicit", name="", email="").email == ""
    assert sent("/", name="", email="", by=author).email == author.email
    for _time in range(5):
        sent("/", email="trop@exemple.fr")
    with pytest.raises(QuotaSpent):
        sent("/", email="trop@exemple.fr")


def test_a_decision_says_its_reasons(card: Resource) -> None:
    one = make.moderator("un")
    report = in_hand(card.get_absolute_url(), one)
    for lacking in (
        upheld(ground=""),
        upheld(ground_text=" "),
        upheld(facts=""),
        upheld(Measure.NONE),
    ):
        with pytest.raises(Invalid):
            reports.decide(report=report, reasons=lacking, by=one)
    reports.decide(report=report, reasons=upheld(Measure.REMOVE), by=one)
    assert again(card).live
    assert again(card).removals.get().answer == ""
    with pytest.raises(Conflict):
        reports.decide(report=report, reasons=DISMISSED, by=one)


def test_the_form_the_receipt_and_the_tracking_page(card: Resource, client: Client) -> None:
    page = client.get(card.get_absolute_url()).text
    address = re.search(r'href="(/signaler/\?adresse=[^"]+)"', page)
    assert address is not None
    form = client.get(address[1]).text
    assert f'value="{card.get_absolute_url()}"' in form
    lacking = client.post("/signaler/", {"address": "/", "category": "spam"})
    assert lacking.status_code == 422
    told = {
        "address": card.get_absolute_url(),
        "category": "copyright",
        "explanation": "C’est mon texte.",
        "name": SECRET_NAME,
        "email": SECRET_ADDRESS,
        "good_faith": "on",
    }
    answer = client.post("/signaler/", told)
    report = Report.objects.get()
    assert answer["Location"] == report_links.path(report)
    tracked = client.get(answer["Location"])
    assert "C’est mon texte." in tracked.text
    assert (tracked["Referrer-Policy"], tracked["Cache-Control"]) == (
        "same-origin",
        "no-store, private",
    )
    assert client.get(answer["Location"][:-3] + "x/").status_code == 404
    one = make.moderator("un")
    reports.decide(report=reports.assess(report=report, by=one), reasons=DISMISSED, by=one)
    assert client.post(answer["Location"], {"words": "Si."}).status_code == 302
    assert again(report).status == ReportStatus.CONTESTED
    delivered()
    to_me = [m for m in mail.outbox if m.to == [SECRET_ADDRESS]]
    assert len(to_me) == 2
    assert all(answer["Location"] in m.body for m in to_me)
    honey = client.post("/signaler/", {**told, "site": "robot"})
    assert honey.status_code == 302
    assert Report.objects.count() == 1
    for _time in range(5):
        last = client.post("/signaler/", told)
    assert last.status_code == 429


def test_a_moderator_judges_on_the_page(card: Resource) -> None:
    one = make.moderator("un")
    report = sent(card.get_absolute_url())
    client = signed_in(one)
    page = f"/moderation/signalements/{report.public_id}/"
    assert SECRET_NAME in client.get(page).text
    client.post(page, {"act": "assess"})
    assert client.post(page, {"act": "decide", "outcome": "upheld"}).status_code == 422
    client.post(page, {"act": "mask", "category": "personal_data", "explanation": "Un numéro."})
    assert not again(card).live
    said = {
        "act": "decide",
        "outcome": "dismissed",
        "facts": "Rien.",
        "measure": "",
        "ground": "",
    }
    assert client.post(page, said).status_code == 302
    assert again(card).live
    assert "Écarté" in client.get("/moderation/signalements/?tous=1").text


def test_delays_run_out_and_identities_are_forgotten(author: User, card: Resource) -> None:
    one = make.moderator("un")
    by = make.person()
    mine = sent(card.get_absolute_url(), by=by)
    accounts.close(user=by, by=by)
    mine = again(mine)
    assert (mine.by, mine.name, mine.email) == (None, "", "")
    report = in_hand(card.get_absolute_url(), one)
    reports.decide(report=report, reasons=DISMISSED, by=one)
    Report.objects.update(decided_at=clock.now() - timedelta(days=62))
    duties.tidy_reports()
    assert again(report).status == ReportStatus.FINAL
    assert again(report).email == SECRET_ADDRESS
    Report.objects.filter(pk=report.pk).update(ended_at=clock.now() - timedelta(days=183))
    duties.tidy_reports()
    assert (again(report).name, again(report).email) == ("", "")


def test_figures_and_costs(card: Resource) -> None:
    one = make.moderator("un")
    client = signed_in(one)
    pages = ("/moderation/signalements/", "/transparence/")
    reports.decide(
        report=in_hand(card.get_absolute_url(), one), reasons=upheld(Measure.CORRECT), by=one
    )
    sent(card.get_absolute_url())
    before = [cost(client, page) for page in pages]
    sent(card.get_absolute_url(), category="spam")
    sent(card.get_absolute_url(), category="other")
    assert [cost(client, page) for page in pages] == before
    shown = client.get("/transparence/").text
    assert re.findall(r'class="num"[^>]*>(\d+)<', shown)[:4] == ["1", "0", "0", "0"]
    assert ReportDecision.objects.count() == 1
