"""What who answers for a card thinks of a change, by the API: as the page does."""

import pytest

from catalogue.enums import ContributionStatus
from catalogue.models import Contribution
from portal.accounts.enums import TokenScope
from portal.accounts.models import User
from tests.catalogue.api.test_writing import Pipeline, faults
from tests.factories import contributions as make
from tests.portal.test_api import problem

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> User:
    return make.person()


@pytest.fixture
def offered(owner: User) -> Contribution:
    return make.offered(make.published(owner), summary="Une phrase plus juste.")


def test_an_owner_approves_once(owner: User, offered: Contribution) -> None:
    address = f"contributions/{offered.public_id}/answer"
    told = Pipeline(owner).post(address, {"answer": "accept"}).json()
    assert (told["status"], told["owner_answer"]) == ("submitted", "accepted")
    assert told["record"]["summary"] == "Une phrase plus juste."
    again = Pipeline(owner).post(address, {"answer": "accept"})
    assert again.status_code == 409


def test_a_decline_has_a_reason_that_the_region_reads(owner: User, offered: Contribution) -> None:
    address = f"contributions/{offered.public_id}"
    wrong = Pipeline(owner).post(f"{address}/answer", {"answer": "decline"})
    assert list(faults(wrong)) == ["reason"]
    assert list(faults(Pipeline(owner).post(f"{address}/answer", {"answer": "x"}))) == ["answer"]
    said = {"answer": "decline", "reason": "C’était voulu."}
    told = Pipeline(owner).post(f"{address}/answer", said).json()
    assert (told["status"], told["owner_answer"]) == ("submitted", "declined")
    assert told["owner_reason"] == "C’était voulu."


def test_others_answer_nothing(owner: User, offered: Contribution) -> None:
    address = f"contributions/{offered.public_id}"
    stranger = Pipeline(make.person())
    assert problem(stranger.post(f"{address}/answer", {"answer": "accept"})) == (404, "not_found")
    assert offered.author is not None
    author = Pipeline(offered.author)
    assert problem(author.post(f"{address}/answer", {"answer": "accept"})) == (403, "not_allowed")
    reading = Pipeline(owner, TokenScope.READ)
    assert problem(reading.post(f"{address}/answer", {"answer": "accept"})) == (
        403,
        "scope_required",
    )
    offered.refresh_from_db()
    assert offered.status == ContributionStatus.OFFERED


def test_a_token_that_only_writes_is_told_nothing_of_what_others_wrote(
    owner: User, offered: Contribution
) -> None:
    writing = Pipeline(owner, TokenScope.CONTRIBUTE)
    told = writing.post(f"contributions/{offered.public_id}/answer", {"answer": "accept"}).json()
    assert (told["title"], told["record"], told["owner_answer"]) == ("", {}, "")
    assert told["status"] == "submitted"
