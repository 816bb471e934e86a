"""Extracts: built by the worker when a grant begins, never joined, destroyed when it ends."""

import csv
import io
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.core.management import call_command
from django.urls import reverse

from challenges.worker import Worker
from datasets import gate
from datasets.access.actions import extracts, grants
from datasets.access.models import Extract, Grant, GrantedDataset, Opinion
from datasets.invariants import INVARIANTS
from datasets.releases.enums import AccessLevel, FileRole
from datasets.releases.models import DataFile, Download
from datasets.standards.profile import TableFault
from portal.lib import clock, immutable
from portal.lib.refusals import Unavailable
from portal.lib.storage import objects
from tests.factories.access import ROWS, World, build_extracts, restricted
from tests.factories.accounts import signed_in
from tests.factories.datasets import DataFileFactory, ReleaseFactory
from tests.factories.letters import delivered, letters
from tests.ledger import events, owed, owed_ids
from tests.threads import together

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return World()


def breaches() -> list[str]:
    """Name what does not hold of files and of what is lent."""
    return [name for name in ("D01", "D07", "D08", "D09", "D11") if list(INVARIANTS[name][1]())]


def read(extract: Extract, world: World) -> str:
    content = gate.open_file(
        data_file=extract.data_file, by=world.reader, extract=extract.public_id
    )
    with_all = b"".join(objects.pieces(content))
    content.close()
    return with_all.decode()


def clear_files(place: Path) -> list[Path]:
    """Name the files below a folder in which a row of the original stands in clear."""
    return [
        each for each in place.rglob("*") if each.is_file() and b"p1,Arles" in each.read_bytes()
    ]


