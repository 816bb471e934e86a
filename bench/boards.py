"""Measure what reading a leaderboard costs with 100 entries, then 100,000; and the list.

python -m bench.boards [--rounds 40] [--json]

Two challenges of 100 teams in the database of DATABASE_URL, which is ours (--throwaway): one has
100 entries, the other 100,000, each evaluated and scored. The page of standings and the JSON of
both are asked in turn, by a visitor, through every middleware, so that what else the machine does
weighs on both alike. With 100,000 entries a read must take at most 1.2 times what it takes with
100.

The same of two boards of rule « all », which have a row for each entry: their page, the frame for
other sites and the feed. Their rows are written by the action that the worker ends with. Then the
list of challenges, page and API, with a full page of 20 challenges and with 1,000: what grows is
the whole database, so that one size is measured after the other.
"""

import argparse
import gc
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

TEAMS = 100
FEW, MANY = 100, 100_000
TARGET_RATIO = 1.2
BATCH = 5_000
READS = {"page": "/", "json": ".json"}
EVERY = {"all_page": "/", "all_frame": "/cadre/", "all_feed": ".atom"}
SOME, LISTED = 20, 1_000  # 20: a full page, so that both sizes show as many rows
LISTS = {"list_page": "/challenges/", "list_api": "/api/v1/challenges"}


def challenge() -> Any:
    """Open a challenge with its teams, each with one listed entry."""
    from tests.factories.challenges import (  # noqa: PLC0415  # app ready
        EnrolmentFactory,
        EntryFactory,
        StandingFactory,
        TeamFactory,
    )

    first = TeamFactory()
    made = first.challenge
    for number in range(TEAMS):
        team = TeamFactory(challenge=made) if number else first
        entry = EntryFactory(enrolment=EnrolmentFactory(team=team), scored=True)
        StandingFactory(entry=entry, team=team, position=number + 1, rank=number + 1)
    board = made.leaderboards.get()
    axis = {"low": 0.2, "high": 0.3, "reference": None, "intervals": True}
    board.facts = {"public": {"rows": TEAMS, "references": [], "axis": axis}}
    board.save()
    return made


def grow(made: Any, entries: int) -> None:
    """Give the teams entries, evaluated and scored, up to this number in all."""
    from challenges.evaluation.enums import EvaluationState, Split  # noqa: PLC0415  # app ready
    from challenges.models import Entry, Evaluation, Score  # noqa: PLC0415  # app ready
    from portal.lib import immutable  # noqa: PLC0415  # app ready

    models = list(
        Entry.objects.filter(enrolment__team__challenge=made)
        .select_related("enrolment")
        .prefetch_related("evaluations")
        .order_by("pk")
    )
    for begin in range(len(models), entries, BATCH):
        rows, evaluations, scores = [], [], []
        for number in range(begin, min(begin + BATCH, entries)):
            model = models[number % TEAMS]
            row = Entry(
                enrolment=model.enrolment,
                number=number + 1,
                submitted_by_id=model.submitted_by_id,
                idempotency_key=str(number),
                sha256=uuid4().hex * 2,
                size=11,
                original_name="reponse.csv",
                received_at=model.received_at + timedelta(seconds=number),
                first_byte_at=model.first_byte_at,
                quota_day=model.quota_day,
                status=model.status,
                status_since=model.status_since,
                receipt="{}",
            )
            done = model.evaluations.all()[0]
            evaluation = Evaluation(
                entry=row,
                scorer_version_id=done.scorer_version_id,
                holdout_id=done.holdout_id,
                state=EvaluationState.DONE,
                started_at=done.started_at,
                finished_at=done.finished_at,
            )
            rows.append(row)
            evaluations.append(evaluation)
            scores += [
                Score(
                    evaluation=evaluation,
                    split=Split.PUBLIC,
                    metric="mae",
                    value=0.5,
                    value_text="0.5000",
                    released_at=model.received_at,
                )
            ]
        Entry.objects.bulk_create(rows)
        Evaluation.objects.bulk_create(evaluations)
        with immutable.writes(Score):
            Score.objects.bulk_create(scores)


def write_every_row(made: Any) -> None:
    """Make the board one of rule « all », and write its rows as the worker does."""
    from django.db import transaction  # noqa: PLC0415  # app ready

    from challenges.evaluation.enums import Split  # noqa: PLC0415  # app ready
    from challenges.models import Leaderboard, Standing  # noqa: PLC0415  # app ready
    from challenges.organising.enums import BoardRule  # noqa: PLC0415  # app ready
    from challenges.results import actions as results  # noqa: PLC0415  # app ready
    from challenges.results.models.boards import listing  # noqa: PLC0415  # app ready

    board = made.leaderboards.get()
    board.rule = BoardRule.ALL
    board.save()
    found = listing(board, Split.PUBLIC)
    rows = [
        Standing(
            leaderboard=board,
            split=found.split,
            team_id=each.team_id,
            entry_id=each.entry_id,
            position=place,
            competes=each.competes,
            source_digest=found.digest,
            rank=place,
            tier=place,
            rank_low=place,
            rank_high=place,
            cells={
                key: {"value": value, "text": text, "low": None, "high": None}
                for key, (value, text) in each.figures.items()
            },
            entries_count=found.counts[each.team_id],
        )
        for place, each in enumerate(found.candidates, 1)
    ]
    with transaction.atomic():
        results.write_board(Leaderboard.objects.locked(board), found, rows, {"teams": TEAMS})


