"""An opening from its proposal to its release: what each act does and refuses."""

import hashlib
import io
import json
import tempfile
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from catalogue.community.actions import follows
from datasets import gate
from datasets.invariants import decided_alone
from datasets.openings import queries, rules
from datasets.openings.actions import deposits, publication, review
from datasets.openings.enums import Emergency, OpeningRefusal, OpeningStatus
from datasets.openings.models import Opening, OpeningReport
from datasets.releases import actions as releases
from datasets.releases import queries as released
from datasets.releases.actions import Description, NewFile
from datasets.releases.enums import AccessLevel
from datasets.releases.models import DataFile, Dataset
from portal.accounts.enums import RegionRole, Role
from portal.accounts.ledger import LedgerForm
from portal.accounts.models import Notification, User
from portal.audit.outbox import relay
from portal.lib import canonical, clock, signing
from portal.lib.refusals import Conflict, Hidden, Invalid, NotAllowed, TooLarge
from portal.lib.storage import objects
from tests.datasets.openings.tables import REFUSED, people, with_column, written
from tests.factories.accounts import MembershipFactory, UserFactory, items
from tests.factories.datasets import DatasetCardFactory, DatasetFactory, member
from tests.factories.openings import World, again
from tests.ledger import events, owed, refused
from tests.threads import together

pytestmark = pytest.mark.django_db
no_change = partial(refused, label="datasets")
S = OpeningStatus


@pytest.fixture
def world() -> World:
    return World()


