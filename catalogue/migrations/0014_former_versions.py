"""Number what went online before versions were noted: decisions tell when, the rest is in force."""

from django.db import migrations

CHUNK = 1_000
READ = (
    "title",
    "title_en",
    "acronym",
    "alternate_titles",
    "subtype",
    "summary",
    "description",
    "deposit",
    "producer_name",
    "organisation",
    "authors",
    "contact",
    "homepage_url",
    "repository_url",
    "documentation_url",
    "licences",
    "licence_status",
    "licence_note",
    "scope",
    "scope_note",
    "territories",
    "access",
    "languages",
    "use_cases",
    "barriers",
    "beneficiaries",
    "publics",
    "tasks",
    "rome_codes",
    "tags",
    "lifecycle",
    "lifecycle_note",
)


def number_versions(apps, schema_editor):
    resource = apps.get_model("catalogue", "Resource")
    version = apps.get_model("catalogue", "CardVersion")
    made = []
    cards = resource.objects.exclude(live_revision=None).exclude(first_published_at=None)
    for card in cards.order_by("pk").iterator(chunk_size=CHUNK):
        made += _of(apps, version, card)
        if len(made) >= CHUNK:
            version.objects.bulk_create(made)
            made = []
    version.objects.bulk_create(made)


def _of(apps, version, card):
    contribution = apps.get_model("catalogue", "Contribution")
    revision = apps.get_model("wagtailcore", "Revision")
    decided = contribution.objects.filter(
        resource=card, status__in=("published", "archived"), decided_at__isnull=False
    ).exclude(revision=None)
    rows = {each.revision_id: (each.decided_at, each.organisation_id) for each in decided}
    last = card.content_modified_at or card.last_published_at or card.first_published_at
    rows.setdefault(card.live_revision_id, (last, None))
    contents = dict(revision.objects.filter(pk__in=rows).values_list("pk", "content"))
    # The revision in force comes last, whatever its date says.
    order = sorted(rows, key=lambda pk: (pk == card.live_revision_id, rows[pk][0], pk))
    before = None
    for number, pk in enumerate(order, start=1):
        content = contents[pk]
        reviewed = pk in {each.revision_id for each in decided}
        yield version(
            resource=card,
            number=number,
            revision_id=pk,
            origin="reviewed" if reviewed else _origin(card),
            organisation_id=rows[pk][1],
            fields=[] if before is None else _changed(before, content),
            published_at=rows[pk][0],
        )
        before = content


def _origin(card):
    if card.source.startswith("harvest:"):
        return "harvested"
    return "opened" if card.source in ("opening", "demonstration") else "reviewed"


def _changed(before, after):
    old, new = before.get("details") or {}, after.get("details") or {}
    names = [name for name in READ if (before.get(name) or "") != (after.get(name) or "")]
    return names + [n for n in sorted({*old, *new}) if (old.get(n) or "") != (new.get(n) or "")]


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0013_card_versions")]

    operations = [migrations.RunPython(number_versions, migrations.RunPython.noop)]
