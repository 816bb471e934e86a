"""The roles of PostgreSQL, really connected: what each may not do, and that all still works."""

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import yaml
from django.apps import apps
from django.conf import settings as django_settings
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from challenges import retention
from challenges.bundles import exporting
from challenges.bundles.exporting import Correction
from challenges.bundles.programs import SCORING
from challenges.entries.enums import EntryStatus
from challenges.exchange.actions import bundles as bundle_imports
from challenges.exchange.actions.bundles import import_bundle
from challenges.models import (
    Challenge,
    ChallengeDraft,
    Entry,
    Job,
    Phase,
    Score,
    ScorerVersion,
)
from challenges.organising.actions import drafts
from challenges.organising.enums import ChallengeStatus
from challenges.programs.actions import changes as program_changes
from challenges.results import actions as results
from challenges.worker import drain
from datasets import gate
from datasets.access.actions import drafts as drafts_of_access
from datasets.access.actions import extracts
from datasets.access.actions.grants import revoke
from datasets.access.models import Extract
from datasets.openings.actions import publication, review
from portal import checks
from portal.accounts.actions import accounts
from portal.accounts.enums import Role
from portal.accounts.models import Membership, User
from portal.audit import outbox, sweep
from portal.audit.models import Outbox
from portal.lib import clock
from portal.lib.storage import objects
from portal.management import rights
from tests.challenges.bundles.foreign import own
from tests.challenges.bundles.foreign.tables import KAGGLE
from tests.challenges.exchange.test_bundle_imports import METRIC, folder_zipped, zipped
from tests.challenges.exchange.test_exports import exported, forged
from tests.challenges.organising.test_authoring import filled
from tests.challenges.test_retention import report_of
from tests.challenges.world import (
    answer,
    entered,
    folder,
    from_bundle,
    opened,
    owner,
    owner_of,
)
from tests.factories import access, openings
from tests.factories import contributions as proposals
from tests.factories.accounts import PASSWORD, MembershipFactory, UserFactory, sign_in
from tests.factories.challenges import TeamFactory, captain_of
from tests.portal import production
from tests.portal.accounts.test_organisations import invite
from tests.portal.management.conftest import Roles, run
from tests.portal.test_sweep import aged
from tests.routes import world as worlds
from tests.routes.declared import routes
from tests.routes.test_crawl import Crawl, path_of

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.slow,
    pytest.mark.skipif(
        connection.vendor != "postgresql", reason="SQLite has no roles; run on PostgreSQL"
    ),
]


