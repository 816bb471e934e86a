"""A team's code: what it reads, its trials and runs, in words too; what programs report."""

import re
from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from challenges.entries.enums import INFECTED
from challenges.entries.models import FRENCH, Entry, faults_told, reader_language
from challenges.evaluation.enums import RunState
from challenges.evaluation.models import Evaluation
from challenges.organising.models.challenges import Phase, Viewer
from challenges.organising.models.scorings import RunPlan
from challenges.queue.enums import JobKind
from challenges.scoring.verdict import ReasonCode
from challenges.teams.models import Team
from portal.lib.columns import person, set_exactly, within, word
from portal.lib.prose.numbers import number

ALIVE = (RunState.QUEUED, RunState.RUNNING)


class CodeRun(models.Model):
    """Run an entry's code on the hidden inputs: the predictions serve every scoring.

    minutes, half_gib: the classes that the team reads, « at most so many »; None above the
    last or before. measures: exact, for moderators. detail: French, for
    moderators. log: what the code printed, for the organiser where the phase says so;
    log_forgotten: it was emptied when its days had passed.
    inputs_digest: keyed, tells two inputs apart and nothing of them.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="code_runs")
    plan = models.ForeignKey(RunPlan, on_delete=models.PROTECT, related_name="runs")
    state = word(RunState, default=RunState.QUEUED)
    reason_code = models.CharField(max_length=40, blank=True)
    seed = models.BigIntegerField(default=0)
    environment_digest = models.CharField(max_length=64, blank=True)
    inputs_digest = models.CharField(max_length=64, blank=True)
    minutes = models.PositiveSmallIntegerField(null=True, blank=True)
    half_gib = models.PositiveSmallIntegerField(null=True, blank=True)
    measures = models.JSONField(default=dict, blank=True)
    detail = models.TextField(blank=True)
    log = models.TextField(blank=True)
    log_forgotten = models.BooleanField(default=False)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["entry_id", "pk"]
        constraints = [
            within("state", RunState, name="code_run_state_known"),
            models.UniqueConstraint(fields=["entry", "plan"], name="code_run_once"),
            set_exactly(
                Q(state__in=["done", "failed"]), "finished_at", name="code_run_end_has_its_date"
            ),
            models.CheckConstraint(
                condition=~Q(state="failed") | ~Q(reason_code=""),
                name="code_run_failed_has_its_reason",
            ),
        ]

    @property
    def is_alive(self) -> bool:
        """Say whether it waits or runs."""
        return self.state in ALIVE

    @property
    def wanted_job(self) -> tuple[str, str]:
        """Return the (kind, key) of the job that it must have while it is alive."""
        return JobKind.RUN.value, str(self.pk)


class SealedPredictions(models.Model):
    """Keep what a run predicted on hidden inputs, encrypted to the scoring worker.

    ciphertext_sha256: the object. keys: the wrapped keys that open it. suffix: of the file, as
    ".csv".
    """

    run = models.OneToOneField(CodeRun, on_delete=models.PROTECT, related_name="predictions")
    ciphertext_sha256 = models.CharField(max_length=64)
    ciphertext_size = models.PositiveBigIntegerField()
    keys = models.JSONField(default=list)
    suffix = models.CharField(max_length=12, default=".csv")

    class Meta:
        ordering = ["run_id"]


class CodeTrialQuerySet(models.QuerySet["CodeTrial"]):
    """Trials, by who may read them."""

    def visible_to(self, user: Viewer) -> "CodeTrialQuerySet":
        """Keep the trials of the teams this person is in today; nobody else reads trials."""
        return self.filter(team_id__in=Team.objects.joined_by(user).values("pk"))

    def alive(self) -> "CodeTrialQuerySet":
        """Keep those that wait or run."""
        return self.filter(state__in=[each.value for each in ALIVE])


class CodeTrial(models.Model):
    """Run a team's code on the public sample: free, no attempt is used, nothing hidden is open.

    verdict: {"faults": […], "warnings": […], "rows": n} of the file it wrote, or of its package.
    log: what it printed, 64 kB of each stream, where the phase shows it; log_cut: there was
    more; log_forgotten: it was emptied when its days had passed. sealed, keys: the object that
    holds its package encrypted, and what opens it; both emptied with the bytes once it has ended.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    phase = models.ForeignKey(Phase, on_delete=models.CASCADE, related_name="code_trials")
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="code_trials")
    plan = models.ForeignKey(RunPlan, on_delete=models.PROTECT, related_name="trials")
    asked_by = person()
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()
    original_name = models.CharField(max_length=200)
    sealed = models.CharField(max_length=64, blank=True)
    keys = models.JSONField(default=list, blank=True)
    state = word(RunState, default=RunState.QUEUED)
    reason_code = models.CharField(max_length=40, blank=True)
    detail = models.TextField(blank=True)
    verdict = models.JSONField(default=dict, blank=True)
    log = models.TextField(blank=True)
    log_cut = models.BooleanField(default=False)
    log_forgotten = models.BooleanField(default=False)
    # Exact: the sample is public. {"wall_seconds", "cpu_seconds", "peak_bytes", "processes",
    # "output_bytes"}.
    measures = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = CodeTrialQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "pk"]
        constraints = [
            within("state", RunState, name="code_trial_state_known"),
            set_exactly(
                Q(state__in=["done", "failed"]), "finished_at", name="code_trial_end_has_its_date"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["queued", "running"]) | Q(sealed=""),
                name="code_trial_bytes_forgotten",
            ),
        ]
        indexes = [models.Index(fields=["team", "created_at"], name="code_trial_recent")]

    @property
    def is_alive(self) -> bool:
        """Say whether it waits or runs."""
        return self.state in ALIVE


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


