"""What each process may do in PostgreSQL: the second lock behind rules and triggers.

The owner of the tables migrates and runs commands; nobody serves with it. Three roles serve:
`web` (pages), `tasks` (letters, schedule), `worker` (scoring). A right maps a verb to the
columns it holds for; no column named: the whole table.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from django.apps import apps
from django.db import connection

Rights: TypeAlias = Mapping[str, tuple[str, ...]]

WHOLE: tuple[str, ...] = ()
GIVEN = ("SELECT", "INSERT", "UPDATE", "DELETE")
NEVER = ("TRUNCATE", "REFERENCES", "TRIGGER")
BY_COLUMN = ("SELECT", "INSERT", "UPDATE")
NOTHING: Rights = {}
READ: Rights = {"SELECT": WHOLE}
ADD: Rights = {"SELECT": WHOLE, "INSERT": WHOLE}
CHANGE: Rights = {"SELECT": WHOLE, "UPDATE": WHOLE}
WRITE: Rights = {"SELECT": WHOLE, "INSERT": WHOLE, "UPDATE": WHOLE}
DROP: Rights = {"SELECT": WHOLE, "DELETE": WHOLE}
REPLACE: Rights = {"SELECT": WHOLE, "INSERT": WHOLE, "DELETE": WHOLE}
ALL: Rights = dict.fromkeys(GIVEN, WHOLE)

# The chain only grows; its head moves with it, and nothing else of it ever changes.
CHAIN: dict[str, Rights] = {
    "audit.AuditEvent": ADD,
    "audit.AuditBody": ADD,
    "audit.AuditHead": {"SELECT": WHOLE, "UPDATE": ("seq", "hash")},
}
# Denials are counted until the hour is over.
COUNTS: Rights = {"SELECT": WHOLE, "INSERT": WHOLE, "UPDATE": ("count",)}
# Figures come from the worker; the web seals held-out data and reads none of it back.
SERVING: dict[str, Rights] = CHAIN | {
    "challenges.Score": READ,
    "challenges.Rung": READ,
    "challenges.Standing": READ,
    "challenges.SealedResult": NOTHING,
    "challenges.SealedPredictions": NOTHING,
    "challenges.FairnessAudit": READ,
    "challenges.BaselineCheck": READ,
    "challenges.ScoreReceipt": READ,
    "challenges.ProgramReport": READ,
    "challenges.ReceiptKey": ADD,
    "challenges.Certificate": ADD,
    "datasets.WrappedKey": {"SELECT": ("id",), "INSERT": WHOLE},
    # Loaded and learnt by commands, which run as the owner of the tables.
    "demonstrator.Build": READ,
    "demonstrator.LoadedData": READ,
    # What was asked, granted, checked and read is never written again; the worker cuts extracts.
    "datasets.RequestVersion": ADD,
    "datasets.Grant": WRITE,
    "datasets.GrantedDataset": ADD,
    "datasets.Suspension": ADD,
    "datasets.Extract": READ,
    "datasets.OpeningReport": ADD,
    "datasets.Download": ADD,
}
EXCEPTIONS: Mapping[str, Mapping[str, Rights]] = {
    "web": SERVING
    | {
        # Rows of boards go with the board, or the phase, that is taken out of a draft.
        "challenges.Standing": DROP,
        "datasets.PendingRelease": ADD,
        "audit.Outbox": ADD,
        "audit.Denial": COUNTS,
        "audit.Heartbeat": READ,
        "audit.ScheduledRun": READ,
    },
    "tasks": SERVING
    | {
        # What programs printed is emptied after its days; the worker alone writes it.
        "challenges.ProgramReport": {
            "SELECT": WHOLE,
            "UPDATE": ("log", "html", "log_forgotten"),
        },
        "datasets.PendingRelease": {**CHANGE, "DELETE": WHOLE},
        "audit.Outbox": WRITE,
        "audit.Heartbeat": WRITE,
        # The keys of an extract are destroyed with its grant.
        "datasets.Extract": CHANGE,
        # The sweep of the store asks which objects have a name; a digest tells no prediction.
        "challenges.SealedPredictions": {"SELECT": ("ciphertext_sha256", "run_id")},
    },
    # A leaked password of the worker gives no name or address of a person, no session, and
    # changes no role. It writes drafts (imports, challenges by form) for who asked.
    "worker": CHAIN
    | {
        "audit.Outbox": ADD,
        "audit.Heartbeat": WRITE,
        "challenges.Job": WRITE,
        # Whole, `card` too, which ties a card to the score of the entry that won. Named columns
        # would keep little back: the worker adds entries, a card with them, and writes the scores
        # and boards that a card shows. What was certified stays: it writes no certificate.
        "challenges.Entry": WRITE,
        "challenges.Evaluation": WRITE,
        "challenges.Score": ADD,
        "challenges.Rung": {"SELECT": WHOLE, "INSERT": WHOLE, "UPDATE": ("own",)},
        "challenges.SealedResult": ADD,
        "challenges.SealedPredictions": WRITE,
        "challenges.CodeRun": WRITE,
        "challenges.RunPlan": CHANGE,
        "challenges.CodeTrial": CHANGE,
        "challenges.ProgramReport": WRITE,
        "challenges.FairnessAudit": ADD,
        "challenges.ScoreReceipt": ADD,
        "challenges.ReceiptKey": ADD,
        "challenges.Certificate": NOTHING,
        "challenges.Standing": ALL,
        "challenges.Leaderboard": WRITE,
        "challenges.Reveal": CHANGE,
        "challenges.Rescoring": CHANGE,
        "challenges.BaselineCheck": ADD,
        "challenges.Column": ALL,
        "challenges.Phase": WRITE,
        "challenges.PhaseTask": WRITE,
        "challenges.Challenge": WRITE,
        "challenges.ChallengeDraft": CHANGE,
        "challenges.ChallengeOrganiser": ADD,
        "challenges.ChallengePage": REPLACE,
        "challenges.PublicFile": REPLACE,
        "challenges.Terms": ADD,
        # Held (FOR UPDATE) while its next version is numbered.
        "challenges.Scorer": {"SELECT": WHOLE, "INSERT": WHOLE, "UPDATE": ("key",)},
        "challenges.ScorerVersion": ADD,
        "challenges.Team": ADD,
        "challenges.Enrolment": WRITE,
        "challenges.Notice": ADD,
        "challenges.Guest": NOTHING,
        "challenges.TeamInvitation": NOTHING,
        "challenges.OrganiserInvitation": NOTHING,
        "challenges.BundleImport": CHANGE,
        "datasets.Holdout": WRITE,
        "datasets.HoldoutVersion": WRITE,
        "datasets.SealedFile": ADD,
        "datasets.WrappedKey": ADD,
        # It builds what a grant gives to read; who asked and why is no business of its.
        "datasets.Extract": WRITE,
        "datasets.Grant": {
            "SELECT": (
                "id",
                "public_id",
                "starts_at",
                "ends_at",
                "suspended_at",
                "revoked_at",
                "closed_at",
            )
        },
        "datasets.ReleaseUpload": NOTHING,
        "datasets.PendingRelease": NOTHING,
        "datasets.AccessRequest": NOTHING,
        "datasets.RequestVersion": NOTHING,
        "datasets.Suspension": NOTHING,
        "datasets.RequestedDataset": NOTHING,
        "datasets.Opinion": NOTHING,
        "datasets.NamedUser": NOTHING,
        "datasets.PromisedReturn": NOTHING,
        # It writes the reads of the code that it runs on what a grant lends; no read is its to see.
        "datasets.Download": {"SELECT": ("id",), "INSERT": WHOLE},
        "datasets.Opening": NOTHING,
        "datasets.OpeningReport": NOTHING,
        "datasets.OpeningWithdrawal": NOTHING,
        "accounts.User": {"SELECT": ("id", "public_id", "person_key", "is_active")},
        "accounts.Membership": READ,
        "accounts.Organisation": READ,
        "accounts.RegionAppointment": READ,
    },
}
# The apps whose rows pages and letters read and write.
SERVED = dict.fromkeys(
    "accounts audit discussions catalogue challenges datasets demonstrator pages account auth "
    "contenttypes mfa sessions taggit usersessions wagtailadmin wagtailcore wagtaildocs "
    "wagtailembeds wagtailimages wagtailredirects wagtailsearch wagtailusers".split(),
    ALL,
)
# What a role may do to the tables of an app that no exception names; an app left out gives nothing.
DEFAULTS: Mapping[str, Mapping[str, Rights]] = {
    "web": SERVED,
    "tasks": SERVED,
    "worker": {"challenges": READ, "datasets": READ},
}
# Tables that are no model's.
UNMODELLED: Mapping[str, Mapping[str, Rights]] = {
    "catalogue_fulltext": {"web": ALL, "tasks": ALL, "worker": NOTHING},
    "cache": {"web": ALL, "tasks": ALL, "worker": NOTHING},
    "django_migrations": {"web": READ, "tasks": READ, "worker": READ},
}
KINDS = tuple(EXCEPTIONS)


@dataclass(frozen=True, order=True)
class Difference:
    """One right that a role has and should not (`excess`), or lacks."""

    table: str
    verb: str
    columns: tuple[str, ...]
    excess: bool

    def __str__(self) -> str:
        what = f"{self.verb} ({', '.join(self.columns)})" if self.columns else self.verb
        return f"{'de trop' if self.excess else 'manque'} : {what} sur {self.table}"


def expected(kind: str) -> dict[str, Rights]:
    """Return {table: rights} of a kind of process, for every table of the database."""
    labels = {
        model._meta.db_table: model._meta.label
        for model in apps.get_models(include_auto_created=True)
    }
    rights_by_table: dict[str, Rights] = {}
    for table in connection.introspection.table_names():
        if table in UNMODELLED:
            rights_by_table[table] = UNMODELLED[table][kind]
            continue
        label = labels.get(table, "")
        default = DEFAULTS[kind].get(label.partition(".")[0], NOTHING)
        rights_by_table[table] = EXCEPTIONS[kind].get(label, default)
    return rights_by_table


def statements(kind: str, role: str) -> Iterator[str]:
    """Yield the SQL that gives a role its rights and no other; the role exists already."""
    name = quoted(role)
    schema = quoted(current()[1])
    yield f"REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC, {name}"
    yield f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM PUBLIC, {name}"
    yield f"REVOKE ALL ON ALL SEQUENCES IN SCHEMA {schema} FROM PUBLIC, {name}"
    yield f"GRANT USAGE ON SCHEMA {schema} TO {name}"
    for table, rights in sorted(expected(kind).items()):
        if rights:
            what = ", ".join(_clause(verb, columns) for verb, columns in rights.items())
            yield f"GRANT {what} ON {schema}.{quoted(table)} TO {name}"


def differences(kind: str, role: str) -> list[Difference]:
    """Compare what a role may do with what a process of this kind should."""
    lines = []
    wanted = expected(kind)
    for table, verb, whole, columns in _actual(role):
        should = wanted.get(table, NOTHING).get(verb)
        lines += list(_compare(table, verb, whole, tuple(columns), should))
    return sorted(lines)


def _compare(
    table: str, verb: str, whole: bool, columns: tuple[str, ...], should: tuple[str, ...] | None
) -> Iterator[Difference]:
    if should is None:
        if whole or columns:
            yield Difference(table, verb, () if whole else columns, excess=True)
    elif should == WHOLE:
        if not whole:
            yield Difference(table, verb, (), excess=False)
    elif whole:
        yield Difference(table, verb, (), excess=True)
    else:
        for excess, names in (
            (True, set(columns) - set(should)),
            (False, set(should) - set(columns)),
        ):
            if names:
                yield Difference(table, verb, tuple(sorted(names)), excess=excess)


def _actual(role: str) -> list[tuple[str, str, bool, list[str]]]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT c.relname, v.verb, has_table_privilege(%(role)s, c.oid, v.verb),
                   CASE WHEN v.verb = ANY(%(by_column)s) THEN ARRAY(
                       SELECT a.attname::text FROM pg_attribute a
                        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                          AND has_column_privilege(%(role)s, c.oid, a.attnum, v.verb)
                   ) ELSE '{}' END
              FROM pg_class c CROSS JOIN unnest(%(verbs)s) AS v(verb)
             WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
             ORDER BY 1, 2
            """,
            {"role": role, "by_column": list(BY_COLUMN), "verbs": [*GIVEN, *NEVER]},
        )
        return list(cursor.fetchall())