def test_a_producer_opens_what_passes_the_checks_from_end_to_end(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named, opens = [], gate.open_deposit

    def noted(*given: Any) -> None:
        opens(*given)
        given[-1].flush()
        named.extend(tmp_path.rglob("*.csv"))  # what would stay of a process killed here

    monkeypatch.setattr(gate, "open_deposit", noted)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    opening = world.deposited()
    assert (opening.status, opening.agreed_by, opening.attempt) == (S.IN_REVIEW, world.by, 1)
    sealed = objects.read(opening.deposit_sha256)
    assert b"Arles" not in sealed
    review.admit(opening=opening, attempt=1, by=world.officer)
    review.check_waiting()
    opening = again(opening)
    report = opening.reports.get()
    assert (opening.status, report.passed) == (S.READY, True)
    review.approve(opening=opening, attempt=1, by=world.dpo)
    assert again(opening).status == S.READY
    review.approve(opening=opening, attempt=1, by=world.approver)
    assert again(opening).status == S.APPROVED

    release = publication.publish(opening=opening, by=world.by)
    opening = again(opening)
    assert named == []
    assert (opening.status, opening.release, opening.deposit_sha256) == (S.PUBLISHED, release, "")
    files = {file.role: file for file in release.files.filter(role__in=["data", "sample"])}
    assert {file.level for file in release.files.all()} == {"open"}
    with closing(gate.open_file(data_file=files["data"], by=None)) as stream:
        content = stream.read(1_000_000)
    assert content == written(people())
    assert files["data"].sha256 == opening.file_sha256 == hashlib.sha256(content).hexdigest()
    assert files["sample"].rows == queries.figures_of(report, "sample")["rows"] > 500
    assert release.notes == opening.removed
    names = sorted(release.files.values_list("name", flat=True))
    assert names == [
        "ce-qui-a-ete-retire.md", "echantillon-synthetique.csv", "entrees.csv",
        "rapport-d-ouverture.json",
    ]  # fmt: skip
    note = objects.read(release.files.get(name=publication.NOTE).sha256).decode()
    assert world.restricted.get_absolute_url() in note
    assert opening.removed in note
    dataset = Dataset.objects.get(resource=world.card)
    assert (dataset.level, dataset.of_personal_origin) == ("open", True)
    assert list(decided_alone()) == []
    assert events("opening.", "release.published") == [
        "opening.proposed",
        "opening.deposited",
        "opening.admitted",
        "opening.checked",
        "opening.approved",
        "opening.approved",
        "opening.published",
        "release.published",
    ]
    assert [topic for topic in owed() if topic.startswith("mail.opening")] == [
        "mail.opening_to_review",
        "mail.opening_to_approve",
        "mail.opening_told",
        "mail.opening_told",
    ]


def test_a_report_is_signed_and_its_synthetic_rows_are_those_published(world: World) -> None:
    opening = world.published()
    file = DataFile.objects.get(name=publication.REPORT)
    told = json.loads(objects.read(file.sha256))
    content = canonical.dumps(told["report"])
    assert hashlib.sha256(content).hexdigest() == told["sha256"]
    signature = bytes.fromhex("".join(told["signature"]))
    assert signing.check(signing.public_key(), content, signature)
    assert not signing.check(signing.public_key(), content + b" ", signature)
    sample = DataFile.objects.get(name=publication.SAMPLE)
    assert told["report"]["sample_sha256"] == sample.sha256
    assert told["report"]["file"]["sha256"] == opening.file_sha256
    with pytest.raises(Exception, match="OpeningReport"):
        opening.reports.update(passed=False)


def test_a_member_proposes_and_the_producer_answers(world: World) -> None:
    someone = UserFactory()
    said = {"title": "Sorties", "interest": "Comparer les zones."}
    lent: dict[str, Any] = {"producer": world.producer, "restricted": world.restricted}
    opening = deposits.propose(**lent, **said, by=someone)
    assert (opening.status, owed()) == (S.PROPOSED, ["mail.opening_proposed"])
    relay()
    assert list(Notification.objects.values_list("user", flat=True)) == [world.by.pk]
    with no_change(NotAllowed):
        deposits.deposit(opening=opening, said=world.said(), content=None, attempt=0, by=someone)
    agreed = world.deposited(opening=opening)
    assert (agreed.status, agreed.agreed_by, agreed.proposed_by) == (S.IN_REVIEW, world.by, someone)
    with no_change(Conflict):
        deposits.decline(opening=agreed, text="Non.", by=world.by)

    other = deposits.propose(**lent, **said, by=someone)
    with no_change(Invalid, code="reason_missing"):
        deposits.decline(opening=other, text=" ", by=world.by)
    deposits.decline(opening=other, text="Nous n’y tenons pas.", by=world.by)
    assert again(other).reason == OpeningRefusal.PRODUCER
    with no_change(Invalid, code="restricted"):
        lent["producer"] = DatasetCardFactory().organisation
        deposits.propose(**lent, **said, by=someone)


def test_who_proposed_takes_it_back_until_the_producer_agrees(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    someone = UserFactory()
    lent: dict[str, Any] = {"producer": world.producer, "restricted": world.restricted}
    propose = partial(deposits.propose, **lent, title="Sorties", interest="Comparer.", by=someone)
    monkeypatch.setattr(deposits, "PROPOSALS_MOST", 2)
    opening, other = propose(), propose()
    with no_change(Conflict, code="too_many_proposals"):
        propose()
    deposits.withdraw(opening=other, by=someone)
    agreed = world.deposited(opening=opening)
    with no_change(NotAllowed):
        deposits.withdraw(opening=agreed, by=someone)
    review.admit(opening=agreed, attempt=1, by=world.officer)
    review.check(again(agreed))
    assert rules.may_read_report(world.officer, again(agreed))
    assert not rules.may_read_report(someone, again(agreed))
    deposits.withdraw(opening=agreed, by=world.by)
    while relay():
        pass
    told = Notification.objects.filter(letter="opening_told", facts__about="withdrawn")
    assert sorted(told.values_list("user", flat=True)) == sorted([someone.pk, world.by.pk] * 2)


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"of_personal_origin": False}, "of_personal_origin"),
        ({"title": "Appeler le 04 91 22 33 44"}, "title"),
        ({"removed": "la colonne de jean.petit@exemple.fr"}, "removed"),
        ({"declared": {"free_text": {"avis": "vu avec jean.petit@exemple.fr"}}}, "free_text"),
    ],
)
def test_what_could_not_be_published_is_not_deposited(
    world: World, values: dict[str, Any], code: str
) -> None:
    with no_change(Invalid, code=code):
        world.deposited(**values)


@pytest.mark.parametrize("name", ["donnees.xlsx", "donnees.txt", publication.SAMPLE])
def test_a_file_that_would_not_be_published_is_not_deposited(world: World, name: str) -> None:
    with no_change(Invalid, code="file"):
        deposits.deposit(
            opening=None,
            said=world.said(),
            name=name,
            content=io.BytesIO(written(people())),
            attempt=0,
            by=world.by,
        )


