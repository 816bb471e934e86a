"""Derive the full-text index from the analysed words, kept true by the database itself.

SQLite: an external-content FTS5 table fed by triggers (a later migration that remakes
catalogue_indexedtext must create the triggers again). PostgreSQL: a stored tsvector made
of the words as they are, without its own parser, and a GIN index.
"""

from django.db import migrations

SQLITE = [
    """CREATE VIRTUAL TABLE catalogue_fulltext USING fts5(
        words, content='catalogue_indexedtext', content_rowid='resource_id', tokenize='ascii'
    )""",
    """CREATE TRIGGER catalogue_fulltext_insert AFTER INSERT ON catalogue_indexedtext BEGIN
        INSERT INTO catalogue_fulltext(rowid, words) VALUES (new.resource_id, new.words);
    END""",
    """CREATE TRIGGER catalogue_fulltext_delete AFTER DELETE ON catalogue_indexedtext BEGIN
        INSERT INTO catalogue_fulltext(catalogue_fulltext, rowid, words)
        VALUES ('delete', old.resource_id, old.words);
    END""",
    """CREATE TRIGGER catalogue_fulltext_update AFTER UPDATE OF words ON catalogue_indexedtext
    BEGIN
        INSERT INTO catalogue_fulltext(catalogue_fulltext, rowid, words)
        VALUES ('delete', old.resource_id, old.words);
        INSERT INTO catalogue_fulltext(rowid, words) VALUES (new.resource_id, new.words);
    END""",
]
SQLITE_BACK = [
    "DROP TRIGGER catalogue_fulltext_update",
    "DROP TRIGGER catalogue_fulltext_delete",
    "DROP TRIGGER catalogue_fulltext_insert",
    "DROP TABLE catalogue_fulltext",
]
POSTGRESQL = [
    """ALTER TABLE catalogue_indexedtext ADD COLUMN fulltext tsvector
        GENERATED ALWAYS AS (array_to_tsvector(string_to_array(words, ' '))) STORED""",
    "CREATE INDEX catalogue_fulltext ON catalogue_indexedtext USING gin (fulltext)",
]
POSTGRESQL_BACK = ["ALTER TABLE catalogue_indexedtext DROP COLUMN fulltext"]


def run(schema_editor, statements):
    for statement in statements[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def forwards(apps, schema_editor):
    run(schema_editor, {"sqlite": SQLITE, "postgresql": POSTGRESQL})


def backwards(apps, schema_editor):
    run(schema_editor, {"sqlite": SQLITE_BACK, "postgresql": POSTGRESQL_BACK})


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0001_initial")]
    operations = [migrations.RunPython(forwards, backwards)]
