"""A passage over a source: each record in its turn, twice without a trace, nothing deleted."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalogue.contributions.actions import drafts, review
from catalogue.contributions.enums import ContributionStatus
from catalogue.contributions.queries import descriptions
from catalogue.harvest import actions as harvested_records
from catalogue.harvest import actions as harvests
from catalogue.harvest import passages
from catalogue.harvest.collection import Collected
from catalogue.harvest.enums import ItemState, RunState
from catalogue.models import Contribution, HarvestedRecord, HarvestRun, Resource, Source
from catalogue.resources import addresses
from catalogue.resources.actions import cards as card_changes
from catalogue.standards.readers.record import Fault
from portal.accounts.models import User
from portal.audit.actors import SystemActor
from portal.audit.models import AuditEvent, Outbox
from portal.lib import clock
from tests.factories import contributions as make
from tests.factories.accounts import MembershipFactory, OrganisationFactory
from tests.factories.catalogue import ResourceFactory
from tests.factories.harvests import SourceFactory, datagouv

pytestmark = pytest.mark.django_db
HARVEST = SystemActor("harvest")
Pass = Callable[..., HarvestRun]


@pytest.fixture
def source() -> Source:
    """Make an approved source that publishes."""
    return SourceFactory(publishing=True, key="observatoire")


@pytest.fixture
def editor(source: Source) -> User:
    return MembershipFactory(organisation=source.organisation, role="editor").user


def carried_out(source: Source, **options: Any) -> HarvestRun:
    asked = harvests.open_run_here(source=Source.objects.get(pk=source.pk), by=HARVEST)
    return passages.carry_out(asked, by=HARVEST, **options)


@pytest.fixture
def harvest(source: Source, tmp_path: Path) -> Pass:
    """Return a passage over records given as a folder of files."""

    def run(*records: Any, of: Source | None = None, preview: bool = False) -> HarvestRun:
        for old in tmp_path.glob("*.json"):
            old.unlink()
        for number, each in enumerate(records):
            text = each if isinstance(each, str) else json.dumps(each)
            (tmp_path / f"{number:03}.json").write_text(text, "utf-8")
        asked = harvests.open_run_here(source=of or source, by=HARVEST)
        HarvestRun.objects.filter(pk=asked.pk).update(is_preview=preview)
        return passages.carry_out(asked, by=HARVEST, place=tmp_path)

    return run


def states(run: HarvestRun) -> dict[str, int]:
    """Give the counts of a complete passage."""
    assert run.state == RunState.COMPLETE, run.message
    return run.counts


def card(number: int = 1) -> Resource:
    return Resource.objects.get(source_id=f"jeu-{number}")


def offers() -> Any:
    """Select the drafts, which passages offer to who holds the card."""
    return Contribution.objects.filter(status=ContributionStatus.DRAFT)


def writes(queries: CaptureQueriesContext, prefix: str = "") -> set[str]:
    """Name the tables that statements changed, those that begin so."""
    found = set()
    for query in queries.captured_queries:
        words = query["sql"].replace('"', "").split()
        if words[0] in {"INSERT", "UPDATE", "DELETE"}:
            found.add(words[1] if words[0] == "UPDATE" else words[2])
    return {each for each in found if each.startswith(prefix)}


# The same, changed, broken


def test_a_second_passage_changes_nothing(harvest: Pass) -> None:
    records = [datagouv(1), datagouv(2), datagouv(3)]
    assert states(harvest(*records)) == {"created": 3}
    made = Resource.objects.get(source="harvest:observatoire", source_id="jeu-1")
    assert (made.live, made.title) == (True, "Offres d’emploi, mois 1")
    assert (made.views, made.followers, made.reuses) == (10, 2, 1)
    assert made.licences == ["etalab-2.0"]
    assert made.provenance["title"]["origin"] == "harvest:observatoire"
    with CaptureQueriesContext(connection) as queries:
        again = harvest(*records)
    assert (states(again), again.lines) == ({"unchanged": 3}, [])
    # The passage itself and its event, nothing of the catalogue.
    assert writes(queries) == {
        "catalogue_harvestrun",
        *(f"audit_{table}" for table in ("auditevent", "auditbody", "audithead")),
    }


def test_what_changes_at_the_source_changes_here_and_counters_of_here_stay(harvest: Pass) -> None:
    harvest(datagouv(1))
    run = harvest(datagouv(1, title="Offres du mois", metrics={"views": 25, "reuses": 1}))
    assert states(run) == {"updated": 1}
    assert "title" in run.lines[0]["fields"]
    told = (card().title, card().views, card().followers, card().slug)
    assert told == ("Offres du mois", 25, 0, "offres-d-emploi-mois-1")
    Resource.objects.update(views=30)
    harvest(datagouv(1, metrics={"views": 45, "followers": 2, "reuses": 1}))
    assert card().views == 50


def test_a_bad_file_stops_no_other(harvest: Pass) -> None:
    cut_short = '{"id": "jeu-2", "title":'
    run = harvest(datagouv(1), cut_short, datagouv(3, title="", slug=""), datagouv(4))
    assert states(run) == {"created": 2, "failed": 1, "refused": 1}
    (broken,) = [line for line in run.lines if line["state"] == "failed"]
    assert (broken["id"], bool(broken["message"])) == ("001.json", True)


@pytest.mark.parametrize(
    ("then", "reason"),
    [([], "empty"), (["<html>en panne</html>"], "empty"), ([datagouv(1)], "fewer")],
    ids=["empty", "no record", "fewer"],
)
def test_a_suspicious_passage_touches_nothing(harvest: Pass, then: list[Any], reason: str) -> None:
    harvest(*[datagouv(n) for n in range(1, 4)])
    before = list(Resource.objects.order_by("pk").values())
    with CaptureQueriesContext(connection) as queries:
        run = harvest(*then)
    assert (run.state, run.reason, bool(run.message)) == (RunState.SUSPICIOUS, reason, True)
    assert list(Resource.objects.order_by("pk").values()) == before
    assert not HarvestedRecord.objects.exclude(missing_since=None).exists()
    assert Outbox.objects.filter(topic="mail.harvest_suspicious").count() == 1
    assert writes(queries, "catalogue_") == {"catalogue_harvestrun"}


OAI = """<?xml version="1.0" encoding="UTF-8"?>
<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><ListRecords>{rows}
<record><header><identifier>x:a</identifier><datestamp>2026-11-01</datestamp></header>
<metadata><oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Un jeu</dc:title>
 <dc:type>Dataset</dc:type></oai_dc:dc></metadata></record></ListRecords></OAI-PMH>"""


def test_what_a_source_removed_is_no_reason_to_doubt_it(source: Source, tmp_path: Path) -> None:
    """Headers of removed records stay in OAI-PMH feeds for good: two passages, the same feed."""
    Source.objects.update(kind="oai")
    removed = '<record><header status="deleted"><identifier>x:{n}</identifier></header></record>'
    feed = OAI.format(rows="".join(removed.format(n=n) for n in range(9)))
    (tmp_path / "a.xml").write_text(feed, "utf-8")
    for _ in range(2):
        run = carried_out(source, place=tmp_path)
        assert (run.state, run.read_count) == (RunState.COMPLETE, 1), run.message


def test_a_fault_of_ours_ends_the_passage_and_the_next_one_may_begin(
    harvest: Pass, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passages, "_present", Mock(side_effect=IndexError))
    run = harvest(datagouv(1))
    assert (run.state, run.reason) == (RunState.FAILED, "IndexError")
    assert run.finished_at is not None
    monkeypatch.undo()
    assert states(harvest(datagouv(1))) == {"created": 1}


def test_a_card_has_the_scope_that_its_source_tells_or_none(harvest: Pass) -> None:
    untold = datagouv(1) | {"spatial": None}
    told = datagouv(2) | {"spatial": {"zones": ["country:fr"], "granularity": "country"}}
    harvest(untold, told)
    assert [card(1).scope, card(2).scope] == ["unknown", "national"]


def test_an_absent_card_is_archived_late_and_comes_back(harvest: Pass) -> None:
    both = [datagouv(1), datagouv(2)]
    harvest(*both)
    gone = HarvestedRecord.objects.filter(remote_id="jeu-2")
    for _ in range(4):
        assert states(harvest(datagouv(1))) == {"unchanged": 1, "missing": 1}
    gone.update(missing_since=clock.now() - timedelta(days=7), missing_runs=1)
    assert states(harvest(datagouv(1)))["missing"] == 1  # a week, but two passages
    assert states(harvest(datagouv(1)))["archived"] == 1
    assert (card(2).live, card(2).archived_at is None) == (True, False)
    assert states(harvest(datagouv(1))) == {"unchanged": 1}
    assert states(harvest(*both)) == {"unchanged": 1, "updated": 1}
    assert card(2).archived_at is None
    assert states(harvest(*both)) == {"unchanged": 2}
    Resource.objects.filter(pk=card(1).pk).update(
        archived_at=clock.now(), archive_reason="Remplacée."
    )
    assert states(harvest(datagouv(1, title="Autre titre"), datagouv(2)))["updated"] == 1
    assert card(1).archived_at is not None  # what a person archived stays so


def test_a_card_of_the_hub_that_cannot_be_read_is_alone_not_absent(source: Source) -> None:
    Source.objects.update(kind="hf")
    text = b"---\nlicense: mit\nlanguage: fr\n---\n# Appariement\n\nUn texte qui suffit ici.\n"
    pages = [f"https://huggingface.co/region/{name}" for name in ("un", "deux", "trois", "quatre")]

    def passage(*cards: Any) -> dict[str, int]:
        found = Collected()
        for page, content in zip(pages, cards, strict=True):
            found.add_card(page, content)
        gathered = passages.Gathered(found, descriptions.read_all(found.records))
        return states(carried_out(source, gathered=gathered))

    assert passage(text, text, text, text) == {"created": 4}
    away = Fault("status_429", "Occupé.", fatal=True)
    assert passage(text, away, None, text) == {"unchanged": 2, "failed": 1, "missing": 1}
    missing = HarvestedRecord.objects.filter(missing_since__isnull=False)
    assert list(missing.values_list("remote_id", flat=True)) == ["region/trois"]
    unknown = Collected()
    unknown.add_card("http://miroir.example/region/un", away)
    assert not unknown.tells_absences


def test_a_page_that_gives_less_than_it_says_ends_its_passage(
    source: Source, tmp_path: Path
) -> None:
    """A catalogue server says that it returns six records and gives one, without a fault."""
    Source.objects.update(kind="csw")
    words = "<gmd:{0}><gco:CharacterString>{1}</gco:CharacterString></gmd:{0}>".format
    record = (
        "<gmd:MD_Metadata>" + words("fileIdentifier", "a")
        + "<gmd:identificationInfo><gmd:MD_DataIdentification><gmd:citation><gmd:CI_Citation>"
        + words("title", "Offres d’emploi")
        + "</gmd:CI_Citation></gmd:citation>" + words("abstract", "Les offres déposées.")
        + "</gmd:MD_DataIdentification></gmd:identificationInfo></gmd:MD_Metadata>"
    )  # fmt: skip
    (tmp_path / "1.xml").write_text(
        '<GetRecordsResponse xmlns="http://www.opengis.net/cat/csw/2.0.2" '
        'xmlns:gmd="http://www.isotc211.org/2005/gmd" xmlns:gco="http://www.isotc211.org/2005/gco">'
        '<SearchResults numberOfRecordsMatched="6" numberOfRecordsReturned="6">'
        f"{record}</SearchResults></GetRecordsResponse>"
    )
    run = carried_out(source, place=tmp_path)
    assert states(run) == {"created": 1, "failed": 1}
    assert "incomplete" in [line["code"] for line in run.lines]


# What people of here write


def test_what_is_edited_here_wins_and_the_rest_is_proposed(harvest: Pass, editor: User) -> None:
    harvest(datagouv(1))
    made = make.changed(
        card(), editor, title="Notre titre", scope="national", summary="Un résumé d’ici."
    )
    assert made.provenance["title"] == {"origin": "contributor", "verified": True}
    assert states(harvest(datagouv(1, tags=["emploi", "nouveau", "metiers"]))) == {"updated": 1}
    assert (card().title, "nouveau" in card().tags) == ("Notre titre", True)
    offer = offers().get()
    assert offer.organisation == made.organisation
    assert offer.content["title"] == "Offres d’emploi, mois 1"
    assert offer.content["scope"] == "national" or "scope" not in offer.content["provenance"]
    # Once for each value: the same words do not come back after they were turned down.
    drafts.withdraw(contribution=offer, by=editor)
    harvest(datagouv(1, tags=["emploi", "autre", "metiers"]))
    assert not offers().exists()
    run = harvest(datagouv(1, title="Titre de la source", tags=["emploi", "autre", "metiers"]))
    assert (states(run), run.lines[0]["proposed"]) == ({"updated": 1}, ["title"])


def test_a_passage_leaves_what_a_person_writes_in_its_proposal(harvest: Pass, editor: User) -> None:
    harvest(datagouv(1))
    make.changed(card(), editor, title="Notre titre", description="Notre description.")
    harvest(datagouv(1, tags=["emploi", "autre", "metiers"]))
    assert offers().get().base_revision == card().live_revision
    make.edit(offers().get(), editor, title="Repris à la main")
    news = datagouv(1, title="Titre de la source", description="Description de la source.")
    assert harvest(news).lines[0]["proposed"] == ["description"]
    offer = offers().get()
    told = {name: offer.content[name] for name in ("title", "description", "tags")}
    assert told == {
        "title": "Repris à la main",
        "description": "Description de la source.",
        "tags": ["emploi", "offres", "metiers"],
    }
    assert (offer.base_revision, offer.expiry_told_at) == (card().live_revision, None)
    assert states(harvest(news)) == {"unchanged": 1}


def test_without_the_right_to_publish_new_cards_are_reviewed(harvest: Pass) -> None:
    reviewed = SourceFactory(approved=True)
    assert states(harvest(datagouv(1), of=reviewed)) == {"created": 1}
    waiting = Contribution.objects.get()
    assert waiting.status == ContributionStatus.SUBMITTED
    assert waiting.content["title"] == "Offres d’emploi, mois 1"
    assert not card().live
    assert states(harvest(datagouv(1), of=reviewed)) == {"unchanged": 1}
    assert states(harvest(datagouv(1, title="Corrigé"), of=reviewed)) == {"updated": 1}
    online = make.put_online(waiting)
    assert (online.live, online.title) == (True, "Corrigé")
    assert states(harvest(datagouv(1, title="Encore"), of=reviewed)) == {"updated": 1}
    assert card().title == "Encore"


def test_what_the_region_refused_or_removed_does_not_come_back(harvest: Pass) -> None:
    judge, reviewed = make.moderator(), SourceFactory(approved=True)
    harvest(datagouv(9), of=reviewed)
    review.refuse(
        contribution=Contribution.objects.get(), reason="off_topic", message="Non.", by=judge
    )
    run = harvest(datagouv(9, title="Autre"), of=reviewed)
    assert run.lines[0]["code"] == "refused_here"
    harvest(datagouv(1), datagouv(2))
    card_changes.bury(resource=card(1), reason="illegal", by=judge)
    run = harvest(datagouv(1), datagouv(2))
    assert states(run) == {"skipped": 1, "unchanged": 1}
    assert run.lines[0]["code"] == "removed_here"


# Several sources


def test_the_card_of_another_is_refused_and_both_are_told(harvest: Pass) -> None:
    other = SourceFactory(publishing=True, key="autre", completes=True, priority=60)
    harvest(datagouv(1))
    for _ in range(2):
        run = harvest(datagouv(1, title="Détourné"), datagouv(2), of=other)
        assert run.lines[0]["code"] == "held_by_source"
    assert Outbox.objects.filter(topic="mail.harvest_conflict").count() == 1
    assert (card().title, card(2).organisation) == ("Offres d’emploi, mois 1", other.organisation)


@pytest.mark.parametrize(
    "url",
    [
        "https://www.data.gouv.fr/fr/datasets/offres-1/",
        "http://DATA.gouv.fr/fr/datasets/offres-1?utm_source=lettre",
    ],
)
def test_a_card_written_by_another_organisation_is_refused(harvest: Pass, url: str) -> None:
    """It is found by its page, whatever the way to write it, in an index."""
    made = ResourceFactory(published=True, organisation=OrganisationFactory())
    assert made.homepage_key == addresses.same_page_digest(made.homepage_url)
    made.homepage_url = url
    made.save()
    with CaptureQueriesContext(connection) as queries:
        run = harvest(datagouv(1))
    assert run.lines[0]["code"] == "held_by_organisation"
    asked = [q["sql"] for q in queries.captured_queries if "homepage_key" in q["sql"]]
    assert not [sql for sql in asked if "LIKE" in sql and "homepage" in sql.split("LIKE")[0][-40:]]
    assert harvest(datagouv(2), datagouv(1)).counts == {"created": 1, "refused": 1}


def test_two_sources_of_one_organisation_share_a_card(harvest: Pass, source: Source) -> None:
    other = SourceFactory(
        publishing=True, organisation=source.organisation, completes=True, priority=60
    )
    harvest(datagouv(1))
    assert states(harvest(datagouv(1, title="Mieux dit"), of=other)) == {"updated": 1}
    assert card().title == "Mieux dit"
    assert states(harvest(datagouv(1))) == {"unchanged": 1}
    for of, archived in ((source, False), (other, True)):  # while one has it, it stays
        record = HarvestedRecord.objects.get(source=of)
        harvested_records.note_absence(record=record)
        harvested_records.archive(record=record, reason="Absente.", by=HARVEST)
        assert (card().archived_at is not None) is archived


# Previews, turns, signs of life


def test_a_preview_says_what_the_passage_does_and_writes_nothing(harvest: Pass) -> None:
    harvest(datagouv(1), datagouv(2))
    then = [datagouv(1), datagouv(2, title="Autre"), datagouv(3), datagouv(4, id="TODO")]
    preview = harvest(*then, preview=True)
    assert Resource.objects.count() == HarvestedRecord.objects.count() == 2
    done = harvest(*then)
    assert preview.counts == done.counts
    assert done.counts == {"unchanged": 1, "updated": 1, "created": 1, "refused": 1}
    shown, told = (
        [(line["id"], line["state"], line["code"]) for line in run.lines] for run in (preview, done)
    )
    assert shown[1:] == told


def test_only_one_passage_at_a_time_and_only_if_approved(source: Source, editor: User) -> None:
    run = harvests.ask_run(source=source, by=editor)
    with pytest.raises(harvests.Conflict):
        harvests.ask_run(source=source, by=editor)
    harvests.pause(source=source, by=editor)
    with pytest.raises(harvests.Conflict):
        passages.carry_out(run, by=HARVEST)
    with pytest.raises(harvests.Conflict):
        harvests.ask_run(source=SourceFactory(), by=make.moderator())


def test_the_schedule() -> None:
    waits = SourceFactory()
    harvests.approve(source=waits, publishes=True, by=make.moderator())
    assert [harvests.ask_due_runs(by=HARVEST) for _ in range(2)] == [1, 0]
    waits.refresh_from_db()
    assert waits.next_run_at > clock.now() + timedelta(days=6)
    run, long_ago = waits.runs.get(), clock.now() - timedelta(hours=2)
    waits.runs.update(state=RunState.RUNNING, started_at=long_ago, beat_at=long_ago)
    harvests.beat_run(run=run)
    harvests.ask_due_runs(by=HARVEST)
    assert waits.runs.get().state == RunState.RUNNING
    waits.runs.update(beat_at=long_ago)
    harvests.ask_due_runs(by=HARVEST)
    assert (waits.runs.get().state, waits.runs.get().reason) == (RunState.FAILED, "stopped")
    with pytest.raises(harvests.Conflict):
        harvests.beat_run(run=waits.runs.get())
    waits.runs.update(finished_at=clock.now() - timedelta(days=366))
    assert harvests.forget_old_runs() == 1


def test_a_passage_that_was_closed_stops(harvest: Pass, monkeypatch: pytest.MonkeyPatch) -> None:
    harvest(datagouv(1), datagouv(2))
    monkeypatch.setattr(passages, "BEAT_SECONDS", 0)
    real = passages.gather

    def closing(*given: Any, **named: Any) -> Any:
        running = HarvestRun.objects.exclude(state=RunState.COMPLETE)
        running.update(state=RunState.FAILED, finished_at=clock.now())
        return real(*given, **named)

    monkeypatch.setattr(passages, "gather", closing)
    with pytest.raises(harvests.Conflict):
        harvest(datagouv(1), datagouv(2), datagouv(3))
    assert Resource.objects.count() == 2


# The command


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(3):
        (tmp_path / f"{number}.json").write_text(json.dumps(datagouv(number)), "utf-8")
    asked = ("harvest", "datagouv", str(tmp_path))
    call_command(*asked, "--publish", "--dry-run")
    assert not Resource.objects.exists()
    assert not Source.objects.exists()
    assert not AuditEvent.objects.filter(action__startswith="source.").exists()
    call_command(*asked)
    assert Resource.objects.filter(live=False).count() == 3
    call_command(*asked, "--publish")
    assert Resource.objects.filter(live=True).count() == 3
    call_command(*asked, "--publish", "--json")
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    counts = {"unchanged": 3}
    assert told == {"state": "complete", "reason": "", "read": 3, "counts": counts, "lines": []}
    with pytest.raises(CommandError, match="n’existe pas"):
        call_command("harvest", "datagouv", str(tmp_path / "rien"))
    with pytest.raises(CommandError, match="modérateur"):
        call_command(*asked, "--by", "personne@exemple.test")


# Whole folders of what other catalogues publish: taken in, or refused by name, twice the same


def run_twice(kind: str, place: Path) -> tuple[HarvestRun, HarvestRun]:
    """Harvest a folder twice; the second passage writes nothing of the catalogue."""
    command = ("harvest", kind, str(place), "--publish", "--source", "corpus")
    call_command(*command)
    first = HarvestRun.objects.complete()[0]
    with CaptureQueriesContext(connection) as queries:
        call_command(*command)
    assert writes(queries, "catalogue_") == {"catalogue_harvestrun"}
    return first, HarvestRun.objects.complete()[0]


@pytest.mark.slow
@pytest.mark.full
@pytest.mark.parametrize(
    ("kind", "folder"),
    [
        ("datagouv", "datagouv-json/datasets"),
        ("ckan", "ckan-json"),
        ("dcat", "dcat-rdf/udata-harvest"),
        ("dcat", "dcat-rdf/ckanext-dcat"),
        ("dcat", "dcat-rdf/semic-dcat-ap-3.0.1"),
        ("csw", "csw"),
        ("oai", "oai-pmh"),
        ("croissant", "croissant/1.0"),
        ("croissant", "croissant/1.1"),
        ("hf", "hf-cards/model-cards"),
        ("hf", "hf-cards/fixtures"),
    ],
)
def test_a_corpus_is_taken_in_twice_the_same(shared: Path, kind: str, folder: str) -> None:
    first, again = run_twice(kind, shared / "cases" / "catalogue" / folder)
    cards = list(Resource.objects.public().order_by("pk"))
    assert len(cards) == first.counts["created"] > 0
    assert kind != "datagouv" or first.counts == {"created": 625}
    assert all(card.title and card.licence_status for card in cards)
    for line in first.lines:
        if line["state"] in (ItemState.REFUSED, ItemState.FAILED):
            assert (bool(line["code"]), bool(line["message"])) == (True, True), line
    assert again.counts == {
        **{state: count for state, count in first.counts.items() if state != "created"},
        "unchanged": first.counts["created"],
    }


@pytest.mark.slow
@pytest.mark.full
def test_files_that_describe_the_same_thing_otherwise_are_refused(shared: Path) -> None:
    """One identifier, several descriptions within a passage: nobody can tell which one holds."""
    first, _again = run_twice("dcat", shared / "cases/catalogue/dcat-rdf/semic-hvd-3.0.0")
    assert not Resource.objects.exists()
    assert {line["code"] for line in first.lines} == {"id_repeated", "nothing_described"}
