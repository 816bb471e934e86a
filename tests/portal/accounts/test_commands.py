"""The command that makes the first administrators."""

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from portal.accounts.enums import RegionRole
from portal.accounts.models import User
from tests.factories.accounts import UserFactory
from tests.portal.accounts.ledger import acts

pytestmark = pytest.mark.django_db


def run(*args: str, **options: Any) -> dict[str, Any]:
    out = io.StringIO()
    call_command("create_administrator", *args, "--no-password", "--json", stdout=out, **options)
    answer: dict[str, Any] = json.loads(out.getvalue())
    return answer


def test_it_makes_the_account_and_gives_the_role_once() -> None:
    first = run("Chef@exemple.test", name="Cheffe de projet")
    again = run("chef@exemple.test")
    user = User.objects.get(email="chef@exemple.test")
    assert (first["account_made"], again["account_made"]) == (True, False)
    assert user.region_roles == {RegionRole.ADMINISTRATOR}
    assert user.display_name == "Cheffe de projet"
    assert not user.has_usable_password()
    assert list(user.groups.values_list("name", flat=True)) == ["Moderators"]
    assert acts() == ["account.installed", "role.installed"]


def test_it_takes_an_existing_account() -> None:
    user = UserFactory()
    run(user.email)
    assert User.objects.count() == 1
    assert acts() == ["role.installed"]


@pytest.mark.parametrize("address", ["pas une adresse", "x@"])
def test_it_refuses_what_is_no_address(address: str) -> None:
    with pytest.raises(CommandError):
        run(address)
    assert User.objects.count() == 0


def test_it_refuses_a_closed_account() -> None:
    user = UserFactory(is_active=False)
    with pytest.raises(CommandError):
        run(user.email)
    assert acts() == []


def test_it_refuses_a_weak_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getpass", lambda _prompt: "motdepasse12345")
    with pytest.raises(CommandError, match="plus essayés"):
        call_command("create_administrator", "chef@exemple.test")
    assert User.objects.count() == 0
