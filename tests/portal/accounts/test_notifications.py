"""News and letters: each once, as each person chose, in their space and by e-mail."""

import email
import email.policy
import re
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core import mail
from django.test import Client
from django.urls import reverse

from portal.accounts import adapters, news
from portal.accounts.actions import notifications
from portal.accounts.enums import Delivery
from portal.accounts.models import Notification, User
from portal.audit import duties, letters, outbox
from portal.audit.models import AuditEvent, Outbox
from portal.lib import clock
from portal.lib.refusals import Invalid
from tests.factories.accounts import UserFactory
from tests.factories.challenges import ChallengeFactory, accepted_person
from tests.factories.letters import delivered
from tests.ledger import cost, same_for_three
from tests.ledger import refused_of_accounts as refused

pytestmark = pytest.mark.django_db


QUERIES_LIST = 9
FACTS = {"title": "Tensions", "about": "3"}


@pytest.fixture
def person() -> User:
    return UserFactory()


def told(*people: User, event: str = "e", letter: str = "phase_opened") -> list[User]:
    return notifications.notify(
        people=people, letter=letter, event=event, path="/challenges/tensions/", facts=FACTS
    )


def test_an_event_is_noted_once_and_written_to_those_who_hear_now(person: User) -> None:
    daily = UserFactory()
    notifications.choose(ways={"deadlines": "daily"}, by=daily)
    for _ in range(2):
        assert told(person, daily) == [person]
    rows = Notification.objects.order_by("pk").values_list("user", "delivery", "facts")
    assert list(rows) == [(person.pk, "now", FACTS), (daily.pk, "daily", FACTS)]


@pytest.mark.parametrize(
    "ways",
    [
        {"rules": "off"},
        {"answers": "space"},
        {"deadlines": "off"},
        {"x": "now"},
        {"discussions": ""},
    ],
)
def test_what_is_essential_or_not_offered_is_not_chosen(person: User, ways: dict[str, str]) -> None:
    with refused(Invalid, code="news_choice"):
        notifications.choose(ways=ways, by=person)


def test_choices_are_recorded_when_they_change(person: User) -> None:
    notifications.choose(ways={"deadlines": "now"}, by=person)
    notifications.choose(ways={"deadlines": "space"}, by=person)
    notifications.choose(ways={"deadlines": "space"}, by=person)
    assert [event.action for event in AuditEvent.objects.all()] == ["account.news_chosen"]


def test_the_letter_of_the_day_gathers_once(person: User) -> None:
    other = UserFactory()
    notifications.choose(ways={"deadlines": "daily"}, by=person)
    for event in "ab":
        told(person, other, event=event)
    for _ in range(2):  # two schedulers
        notifications.gather("2026-11-26")
    delivered()
    (letter,) = mail.outbox
    assert (letter.to, letter.subject) == ([person.email], "2 nouvelles du jour")
    assert letter.body.count("Challenge « Tensions » : une phase ouvre") == 2
    notifications.gather("2026-11-27")
    delivered()
    assert len(mail.outbox) == 1
    told(person, event="c")
    notifications.gather("2026-11-28")
    delivered()
    assert [each.subject for each in mail.outbox] == ["2 nouvelles du jour", "1 nouvelle du jour"]


def test_nothing_is_owed_to_an_account_that_is_closed(person: User) -> None:
    notifications.choose(ways={"deadlines": "daily"}, by=person)
    told(person)
    User.objects.filter(pk=person.pk).update(is_active=False)
    for day in ("2026-11-26", "2026-11-27"):
        notifications.gather(day)
    assert not Outbox.objects.filter(topic="mail.digest").exists()


def test_a_letter_of_the_day_that_fails_goes_later_with_everything(
    person: User, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    notifications.choose(ways={"deadlines": "daily"}, by=person)
    told(person)
    notifications.gather("2026-11-26")
    backend, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, "tests.portal.accounts.absent.Nothing"
    outbox.relay()
    assert outbox.pending() == 1
    assert Notification.objects.get().gathered_at is None
    settings.EMAIL_BACKEND = backend
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(hours=1))
    delivered()
    assert len(mail.outbox) == 1


def test_old_news_are_forgotten(person: User) -> None:
    told(person, event="old")
    Notification.objects.update(created_at=clock.now() - timedelta(days=181))
    told(person, event="new")
    assert "accounts.news" in duties.run_due()
    assert [each.event for each in Notification.objects.all()] == ["new"]


def page(client: Client, **query: str) -> Any:
    return client.get(reverse("notifications"), query)


def test_the_list_shows_ones_own_for_the_same_queries(client: Client, person: User) -> None:
    told(UserFactory(), event="other")
    client.force_login(person)
    address, numbers = reverse("notifications"), iter("123")
    counts = same_for_three(
        lambda: told(person, event=next(numbers)), lambda: cost(client, address)
    )
    assert counts == [QUERIES_LIST]
    assert page(client).text.count('<a href="/challenges/tensions/">') == 3
    assert "a phase opens" in client.get("/en" + address).text


def test_what_says_the_same_is_said_once_in_the_space(client: Client, person: User) -> None:
    for event in ("a", "b", "c"):
        told(person, event=event)
    client.force_login(person)
    recent = client.get("/espace/").text.partition('id="recent"')[2]
    last = Notification.objects.latest("pk")
    assert recent.count(f'<a href="{last.path}">') == 1


