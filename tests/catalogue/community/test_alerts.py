"""Saved searches: each publication once, for an account or an address, stopped in a click."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import feedparser
import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client

from catalogue.community.actions import alerts
from catalogue.models import AlertMatch, SavedSearch
from catalogue.resources.enums import ResourceKind
from catalogue.search.query import ResourceQuery
from portal.accounts.actions import accounts
from portal.accounts.models import User
from portal.audit import outbox
from portal.lib import clock
from portal.lib.refusals import Conflict, NotAllowed, QuotaSpent
from portal.lib.web.requests import PathsWithoutSecrets
from tests.factories.accounts import UserFactory
from tests.factories.catalogue import ResourceFactory
from tests.factories.letters import delivered
from tests.ledger import events, owed

pytestmark = pytest.mark.django_db
QUERY = ResourceQuery(q="emploi saisonnier", kind=("need",))
ADDRESS = "lectrice@exemple.fr"


@pytest.fixture
def person() -> User:
    return UserFactory()


def saved(by: User, frequency: str = "daily", query: ResourceQuery = QUERY) -> SavedSearch:
    return alerts.save(query=query, title="Saisonniers", frequency=frequency, by=by)


def published(title: str = "Emploi saisonnier", **values: Any) -> Any:
    return ResourceFactory(published=True, title=title, kind=ResourceKind.NEED, **values)


def morning(days: int = 0) -> datetime:
    """Give a morning of Paris, some days from now."""
    return (clock.now().astimezone(clock.PARIS) + timedelta(days=days)).replace(hour=9)


def path(link: str) -> str:
    return urlsplit(link).path


def write(days: int = 0) -> list[str]:
    """Write the alerts of a morning and deliver them; give the body of each letter so far."""
    alerts.write_all(at=morning(days=days))
    delivered()
    return [letter.body for letter in mail.outbox]


def ask(number: int) -> None:
    query = ResourceQuery(q=f"m{number}")
    alerts.ask(query=query, title="T", frequency="daily", email=ADDRESS)


def test_what_is_published_after_and_answers_is_told_once(person: User) -> None:
    published("Emploi saisonnier d’avant")
    search = saved(person)
    new = published()
    published("Emploi durable")
    ResourceFactory(published=True, title="Emploi saisonnier, un outil")
    for _ in range(2):
        write()
    (letter,) = mail.outbox
    told = (letter.to, letter.subject)
    assert told == ([person.email], "1 nouvelle ressource : « Saisonniers »")
    assert letter.body.count(new.get_absolute_url()) == 1
    assert letter.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert letter.extra_headers["List-Unsubscribe"] == f"<{alerts.stop_link(search)}>"
    assert len(write(days=1)) == 1
    assert events() == ["search.saved"]


def test_nothing_leaves_by_night_nor_twice_a_day(person: User) -> None:
    saved(person)
    published()
    alerts.write_all(at=morning().replace(hour=2))
    assert owed() == []
    alerts.write_all(at=morning())
    late = published("Emploi saisonnier du soir").title
    assert [body.count(late) for body in write()] == [0]
    assert [body.count(late) for body in write(days=1)] == [0, 1]


def test_a_week_is_gathered_in_one_letter(person: User) -> None:
    saved(person, "weekly")
    for number in range(2):
        published(f"Emploi saisonnier {number}")
        assert write(days=number) == []
    assert len(write(days=7)) == 1
    assert mail.outbox[0].subject == "2 nouvelles ressources : « Saisonniers »"


def test_a_letter_sent_again_is_the_same_letter(person: User) -> None:
    saved(person)
    published()
    alerts.write_all(at=morning())
    handler = outbox._handlers["mail.saved_search"]
    ids = outbox.Outbox.objects.get(topic="mail.saved_search").ids
    handler(**ids)
    published("Emploi saisonnier suivant")
    alerts.look_for(search=SavedSearch.objects.get())
    handler(**ids)
    one, two = mail.outbox
    assert one.body == two.body
    assert one.extra_headers["Message-ID"] == two.extra_headers["Message-ID"]


def test_a_search_that_fails_keeps_no_other_waiting(
    person: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    broken, real = saved(person, query=ResourceQuery(q="cassé")), alerts.look_for
    saved(person)
    published()

    def look(*, search: SavedSearch) -> int:
        if search.pk == broken.pk:
            raise ValueError
        return real(search=search)

    monkeypatch.setattr(alerts, "look_for", look)
    assert alerts.write_all(at=morning()) == 1
    assert f"saved search {broken.pk} was not looked at" in caplog.text


def test_what_went_offline_is_not_told(person: User) -> None:
    saved(person)
    card = published()
    alerts.write_all(at=morning())
    type(card).objects.filter(pk=card.pk).update(live=False)
    delivered()
    assert mail.outbox == []


def test_an_old_change_date_hides_no_publication(
    person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An import keeps the date of its source: it stands pages down the order of the engine."""
    monkeypatch.setattr(alerts, "MAX_SIZE", 2)
    for _ in range(4):
        published()
    saved(person)
    old = published(
        "Emploi saisonnier importé", content_modified_at=datetime(2019, 1, 1, tzinfo=UTC)
    )
    alerts.look_for(search=SavedSearch.objects.get())
    assert AlertMatch.objects.filter(resource=old).count() == 1