def test_a_grant_that_begins_gives_an_extract_of_each_dataset(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    assert build_extracts() == 0
    grant = world.granted()
    assert build_extracts() == 0  # nobody signed
    grants.sign(grant=grant, by=world.by)
    grants.sign(grant=Grant.objects.get(pk=grant.pk), by=world.reader)
    assert not extracts.build_due()  # the web process has no key

    assert build_extracts() == 2
    assert build_extracts() == 0
    one, _two = Extract.objects.order_by("pk")
    assert (one.columns, one.rows, one.fault) == (["jeton", "zone", "sortie"], 3, "")
    said = list(csv.reader(io.StringIO(read(one, world))))
    assert said[0] == ["jeton", "zone", "sortie"]
    assert [row[1:] for row in said[1:]] == [
        ["Arles", "emploi"],
        ["Gap", "formation"],
        ["Gap", "emploi"],
    ]
    assert said[1][0] == said[3][0] != said[2][0]
    assert all(len(row[0]) == 16 for row in said[1:])
    assert events("original", "extract") == ["original.opened", "extract.built"] * 2
    assert ("mail.extract_ready", {"extract_id": one.pk}) in owed_ids()
    assert clear_files(tmp_path) == []
    assert breaches() == []


def test_two_projects_are_not_joined_by_their_pseudonyms_and_two_files_of_one_are(
    world: World,
) -> None:
    first, second = world.active(), world.active()
    build_extracts()

    def tokens(grant: Grant) -> list[set[str]]:
        mine = Extract.objects.filter(granted__grant=grant).order_by("pk")
        return [
            {row["jeton"] for row in csv.DictReader(io.StringIO(read(each, world)))}
            for each in mine
        ]

    (one, same), (other, _) = tokens(first), tokens(second)
    assert len(one) == len(other) == 2
    assert one == same  # the datasets of one project were granted together
    assert not one & other


def test_the_release_in_force_has_its_extracts_and_no_other_file_has(world: World) -> None:
    dataset = world.datasets[0]
    world.lent(dataset)
    world.active(dataset)  # its extract was not built before the new release
    release, withdrawn = (
        ReleaseFactory(dataset=dataset, number=1_000),
        ReleaseFactory(dataset=dataset, number=1_001, withdrawn_at=clock.now()),
    )
    columns = [
        {"name": name, "type": "string", "protection": kind}
        for name, kind in (("sortie", "free"), ("autre", "free"), ("zone", "conditional"))
    ]
    table = {"schema": columns, "content": b"sortie,autre,zone\nemploi,x,Arles\n"}
    restricted: Any = {"release": release, "level": AccessLevel.RESTRICTED_PERSONAL}
    wanted = DataFileFactory(**restricted, **table)
    DataFileFactory(**restricted, schema=columns[1:2], content=b"autre\nx\n")  # nothing granted
    DataFileFactory(**restricted | {"release": withdrawn}, **table)
    DataFileFactory(release=release)
    DataFileFactory(release=release, role=FileRole.SAMPLE, **table)  # the columns of the table
    assert build_extracts() == 2
    built = Extract.objects.order_by("pk")[1:]
    assert [(each.data_file, each.columns) for each in built] == [(wanted, ["sortie"])] * 2
    assert breaches() == []
    extracts.tell_withheld()  # the zone is not protected as it was granted
    extracts.tell_withheld()
    assert owed().count("mail.access_withheld") == 2


def test_a_table_of_a_higher_level_than_was_granted_is_not_lent_and_is_told(world: World) -> None:
    business = restricted(world.producers[0], level=AccessLevel.RESTRICTED_BUSINESS)
    world.lent(business)
    delivered()
    raised = ReleaseFactory(dataset=business, number=1_000)
    schema = DataFile.objects.get(release__dataset=business).schema
    DataFileFactory(
        release=raised, level=AccessLevel.RESTRICTED_PERSONAL, schema=schema, content=ROWS
    )
    assert build_extracts() == 0
    extracts.tell_withheld()
    subject = "Données retenues : « Former où l’on recrute »"
    assert set(letters()) == {(each.email, subject) for each in (world.by, world.approver)}


def test_a_killed_build_is_taken_up_again_and_a_third_failure_is_told(
    world: World, settings: Any
) -> None:
    settings.HOLDOUT_PRIVATE_KEY_FILE = settings.EMBEDDED_HOLDOUT_PRIVATE_KEY_FILE
    grant = world.active(world.datasets[0])

    def later() -> None:
        Extract.objects.update(claimed_until=clock.now())

    kill = mock.patch.object(extracts, "cut_apart", side_effect=KeyboardInterrupt)
    with kill, pytest.raises(KeyboardInterrupt):
        extracts.build_due()
    held = Extract.objects.get()
    assert (held.attempts, held.fault, held.built_at) == (1, "", None)
    assert not extracts.build_due()  # believed, for a while
    later()
    with mock.patch.object(gate.objects, "open", side_effect=Unavailable):
        assert extracts.build_due()  # the store does not answer: no try is counted
    assert Extract.objects.get().attempts == 1
    later()
    with mock.patch.object(extracts, "cut_apart", side_effect=TableFault("heavy", 0)):
        assert extracts.build_due()
        later()
        assert Extract.objects.get().fault == ""
        assert extracts.build_due()
    later()
    given_up = Extract.objects.get()
    assert (given_up.attempts, given_up.fault) == (3, "heavy")
    assert not extracts.build_due()
    delivered()
    for _time in range(2):
        extracts.tell_given_up()
    subject = "Extrait impossible : « Former où l’on recrute »"
    people = (world.by, world.approver, world.hands[0])
    assert letters() == [(each.email, subject) for each in sorted(people, key=lambda e: e.pk)]
    page = signed_in(world.reader).get(reverse("datasets:grant", args=(grant.public_id,)))
    assert "L’extrait n’a pas pu être fait" in page.text

    Extract.objects.update(attempts=2)
    with kill, pytest.raises(KeyboardInterrupt):
        extracts.build_due()
    assert Extract.objects.get().fault == extracts.INTERRUPTED
    Extract.objects.update(attempts=2)
    later()
    assert Worker("essai").work_one()  # the worker does it when no job is due
    built = Extract.objects.get()
    assert (built.fault, built.clear_size) == ("", len(read(built, world)))


def test_a_claim_that_was_lost_writes_nothing(world: World, settings: Any) -> None:
    settings.HOLDOUT_PRIVATE_KEY_FILE = settings.EMBEDDED_HOLDOUT_PRIVATE_KEY_FILE
    world.active(world.datasets[0])
    whole = extracts.cut_apart

    def slow(*args: Any, **said: Any) -> Any:
        Extract.objects.update(claimed_until=clock.now() + timedelta(hours=9))  # another took it
        return whole(*args, **said)

    with mock.patch.object(extracts, "cut_apart", slow):
        assert extracts.build_due()
    assert Extract.objects.get().built_at is None
    assert events("extract") == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
def test_two_workers_build_one_extract_once(settings: Any) -> None:
    settings.HOLDOUT_PRIVATE_KEY_FILE = settings.EMBEDDED_HOLDOUT_PRIVATE_KEY_FILE
    world = World()
    world.active(world.datasets[0])
    ended = together(*[lambda: str(extracts.build_due())] * 4)
    assert sorted(ended) == ["False", "False", "False", "True"]
    assert events("extract") == ["extract.built"]


def test_what_a_grant_gave_is_destroyed_when_it_ends(world: World) -> None:
    revoked, expired, kept = (world.lent(world.datasets[0]) for _ in range(3))
    assert extracts.remove_ended() == 0
    sealed = Extract.objects.get(granted__grant=revoked)
    grants.revoke(grant=revoked, text="Usage interdit.", by=world.approver)
    Grant.objects.filter(pk=expired.pk).update(ends_at=clock.now())
    assert extracts.remove_ended() == 2
    assert extracts.remove_ended() == 0
    gone = Extract.objects.exclude(granted__grant=kept)
    assert [(each.sha256, each.keys, bool(each.removed_at)) for each in gone] == [
        ("", [], True)
    ] * 2
    assert objects.referenced([sealed.sha256]) == set()  # the sweep takes it
    assert events("extract.removed") == ["extract.removed"] * 2
    assert build_extracts() == 0
    assert read(Extract.objects.get(granted__grant=kept), world)


def test_each_breach_of_what_is_lent_is_named(world: World) -> None:
    grant = world.lent(world.datasets[0])
    extract = Extract.objects.get()
    read(extract, world)
    assert breaches() == []
    Extract.objects.update(columns=["jeton", "zone", "sexe", "sortie"])
    assert breaches() == ["D09"]
    Extract.objects.update(columns=extract.columns)
    with immutable.writes(Download):
        Download.objects.update(at=clock.now() - timedelta(days=1))  # before it began
        assert breaches() == ["D08"]
        Download.objects.update(grant=None, at=clock.now())
        assert breaches() == ["D08"]
        Download.objects.update(grant=grant)
    with immutable.writes(GrantedDataset):
        other = world.datasets[1]
        GrantedDataset.objects.update(dataset=other)
        assert breaches() == ["D08", "D11"]
        GrantedDataset.objects.update(dataset=world.datasets[0])
    opinions = Opinion.objects.filter(dataset=None)
    opinions.update(verdict="", given_by=None, given_at=None)
    assert breaches() == ["D11"]
    opinions.update(verdict="favourable", given_by=world.dpo, given_at=clock.now())
    with immutable.writes(DataFile):
        DataFile.objects.filter(pk=extract.data_file_id).update(keys=[])
    assert breaches() == ["D07"]
    assert len(ROWS) == extract.data_file.size


def test_t09_a_pseudonym_found_elsewhere_leads_to_its_grant(
    world: World, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """T9: no watermark row; the key of the tokens is the grant's, even once it ended."""
    first, second = world.active(world.datasets[0]), world.active(world.datasets[0])
    build_extracts()
    file = DataFile.objects.get(release__dataset=world.datasets[0])
    lent = gate.open_file(data_file=file, by=world.reader)  # of the last built
    content = b"".join(objects.pieces(lent))
    lent.close()
    token = content.decode().splitlines()[1].split(",")[0]
    grants.revoke(grant=second, text="Divulgué.", by=world.approver)
    assert extracts.remove_ended() == 1
    with pytest.raises(SystemExit, match="2"):
        call_command("whose_token", token)
    settings.HOLDOUT_PRIVATE_KEY_FILE = settings.EMBEDDED_HOLDOUT_PRIVATE_KEY_FILE
    third = world.active(world.datasets[1])
    build_extracts()
    lost = DataFile.objects.get(release__dataset=world.datasets[1])
    for none in ("1", "2"):
        for said, status in ((token, "0"), ("0" * 16, none)):
            with pytest.raises(SystemExit, match=status):
                call_command("whose_token", said)
        objects.store().delete(lost.sha256)  # what cannot be read any more ends no search
    told = capsys.readouterr()
    assert (str(second.public_id) in told.out, str(first.public_id) in told.out) == (True, False)
    assert f"{third.public_id}/ : fichier non lu : {lost} : vault_broken" in told.err