def test_news_are_read_one_or_all(client: Client, person: User) -> None:
    for event in "abc":
        told(person, event=event)
    other = Notification.objects.create(
        user=UserFactory(), letter="x", event="x", path="/", delivery="now", created_at=clock.now()
    )
    client.force_login(person)
    first = Notification.objects.visible_to(person).first()
    assert first is not None
    client.post(reverse("notifications"), {"read": str(first.pk)})
    assert Notification.objects.visible_to(person).unread().count() == 2
    client.post(reverse("notifications"), {"read": str(other.pk)})
    client.post(reverse("notifications"), {"read": "9" * 40})
    assert Notification.objects.unread().count() == 3
    assert "2 avis à lire" in re.sub(r"<[^>]+>", "", page(client).text)  # in the header
    assert "<small>2 non lus</small>" in client.get(reverse("space")).text
    client.post(reverse("notifications"))
    assert list(Notification.objects.unread()) == [other]
    assert "non lu" not in page(client).text


def test_choices_are_made_on_a_page(client: Client, person: User) -> None:
    link = reverse("notification_choices")
    client.force_login(person)
    assert "Échéances" not in client.get(link).text  # takes part in nothing
    accepted_person(ChallengeFactory(), person)
    text = client.get(link).text
    assert "Toujours par courriel" in text
    assert "Ils changent ce que vous pouvez faire, et jusqu’à quand." in text
    assert "Modération des challenges" not in text  # not a moderator
    ways = {kind.name: "space" for kind in news.kinds(person) if not kind.essential}
    assert client.post(link, ways).status_code == 302
    person.refresh_from_db()
    assert person.notification_choices == ways
    wrong = client.post(link, ways | {"deadlines": "off"})
    assert (wrong.status_code, "id_deadlines_error" in wrong.text) == (422, True)


def test_a_letter_is_turned_down_in_one_click_without_signing_in(person: User) -> None:
    link = news.stop_link("phase_opened", person)
    path = link.removeprefix("http://testserver").removeprefix("http://127.0.0.1:8000")
    client = Client(enforce_csrf_checks=True)
    assert "Échéances" in client.get(path).text
    person.refresh_from_db()
    assert person.notification_choices == {}  # a mail program that looks changes nothing
    assert client.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    person.refresh_from_db()
    assert list(person.notification_choices.values()) == [Delivery.SPACE]
    assert told(person) == []
    assert Notification.objects.count() == 1
    assert news.stop_link("phase_dates", person) == ""  # essential
    for wrong in ("x", path.rstrip("/").rpartition("/")[2][:-2] + "zz"):
        assert client.post(reverse("notification_stop", args=[wrong])).status_code == 404


TEMPLATES = Path(django_settings.BASE_DIR) / "templates" / "emails"


def test_the_folder_keeps_a_letter_as_a_mail_reader_reads_it(settings: Any, tmp_path: Path) -> None:
    settings.EMAIL_BACKEND = "portal.audit.letters.FolderBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path / "mail")
    letters.send("password_changed", to="camille@exemple.test", context={})
    [path] = (tmp_path / "mail").iterdir()
    assert path.suffix == ".eml"
    read = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert (read["To"], read["Subject"]) == (
        "camille@exemple.test",
        "Votre mot de passe a changé",
    )
    assert read["Auto-Submitted"] == "auto-generated"
    body = read.get_body()
    assert body is not None
    assert "vos autres sessions sont fermées" in body.get_content()
    assert django_settings.SITE_URL in body.get_content()


def test_a_subject_stays_on_its_line() -> None:
    organisation = SimpleNamespace(name="Nom\nBcc: autre@exemple.test")
    invitation = SimpleNamespace(
        organisation=organisation, sent_by="Zoé & Cie <z>", get_role_display="éditrice"
    )
    link = f"{django_settings.SITE_URL}/x?a=1&b=2"
    context = {"invitation": invitation, "link": link}
    letter = letters.write("invitation", to="a@exemple.test", context=context)
    assert letter.subject == "Invitation à rejoindre Nom Bcc: autre@exemple.test"
    assert "Zoé & Cie <z>" in letter.body
    page, kind = letter.alternatives[0]
    assert kind == "text/html"
    assert "Zoé &amp; Cie &lt;z&gt;" in page
    assert f'<a href="{django_settings.SITE_URL}/x?a=1&amp;b=2"' in page
    assert letter.message()["List-Id"] == "Open Emploi <invitation.127.0.0.1>"
    assert link in letter.body


def test_an_address_that_somebody_wrote_in_a_letter_leads_nowhere() -> None:
    asked = SimpleNamespace(
        user="Zoé",
        organisation=SimpleNamespace(name="Atelier"),
        message="https://ailleurs.test/compte/connexion/\n\nou ailleurs.test",
    )
    context = {"request": asked, "link": f"{django_settings.SITE_URL}/organisations/atelier/"}
    page, _kind = letters.write("join_request", to="a@exemple.test", context=context).alternatives[
        0
    ]
    assert re.findall(r'<a [^>]*href="([^"]*)"', page) == [context["link"]]
    assert "https://ailleurs.test/compte/connexion/" in page


@pytest.mark.parametrize("letter", sorted(set(adapters.LETTERS.values())))
def test_every_letter_about_an_account_has_its_templates(letter: str) -> None:
    written = letters.write(
        letter, to="a@exemple.test", context={"link": "https://x.test/", "login_link": "y"}
    )
    assert written.subject
    assert written.body.startswith("Bonjour,")


def test_every_letter_has_a_subject_and_a_body() -> None:
    folders = [path for path in TEMPLATES.iterdir() if path.is_dir()]
    assert [
        path.name
        for path in folders
        if {one.name for one in path.iterdir()} != {"subject.txt", "body.txt"}
    ] == []
