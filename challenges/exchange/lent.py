"""Keep the rows that a grant lends out of what a challenge gives to everybody."""

import io
import tempfile
from collections.abc import Callable, Iterator, Mapping

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from challenges.bundles.contents import TEXT_TABLES
from challenges.bundles.spec import Audience, Role
from challenges.organising.actions.drafts import all_files, audience_of
from challenges.organising.models.challenges import Challenge, ChallengeDraft
from challenges.scoring.fields import Problem
from datasets.access import queries as access
from datasets.access.models import Extract
from datasets.standards.copies import copied
from portal.lib import clock


def given_rows(
    challenge: Challenge, public: Mapping[str, bytes], open_lent: Callable[..., None]
) -> Iterator[Problem]:
    """Name the public tables of a draft that give rows of what its grant lends, for the worker.

    public: what everybody will read, by path. open_lent: `gate.open_lent`, in whose name. Each
    extract is a read of the grant. What has other columns and no pseudonym of the grant, and what
    is no CSV, is left to who gives the visa.
    """
    if challenge.grant_id is None:
        return
    if challenge.waits_for_grant(clock.now()):
        said = _("l’habilitation n’est pas en cours : ses données ne peuvent pas être comparées")
        yield Problem("grant_not_active", said)
        return
    if access.coming(challenge.grant_id):
        said = _(
            "les données prêtées se préparent encore, et ne peuvent pas être comparées : "
            "relancez le contrôle dans quelques minutes"
        )
        yield Problem("lent_coming", said)
        return
    public = {path: each for path, each in public.items() if path.lower().endswith(TEXT_TABLES)}
    lines: dict[str, set[int]] = {path: set() for path in public}
    extracts = Extract.objects.ready().filter(
        granted__grant=challenge.grant_id, data_file__release__withdrawn_at=None
    )
    for extract in extracts.select_related("data_file") if public else ():
        with tempfile.TemporaryFile() as lent:
            open_lent(grant=challenge.grant_id, data_file=extract.data_file_id, target=lent)
            for path, content in public.items():
                table, tokens = io.BytesIO(content), extract.data_file.pseudonyms
                lines[path].update(copied(table, lent, tokens=tokens))
    for path, rows in lines.items():
        if rows:
            said = ngettext(
                "ce fichier public donne %(n)s ligne prêtée à accès restreint (ligne %(line)s) : "
                "retirez-la, ou gardez le fichier scellé",
                "ce fichier public donne %(n)s lignes prêtées à accès restreint (la première, "
                "ligne %(line)s) : retirez-les, ou gardez le fichier scellé",
                len(rows),
            )
            yield Problem("lent_rows", said % {"n": len(rows), "line": min(rows)}, file=path)


def public_of(written: ChallengeDraft, contents: Mapping[str, bytes]) -> dict[str, bytes]:
    """Keep, of the files of a draft, those that everybody will read."""
    return {
        each["path"]: contents[each["path"]]
        for each in all_files(written.challenge)
        if audience_of(Role(each["role"])) is Audience.PUBLIC
        and "sealed" not in written.kept.get(each["path"], {})
    }