SEALED = {
    "INSERT INTO challenges_score SELECT * FROM challenges_score",
    "UPDATE challenges_score SET value = 1",
    "DELETE FROM challenges_score",
    "UPDATE challenges_sealedresult SET sha256 = ''",
    "DELETE FROM challenges_sealedresult",
    "UPDATE challenges_scorereceipt SET text = ''",
    "DELETE FROM challenges_receiptkey",
    "UPDATE audit_auditevent SET action = 'x'",
    "DELETE FROM audit_auditevent",
    "TRUNCATE audit_auditevent CASCADE",
    "UPDATE audit_auditbody SET body = ''",
    "DELETE FROM audit_auditbody",
    "UPDATE audit_audithead SET id = 2",
    "DELETE FROM audit_audithead",
    "INSERT INTO audit_audithead VALUES (2, 0, '')",
    "DELETE FROM audit_outbox",
    "ALTER TABLE audit_auditevent DISABLE TRIGGER ALL",
    "DROP TRIGGER audit_event_rows ON audit_auditevent",
    "DROP TABLE audit_auditevent CASCADE",
    "CREATE TABLE mine (x int)",
    "SET session_replication_role = replica",
    "SET ROLE postgres",
    "INSERT INTO django_migrations (app, name, applied) VALUES ('x', 'x', now())",
}
SERVING = SEALED | {
    "SELECT payload FROM challenges_sealedresult",
    "INSERT INTO challenges_sealedresult (payload) VALUES ('')",
    "INSERT INTO challenges_standing (position) VALUES (1)",
    "UPDATE challenges_standing SET rank = 1",
    "SELECT wrapped FROM datasets_wrappedkey",
    "UPDATE datasets_wrappedkey SET key_id = ''",
    "TRUNCATE accounts_user CASCADE",
    "UPDATE datasets_requestversion SET content = '{}'",
    "DELETE FROM datasets_grant",
    "UPDATE datasets_granteddataset SET columns = '[]'",
    "UPDATE datasets_openingreport SET passed = true",
    "UPDATE datasets_download SET bytes = 0",
    "DELETE FROM datasets_download",
    "DELETE FROM datasets_extract",
}
PEOPLE = {
    "SELECT email FROM accounts_user",
    "UPDATE accounts_user SET is_superuser = true",
    "SELECT session_data FROM django_session",
    "SELECT data FROM mfa_authenticator",
    "SELECT email FROM account_emailaddress",
    "SELECT email FROM accounts_invitation",
    "SELECT email FROM challenges_guest",
    "SELECT email FROM challenges_teaminvitation",
    "SELECT email FROM challenges_organiserinvitation",
    "INSERT INTO accounts_regionappointment (role) VALUES ('administrator')",
    "UPDATE accounts_membership SET role = 'referent'",
    "SELECT value FROM cache",
    "DELETE FROM challenges_entry",
    "UPDATE catalogue_resource SET live = true",
    "SELECT email FROM datasets_nameduser",
    "SELECT deposit_keys FROM datasets_opening",
    "SELECT content FROM datasets_openingreport",
    "SELECT reason FROM datasets_openingwithdrawal",
    "SELECT user_id FROM datasets_download",
}
FORBIDDEN = {
    "web": SERVING
    | {
        "UPDATE audit_outbox SET done_at = now()",
        "UPDATE audit_heartbeat SET at = now()",
        "UPDATE datasets_extract SET keys = '[]'",
    },
    "tasks": SERVING | {"DELETE FROM challenges_standing"},
    "worker": (SEALED - {"INSERT INTO challenges_score SELECT * FROM challenges_score"}) | PEOPLE,
}
MAY = {
    "web": {"SELECT value FROM challenges_score", "UPDATE audit_audithead SET seq = seq"},
    "tasks": {"UPDATE audit_outbox SET attempts = 0", "SELECT email FROM accounts_user"},
    "worker": {"SELECT payload FROM challenges_sealedresult", "DELETE FROM challenges_standing"},
}


def test_what_each_role_may_not_do(roles: Roles) -> None:
    # A member of the owning role could become it; these roles are members of none.
    said = {
        (kind, statement): roles.tries(kind, statement)
        for kind in rights.KINDS
        for statement in sorted(FORBIDDEN[kind])
    }
    assert {what: word for what, word in said.items() if word != "InsufficientPrivilege"} == {}
    done = {(kind, each): roles.tries(kind, each) for kind in MAY for each in sorted(MAY[kind])}
    assert {what: word for what, word in done.items() if word != "done"} == {}


def test_the_command_compares(roles: Roles, capsys: pytest.CaptureFixture[str]) -> None:
    def compared() -> dict[str, list[str]]:
        try:
            call_command("grants", check_only=True, as_json=True, **roles.names)
            status = 0
        except SystemExit as stop:
            status = int(str(stop.code))
        answer = json.loads(capsys.readouterr().out)
        assert answer["ok"] == (status == 0)
        by_kind = {name: kind for kind, name in roles.names.items()}
        return {by_kind[name]: lines for name, lines in answer["roles"].items() if lines}

    capsys.readouterr()
    assert compared() == {}
    web, worker = roles.names["web"], roles.names["worker"]
    run(
        f"GRANT UPDATE ON challenges_score TO {web}",
        f"GRANT UPDATE (action) ON audit_auditevent TO {web}",
        f"GRANT TRUNCATE ON accounts_user TO {web}",
        f"REVOKE INSERT ON challenges_score FROM {worker}",
    )
    assert compared() == {
        "web": [
            "de trop : TRUNCATE sur accounts_user",
            "de trop : UPDATE (action) sur audit_auditevent",
            "de trop : UPDATE sur challenges_score",
        ],
        "worker": ["manque : INSERT sur challenges_score"],
    }
    call_command("grants", apply=True, **roles.names)
    capsys.readouterr()
    assert compared() == {}
    run(f"ALTER ROLE {worker} CREATEROLE")
    assert compared() == {"worker": ["CREATEROLE"]}