def test_an_origin_known_to_be_personal_brings_the_officer_of_data_back(world: World) -> None:
    lent = Dataset.objects.filter(pk=world.restricted.pk)
    lent.update(level=AccessLevel.RESTRICTED_BUSINESS)
    world.restricted.refresh_from_db()
    opening = world.approved(of_personal_origin=False)
    lent.update(level=AccessLevel.RESTRICTED_PERSONAL)
    with pytest.raises(Conflict, match="d’origine personnelle"):
        publication.publish(opening=opening, by=world.by)
    assert (again(opening).status, again(opening).release) == (S.APPROVED, None)
    review.request_changes(opening=opening, text="Cochez.", attempt=1, by=world.officer)
    assert again(opening).approver is None
    with no_change(Invalid, code="of_personal_origin"):
        world.deposited(opening=again(opening), of_personal_origin=False, restricted=None)
    opening = world.deposited(opening=again(opening))
    assert (opening.status, opening.officer) == (S.IN_REVIEW, None)


def _acts(opening: Opening) -> dict[str, Callable[[User], object]]:
    attempt = opening.attempt
    text: dict[str, Any] = {"text": "Trop fin."}
    return {
        "admit": lambda by: review.admit(opening=opening, attempt=attempt, by=by),
        "changes": lambda by: review.request_changes(
            opening=opening, attempt=attempt, by=by, **text
        ),
        "approve": lambda by: review.approve(opening=opening, attempt=attempt, by=by),
        "refuse": lambda by: review.refuse(
            opening=opening, reason=OpeningRefusal.INTEREST, attempt=attempt, by=by, **text
        ),
        "publish": lambda by: publication.publish(opening=opening, by=by),
        "withdraw": lambda by: deposits.withdraw(opening=opening, by=by),
    }


ALLOWED = {
    "deposited": {"admit", "changes", "refuse", "withdraw"},
    "admitted": {"changes", "refuse", "withdraw"},
    "checked": {"changes", "approve", "refuse", "withdraw"},
    "approved": {"changes", "publish", "withdraw"},
    "published": set(),
}


@pytest.mark.parametrize("stage", ALLOWED)
def test_each_act_has_its_states(world: World, stage: str) -> None:
    opening = getattr(world, stage)()
    people_of = {
        "admit": UserFactory(region=RegionRole.OFFICER),
        "changes": UserFactory(region=RegionRole.OFFICER),
        "approve": UserFactory(region=RegionRole.APPROVER),
        "refuse": UserFactory(region=RegionRole.APPROVER),
        "publish": world.by,
        "withdraw": world.by,
    }
    for name, act in _acts(opening).items():
        if name in ALLOWED[stage]:
            with transaction.atomic():
                act(people_of[name])
                transaction.set_rollback(True)
        else:
            with no_change(Conflict):
                act(people_of[name])


@pytest.mark.parametrize("stage", ["deposited", "checked", "approved"])
def test_each_act_has_its_people(world: World, stage: str) -> None:
    opening = getattr(world, stage)()
    strangers = {
        "someone": UserFactory(),
        "of the producer": member(world.producer),
        "of another": member(DatasetCardFactory().organisation),
        "moderator": UserFactory(region=RegionRole.MODERATOR),
        "administrator": UserFactory(region=RegionRole.ADMINISTRATOR),
        "auditor": UserFactory(region=RegionRole.AUDITOR),
    }
    acts = _acts(opening)
    for who, by in strangers.items():
        for name in ALLOWED[stage]:
            if who == "of the producer" and name in {"publish", "withdraw"}:
                continue
            with no_change(NotAllowed):
                acts[name](by)
    contributor = member(world.producer, Role.CONTRIBUTOR)
    with no_change(NotAllowed):
        deposits.deposit(
            opening=None, said=world.said(), content=io.BytesIO(b""), attempt=0, by=contributor
        )


