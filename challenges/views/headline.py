"""The large figures of the presentation of a challenge."""

from django.db.models import Q
from django.utils.translation import gettext as _

from challenges.enums import Split
from challenges.models import Challenge, Column, Entry, Standing
from challenges.views.boards import text_of


def _interval(row: Standing, column: Column) -> str:
    """Write the interval of a row of the standings, or nothing."""
    if row.interval_low is None or row.interval_high is None:
        return ""
    low, high = (text_of({"value": end}, column) for end in (row.interval_low, row.interval_high))
    return _("de %(low)s à %(high)s") % {"low": low, "high": high}


def figures(challenge: Challenge) -> list[tuple[str, str, str]]:
    """List the large figures of the presentation: label, value, interval of a score."""
    entries = Entry.objects.filter(
        enrolment__phase__challenge=challenge, enrolment__team__is_baseline=False
    ).count()
    teams = str(challenge.teams_count)  # type: ignore[attr-defined]  # annotated
    shown = [(_("équipes"), teams, ""), (_("soumissions"), str(entries), "")]
    rows = list(
        Standing.objects.filter(
            Q(rank=1) | Q(is_baseline=True),
            leaderboard__challenge=challenge,
            leaderboard__hidden=False,
            split=Split.PRIVATE if challenge.is_revealed else Split.PUBLIC,
        )
        .select_related("leaderboard__primary")
        .order_by("leaderboard__phase__index", "position")
    )
    for label, baseline in ((_("meilleur score"), False), (_("référence à battre"), True)):
        row = next((each for each in rows if each.is_baseline == baseline), None)
        if row is not None and row.leaderboard.primary is not None:
            column = row.leaderboard.primary
            value = text_of(row.cells.get(column.key) or {}, column)
            shown.append((label, value, _interval(row, column)))
    return shown