def run_duration(run: CodeRun) -> str:
    """Write the class of the duration of a run; empty before it ended."""
    if run.is_alive or not run.measures:
        return ""
    if run.minutes is None:
        return _("plus de 4 heures")
    most = ngettext("%(n)s minute au plus", "%(n)s minutes au plus", run.minutes)
    return most % {"n": run.minutes}


def run_memory(run: CodeRun) -> str:
    """Write the class of the memory of a run; empty before it ended."""
    if run.half_gib is None:
        return ""
    return _("%(n)s Go au plus") % {"n": number(run.half_gib / 2, run.half_gib % 2)}


TRIAL_STATES: dict[RunState, str | Promise] = {
    RunState.QUEUED: gettext_lazy("En attente"),
    RunState.RUNNING: pgettext_lazy("exécution", "En cours"),
    RunState.DONE: gettext_lazy("Réussi"),
    RunState.FAILED: gettext_lazy("À corriger"),
}
REASONS: dict[ReasonCode, str | Promise] = {
    ReasonCode.TIMEOUT: gettext_lazy("Temps dépassé : le programme a été arrêté à la limite."),
    ReasonCode.MEMORY: gettext_lazy("Mémoire dépassée : le programme a été arrêté à la limite."),
    ReasonCode.PROGRAM: gettext_lazy("Le programme s’est arrêté sur une erreur."),
    ReasonCode.OUTPUT: gettext_lazy("Le fichier produit manque, ou n’est pas conforme."),
    ReasonCode.PLATFORM: gettext_lazy(
        "Panne de notre côté : relancez l’essai, il ne vous est rien reproché."
    ),
    ReasonCode.NO_SANDBOX: gettext_lazy(
        "Cette installation ne sait pas isoler de programme : rien n’a été lancé."
    ),
}
PACKAGE = gettext_lazy("L’archive ne peut pas être lancée.")
UNSAFE = gettext_lazy(
    "L’antivirus du portail a trouvé quelque chose dans cette archive : elle n’a pas été lue."
)


def trial_state(state: str) -> str:
    """Name the state of a trial."""
    return str(TRIAL_STATES[RunState(state)])


def trial_reason(code: str) -> str:
    """Say in one sentence why a trial failed; empty without a code."""
    if not code:
        return ""
    if code == INFECTED:
        return str(UNSAFE)
    return str(REASONS[ReasonCode(code)] if code in set(ReasonCode) else PACKAGE)


# What the sandbox told of a run, in French: each is a whole detail.
DETAILS: dict[str, str | Promise] = {
    r"code de sortie (?P<code>-?\d+)": gettext_lazy("code de sortie %(code)s"),
    r"mémoire refusée au programme": gettext_lazy("mémoire refusée au programme"),
    r"plus de (?P<n>[\d.]+) s": gettext_lazy("plus de %(n)s s"),
    r"plus de (?P<n>[\d.]+) s de processeur": gettext_lazy("plus de %(n)s s de processeur"),
    r"plus de (?P<n>\d+) Mio de mémoire": gettext_lazy("plus de %(n)s Mio de mémoire"),
    r"plus de (?P<n>\d+) Mio écrits": gettext_lazy("plus de %(n)s Mio écrits"),
    r"plus de (?P<n>\d+) fichiers (écrits|dans un dossier de travail)": gettext_lazy(
        "plus de %(n)s fichiers écrits"
    ),
    r"plus de (?P<n>\d+) processus": gettext_lazy("plus de %(n)s processus"),
    r"plus de (?P<n>\d+) prises réseau": gettext_lazy("plus de %(n)s prises réseau"),
    r"(?P<file>\S+) est absent": gettext_lazy("%(file)s est absent"),
    r"(?P<file>\S+) est présent sous plusieurs extensions": gettext_lazy(
        "%(file)s est présent sous plusieurs extensions"
    ),
    r"trop de fichiers produits": gettext_lazy("trop de fichiers produits"),
    r"fichiers produits trop volumineux": gettext_lazy("fichiers produits trop volumineux"),
    r"plus de (?P<n>\d+) dossiers emboîtés": gettext_lazy("plus de %(n)s dossiers emboîtés"),
    r"nom de fichier illisible( ou trop long)?": gettext_lazy(
        "nom de fichier illisible ou trop long"
    ),
    r"un .+ au lieu d’un fichier ordinaire|une .+ au lieu d’un fichier ordinaire": gettext_lazy(
        "un fichier produit n’est pas un fichier ordinaire"
    ),
    r"un fichier produit ne peut pas être lu": gettext_lazy(
        "un fichier produit ne peut pas être lu"
    ),
    r"un fichier produit a plusieurs noms": gettext_lazy("un fichier produit a plusieurs noms"),
}


def trial_detail(trial: CodeTrial) -> tuple[str, str]:
    """Say what a failed trial met, and the language of that: the reader's where it is known."""
    told = faults_told(trial.verdict)
    if told:
        return f"{told[0]['code']} : {told[0]['message']}", str(told[0]["language"])
    for pattern, sentence in DETAILS.items():
        if found := re.fullmatch(pattern, trial.detail):
            return str(sentence) % found.groupdict(), reader_language()
    return trial.detail, FRENCH
