"""From sign-up to an invitation accepted, in a browser: without script, then with passkeys."""

import re
import time
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core import mail

from portal.accounts.models import Membership
from tests.factories.accounts import PASSWORD, MembershipFactory, UserFactory
from tests.factories.letters import delivered
from tests.journeys import axe, browser
from tests.journeys.conftest import CheckPages

pytestmark = [
    pytest.mark.journey,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(bool(browser.missing()), reason=browser.missing() or "-"),
]


def link(to: str) -> str:
    """Find the path of the link in the last letter to an address."""
    delivered()
    letter = [one for one in mail.outbox if one.to == [to]][-1]
    found = re.search(r"https?://[^/]+(/\S+)", str(letter.body))
    assert found is not None
    return found.group(1)


def fill(page: Any, **values: str) -> None:
    for name, value in values.items():
        page.fill(f"main [name={name}]", value)


def send(page: Any, words: str) -> None:
    page.click(f"main button:has-text('{words}')")
    page.wait_for_load_state()


def sign_in(page: Any, site: str, login: str) -> None:
    page.goto(f"{site}/compte/connexion/")
    fill(page, login=login, password=PASSWORD)
    send(page, "Se connecter")


def heading(page: Any) -> str:
    return str(page.inner_text("main h1")).replace("\xa0", " ").replace("\u202f", " ")


def code(page: Any, shift: int = 0) -> str:
    secret = page.inner_text("#totp-secret").strip()
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + shift))


@pytest.mark.ci  # make test sends the same forms by the client: portal/accounts
def test_the_whole_way_without_script(running: Any, live_server: Any) -> None:
    site, address = live_server.url, "nouvelle@exemple.test"
    with browser.tab(running, script=False) as page:
        page.goto(f"{site}/challenges/")
        page.click("header a:has-text('Se connecter')")
        page.click("main a:has-text('Créer un compte')")
        fill(page, email=address, display_name="Nouvelle", password1="court")
        send(page, "Créer mon compte")
        assert page.title().startswith("Erreur")
        fill(page, password1=PASSWORD)
        send(page, "Créer mon compte")
        assert heading(page) == "Confirmez votre adresse"
        page.goto(site + link(address))
        send(page, "Confirmer")
        assert page.url == f"{site}/challenges/"
        page.goto(f"{site}/compte/securite/application/")
        fill(page, password=PASSWORD)
        send(page, "Confirmer")
        given = code(page)
        secret = page.inner_text("#totp-secret").strip()
        fill(page, code=given)
        send(page, "Activer")
        assert heading(page) == "Codes de secours"
        recovery = page.inner_text("main ul.mono li")
        page.goto(f"{site}/compte/deconnexion/")
        send(page, "Me déconnecter")
        sign_in(page, site, address)
        assert heading(page) == "Second facteur"
        fill(page, code="000000")
        send(page, "Valider")
        assert "déjà servi" in page.inner_text("main")
        fill(page, code=format_hotp_value(hotp_value(secret, int(time.time()) // 30 + 1)))
        send(page, "Valider")
        assert heading(page) == "À faire"
        page.goto(f"{site}/organisations/creer/")
        fill(page, name="Bâtir Sud", siret="732 829 320 00074")
        page.select_option("main [name=kind]", "company")
        send(page, "Créer l’organisation")
        assert heading(page) == "Membres : Bâtir Sud"
        fill(page, email="invitee@exemple.test")
        page.check("main [name=role][value=editor]")
        send(page, "Envoyer l’invitation")
        assert "invitee@exemple.test" in page.inner_text("main")
        assert recovery
    invited = UserFactory(email="invitee@exemple.test")
    with browser.tab(running, script=False) as page:
        page.goto(site + link("invitee@exemple.test"))
        page.click("main a:has-text('Se connecter')")
        fill(page, login=invited.email, password=PASSWORD)
        send(page, "Se connecter")
        send(page, "Rejoindre l’organisation")
        assert heading(page) == "Bâtir Sud"
    roles = Membership.objects.live().order_by("pk").values_list("user__email", "role")
    assert list(roles) == [(address, "referent"), ("invitee@exemple.test", "editor")]


def test_a_passkey_opens_the_door(running: Any, live_server: Any) -> None:
    site, user = live_server.url, UserFactory()
    with browser.tab(running) as page:
        cdp = page.context.new_cdp_session(page)
        cdp.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        sign_in(page, site, user.email)
        page.goto(f"{site}/compte/securite/cles/ajouter/")
        fill(page, name="Téléphone")
        page.check("main [name=passwordless]")
        page.click("#mfa_webauthn_add")
        page.wait_for_url("**/secours/")
        page.goto(f"{site}/compte/deconnexion/")
        send(page, "Me déconnecter")
        page.goto(f"{site}/compte/connexion/")
        page.click("#passkey_login")
        page.wait_for_url("**/espace/")
        assert page.errors == []
        page.goto(f"{site}/compte/securite/cles/")
        assert "Téléphone" in page.inner_text("main")


PAGES = [
    "/compte/connexion/",
    "/compte/inscription/",
    "/compte/mot-de-passe/oublie/",
    "/organisations/",
    "/organisations/batir-sud/",
]
OWN = [
    "/espace/",
    "/espace/organisations/",
    "/espace/roles/",
    "/compte/",
    "/compte/adresse/",
    "/compte/mot-de-passe/",
    "/compte/donnees/",
    "/compte/fermer/",
    "/compte/sessions/",
    "/compte/jetons/",
    "/compte/jetons/creer/",
    "/compte/securite/",
    "/compte/securite/application/",
    "/compte/securite/cles/",
    "/compte/securite/cles/ajouter/",
    "/organisations/creer/",
    "/organisations/batir-sud/membres/",
    "/organisations/batir-sud/modifier/",
    "/organisations/batir-sud/quitter/",
]


@axe.other_pages
def test_pages_of_accounts_have_no_fault(check_pages: CheckPages) -> None:
    user = UserFactory(region="administrator")
    place = MembershipFactory(
        user=user, role="referent", organisation__name="Bâtir Sud", organisation__slug="batir-sud"
    )
    MembershipFactory(organisation=place.organisation, user__display_name="Camille Aubanel")
    check_pages(None, *PAGES)
    check_pages(user, *OWN)
