"""A request, its opinions, its decision, its grant: what each act does and refuses."""

import io
import json
import zipfile
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db import IntegrityError, connection, transaction

from datasets import gate
from datasets.access import queries
from datasets.access.actions import drafts, grants, review
from datasets.access.enums import GrantState, Purpose, RefusalReason, RequestStatus, Verdict
from datasets.access.models import AccessRequest, Grant, NamedUser, Opinion, Suspension
from datasets.releases.models import DataFile, Dataset
from portal.accounts import account_data
from portal.accounts.actions import accounts
from portal.accounts.enums import RegionRole
from portal.accounts.models import User
from portal.audit.models import AuditBody, AuditEvent
from portal.audit.record import reference
from portal.lib import clock, immutable
from portal.lib.refusals import Conflict, Invalid, NotAllowed
from portal.lib.storage import objects
from tests.factories.access import World, again, restricted
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.datasets import DataFileFactory, member
from tests.ledger import events, owed, refused
from tests.threads import once, together

pytestmark = pytest.mark.django_db
no_change = partial(refused, label="datasets")


@pytest.fixture
def world() -> World:
    return World()


def fields(request: AccessRequest) -> list[str]:
    return [each["field"] for each in drafts.faults_of(request)]


def test_a_draft_is_kept_incomplete_and_names_what_it_lacks(world: World) -> None:
    request = drafts.start(datasets=world.datasets, organisation=world.organisation, by=world.by)
    drafts.save(request=request, values={"service": "Court."}, by=world.by)
    request = again(request)

    assert request.service == "Court."
    lacking = fields(request)
    assert lacking[:3] == ["title", "summary", "purpose"]
    assert {"service", "returns", "pledges"} <= set(lacking)
    assert sum(each.startswith("columns-") for each in lacking) == 2
    with no_change(Invalid) as refusal:
        drafts.submit(request=request, by=world.by)
    assert refusal.value.faults == drafts.faults_of(request)


def test_only_a_restricted_dataset_is_asked_for(world: World) -> None:
    opened = DataFileFactory().release.dataset
    with no_change(Invalid, code="not_restricted"):
        drafts.start(datasets=[opened], organisation=world.organisation, by=world.by)


@pytest.mark.parametrize(
    ("purpose", "why", "fault"),
    [
        (Purpose.TRAINING_STEERING, "Écart de taux", True),
        (Purpose.EQUAL_TREATMENT, "", True),
        (Purpose.EQUAL_TREATMENT, "Écart de taux d’entrée en formation", False),
    ],
)
def test_a_column_under_condition_serves_a_named_measure(
    world: World, purpose: Purpose, why: str, fault: bool
) -> None:
    asked = world.datasets[0]
    request = world.draft(asked, purpose=purpose, datasets={asked: {"sexe": why}})
    assert fields(request) == ([f"why-{asked.public_id}-sexe"] if fault else [])


def test_a_protected_column_says_why_and_a_free_one_need_not(world: World) -> None:
    asked = world.datasets[0]
    request = world.draft(asked, datasets={asked: {"jeton": "", "sortie": "", "inconnue": ""}})
    assert fields(request) == [f"why-{asked.public_id}-jeton"]
    assert set(request.datasets.get().columns) == {"jeton", "sortie"}


def test_who_may_write_and_see_a_request(world: World) -> None:
    request = world.draft()
    others = [world.reader, member(world.organisation), world.hands[0], world.officer]
    for each in others:
        assert not AccessRequest.objects.visible_to(each).exists()
        with no_change(NotAllowed):
            drafts.save(request=request, values={"title": "Autre"}, by=each)
    drafts.submit(request=request, by=world.by)
    region = [UserFactory(region=role) for role in RegionRole]
    sees = {each: AccessRequest.objects.visible_to(each).exists() for each in [*others, *region]}
    # Its producers see it once they are asked.
    assert [sees[each] for each in others] == [False, False, False, True]
    blind = [role for role, each in zip(RegionRole, region, strict=True) if not sees[each]]
    assert blind == [RegionRole.MODERATOR]
    review.admit(request=again(request), edits=again(request).edits, by=world.officer)
    assert AccessRequest.objects.visible_to(world.hands[0]).exists()


