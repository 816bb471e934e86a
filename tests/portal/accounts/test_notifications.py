"""News and letters: each once, as each person chose, in their space and by e-mail."""

import email
import email.policy
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
from portal.accounts.models import Notification, NotificationChoice, User
from portal.audit import duties, letters, outbox
from portal.audit.models import AuditEvent, Outbox
from portal.lib import clock
from portal.lib.refusals import Invalid
from tests.factories.accounts import UserFactory
from tests.factories.letters import delivered
from tests.ledger import cost, same_for_three
from tests.ledger import refused_of_accounts as refused

pytestmark = pytest.mark.django_db


QUERIES_LIST = 7
FACTS = {"title": "Tensions", "about": "3"}


@pytest.fixture
def person() -> User:
    return UserFactory()


def told(*people: User, event: str = "e", letter: str = "entry_scored") -> list[User]:
    return notifications.notify(
        people=people, letter=letter, event=event, path="/challenges/tensions/", facts=FACTS
    )


def test_an_event_is_noted_once_and_written_to_those_who_hear_now(person: User) -> None:
    daily = UserFactory()
    notifications.choose(ways={"entries": "daily"}, by=daily)
    for _ in range(2):
        assert told(person, daily) == [person]
    rows = Notification.objects.order_by("pk").values_list("user", "delivery", "facts")
    assert list(rows) == [(person.pk, "now", FACTS), (daily.pk, "daily", FACTS)]


@pytest.mark.parametrize(
    "ways",
    [{"rules": "off"}, {"answers": "space"}, {"entries": "off"}, {"x": "now"}, {"discussions": ""}],
)
def test_what_is_essential_or_not_offered_is_not_chosen(person: User, ways: dict[str, str]) -> None:
    with refused(Invalid, code="news_choice"):
        notifications.choose(ways=ways, by=person)


def test_choices_are_recorded_when_they_change(person: User) -> None:
    notifications.choose(ways={"entries": "now"}, by=person)
    notifications.choose(ways={"entries": "space"}, by=person)
    notifications.choose(ways={"entries": "space"}, by=person)
    assert [event.action for event in AuditEvent.objects.all()] == ["account.news_chosen"]


def test_the_letter_of_the_day_gathers_once(person: User) -> None:
    other = UserFactory()
    notifications.choose(ways={"entries": "daily"}, by=person)
    for event in "ab":
        told(person, other, event=event)
    for _ in range(2):  # two schedulers
        notifications.gather("2026-11-26")
    delivered()
    (letter,) = mail.outbox
    assert (letter.to, letter.subject) == ([person.email], "2 nouvelles du jour")
    assert letter.body.count("Challenge « Tensions » : soumission évaluée") == 2
    notifications.gather("2026-11-27")
    delivered()
    assert len(mail.outbox) == 1
    told(person, event="c")
    notifications.gather("2026-11-28")
    delivered()
    assert [each.subject for each in mail.outbox] == ["2 nouvelles du jour", "1 nouvelle du jour"]


def test_nothing_is_owed_to_an_account_that_is_closed(person: User) -> None:
    notifications.choose(ways={"entries": "daily"}, by=person)
    told(person)
    User.objects.filter(pk=person.pk).update(is_active=False)
    for day in ("2026-11-26", "2026-11-27"):
        notifications.gather(day)
    assert not Outbox.objects.filter(topic="mail.digest").exists()


def test_a_letter_of_the_day_that_fails_goes_later_with_everything(
    person: User, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    notifications.choose(ways={"entries": "daily"}, by=person)
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
    assert "submission evaluated" in client.get("/en" + address).text


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
    client.post(reverse("notifications"))
    assert list(Notification.objects.unread()) == [other]
    assert "non lu" not in page(client).text


def test_the_list_is_cut_in_pages(client: Client, person: User) -> None:
    for event in range(26):
        told(person, event=str(event))
    client.force_login(person)
    assert page(client).text.count("/challenges/tensions/") == 25
    assert page(client, page="2").text.count("/challenges/tensions/") == 1
    assert page(client, page="x").status_code == 200


def test_choices_are_made_on_a_page(client: Client, person: User) -> None:
    client.force_login(person)
    link = reverse("notification_choices")
    text = client.get(link).text
    assert "Toujours par courriel" in text
    assert "Ils changent ce que vous pouvez faire, et jusqu’à quand." in text
    assert "Modération des challenges" not in text  # not a moderator
    ways = {kind.name: "space" for kind in news.kinds(person) if not kind.essential}
    assert client.post(link, ways).status_code == 302
    assert set(NotificationChoice.objects.values_list("kind", "delivery")) == set(ways.items())
    wrong = client.post(link, ways | {"entries": "off"})
    assert (wrong.status_code, "id_entries_error" in wrong.text) == (422, True)


def test_a_letter_is_turned_down_in_one_click_without_signing_in(person: User) -> None:
    link = news.stop_link("entry_scored", person)
    path = link.removeprefix("http://testserver").removeprefix("http://127.0.0.1:8000")
    client = Client(enforce_csrf_checks=True)
    assert "Mes soumissions" in client.get(path).text
    assert NotificationChoice.objects.count() == 0  # a mail program that looks changes nothing
    assert client.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert NotificationChoice.objects.get().delivery == Delivery.SPACE
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
    context = {"invitation": invitation, "link": "https://exemple.test/x?a=1&b=2"}
    letter = letters.write("invitation", to="a@exemple.test", context=context)
    assert letter.subject == "Invitation à rejoindre Nom Bcc: autre@exemple.test"
    assert "Zoé & Cie <z>" in letter.body
    assert "https://exemple.test/x?a=1&b=2" in letter.body


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