def test_two_people_approve_neither_tied_to_it_and_the_officer_of_data_is_one(
    world: World,
) -> None:
    opening = world.checked()
    approve = partial(review.approve, opening=opening, attempt=1)
    both = UserFactory(region=[RegionRole.OFFICER, RegionRole.APPROVER])
    Opening.objects.filter(pk=opening.pk).update(officer=both)
    with no_change(NotAllowed):
        approve(by=both)
    tied = UserFactory(region=RegionRole.DPO)
    MembershipFactory(user=tied, organisation=world.producer)
    with no_change(NotAllowed):
        approve(by=User.objects.get(pk=tied.pk))
    approve(by=world.approver)
    with no_change(NotAllowed):  # an approval is not taken back
        _acts(again(opening))["refuse"](world.approver)
    # Personal data: no second approver stands for the data protection officer.
    for each in (world.approver, world.other_approver):
        with no_change(NotAllowed):
            approve(by=each)
    approve(by=world.dpo)
    assert again(opening).status == S.APPROVED
    with pytest.raises(IntegrityError), transaction.atomic():
        Opening.objects.filter(pk=opening.pk).update(second_approver=world.approver)
    with pytest.raises(IntegrityError), transaction.atomic():
        Opening.objects.filter(pk=opening.pk).update(second_approver=None, second_approved_at=None)


def test_what_comes_from_nobody_takes_two_approvers(world: World) -> None:
    opening = world.checked(of_personal_origin=False, restricted=None)
    for each in (world.approver, world.other_approver):
        review.approve(opening=opening, attempt=1, by=each)
    assert again(opening).status == S.APPROVED


def test_who_proposed_it_never_approves_it(world: World) -> None:
    author = UserFactory(region=RegionRole.APPROVER)
    lent: dict[str, Any] = {"producer": world.producer, "restricted": world.restricted}
    opening = deposits.propose(**lent, title="Sorties", interest="Voir.", by=author)
    opening = world.deposited(opening=opening)
    review.admit(opening=opening, attempt=1, by=world.officer)
    review.check(again(opening))
    with no_change(NotAllowed):
        review.approve(opening=opening, attempt=1, by=author)
    with no_change(NotAllowed):
        review.refuse(
            opening=opening, reason=OpeningRefusal.SECRET, text="Non.", attempt=1, by=author
        )


def test_checks_refuse_then_a_corrected_file_passes_without_another_review(world: World) -> None:
    opening = world.checked(REFUSED["commune"][0])
    first = opening.reports.get()
    assert (opening.status, first.passed) == (S.CHANGES_REQUESTED, False)
    assert opening.approver is None
    opening = world.deposited(opening=opening)
    assert (opening.status, opening.attempt, opening.officer) == (S.CHECKING, 2, world.officer)
    assert review.check(opening) is not None
    assert review.check(opening) is None
    assert again(opening).status == S.READY
    assert list(opening.reports.values_list("attempt", "passed")) == [(2, True), (1, False)]


def test_what_the_region_examined_is_examined_again_once_it_changed(world: World) -> None:
    opening = world.checked()
    review.approve(opening=opening, attempt=1, by=world.approver)
    review.request_changes(opening=opening, text="Précisez.", attempt=1, by=world.officer)
    opening = again(opening)
    assert (opening.status, opening.approver, opening.approved_at) == (
        S.CHANGES_REQUESTED, None, None,
    )  # fmt: skip
    opening = world.deposited(opening=opening, legal_basis="Une autre loi")
    assert (opening.status, opening.officer) == (S.IN_REVIEW, None)


def test_a_page_read_before_another_deposit_decides_nothing(world: World) -> None:
    opening = world.checked(REFUSED["few"][0])
    world.deposited(opening=opening)
    with no_change(Conflict, code="opening_changed"):
        world.deposited(opening=opening)
    review.check(again(opening))
    with no_change(Conflict, code="opening_changed"):
        review.approve(opening=opening, attempt=1, by=world.approver)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"zone,age\nGap\n", "width"),
        (b"zone,age\nGap,1\n", "unknown_column"),
        (b"", "empty"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "encoding"),
        (b"PK\x03\x04\x00", "csv"),
        (b"zone,trimestre,age\n\xff,1,2\n", "encoding"),
    ],
)
def test_a_file_that_is_no_table_is_refused_where_it_stands(
    world: World, content: bytes, code: str
) -> None:
    with no_change(Invalid) as refusal:
        deposits.deposit(
            opening=None,
            said=world.said(),
            name="x.csv",
            content=io.BytesIO(content),
            attempt=0,
            by=world.by,
        )
    (fault,) = refusal.value.faults
    assert (fault["file"], fault["code"]) == ("x.csv", code)