def test_what_came_while_letters_were_stopped_is_not_told(person: User) -> None:
    search = saved(person)
    published("Emploi saisonnier perdu")
    alerts.look_for(search=search)
    alerts.stop(search=search)
    published("Emploi saisonnier tu")
    alerts.write_all(at=morning())
    alerts.change(search=search, title=search.title, frequency="daily", by=person)
    published("Emploi saisonnier dit")
    (body,) = write(days=1)
    assert [word in body for word in ("perdu", "tu\n", "dit")] == [False, False, True]
    assert events() == ["search.saved", "search.changed", "search.changed"]


def test_the_same_search_is_kept_once_and_others_do_not_touch_it(person: User) -> None:
    search = saved(person)
    again = saved(person, "weekly", ResourceQuery(q="emploi saisonnier", kind=("need",), page=3))
    assert (again.pk, again.frequency) == (search.pk, "weekly")
    with pytest.raises(NotAllowed):
        alerts.remove(search=search, by=UserFactory())
    assert SavedSearch.objects.count() == 1


def test_a_person_keeps_so_many(person: User, settings: Any) -> None:
    settings.SAVED_SEARCHES_PER_PERSON = 1
    saved(person)
    with pytest.raises(QuotaSpent):
        saved(person, query=ResourceQuery(q="autre"))


def asked(client: Client, email: str = ADDRESS, **more: str) -> Any:
    values = {"title": "Saisonniers", "frequency": "daily", "email": email, **more}
    return client.post(f"/recherches/enregistrer/?{QUERY.serialise()}", values)


def test_an_address_starts_once_by_its_link(client: Client) -> None:
    assert asked(client).status_code == 200
    delivered()
    (letter,) = mail.outbox
    search = SavedSearch.objects.get()
    link = next(word for word in letter.body.split() if "/recherches/confirmer/" in word)
    assert (letter.to, search.confirmed_at, search.writes) == ([ADDRESS], None, False)
    published("Emploi saisonnier d’avant l’accord")
    assert "Confirmer l’alerte" in client.get(path(link)).text
    assert SavedSearch.objects.get().confirmed_at is None  # a mail program opened the link
    assert "L’alerte est active" in client.post(path(link)).text
    assert client.post(path(link)).status_code == 409
    published("Emploi saisonnier d’après l’accord")
    write()
    told = mail.outbox[-1]
    assert (told.to, "d’avant" in told.body, "d’après" in told.body) == ([ADDRESS], False, True)
    manage = next(word for word in told.body.split() if "/recherches/gerer/" in word)
    assert client.get(path(manage)).status_code == 200
    assert client.post(path(manage), {"title": "Été", "frequency": "weekly"}).status_code == 302
    assert SavedSearch.objects.get().frequency == "weekly"
    stop = path(alerts.stop_link(SavedSearch.objects.get()))
    assert "Ne plus les recevoir" in client.get(stop).text
    assert SavedSearch.objects.count() == 1
    strict = Client(enforce_csrf_checks=True)
    for _ in range(2):
        said = strict.post(stop, {"List-Unsubscribe": "One-Click"})
        assert (said.status_code, "effacées" in said.text) == (200, True)
    assert SavedSearch.objects.count() == 0