def grow_every(made: Any, entries: int) -> None:
    """Give the teams entries, each of which its board lists."""
    grow(made, entries)
    write_every_row(made)


def fill(challenges: int) -> None:
    """Publish challenges with two phases each, up to this number in all."""
    from challenges.models import Challenge  # noqa: PLC0415  # app ready
    from tests.factories.challenges import ChallengeFactory  # noqa: PLC0415  # app ready

    for _ in range(Challenge.objects.count(), challenges):
        ChallengeFactory(opened=True)


def read(addresses: dict[str, str], rounds: int) -> dict[str, list[float]]:
    """Ask for each address in turn; returns milliseconds."""
    from django.test import Client  # noqa: PLC0415  # app ready

    client = Client(HTTP_HOST="127.0.0.1")
    times: dict[str, list[float]] = {name: [] for name in addresses}
    for count in range(rounds + 3):
        for name, address in addresses.items():
            began = time.perf_counter()
            response = client.get(address)
            spent = (time.perf_counter() - began) * 1_000
            if response.status_code != 200 or len(response.content) < 500:
                sys.exit(f"{name}: {response.status_code}")
            if count >= 3:  # the first ones fill caches
                times[name].append(spent)
    return times


Figures = dict[str, dict[str, float]]


def in_turn(addresses: dict[int, dict[str, str]], rounds: int) -> Figures:
    """Read each address at one size, then at the other, again and again.

    addresses: {size: {name: address}}.
    """
    from bench.search import keep_house  # noqa: PLC0415  # app ready

    keep_house()
    gc.collect()
    names = next(iter(addresses.values()))
    asked = {f"{size} {name}": of[name] for name in names for size, of in addresses.items()}
    times = read(asked, rounds)
    return {name: summed({size: times[f"{size} {name}"] for size in addresses}) for name in names}


def one_after_the_other(
    sizes: tuple[int, int], grown: Callable[[int], None], addresses: dict[str, str], rounds: int
) -> Figures:
    """Read at one size, grow, read at the other."""
    from bench.search import keep_house  # noqa: PLC0415  # app ready

    times: dict[int, dict[str, list[float]]] = {}
    for size in sizes:
        grown(size)
        keep_house()
        gc.collect()
        times[size] = read(addresses, rounds)
    return {name: summed({size: times[size][name] for size in sizes}) for name in addresses}


def summed(times: dict[int, list[float]]) -> dict[str, float]:
    """Give the median and the least of each size in milliseconds, and the ratio of medians."""
    found: dict[str, float] = {}
    for size, each in times.items():
        found[f"{size}_median_ms"] = round(statistics.median(each), 1)
        found[f"{size}_least_ms"] = round(min(each), 1)
    few, many = (statistics.median(each) for each in times.values())
    return {**found, "ratio": round(many / few, 2)}


def measure(rounds: int) -> dict[str, Any]:
    """Compare the reads of both kinds of boards, then of the list."""
    from django.db import connection  # noqa: PLC0415  # app ready

    boards: Figures = {}
    for reads, prepared in ((READS, grow), (EVERY, grow_every)):
        addresses = {}
        for size in (FEW, MANY):
            made = challenge()
            prepared(made, size)
            board = f"/challenges/{made.slug}/classement"
            addresses[size] = {name: board + end for name, end in reads.items()}
        boards |= in_turn(addresses, rounds)
    lists = one_after_the_other((SOME, LISTED), fill, LISTS, rounds)
    return {
        "database": connection.vendor,
        "teams": TEAMS,
        "rounds": rounds,
        "boards": boards,
        "lists": lists,
    }


def main() -> int:
    """Fill, measure; exit 1 over the target."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--throwaway", action="store_true", help="the database is ours")
    parser.add_argument("--json", action="store_true", dest="as_json")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    import django  # noqa: PLC0415  # app ready

    django.setup()
    from django.conf import settings  # noqa: PLC0415  # app ready
    from django.core.management import call_command  # noqa: PLC0415  # app ready

    from portal.management import structure  # noqa: PLC0415  # app ready

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    structure.build()
    call_command("collectstatic", verbosity=0, interactive=False)
    found = measure(options.rounds)
    print(json.dumps(found) if options.as_json else json.dumps(found, indent=1))
    tables = (*found["boards"].values(), *found["lists"].values())
    return int(any(one["ratio"] > TARGET_RATIO for one in tables))


if __name__ == "__main__":
    sys.exit(main())
