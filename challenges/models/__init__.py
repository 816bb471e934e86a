"""Facts of the challenges app, with their named constraints."""

from challenges.exchange.models import BundleImport
from challenges.forum.models import ForumBlock, Post, PostReport, Thread
from challenges.models.board import Column, Leaderboard, Reveal, Standing
from challenges.models.card import ChallengeOrigin, EntryCard
from challenges.models.certificate import Certificate
from challenges.models.code import CodeRun, CodeTrial, SealedPredictions
from challenges.models.disqualifications import Disqualification
from challenges.models.entry import Entry
from challenges.models.evaluation import Evaluation, Rung, Score, SealedResult
from challenges.models.findings import FairnessAudit
from challenges.models.job import Job
from challenges.models.plan import RunPlan
from challenges.models.program import ProgramReport
from challenges.models.receipt import ReceiptKey, ScoreReceipt
from challenges.models.rescoring import Rescoring
from challenges.models.scorer import PhaseTask, Scorer, ScorerVersion
from challenges.models.upload import Upload
from challenges.models.watch import BaselineCheck
from challenges.organising.models import (
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
)
from challenges.teams.models import (
    Enrolment,
    Registration,
    Team,
    TeamInvitation,
    TeamMember,
    Terms,
    TermsAcceptance,
)

__all__ = [
    "BaselineCheck",
    "BundleImport",
    "Certificate",
    "Challenge",
    "ChallengeDraft",
    "ChallengeOrganiser",
    "ChallengeOrigin",
    "ChallengePage",
    "CodeRun",
    "CodeTrial",
    "Column",
    "Disqualification",
    "Enrolment",
    "Entry",
    "EntryCard",
    "Evaluation",
    "FairnessAudit",
    "FormerOrganiser",
    "ForumBlock",
    "Guest",
    "Job",
    "Leaderboard",
    "Notice",
    "OrganiserInvitation",
    "Phase",
    "PhaseTask",
    "Post",
    "PostReport",
    "ProgramReport",
    "PublicFile",
    "ReceiptKey",
    "Registration",
    "Rescoring",
    "Reveal",
    "RunPlan",
    "Rung",
    "Score",
    "ScoreReceipt",
    "Scorer",
    "ScorerVersion",
    "SealedPredictions",
    "SealedResult",
    "Standing",
    "Team",
    "TeamInvitation",
    "TeamMember",
    "Terms",
    "TermsAcceptance",
    "Thread",
    "Upload",
]