def test_an_address_known_or_not_reads_the_same_page(client: Client, person: User) -> None:
    pages = {asked(client, email).text for email in (ADDRESS, ADDRESS, person.email)}
    alerts.confirm(search=SavedSearch.objects.get(email=ADDRESS))
    cache.clear()
    pages.add(asked(client).text)
    assert len(pages) == 1


def test_a_letter_to_any_address_names_the_words_of_the_catalogue_alone(client: Client) -> None:
    ResourceFactory(published=True, title="Compétences des jeunes")
    for address in (
        "?q=Gagnez+mille+euros&kind=need",
        "?tag=Gagnez&organisation=Gagnez",
        "?q=les+compétences+Gagnez",
    ):
        values = {"title": "Gagnez sur pirate.example", "frequency": "daily", "email": ADDRESS}
        client.post(f"/recherches/enregistrer/{address}", values)
    delivered()
    said = [letter.subject + letter.body for letter in mail.outbox]
    assert len(said) == 3
    for text in said:
        assert "Gagnez" not in text
        assert "pirate" not in text
    assert "« Besoins »" in mail.outbox[0].subject
    assert "« Recherche dans le catalogue »" in mail.outbox[1].subject
    assert "« compétences »" in mail.outbox[2].subject


def test_days_are_bounded_by_network_and_by_address(
    client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked_again() -> int:
        """Ask for five searches; give how many letters were owed for that."""
        before = len(owed())
        for number in range(5):
            ask(number)
        return len(owed()) - before

    for number in range(5):
        ask(number)
        past = clock.now() - timedelta(days=2)
        SavedSearch.objects.update(created_at=past)
    asked_again()
    young = SavedSearch.objects.filter(created_at__gt=past + timedelta(days=1))
    assert young.count() == settings.SAVED_SEARCH_REQUESTS_PER_DAY
    with monkeypatch.context() as patched:
        patched.setattr(clock, "paris_day", lambda _at: date(2100, 1, 1))  # midnight has passed
        assert asked_again() == 0
    SavedSearch.objects.update(confirmed_at=past)
    assert asked_again() == 1
    settings.SAVED_SEARCH_REQUESTS_PER_MINUTE = 100
    settings.SAVED_SEARCH_REQUESTS_PER_DAY_AND_NETWORK = 2
    assert [asked(client, site="x").status_code for _ in range(3)] == [200, 200, 429]


def test_a_network_and_a_machine_are_held_back(client: Client, settings: Any) -> None:
    settings.SAVED_SEARCH_REQUESTS_PER_MINUTE = 2
    assert [asked(client, site="x").status_code for _ in range(3)] == [200, 200, 429]
    assert SavedSearch.objects.count() == 0


def test_links_that_are_old_or_not_ours_open_nothing(client: Client, settings: Any) -> None:
    asked(client)
    search = SavedSearch.objects.get()
    link = path(alerts.confirm_link(search))
    settings.SAVED_SEARCH_CONFIRM_HOURS = 0
    assert client.post(link).status_code == 410
    for name in ("arreter", "gerer"):
        assert client.post(f"/recherches/{name}/x:y/").status_code == 404
    token = link.split("/")[-2]
    assert client.post(f"/recherches/arreter/{token}/").status_code == 404
    assert client.get(f"/flux/recherches/{token}.atom").status_code == 404
    assert SavedSearch.objects.get().confirmed_at is None
    alerts.confirm(search=search)
    with pytest.raises(Conflict):
        alerts.confirm(search=search)


def test_pages_of_links_are_kept_nowhere_nor_written_in_the_journal(
    client: Client, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.handler.addFilter(PathsWithoutSecrets())
    assert settings.LOGGING["handlers"]["stderr"]["filters"] == ["secrets"]
    asked(client)
    search = SavedSearch.objects.get()
    links = [path(each(search)) for each in (alerts.confirm_link, alerts.stop_link)]
    links.append(path(alerts.manage_link(search)))
    alerts.confirm(search=search)
    for link in links:
        answer = client.get(link)
        assert (answer["Cache-Control"], answer["Referrer-Policy"]) == (
            "no-store, private",
            "same-origin",
        )
        assert client.put(link).status_code == 405
    assert len([each for each in caplog.messages if "…" in each]) == 2 * len(links)
    for link in links:
        assert link.split("/")[-2] not in caplog.text


def test_what_was_not_confirmed_is_forgotten(client: Client) -> None:
    asked(client)
    SavedSearch.objects.update(created_at=clock.now() - timedelta(hours=49))
    alerts.forget()
    assert SavedSearch.objects.count() == 0


def test_a_private_feed_ends_with_its_address(client: Client, person: User) -> None:
    search = saved(person, "feed")
    card = published()
    published("Emploi durable")
    first = path(alerts.feed_link(search))
    answer = client.get(first)
    read = feedparser.parse(answer.content)
    links = [entry.link.endswith(card.get_absolute_url()) for entry in read.entries]
    assert (read.bozo, links) == (False, [True])
    assert answer["Cache-Control"] == "private, no-store"
    search = alerts.renew_feed(search=search, by=person)
    second = path(alerts.feed_link(search))
    assert [client.get(address).status_code for address in (first, second)] == [404, 200]
    for frequency in ("daily", "feed"):  # letters end the feed; it opens again elsewhere
        search = alerts.change(search=search, title="S", frequency=frequency, by=person)
        assert client.get(second).status_code == 404
    third = path(alerts.feed_link(search))
    alerts.change(search=search, title="Autre nom", frequency="feed", by=person)
    assert client.get(third).status_code == 200  # a new name kills no address


def test_pages_of_ones_own(client: Client, person: User) -> None:
    client.force_login(person)
    page = client.get(f"/recherches/enregistrer/?{QUERY.serialise()}")
    assert ("emploi saisonnier" in page.text, "Besoins" in page.text) == (True, True)
    assert client.post("/recherches/enregistrer/?q=a", {"title": ""}).status_code == 422
    made = client.post("/recherches/enregistrer/?q=a", {"title": "A", "frequency": "daily"})
    search = SavedSearch.objects.get()
    assert made["Location"] == f"/espace/suivis/recherches/{search.public_id}/"
    assert "Flux Atom privé" not in client.get(made["Location"]).text
    client.post(made["Location"], {"title": "A", "frequency": "feed"})
    changed = client.post(made["Location"], {"act": "renew_feed"}, follow=True)
    assert "l’ancienne ne répond plus" in changed.text
    assert client.post(made["Location"], {"title": "", "frequency": "daily"}).status_code == 422
    assert "A</a>" in client.get("/espace/suivis/").text
    assert client.post(made["Location"], {"act": "remove"})["Location"] == "/espace/suivis/"
    assert "Aucune recherche enregistrée" in client.get("/espace/suivis/").text


def test_leaving_erases_searches_of_the_account_and_of_its_address(person: User) -> None:
    saved(person)
    alerts.ask(query=QUERY, title="T", frequency="daily", email=person.email)
    accounts.close(user=person, by=person)
    assert SavedSearch.objects.count() == 0
