"""Facts of the challenges app, with their named constraints."""

# ruff: noqa: F401

from challenges.disqualifications.models import Disqualification
from challenges.entries.models import Entry, Upload
from challenges.evaluation.models import Evaluation, Rung, Score, ScoreReceipt, SealedResult
from challenges.exchange.models import BundleImport
from challenges.organising.models.challenges import (
    Challenge,
    ChallengeDraft,
    ChallengeOrganiser,
    ChallengePage,
    FormerOrganiser,
    Guest,
    Notice,
    OrganiserInvitation,
    Phase,
    PublicFile,
    Terms,
)
from challenges.organising.models.scorings import (
    Column,
    Leaderboard,
    PhaseTask,
    RunPlan,
    Scorer,
    ScorerVersion,
)
from challenges.programs.models import CodeRun, CodeTrial, ProgramReport, SealedPredictions
from challenges.queue.models import Job
from challenges.receipts.models import ReceiptKey
from challenges.rescoring.models import BaselineCheck, Rescoring
from challenges.results.models.boards import Reveal, Standing
from challenges.results.models.certificates import Certificate, FairnessAudit
from challenges.teams.models import (
    Enrolment,
    Registration,
    Team,
    TeamInvitation,
    TeamMember,
)