def test_p4_who_prepares_never_decides_nor_does_a_member(world: World) -> None:
    both = UserFactory(region=[RegionRole.OFFICER, RegionRole.APPROVER])
    request = world.submitted()
    review.admit(request=request, edits=request.edits, by=both)
    tied = member(world.organisation)
    request = again(request)
    refusing: dict[str, Any] = {"reason": RefusalReason.PURPOSE, "text": "Hors champ."}
    for each in (both, world.by, world.officer, tied):
        with no_change(NotAllowed):
            review.refuse(request=request, edits=request.edits, by=each, **refusing)
    with pytest.raises(IntegrityError), transaction.atomic():
        AccessRequest.objects.filter(pk=request.pk).update(approver=both, decided_at=clock.now())
    # Each officer prepares: the second one, who asks for changes, does not decide either.
    second = UserFactory(region=[RegionRole.OFFICER, RegionRole.APPROVER])
    review.request_changes(
        request=request, text="Précisez.", fields=[], edits=request.edits, by=second
    )
    drafts.submit(request=again(request), by=world.by)
    with no_change(NotAllowed):
        review.refuse(request=again(request), edits=again(request).edits, by=second, **refusing)


def test_who_advised_or_is_named_has_no_other_say(world: World) -> None:
    judge = UserFactory(region=[RegionRole.DPO, RegionRole.APPROVER])
    reader = UserFactory(region=[RegionRole.OFFICER, RegionRole.DPO, RegionRole.APPROVER])
    request = world.submitted(world.datasets[0], persons=[reader.email.upper()])
    with no_change(NotAllowed):
        review.admit(request=request, edits=request.edits, by=reader)
    review.admit(request=request, edits=request.edits, by=world.officer)
    for opinion, by in zip(queries.opinions_of(request), (world.hands[0], judge), strict=True):
        with no_change(NotAllowed):
            review.give_opinion(opinion=opinion, verdict=Verdict.FAVOURABLE, text="", by=reader)
        review.give_opinion(opinion=opinion, verdict=Verdict.FAVOURABLE, text="", by=by)
    request = again(request)
    granting: dict[str, Any] = {"request": request, "months": 6, "text": "Oui."}
    for by in (judge, reader):
        with no_change(NotAllowed):
            review.approve(**granting, edits=request.edits, by=by)
    # Who examined it joins the organisation that asks before the decision.
    MembershipFactory(organisation=world.organisation, user=judge)
    with no_change(Conflict, code="examiner_tied"):
        review.approve(**granting, edits=request.edits, by=world.approver)