def powers(role: str) -> list[str]:
    """List what makes a role more than one that serves: its attributes, and tables it owns.

    A member of the owning role counts as owner: it may become it.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolsuper, rolbypassrls, rolcreaterole, rolreplication "
            "FROM pg_roles WHERE rolname = %s",
            [role],
        )
        words = ("SUPERUSER", "BYPASSRLS", "CREATEROLE", "REPLICATION")
        given = [word for word, has in zip(words, cursor.fetchone() or (), strict=False) if has]
        cursor.execute(
            "SELECT count(*) FROM pg_class WHERE relnamespace = current_schema()::regnamespace "
            "AND relkind IN ('r', 'p') AND pg_has_role(%s, relowner, 'MEMBER')",
            [role],
        )
        (owned,) = cursor.fetchone()
    return [*given, f"propriétaire de {owned} tables"] if owned else given


def current() -> tuple[str, str]:
    """Return the role and the schema of this connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, current_schema()")
        role, schema = cursor.fetchone()
    return str(role), str(schema)


def quoted(name: str) -> str:
    """Quote an identifier."""
    return '"' + name.replace('"', '""') + '"'


def _clause(verb: str, columns: tuple[str, ...]) -> str:
    return f"{verb} ({', '.join(map(quoted, columns))})" if columns else verb
