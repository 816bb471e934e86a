"""Write in one letter what each indexed card holds of each facet of the panel."""

import hashlib
import json
from collections import defaultdict

from django.db import migrations, models

SHOWN = (
    "kind",
    "scope",
    "task",
    "use_case",
    "access",
    "licence",
    "language",
    "guarantee",
    "organisation",
)
BATCH = 1_000


def write(apps, schema_editor):
    """Read the facets of the cards indexed so far, some at a time; the set of each by its digest."""
    cards = apps.get_model("catalogue", "IndexedResource").objects
    facets = apps.get_model("catalogue", "IndexedFacet").objects.filter(facet__in=SHOWN)
    sets = apps.get_model("catalogue", "IndexedSet").objects
    known = {}

    def letter(facet, held):
        said = json.dumps([facet, held], separators=(",", ":"), ensure_ascii=False)
        digest = hashlib.sha256(said.encode()).hexdigest()
        if digest not in known:
            row, _ = sets.get_or_create(digest=digest, defaults={"facet": facet, "held": held})
            point = 0x100 + row.pk
            known[digest] = chr(point if point < 0xD800 else point + 0x800)
        return known[digest]

    last = 0
    while rows := list(cards.filter(pk__gt=last).order_by("pk")[:BATCH]):
        held = defaultdict(set)
        ids = [row.pk for row in rows]
        found = facets.filter(resource__in=ids).order_by("pk")
        for pk, facet, value in found.values_list("resource_id", "facet", "value"):
            held[pk, facet].add(value)
        for row in rows:
            row.letters = "".join(letter(facet, sorted(held[row.pk, facet])) for facet in SHOWN)
        cards.bulk_update(rows, ["letters"])
        last = rows[-1].pk


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0023_batches")]
    operations = [
        migrations.CreateModel(
            name="IndexedSet",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("digest", models.CharField(max_length=64, unique=True)),
                ("facet", models.CharField(max_length=20)),
                ("held", models.JSONField()),
            ],
        ),
        migrations.AddField(
            model_name="indexedresource",
            name="letters",
            field=models.CharField(default="", max_length=16),
        ),
        migrations.AddIndex(
            model_name="indexedterm",
            index=models.Index(
                condition=models.Q(
                    ("title__gt", 0),
                    ("acronym__gt", 0),
                    ("organisation__gt", 0),
                    _connector="OR",
                ),
                fields=["term", "resource", "title", "acronym", "organisation"],
                name="term_of_name",
            ),
        ),
        migrations.RunPython(write, migrations.RunPython.noop),
    ]
