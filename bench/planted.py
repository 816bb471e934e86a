"""Plant thirty bugs, one at a time, and say which the tests catch.

usage: python -m bench.planted [--only NAME …] [--whole]

Ten in scoring, quotas and deadlines, ten in rights and the gate, ten in the catalogue, its search
and its harvests. Each is one replaced text of one file, put back afterwards: run it in a checkout
of its own, without changes. The tests named beside it run until the first failure; with --whole,
what they let through meets all the tests of `make test` on SQLite. Exit 1 below 27 caught.
"""

import argparse
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LEAST = 27
WHOLE = ("-n", "2", "--dist", "worksteal", "-m", "not full and not journey", "tests")


DEPOSITS = (
    "tests/challenges/entries/test_days_and_closes.py",
    "tests/challenges/entries/test_deposits.py",
)


@dataclass(frozen=True)
class Bug:
    """One bug. before: text that stands once in `file`; after: put there. tests: may see it."""

    name: str
    file: str
    before: str
    after: str
    tests: tuple[str, ...]


BUGS = (
    # Scoring, quotas, deadlines
    Bug(
        "few_units_as_many",
        "challenges/scoring/tiers.py",
        "ALPHA_FEW if board.few else ALPHA)",
        "ALPHA)",
        (
            "tests/challenges/scoring/test_intervals.py",
            "tests/challenges/scoring/test_simulations.py",
            "tests/challenges/results/test_standings.py",
        ),
    ),
    Bug(
        "ladder_takes_a_tie",
        "challenges/scoring/ladder.py",
        "net > 0 and net**2 > gained + lost",
        "net > 0 and net**2 >= gained + lost",
        ("tests/challenges/scoring/test_ladder.py",),
    ),
    Bug(
        "interval_one_sided",
        "challenges/scoring/intervals.py",
        "tail = (1 - level) / 2 * 100",
        "tail = (1 - level) * 100",
        ("tests/challenges/scoring/test_intervals.py",),
    ),
    Bug(
        "open_at_the_close",
        "challenges/organising/models/challenges.py",
        "self.closes_at is not None and now >= self.closes_at",
        "self.closes_at is not None and now > self.closes_at",
        (
            "tests/challenges/entries/test_days_and_closes.py",
            "tests/challenges/entries/test_deposits.py",
        ),
    ),
    Bug(
        "grace_never_ends",
        "challenges/organising/models/challenges.py",
        "ends is not None and at < ends",
        "ends is not None",
        (
            "tests/challenges/entries/test_days_and_closes.py",
            "tests/challenges/entries/test_deposits.py",
        ),
    ),
    Bug(
        "grace_for_late_uploads",
        "challenges/entries/actions/deposits.py",
        "first_byte_at < closes_at and phase.is_in_grace(now)",
        "phase.is_in_grace(now)",
        (
            "tests/challenges/entries/test_days_and_closes.py",
            "tests/challenges/entries/test_deposits.py",
        ),
    ),
    Bug(
        "one_entry_too_many",
        "challenges/entries/actions/deposits.py",
        "    if len(taken) >= limit:\n        return 0\n"
        "    return next((free for free in range(1, limit + 1)",
        "    return next((free for free in range(1, limit + 2)",
        (
            "tests/challenges/entries/test_deposits.py",
            "tests/challenges/entries/test_api.py",
            "tests/challenges/teams/test_teams.py",
        ),
    ),
    Bug(
        "quota_of_the_day_in_utc",
        "challenges/entries/actions/deposits.py",
        "quota_day=clock.paris_day(received_at),",
        "quota_day=received_at.date(),",
        (
            "tests/challenges/entries/test_days_and_closes.py",
            "tests/challenges/entries/test_deposits.py",
        ),
    ),
    Bug(
        "waiting_costs_a_try",
        "challenges/queue/actions.py",
        'attempt=F("attempt") - 1,',
        'attempt=F("attempt"),',
        (
            "tests/challenges/queue/test_jobs.py",
            "tests/challenges/entries/test_scanning.py",
            "tests/challenges/programs/code",
        ),
    ),
    Bug(
        "ndcg_discount",
        "challenges/scoring/metrics/ranking.py",
        "np.log2(part.ranks[order] + 1.0)",
        "np.log2(part.ranks[order] + 2.0)",
        ("tests/challenges/scoring/test_metrics.py",),
    ),
    # Rights and the gate
    Bug(
        "jury_enters",
        "challenges/entries/rules.py",
        " and team.has_member(by) and not team.challenge.is_run_by(by)\n",
        " and team.has_member(by)\n",
        ("tests/challenges/test_rules.py", "tests/challenges/organising/test_organisers.py"),
    ),
    Bug(
        "former_organiser_confirms",
        "challenges/organising/rules.py",
        "        and not challenge.is_played_by(by)\n        and not challenge.was_run_by(by)\n",
        "        and not challenge.is_played_by(by)\n",
        (
            "tests/challenges/test_rules.py",
            "tests/challenges/rescoring/test_rescorings.py",
            "tests/challenges/results/test_reveals.py",
        ),
    ),
    Bug(
        "author_decides",
        "catalogue/contributions/rules.py",
        "    if contribution.resource.author_id == actor.pk:\n        return False\n"
        "    proposed, owner",
        "    proposed, owner",
        ("tests/catalogue/contributions",),
    ),
    Bug(
        "restricted_read_untraced",
        "datasets/gate.py",
        'record("data_file.read", by=by,',
        "dict(by=by,",
        ("tests/datasets/access/test_reading.py",),
    ),
    Bug(
        "removed_signatory_reads_on",
        "datasets/access/models.py",
        "            granted__grant__request__named_users__removed_at=None,\n",
        "",
        ("tests/datasets/access/test_reading.py",),
    ),
    Bug(
        "own_role_accepted",
        "portal/accounts/rules.py",
        "not in {proposal.proposed_by_id, proposal.user_id}",
        "not in {proposal.proposed_by_id}",
        ("tests/portal/accounts/test_appointments.py", "tests/portal/accounts"),
    ),
    Bug(
        "own_place_changed",
        "portal/accounts/rules.py",
        "return by.pk != membership.user_id and may_administer",
        "return may_administer",
        ("tests/portal/accounts/test_organisations.py", "tests/portal/accounts"),
    ),
    Bug(
        "invitation_for_anybody",
        "portal/accounts/rules.py",
        "return is_person(by) and invitation.fits(by)",
        "return is_person(by)",
        ("tests/portal/accounts/test_organisations.py", "tests/portal/accounts"),
    ),
    Bug(
        "closed_account_keeps_roles",
        "portal/accounts/authorization.py",
        "    if not actor.is_active:\n        return False\n    if any(permission in",
        "    if any(permission in",
        (
            "tests/portal/accounts/test_appointments.py",
            "tests/portal/accounts/test_accounts.py",
            "tests/challenges/test_rules.py",
            "tests/portal/accounts",
        ),
    ),
    Bug(
        "token_of_any_scope",
        "portal/accounts/bearer.py",
        "if self.scope not in token.scopes:",
        "if not token.scopes:",
        ("tests/portal/test_api.py", "tests/catalogue/pages/test_api.py"),
    ),
    # Catalogue, search, harvest
    Bug(
        "voice_of_another_organisation",
        "catalogue/harvest/passages.py",
        "same_owner = mine is not None and other.source.organisation_id == mine",
        "same_owner = mine is not None",
        ("tests/catalogue/harvest",),
    ),
    Bug(
        "source_writes_over_people",
        "catalogue/harvest/queries.py",
        'return bool(origin) and not str((origin or {}).get("origin", "")).startswith(ORIGIN)',
        "return False",
        ("tests/catalogue/harvest",),
    ),
    Bug(
        "empty_source_archives",
        "catalogue/harvest/passages.py",
        "if before and present < before * LEAST_SHARE:",
        "if before and present < 0:",
        ("tests/catalogue/harvest",),
    ),
    Bug(
        "elision_kept",
        "catalogue/search/text.py",
        "if folded and (last or folded not in ELIDED):",
        "if folded:",
        ("tests/catalogue/search",),
    ),
    Bug(
        "update_filter_ignored",
        "catalogue/search/engines/database.py",
        "        if query.updated:\n",
        "        if query.updated and not query.updated:\n",
        ("tests/catalogue/search", "tests/contracts"),
    ),
    Bug(
        "expired_news_listed",
        "catalogue/resources/models.py",
        "return self.public().filter(expired_at=None)",
        "return self.public()",
        ("tests/catalogue/resources/test_card_life.py", "tests/catalogue/search"),
    ),
    Bug(
        "until_excluded",
        "catalogue/standards/writers/oai_pmh.py",
        "        end = end + step\n",
        "",
        ("tests/catalogue/pages/test_exports.py",),
    ),
    Bug(
        "link_to_a_hidden_card",
        "catalogue/resources/queries/published.py",
        "if link.source_id is not None and (link.target is None or link.target.live):",
        "if link.source_id is not None:",
        ("tests/catalogue/pages/test_cards.py", "tests/catalogue/pages/test_exports.py"),
    ),
    Bug(
        "non_commercial_is_open",
        "catalogue/standards/licences.py",
        r"(-NC\b|-NC-|-ND\b|-ND-|",
        r"(-ND\b|-ND-|",
        ("tests/catalogue/contributions/test_checks.py", "tests/catalogue/standards"),
    ),
    Bug(
        "phones_not_scanned",
        "portal/lib/prose/personal_data.py",
        "    (Kind.PHONE, PHONE, mask),\n",
        "",
        ("tests/portal/lib", "tests/catalogue/contributions"),
    ),
)