def test_what_nobody_admitted_is_neither_refused_nor_granted(world: World) -> None:
    request = world.submitted()
    with no_change(Conflict, code="request_status"):
        review.refuse(
            request=request,
            reason=RefusalReason.PURPOSE,
            text="Non.",
            edits=request.edits,
            by=world.approver,
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        AccessRequest.objects.filter(pk=request.pk).update(status=RequestStatus.IN_REVIEW)


def test_p5_no_decision_without_its_reason(world: World) -> None:
    request = world.submitted()
    edits = request.edits
    with no_change(Invalid, code="reason_missing"):
        review.request_changes(request=request, text="  ", fields=[], edits=edits, by=world.officer)
    with no_change(Invalid, code="reason_missing"):
        review.refuse(
            request=request, reason=RefusalReason.PURPOSE, text="", edits=edits, by=world.approver
        )
    request = world.admitted()
    opinion = queries.opinions_of(request)[0]
    with no_change(Invalid, code="reason_missing"):
        review.give_opinion(
            opinion=opinion, verdict=Verdict.UNFAVOURABLE, text="", by=world.hands[0]
        )


def test_a_page_read_before_another_act_decides_nothing(world: World) -> None:
    request = world.advised()
    with no_change(Conflict, code="request_changed"):
        review.approve(
            request=request, months=12, text="Oui.", edits=request.edits - 1, by=world.approver
        )


def test_silence_grants_nothing(world: World) -> None:
    request = world.admitted()
    with no_change(Conflict, code="opinion_awaited"):
        review.approve(
            request=request, months=12, text="Oui.", edits=request.edits, by=world.approver
        )
    business = restricted(world.producers[0], level="restricted_business")
    request = world.advised(business)
    Dataset.objects.filter(pk=business.pk).update(level="restricted_personal")
    with no_change(Conflict, code="dataset_changed"):
        review.approve(
            request=request, months=12, text="Oui.", edits=request.edits, by=world.approver
        )


def test_what_is_protected_otherwise_since_it_was_sent_is_sent_again(world: World) -> None:
    asked = world.datasets[0]
    request = world.advised(asked)
    before = DataFile.objects.get(release__dataset=asked).schema
    schema = [row | {"protection": "conditional"} for row in before]
    with immutable.writes(DataFile):
        DataFile.objects.filter(release__dataset=asked).update(schema=schema)
    with no_change(Conflict, code="dataset_changed"):
        review.approve(
            request=request, months=12, text="Oui.", edits=request.edits, by=world.approver
        )


def test_p9_an_opposed_producer_keeps_its_dataset_and_the_others_lend(world: World) -> None:
    grant = world.granted(opposed=world.producers[1])
    assert [each.dataset for each in grant.datasets.all()] == [world.datasets[0]]
    assert [each["dataset"] for each in grant.content["datasets"]] == [
        str(world.datasets[0].public_id)
    ]
    assert grant.datasets.get().names == ["jeton", "zone", "sortie"]


def test_no_dataset_left_is_refused(world: World) -> None:
    request = world.advised(world.datasets[1], opposed=world.producers[1])
    with no_change(Conflict, code="no_dataset_left"):
        review.approve(
            request=request, months=12, text="Oui.", edits=request.edits, by=world.approver
        )


def test_the_officer_of_data_protection_blocks_unless_lifted_with_reasons(world: World) -> None:
    request = world.advised(dpo=Verdict.UNFAVOURABLE)
    asking: dict[str, Any] = {
        "request": request,
        "months": 12,
        "text": "Oui.",
        "by": world.approver,
    }
    with no_change(Invalid, code="override_missing"):
        review.approve(edits=request.edits, **asking)
    grant = review.approve(edits=request.edits, override="Analyse d’impact reçue.", **asking)
    assert grant.request.override == "Analyse d’impact reçue."


def test_the_officer_of_data_protection_is_asked_for_personal_data_alone(world: World) -> None:
    business = restricted(world.producers[0], level="restricted_business")
    request = world.admitted(business)
    assert [each.is_dpo for each in queries.opinions_of(request)] == [False]


def test_the_shortest_duration_wins(world: World) -> None:
    request = world.advised(months=6)
    with no_change(Invalid, code="months"):
        review.approve(
            request=request, months=7, text="Oui.", edits=request.edits, by=world.approver
        )
    assert queries.terms_of(request).months == 6


def test_p7_what_was_approved_never_changes(world: World) -> None:
    grant = world.active()
    before = {name: getattr(grant, name) for name in ("content", "months", "agreement_sha256")}
    columns = list(grant.datasets.values("dataset_id", "columns"))
    with no_change(Conflict):
        drafts.save(request=grant.request, values={"title": "Autre"}, by=world.by)
    grants.suspend(grant=grant, text="Incident.", by=world.hands[0])
    grants.resume(grant=grant, text="Réparé.", by=world.approver)
    grants.revoke(grant=grant, text="Fin.", by=world.approver)
    grant = Grant.objects.get(pk=grant.pk)
    assert {name: getattr(grant, name) for name in before} == before
    assert list(grant.datasets.values("dataset_id", "columns")) == columns
    assert objects.read(grant.agreement_sha256).startswith(b"%PDF")


def test_who_asked_signs_first_then_each_for_themselves(world: World) -> None:
    grant = world.granted()
    now = clock.now()
    assert grant.state(now) is GrantState.PENDING
    with no_change(Conflict, code="requester_signs_first"):
        grants.sign(grant=grant, by=world.reader)
    with no_change(NotAllowed):
        grants.sign(grant=grant, by=world.officer)
    grant = grants.sign(grant=grant, by=world.by)
    assert queries.signatory(grant, world.reader) is None
    grants.sign(grant=grant, by=world.reader)
    grants.sign(grant=grant, by=world.reader)
    assert events("grant.signed") == ["grant.signed"] * 2
    assert queries.signatory(grant, world.reader) is not None
    grant = Grant.objects.get(pk=grant.pk)
    assert grant.starts_at is not None
    assert grant.ends_at == clock.months_later(grant.starts_at, 12)
    due = grant.request.returns.get().due_at
    assert due == clock.months_later(grant.starts_at, 6)


def test_p8_a_person_taken_off_is_no_signatory_and_the_others_are(world: World) -> None:
    grant = world.active()
    named = NamedUser.objects.get(user=world.reader)
    grants.remove_person(grant=grant, named=named, by=world.by)
    assert queries.signatory(grant, world.reader) is None
    assert queries.signatory(grant, world.by) is not None
    with no_change(NotAllowed):
        grants.remove_person(grant=grant, named=named, by=world.officer)


def test_p11_who_closes_their_account_is_named_nowhere_and_the_grant_stands(world: World) -> None:
    world.lent(world.datasets[0])
    draft, sent, grant = world.draft(), world.submitted(), Grant.objects.get()
    gate.open_file(data_file=DataFile.objects.all()[0], by=world.by).close()
    grants.remove_person(grant=grant, named=NamedUser.objects.get(user=world.by), by=world.by)
    with zipfile.ZipFile(io.BytesIO(account_data.archive(world.by))) as bundle:
        held = json.loads(bundle.read("acces.json"))
        assert json.loads(bundle.read("ouvertures.json"))["proposees"] == []
    counts = {"demandes": 3, "envois": 2, "engagements": 3, "habilitations": 1, "lectures": 1}
    assert {name: len(rows) for name, rows in held.items() if rows} == counts
    people, addresses = (world.reader, world.by), {world.reader.email, world.by.email}
    for person in people:
        accounts.close(user=person, by=person)

    assert not AccessRequest.objects.filter(pk=draft.pk).exists()
    assert again(sent).status == RequestStatus.WITHDRAWN
    assert Grant.objects.get().content == grant.content
    assert not NamedUser.objects.filter(removed_at=None).exists()
    assert events("access_request", "grant")[-4:] == [
        "grant.person_removed",
        "grant.person_removed",
        "access_request.discarded",
        "access_request.withdrawn",
    ]
    for model in (*apps.get_app_config("datasets").get_models(), AuditBody):
        kept = str(list(model._base_manager.values()))
        assert not [each for each in addresses if each in kept], model


def test_a_grant_ends_at_its_instant_and_its_data_are_destroyed(world: World) -> None:
    grant = world.active()
    assert grant.ends_at is not None
    second = timedelta(seconds=1)
    assert grant.state(grant.ends_at - second) is GrantState.ACTIVE
    assert grant.state(grant.ends_at) is GrantState.EXPIRED
    with no_change(Conflict, code="grant_state"):
        grants.attest_destruction(grant=grant, text="Effacé.", by=world.by)
    past = clock.now() - timedelta(days=31)
    Grant.objects.filter(pk=grant.pk).update(starts_at=past - timedelta(days=365), ends_at=past)
    another = world.draft()
    with no_change(Conflict, code="destruction_owed"):
        drafts.submit(request=another, by=world.by)
    colleague = member(world.organisation)
    with no_change(NotAllowed):
        grants.attest_destruction(grant=grant, text="Disques effacés.", by=colleague)
    accounts.close(user=world.by, by=world.by)  # who asked leaves: a colleague answers
    grant = Grant.objects.select_related("request__requester").get(pk=grant.pk)
    assert Grant.objects.visible_to(colleague).exists()
    promised = grant.request.returns.get()
    grants.deliver(promised=promised, link="https://exemple.fr/outil", by=colleague)
    grants.attest_destruction(grant=grant, text="Disques effacés.", by=colleague)
    assert Grant.objects.get(pk=grant.pk).state(clock.now()) is GrantState.CLOSED
    world.by = colleague
    drafts.submit(request=world.draft(), by=colleague)


def test_who_suspends_resumes_and_revokes(world: World) -> None:
    grant = world.active()
    may_suspend = [world.hands[0], world.dpo, world.officer]
    for each in may_suspend:
        grants.suspend(grant=grant, text="Incident.", by=each)
        with no_change(NotAllowed):
            grants.resume(grant=grant, text="Je reprends.", by=each)
        grants.resume(grant=grant, text="Réparé.", by=world.approver)
        assert Suspension.objects.last().resumption == "Réparé."
        with no_change(NotAllowed):
            grants.revoke(grant=grant, text="Fin.", by=each)
    for each in (world.by, world.reader, member(world.organisation)):
        with no_change(NotAllowed):
            grants.suspend(grant=grant, text="Non.", by=each)


def test_changes_stop_the_clock_and_ask_opinions_of_what_changed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = world.advised()
    first = {each.dataset_id: each.pk for each in queries.opinions_of(request)}
    review.request_changes(
        request=request,
        text="Moins de colonnes.",
        fields=["datasets"],
        edits=request.edits,
        by=world.officer,
    )
    start = clock.paris_day(clock.now())
    later = clock.now() + timedelta(days=14)
    AccessRequest.objects.filter(pk=request.pk).update(admitted_at=clock.now())
    monkeypatch.setattr(clock, "now", lambda: later)
    kept, changed = world.datasets
    columns = {
        kept: {"jeton": "Relier les étapes.", "zone": "Comparer.", "sortie": ""},
        changed: {"sortie": ""},
    }
    drafts.save(request=again(request), values={"datasets": columns}, by=world.by)
    drafts.submit(request=again(request), by=world.by)

    request = again(request)
    assert request.status == RequestStatus.IN_REVIEW
    assert request.stopped_days == clock.working_days_elapsed(start, clock.paris_day(later))
    assert request.decision_days == 0
    anew = {each.dataset_id: each.pk for each in queries.opinions_of(request)}
    assert anew[kept.pk] == first[kept.pk]
    assert anew[changed.pk] != first[changed.pk]
    assert anew[None] != first[None]
    assert [each.content["datasets"][1]["columns"] for each in request.versions.all()] == [
        {"jeton": "Relier les étapes.", "zone": "Comparer.", "sortie": ""},
        {"sortie": ""},
    ]
    # Another organisation asks: nobody has judged it.
    review.request_changes(
        request=request, text="Qui ?", fields=[], edits=request.edits, by=world.officer
    )
    other = MembershipFactory(user=world.by).organisation
    by = User.objects.get(pk=world.by.pk)
    drafts.save(request=again(request), values={"organisation": other}, by=by)
    drafts.submit(request=again(request), by=by)
    assert {each.version for each in queries.opinions_of(again(request))} == {3}


def test_a_refusal_is_examined_again_once_by_another(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = world.advised()
    refusing: dict[str, Any] = {"reason": RefusalReason.EXCESSIVE, "text": "Trop de colonnes."}
    review.refuse(request=request, edits=request.edits, by=world.approver, **refusing)
    start, day = again(request).decided_at or clock.now(), timedelta(days=1)
    monkeypatch.setattr(clock, "now", lambda: start + 50 * day)
    review.ask_review(request=request, by=world.by)
    request = again(request)
    assert (request.first_reason, request.first_decision) == tuple(refusing.values())
    assert request.first_decided_at == start
    # Its clock begins anew, for the two months that are promised.
    assert (request.is_late, request.decision_days) == (False, 0)
    assert request.due_on is not None
    assert abs(request.due_on - clock.paris_day(start + 111 * day)) <= 3 * day
    monkeypatch.setattr(clock, "now", lambda: start + 115 * day)
    assert request.is_late
    monkeypatch.setattr(clock, "now", lambda: start + 60 * day)
    with no_change(NotAllowed):
        review.refuse(request=request, edits=request.edits, by=world.approver, **refusing)
    other = UserFactory(region=RegionRole.APPROVER)
    review.refuse(request=request, edits=request.edits, by=other, **refusing)
    with no_change(Conflict, code="review_over"):
        review.ask_review(request=request, by=world.by)


def test_a_draft_that_nobody_writes_goes_after_its_notice(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent, request = world.draft(), world.draft()
    start, day = clock.now(), timedelta(days=1)
    for days in (22, 24, 29):
        monkeypatch.setattr(clock, "now", lambda days=days: start + days * day)
        drafts.tidy()
        assert AccessRequest.objects.count() == 2
    assert owed().count("mail.access_draft_expires") == 2
    monkeypatch.setattr(clock, "now", lambda: start + 31 * day)
    send = partial(drafts.submit, request=sent, by=world.by)  # once the sweep has found it
    with connection.execute_wrapper(once("SELECT .*datasets_accessrequest", send)):
        drafts.tidy()
    assert again(sent).status == RequestStatus.SUBMITTED
    assert not AccessRequest.objects.filter(pk=request.pk).exists()
    told = AuditEvent.objects.filter(action="access_request.discarded")
    assert [each.object_ref for each in told] == [reference(request)]


def test_changes_that_never_come_end_the_request(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = world.admitted()
    review.request_changes(
        request=request, text="Précisez.", fields=[], edits=request.edits, by=world.officer
    )
    start = clock.now()
    days = settings.ACCESS_LAPSE_DAYS
    for after, status in (
        (days - 1, RequestStatus.CHANGES_REQUESTED),
        (days, RequestStatus.LAPSED),
    ):
        monkeypatch.setattr(clock, "now", lambda after=after: start + timedelta(days=after))
        drafts.tidy()
        assert again(request).status == status
    assert owed().count("mail.access_changes_awaited") == 2


def test_lateness_is_told_once_to_those_who_decide(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = world.submitted()
    start = clock.now()
    for days, late in ((0, False), (30, True), (31, True)):
        monkeypatch.setattr(clock, "now", lambda days=days: start + timedelta(days=days))
        review.tell_late()
        assert again(request).is_late is late
    assert owed().count("mail.access_late") == 1
    # Sent again the next year, it keeps its number.
    AccessRequest.objects.filter(pk=request.pk).update(submitted_at=start + timedelta(days=400))
    assert again(request).number == request.number


def test_a_return_is_delivered_once(world: World) -> None:
    grant = world.active()
    promised = grant.request.returns.get()
    with no_change(NotAllowed):
        grants.deliver(promised=promised, link="https://exemple.fr/t", by=world.reader)
    grants.deliver(promised=promised, link="https://exemple.fr/t", by=world.by)
    with no_change(Conflict, code="return_state"):
        grants.deliver(promised=promised, link="https://exemple.fr/u", by=world.by)


def test_an_opinion_is_given_once_by_those_it_is_asked_of(world: World) -> None:
    request = world.admitted()
    first = next(each for each in queries.opinions_of(request) if each.dataset == world.datasets[0])
    for each in (world.hands[1], world.dpo, world.officer, world.by):
        with no_change(NotAllowed):
            review.give_opinion(opinion=first, verdict=Verdict.FAVOURABLE, text="", by=each)
    review.give_opinion(opinion=first, verdict=Verdict.FAVOURABLE, text="", by=world.hands[0])
    with no_change(Conflict, code="opinion_given"):
        review.give_opinion(
            opinion=Opinion.objects.get(pk=first.pk),
            verdict=Verdict.UNFAVOURABLE,
            text="Non.",
            by=world.hands[0],
        )


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
def test_p6_two_decisions_at_once_make_one() -> None:
    world = World()
    other = UserFactory(region=RegionRole.APPROVER)
    request = world.advised()
    ended = together(
        lambda: review.approve(
            request=request, months=6, text="Oui.", edits=request.edits, by=world.approver
        ),
        lambda: review.refuse(
            request=request,
            reason=RefusalReason.EXCESSIVE,
            text="Non.",
            edits=request.edits,
            by=other,
        ),
    )
    ended = ["done" if each not in ("request_changed",) else each for each in ended]
    assert sorted(ended) == ["done", "request_changed"]
    decided = events("grant.approved", "access_request.refused")
    assert len(decided) == 1
