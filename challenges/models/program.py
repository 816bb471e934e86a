"""What an organiser's program said beside its scores: for the organiser, never for a team."""

from django.db import models

from challenges.models.evaluation import Evaluation


class ProgramReport(models.Model):
    """Hold what one evaluation by a program left behind; it saw labels, so no team reads it.

    undeclared: names of scores that no column declares. faults: [{"kind", "key", "line"}].
    detail: French sentence. log: end of its error stream when it failed, empty where data are
    restricted. html: its detailed results, sanitised; the challenge says whether its team may
    read them (Challenge.detailed_results). log_forgotten: both were emptied when their days had
    passed.
    """

    evaluation = models.OneToOneField(
        Evaluation, on_delete=models.PROTECT, related_name="program_report"
    )
    undeclared = models.JSONField(default=list, blank=True)
    faults = models.JSONField(default=list, blank=True)
    detail = models.TextField(blank=True)
    log = models.TextField(blank=True)
    html = models.TextField(blank=True)
    written_at = models.DateTimeField()
    log_forgotten = models.BooleanField(default=False)

    class Meta:
        ordering = ["evaluation_id"]