def test_a_file_that_its_dictionary_contradicts_names_line_and_column(world: World) -> None:
    dictionary = {"age": {"type": "integer", "description": "", "protection": "free"}}
    with no_change(Invalid) as refusal:
        world.deposited(dictionary=dictionary)
    assert refusal.value.faults == [
        {
            "file": "entrees.csv",
            "code": "not_typed",
            "line": 2,
            "column": "age",
            "type": "integer",
            "value": "26-49",
        }
    ]
    # What is wrong in the same way is told at once.
    dictionary |= {"zone": dictionary["age"]}
    with no_change(Invalid) as refusal:
        world.deposited(dictionary=dictionary)
    assert [each["column"] for each in refusal.value.faults] == ["age", "zone"]
    with no_change(Invalid) as refusal:
        world.deposited(declared={"quasi_identifiers": ["zone", "rue"], "count": "effectif"})
    assert [each["column"] for each in refusal.value.faults] == ["rue", "effectif"]


def test_a_file_too_large_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(releases, "FILE_MAX_BYTES", 100)
    with no_change(TooLarge):
        world.deposited()


def test_the_card_is_the_producers_and_says_the_same_licence(world: World) -> None:
    for card in (DatasetCardFactory(), world.restricted.resource):
        with no_change(Invalid, NotAllowed):
            world.deposited(card=card)
    odbl = DatasetCardFactory(organisation=world.producer, licences=["ODbL-1.0"])
    with no_change(Invalid, code="licence"):
        world.deposited(card=odbl)


def test_a_card_offline_waits(world: World) -> None:
    opening = world.approved()
    type(world.card).objects.filter(pk=world.card.pk).update(live=False)
    with no_change(Conflict, code="card_offline"):
        publication.publish(opening=opening, by=world.by)


def test_a_card_that_denies_personal_data_takes_none_of_personal_origin(world: World) -> None:
    world.card.details = {**world.card.details, "personal_data": "none"}
    world.card.save()
    with no_change(Invalid, code="card"):
        world.deposited()
    opening = world.approved(of_personal_origin=False, restricted=None)
    Opening.objects.filter(pk=opening.pk).update(of_personal_origin=True)
    with no_change(Conflict, code="card_denies_origin"):
        publication.publish(opening=opening, by=world.by)
    world.card.details = {**world.card.details, "personal_data": "anonymised"}
    world.card.save()
    assert publication.publish(opening=opening, by=world.by).number == 1


