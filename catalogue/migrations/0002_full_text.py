"""The full text of the indexed resources: see catalogue/search/fulltext.py.

SQLite: an FTS5 table. PostgreSQL: vectors of words written by ourselves, not by its parser, with
GIN indexes. A trigger removes the words with the row of the resource; a later migration that
remakes catalogue_indexedresource must create the trigger again.
"""

from django.db import migrations

SQLITE = [
    """CREATE VIRTUAL TABLE catalogue_fulltext USING fts5(
        title, acronym, organisation, tags, files, description, names, tokenize='ascii'
    )""",
    """CREATE TRIGGER catalogue_fulltext_delete AFTER DELETE ON catalogue_indexedresource BEGIN
        DELETE FROM catalogue_fulltext WHERE rowid = old.resource_id;
    END""",
]
SQLITE_BACK = [
    "DROP TRIGGER catalogue_fulltext_delete",
    "DROP TABLE catalogue_fulltext",
]
POSTGRESQL = [
    """CREATE TABLE catalogue_fulltext (
        rowid bigint PRIMARY KEY,
        title text NOT NULL,
        acronym text NOT NULL,
        organisation text NOT NULL,
        tags text NOT NULL,
        files text NOT NULL,
        description text NOT NULL,
        search tsvector NOT NULL,
        names tsvector NOT NULL
    )""",
    "CREATE INDEX catalogue_fulltext_search ON catalogue_fulltext USING gin (search)",
    "CREATE INDEX catalogue_fulltext_names ON catalogue_fulltext USING gin (names)",
    """CREATE FUNCTION catalogue_fulltext_delete() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'TRUNCATE' THEN
            DELETE FROM catalogue_fulltext;
        ELSE
            DELETE FROM catalogue_fulltext WHERE rowid = OLD.resource_id;
        END IF;
        RETURN NULL;
    END $$""",
    """CREATE TRIGGER catalogue_fulltext_delete AFTER DELETE ON catalogue_indexedresource
        FOR EACH ROW EXECUTE FUNCTION catalogue_fulltext_delete()""",
    """CREATE TRIGGER catalogue_fulltext_truncate AFTER TRUNCATE ON catalogue_indexedresource
        FOR EACH STATEMENT EXECUTE FUNCTION catalogue_fulltext_delete()""",
]
POSTGRESQL_BACK = [
    "DROP TRIGGER catalogue_fulltext_truncate ON catalogue_indexedresource",
    "DROP TRIGGER catalogue_fulltext_delete ON catalogue_indexedresource",
    "DROP FUNCTION catalogue_fulltext_delete",
    "DROP TABLE catalogue_fulltext",
]


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
