"""Index the pages that cards describe, so that a harvest finds one without reading them all."""

from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.db import migrations, models

ROWS = 1_000
TRACKING = ("utm_", "fbclid", "gclid", "mc_cid", "mc_eid", "xtor")


def key_of(url: str) -> str:
    """Give the key as `validators.addresses` does on the day of this migration."""
    try:
        parts = urlsplit(url)
        host, user, _port = parts.hostname, parts.username, parts.port
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or "." not in (host or "") or user is not None:
        return ""
    path = parts.path.rstrip("/").removesuffix(".git")
    kept = sorted(
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if not name.lower().startswith(TRACKING)
    )
    key = str(host).lower().removeprefix("www.") + path + (f"?{urlencode(kept)}" if kept else "")
    return sha256(key.encode()).hexdigest()


def fill(apps: Any, schema_editor: Any) -> None:
    """Give their key to the cards that have a page."""
    resource = apps.get_model("catalogue", "Resource")
    rows = resource.objects.exclude(homepage_url="").only("pk", "homepage_url").order_by("pk")
    batch: list[Any] = []
    for row in rows.iterator(chunk_size=ROWS):
        row.homepage_key = key_of(row.homepage_url)
        batch.append(row)
        if len(batch) == ROWS:
            resource.objects.bulk_update(batch, ["homepage_key"])
            batch = []
    resource.objects.bulk_update(batch, ["homepage_key"])


class Migration(migrations.Migration):
    """Resource.homepage_key."""

    dependencies = [("catalogue", "0016_harvest_beats")]

    operations = [
        migrations.AddField(
            model_name="resource",
            name="homepage_key",
            field=models.CharField(blank=True, default="", editable=False, max_length=64),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="resource",
            index=models.Index(fields=["homepage_key"], name="resource_homepage"),
        ),
    ]