def test_what_is_open_already_is_compared_and_told(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.published()
    later = world.checked()
    checks = {each["code"]: each for each in later.reports.get().content["checks"]}
    assert checks["former"]["figures"] == {"groups": 0, "rows": 0, "compared": True}
    other = DatasetCardFactory(organisation=world.producer)
    told = world.checked(card=other).reports.get().content["checks"]
    linked = [each for each in told if each["code"] == "linkage"]
    assert [each["figures"]["title"] for each in linked] == [world.card.title]
    monkeypatch.setattr(queries, "FILE_MAX_BYTES", 10)  # what is larger is told, not read
    report = world.checked(card=DatasetCardFactory(organisation=world.producer)).reports.get()
    linked = [each for each in report.content["checks"] if each["code"] == "linkage"]
    left = {"title": world.card.title, "compared": False}
    assert [each["figures"] for each in linked] == [left]
    assert "trop grand" in str([row.measured for row in queries.checks_of(report)])
    # Its own card is the former release; a card that is not online is named to nobody.
    type(world.card).objects.filter(pk=world.card.pk).update(live=False)
    assert queries.too_large(["zone"], card=other) == []
    report = world.checked().reports.get()
    told = {each["code"]: each["figures"] for each in report.content["checks"]}
    assert (told["former"], "linkage" in told) == (left, False)
    [former] = [row for row in queries.checks_of(report) if row.code == "former"]
    assert ("trop grand" in former.measured, "autre forme" in former.todo) == (True, False)


def test_two_people_take_opened_data_back_and_followers_are_told(world: World) -> None:
    opening = world.published()
    reader = UserFactory()
    follows.follow(subject=world.card, by=reader)
    file = DataFile.objects.get(name="entrees.csv")
    with no_change(NotAllowed):
        publication.ask_withdrawal(opening=opening, reason="Fuite.", by=world.by)
    asked = publication.ask_withdrawal(opening=opening, reason="Fuite.", by=world.approver)
    with no_change(Conflict, code="already_asked"):
        publication.ask_withdrawal(opening=opening, reason="Encore.", by=world.dpo)
    for each in (world.approver, world.officer, world.by):
        with no_change(NotAllowed):
            publication.answer_withdrawal(withdrawal=asked, accept=True, by=each)
    # Hidden from the first request; who may confirm has a line, and nobody else.
    assert released.readable_file(file.public_id, world.card.slug, reader) is None
    assert (again(opening).standing, again(opening).release.withdrawal) == (Emergency.SUSPENDED, "")
    named = {
        by: [str(each.title) for each in items(queries.to_do, by)] for by in (world.dpo, world.by)
    }
    assert named == {
        world.dpo: [f"Confirmer un retrait urgent : « {opening.title} »"],
        world.by: [],
    }
    assert not items(queries.to_do, world.approver)
    publication.answer_withdrawal(withdrawal=asked, accept=True, by=world.dpo)
    with pytest.raises(Hidden):
        gate.open_file(data_file=DataFile.objects.get(pk=file.pk), by=reader)
    assert released.readable_file(file.public_id, world.card.slug, reader) is None
    assert again(opening).standing == Emergency.TAKEN_BACK
    assert not items(queries.to_do, world.dpo)
    with no_change(Conflict, code="not_published"):
        publication.ask_withdrawal(opening=opening, reason="Encore.", by=world.dpo)
    assert released.published_files([world.card]) == {}
    while relay():
        pass
    told = Notification.objects.filter(letter="opening_withdrawn")
    assert set(told.values_list("user", flat=True)) == {reader.pk, world.by.pk}
    assert events("opening.withdrawal", "release.suspended", "release.withdrawn") == [
        "release.suspended",
        "opening.withdrawal_asked",
        "release.withdrawn",
    ]
    found = LedgerForm({"objet": opening.number.lower()}).rows()
    assert "release.withdrawn" in [each.action for each in found]


def test_a_withdrawal_refused_leaves_the_data_there(world: World) -> None:
    opening = world.published()
    asked = publication.ask_withdrawal(opening=opening, reason="Doute.", by=world.officer)
    while relay():
        pass
    told = Notification.objects.filter(facts__about__in=["withdrawal", "suspended", "kept"])
    assert sorted(told.values_list("user", "facts__about")) == sorted(
        [(each.pk, "withdrawal") for each in (world.approver, world.other_approver, world.dpo)]
        + [(world.by.pk, "suspended")]
    )
    publication.answer_withdrawal(withdrawal=asked, accept=False, by=world.approver)
    assert again(opening).release.withdrawn_at is None
    assert again(opening).standing == S.PUBLISHED
    with no_change(Conflict, code="already_answered"):
        publication.answer_withdrawal(withdrawal=asked, accept=True, by=world.dpo)
    # One line is left of it, to all but who answered. Asked again, they hear of it again.
    while relay():
        pass
    concerned = (world.officer, world.other_approver, world.dpo, world.by)
    assert sorted(told.values_list("user", "facts__about")) == sorted(
        (each.pk, "kept") for each in concerned
    )
    asked = publication.ask_withdrawal(opening=opening, reason="Fuite.", by=world.officer)
    while relay():
        pass
    assert told.filter(user=world.dpo, facts__about="withdrawal").count() == 1
    # Who asked may drop it, alone, and never confirm it.
    for accept, by in ((True, world.officer), (False, world.by)):
        with no_change(NotAllowed):
            publication.answer_withdrawal(withdrawal=asked, accept=accept, by=by)
    publication.answer_withdrawal(withdrawal=asked, accept=False, by=world.officer)
    assert again(opening).standing == S.PUBLISHED
    asked.refresh_from_db()
    assert asked.answer == "withdrawn"


def test_invariant_names_an_opening_without_its_report(world: World) -> None:
    opening = world.approved()
    assert list(decided_alone()) == []
    OpeningReport.objects.model._base_manager.all()._raw_delete("default")
    assert list(decided_alone()) == [opening.number]


@pytest.mark.parametrize("level", [AccessLevel.OPEN, AccessLevel.REGISTERED])
@pytest.mark.parametrize(
    ("declared", "code"),
    [("in_directory", "directory_is_restricted"), ("of_personal_origin", "opening_needed")],
)
def test_only_an_opening_lets_out_what_comes_from_persons(
    world: World, level: AccessLevel, declared: str, code: str
) -> None:
    dataset = DatasetFactory(resource=world.card, **{declared: True})
    file = NewFile("zones.csv", io.BytesIO(b"zone,n\nGap,1\n"), level)
    with no_change(Invalid, code=code):
        releases.publish(dataset=dataset, files=[file], by=world.by)
    # Nor beside a restricted file.
    lent = NewFile("lu.csv", io.BytesIO(b"a\n1\n"), AccessLevel.RESTRICTED_PERSONAL)
    with no_change(Invalid, code=code):
        releases.publish(dataset=dataset, files=[lent, file], by=world.by)


def test_what_was_lent_as_personal_is_not_published_open_next(world: World) -> None:
    dataset, content = DatasetFactory(resource=world.card), b"zone,n\nGap,1\n"

    def publish(level: AccessLevel) -> None:
        file = NewFile("a.csv", io.BytesIO(content), level)
        releases.publish(dataset=dataset, files=[file], by=world.by)

    publish(AccessLevel.RESTRICTED_PERSONAL)
    publish(AccessLevel.RESTRICTED_BUSINESS)  # another level does not forget whose data these are
    for level in (AccessLevel.OPEN, AccessLevel.REGISTERED):
        with no_change(Invalid, code="opening_needed"):
            publish(level)


def test_the_next_release_of_what_was_opened_is_an_opening_too(world: World) -> None:
    told = {"description": "Zone d’emploi", "type": "", "protection": "free"}
    world.published(dictionary={"zone": told, "age": told})
    dataset = Dataset.objects.get(resource=world.card)
    file = NewFile("zones.csv", io.BytesIO(b"zone,n\nGap,1\n"), AccessLevel.OPEN)
    with no_change(Invalid, code="opening_needed"):
        releases.publish(dataset=dataset, files=[file], by=world.by)
    with no_change(Invalid, code="origin_stays"):
        releases.describe(resource=world.card, description=Description(), by=world.by)
    # What its dictionary does not say again stands; the legal basis is the one examined.
    again_open = world.published(
        with_column("lot", lambda n: "AB"[n % 2]),
        dictionary={"age": told | {"description": "Âge"}},
        legal_basis="Une autre loi",
    )
    assert again_open.release.number == 2
    columns = again_open.release.files.get(name="entrees.csv").schema
    texts = {each["name"]: each.get("description") for each in columns}
    assert (texts["zone"], texts["age"], texts["lot"]) == ("Zone d’emploi", "Âge", "")
    dataset.refresh_from_db()
    assert dataset.legal_basis == "Une autre loi"


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_two_approvals_at_once_are_two_places_and_one_publication() -> None:
    world = World()
    opening = world.checked()
    ended = together(
        *(
            partial(review.approve, opening=opening, attempt=1, by=each)
            for each in (world.approver, world.other_approver)
        )
    )
    assert sorted(ended) == ["done", "not_allowed"]
    review.approve(opening=opening, attempt=1, by=world.dpo)
    ended = together(*[partial(publication.publish, opening=opening, by=world.by)] * 2)
    assert sorted(ended) == ["done", "opening_status"]
    assert Opening.objects.get().release.number == 1


def test_a_person_sees_their_own_and_the_region_all(world: World) -> None:
    opening = world.deposited()
    sees = {
        role: Opening.objects.visible_to(UserFactory(region=role)).exists() for role in RegionRole
    }
    assert [role for role, seen in sees.items() if not seen] == [RegionRole.MODERATOR]
    assert Opening.objects.visible_to(world.by).get() == opening
    assert not Opening.objects.visible_to(UserFactory()).exists()
    assert not Opening.objects.visible_to(member(world.producer, Role.CONTRIBUTOR)).exists()
    assert opening.number == f"OUV-{clock.now().year}-{opening.pk:04d}"