def _fails(*arguments: str) -> bool:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "--no-header", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if done.returncode not in (0, 1):
        raise SystemExit(done.stdout[-2000:] + done.stderr[-2000:])
    return done.returncode == 1


def verdict(bug: Bug, *, whole: bool) -> str:
    """Plant a bug, run its tests, put the file back; return who caught it, "" when nobody."""
    path = ROOT / bug.file
    text = path.read_text()
    if text.count(bug.before) != 1:
        raise SystemExit(
            f"{bug.name}: its text stands {text.count(bug.before)} times in {bug.file}"
        )
    path.write_text(text.replace(bug.before, bug.after))
    try:
        for tests in bug.tests:
            if (ROOT / tests).exists() and _fails("-m", "not full and not journey", tests):
                return tests
        return "make test" if whole and _fails(*WHOLE) else ""
    finally:
        path.write_text(text)


def main() -> None:
    """Print one line a bug and how many were caught."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", nargs="*", default=[bug.name for bug in BUGS])
    parser.add_argument("--whole", action="store_true", help="try what is left on the whole suite")
    options = parser.parse_args()
    chosen = [bug for bug in BUGS if bug.name in options.only]
    caught = 0
    for bug in chosen:
        began = time.monotonic()
        by = verdict(bug, whole=options.whole)
        caught += bool(by)
        seconds = time.monotonic() - began
        print(
            f"{bug.name:<32} {'caught by ' + by if by else 'SURVIVES':<60} {seconds:5.0f} s",
            flush=True,
        )
    print(f"{caught} of {len(chosen)} caught")
    sys.exit(len(chosen) == len(BUGS) and caught < LEAST)


if __name__ == "__main__":
    main()