def test_the_sql_can_be_given_to_an_administrator(
    roles: Roles, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in roles.names.values():
        run(f"DROP OWNED BY {name}")
    assert rights.differences("web", roles.names["web"]) != []
    capsys.readouterr()
    call_command("grants", **roles.names)
    run(capsys.readouterr().out)
    assert [rights.differences(kind, roles.names[kind]) for kind in rights.KINDS] == [[], [], []]


def test_a_role_that_does_not_exist_is_named() -> None:
    with pytest.raises(CommandError, match="oe_test_absent"):
        call_command("grants", apply=True, web="oe_test_absent")
    with pytest.raises(CommandError, match="oe_test_absent"):
        call_command("grants", check_only=True, web="oe_test_absent")


def test_every_table_has_its_rights() -> None:
    """A table that is no model’s must be named."""
    tables = set(connection.introspection.table_names())
    for kind in rights.KINDS:
        assert set(rights.expected(kind)) == tables
    modelled = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    assert sorted(tables - modelled) == sorted(rights.UNMODELLED)


def test_the_start_refuses_a_role_that_may_too_much(roles: Roles, settings: Any) -> None:
    """E14."""
    settings.PROCESS_KIND = "web"
    found = list(checks.role_rights())  # the tests' own role owns everything
    assert [each.id for each in found] == ["portal.E14"]
    assert "SUPERUSER" in str(found[0].msg)
    for kind in rights.KINDS:
        settings.PROCESS_KIND = kind
        with roles.serving(kind):
            assert list(checks.role_rights()) == []
    settings.PROCESS_KIND = "web"
    with roles.serving("worker"):
        [refused] = checks.role_rights()
    # The sentence names the first ones only.
    assert "de trop : INSERT sur audit_heartbeat" in str(refused.msg)
    too_much = {str(each) for each in rights.differences("web", roles.names["worker"])}
    assert "de trop : INSERT sur challenges_score" in too_much
    run(f"GRANT {roles.names['worker']} TO {roles.names['web']}")
    with roles.serving("web"):
        assert [each.id for each in checks.role_rights()] == ["portal.E14"]
    run(f"REVOKE {roles.names['worker']} FROM {roles.names['web']}")
    run(f"CREATE TABLE mine_{roles.names['web']} ()")
    run(f"ALTER TABLE mine_{roles.names['web']} OWNER TO {roles.names['web']}")
    with roles.serving("web"):
        [refused] = checks.role_rights()
    assert "propriétaire de 1 tables" in str(refused.msg)


@pytest.mark.skipif("TEST_REDIS_URL" not in os.environ, reason="needs Redis: set TEST_REDIS_URL")
def test_a_good_production_starts(roles: Roles, tmp_path: Path) -> None:
    """The whole start, values and services, in a process of its own; then with one right more."""
    for name in ("public.key", "receipt.key"):
        (tmp_path / name).write_bytes(b"k" * 32)
        (tmp_path / name).chmod(0o400)
    environment = production.environment(
        tmp_path,
        DATABASE_URL=roles.url("web"),
        BROKER_URL=os.environ["TEST_REDIS_URL"],
        SCANNER_URL="tcp://127.0.0.1:3310",
    )

    def start(*command: str, **changes: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, *command],
            cwd=django_settings.BASE_DIR,
            env=environment | changes,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return done.returncode, done.stderr

    (tmp_path / "var" / "static").mkdir(parents=True)
    assert start("-c", "import portal.wsgi") == (0, "")
    status, said = start("manage.py", "check", "--deploy", "--database", "default")
    assert (status, "portal.E" in said) == (0, False), said
    run(f"GRANT UPDATE ON challenges_score TO {roles.names['web']}")
    status, said = start("-c", "import portal.wsgi")
    assert (status, said.split()[0]) == (3, "portal.E14")
    status, said = start("manage.py", "work", PROCESS_KIND="worker")
    assert status == 3
    assert "portal.E14" in said


@pytest.mark.parametrize("ladder", [False, True], ids=["plain", "ladder"])
def test_the_worker_scores_with_its_own_rights(roles: Roles, tmp_path: Path, ladder: bool) -> None:
    """Compile, check, score, climb, rank, close at the date, reveal."""
    challenge = opened(tmp_path, work=False, leaderboard={"ladder": ladder})
    entry, phase = entered(challenge), challenge.phases.get()
    with roles.serving("worker"):
        assert drain(seconds=60)
    assert Entry.objects.get(pk=entry.pk).status == EntryStatus.SCORED
    assert Score.objects.filter(evaluation__entry=entry).count() == 2
    past_the_grace = clock.now() - timedelta(minutes=2 * django_settings.GRACE_MINUTES)
    Phase.objects.update(opens_at=past_the_grace - timedelta(days=1), closes_at=past_the_grace)
    with roles.serving("worker"):
        assert drain(seconds=60)
    assert Challenge.objects.get().status == ChallengeStatus.CLOSED
    results.propose_reveal(phase=phase, by=owner_of(challenge))
    results.confirm_reveal(phase=phase, by=UserFactory(region="administrator"))
    with roles.serving("worker"):
        assert drain(seconds=60)
    assert Challenge.objects.get().status == ChallengeStatus.REVEALED
    assert Score.objects.filter(evaluation__entry=entry).count() > 2
    assert not Job.objects.alive().exists()
    call_command("verify")


@pytest.mark.parametrize("form", ["tables", "folder", "program"])
def test_the_worker_makes_drafts_with_its_own_rights(
    roles: Roles, tmp_path: Path, form: str
) -> None:
    """Read a bundle, then write its draft for the person who accepted it."""
    by = owner()
    bundles: dict[str, Callable[[], BytesIO]] = {
        "tables": lambda: zipped(KAGGLE),
        "folder": lambda: folder_zipped(folder(tmp_path)),
        "program": lambda: folder_zipped(own.bundle(tmp_path / "d", "codabench", {})),
    }
    made = bundle_imports.deposit(content=bundles[form](), filename="defi.zip", by=by).made
    with roles.serving("worker"):
        assert drain(seconds=60)
    made.refresh_from_db()
    answers = {} if form != "tables" else METRIC
    bundle_imports.accept_report(made=made, answers=answers, by=by)
    with roles.serving("worker"):
        assert drain(seconds=60)
    made.refresh_from_db()
    assert (made.state, made.refusals) == ("accepted", [])
    assert not Job.objects.alive().exists()


def test_the_worker_imports_an_export_again_with_its_own_rights(
    roles: Roles, tmp_path: Path
) -> None:
    """Another program, another title of a board: in the draft that is there."""
    by = owner()
    challenge = from_bundle(own.bundle(tmp_path / "d", "codabench", {}), by)
    archive = exported(challenge, by, tmp_path, tmp_path / "d")
    document = yaml.safe_load(zipfile.ZipFile(archive).read(exporting.DOCUMENT))["settings"]
    document["boards"][0]["title"] = "Tout"
    folder = forged(archive, document)
    program = Correction(
        0, 0, SCORING, zipped({"metadata.yaml": "command: x\n", "n.py": "1"}).getvalue()
    )
    with roles.serving("worker"):
        assert import_bundle(path=folder, by=by, answers={}).imported.errors == ()
        with transaction.atomic():
            program_changes.take_up(challenge=challenge, corrections=[program], by=by)
    assert challenge.leaderboards.get(key=document["boards"][0]["key"]).title == "Tout"
    assert ScorerVersion.objects.count() == 2


def test_the_worker_checks_a_challenge_by_form_with_its_own_rights(roles: Roles) -> None:
    by = owner()
    challenge = filled(by)
    drafts.ask_build(challenge=challenge, by=by)
    with roles.serving("worker"):
        assert drain(seconds=60)
    assert ChallengeDraft.objects.get().errors == []
    assert Challenge.objects.get().phases.get().tasks.filter(current=True).exists()


def test_the_tasks_sweep_the_store_with_their_own_rights(roles: Roles, tmp_path: Path) -> None:
    """Nothing that the worker or the web keeps is taken for unnamed."""
    challenge = opened(tmp_path)
    entered(challenge)
    assert drain(seconds=60)
    kept = set(dict(objects.store().ages()))
    left = objects.put(b"left by a process that was killed").sha256
    for sha256 in (left, *kept):
        aged(sha256)
    with roles.serving("tasks"):
        assert sweep.sweep() == 0
        assert set(dict(objects.store().ages())) == kept
        aged(left)
        assert sweep.sweep() == 1


def test_data_are_lent_and_opened_each_with_its_own_rights(roles: Roles) -> None:
    with roles.serving("web"):
        lent, opens = access.World(), openings.World()
        drafts_of_access.discard(request=lent.draft(lent.datasets[0]), by=lent.by)
        grant, opening = lent.active(lent.datasets[0]), opens.admitted()
    with roles.serving("worker"):
        assert access.build_extracts() == 1
    with roles.serving("tasks"):
        review.check_waiting()
    with roles.serving("web"):
        extract = Extract.objects.readable_by(lent.reader, clock.now())[0]
        gate.open_file(data_file=extract.data_file, by=lent.reader).close()
        for each in (opens.approver, opens.dpo):
            review.approve(opening=opening, attempt=1, by=each)
        publication.publish(opening=opening, by=opens.by)
        revoke(grant=grant, text="Un usage interdit.", by=lent.approver)
    with roles.serving("tasks"):
        drafts_of_access.tidy()
        assert extracts.remove_ended() == 1


def test_the_tasks_forget_logs_with_their_own_rights(roles: Roles) -> None:
    report_of(91)
    with roles.serving("tasks"):
        assert retention.forget_logs() == 1


def test_the_tasks_deliver_with_their_own_rights(roles: Roles, tmp_path: Path) -> None:
    invite(MembershipFactory(role=Role.REFERENT), "invitee@exemple.test")
    proposals.submitted(UserFactory())
    with roles.serving("tasks"):
        while outbox.relay():
            pass
    assert Outbox.objects.filter(done_at=None).count() == 0
    assert ["invitee@exemple.test"] in [letter.to for letter in mail.outbox]


def test_people_sign_up_join_enter_and_leave_with_the_rights_of_the_web(
    roles: Roles, tmp_path: Path, settings: Any
) -> None:
    settings.ERASURE_JOURNAL_FILE = str(tmp_path / "erasures.jsonl")
    team = TeamFactory(challenge=opened(tmp_path))
    captain, referent = captain_of(team), MembershipFactory(role=Role.REFERENT)
    with roles.serving("web"):
        new = {
            "email": "nouvelle@exemple.test",
            "display_name": "Nouvelle",
            "password1": PASSWORD,
            "site": "",
        }
        assert Client().post(reverse("account_signup"), new).status_code == 302
        client = sign_in(Client(), captain)
        sent = client.post(
            reverse("challenges:entries", args=[team.challenge.slug]),
            {
                "key": str(uuid4()),
                "file": SimpleUploadedFile("reponse.csv", answer(0.6)),
                "note": "",
            },
            headers={"Accept": "application/json"},
        )
        assert sent.status_code == 201, sent.text
        members = sign_in(Client(), referent.user).post(
            reverse("organisation_invite", args=[referent.organisation.slug]),
            {"email": "invitee@exemple.test", "role": Role.EDITOR},
        )
        assert members.status_code == 302
        accounts.close(user=referent.user, by=referent.user)
    assert User.objects.filter(email="nouvelle@exemple.test").exists()
    assert Entry.objects.of_teams().get().status == EntryStatus.RECEIVED
    assert not Membership.objects.live().filter(user=referent.user).exists()
    call_command("verify")


class Serving(Crawl):
    """A walk whose rows are looked at by nobody: the role may not read them all."""

    def changed(self, response: Any, method: str) -> list[str]:
        """Leave the comparison of tables to the crawl of the matrix."""
        return []


# One part in the lean suite, the others in the full one.
OTHERS = ("anonymous", "referent_a", "organiser", "producer", "moderator", "administrator")


@pytest.mark.parametrize(
    "part", ["captain_a", *(pytest.param(each, marks=pytest.mark.full) for each in OTHERS)]
)
def test_every_page_answers_with_the_rights_of_the_web(roles: Roles, part: str) -> None:
    """A right that a page lacks is a 5xx; every route, each method declared, own and sibling's."""
    crawl = Serving(part, worlds.build())
    wrong = []
    with roles.serving("web"):
        for route in routes():
            for method in route.methods:
                for args in (route.args, route.args | route.sibling):
                    body = route.body.get(method, route.body) if method != "GET" else {}
                    answered = crawl.ask(method, path_of(route.pattern, args, crawl.world), body)
                    if answered.status_code >= 500 and "sante" not in route.pattern:
                        wrong.append(f"{method} {route.pattern}: {answered.status_code}")
    assert wrong == []
    UserFactory()  # the tests' own role is back
