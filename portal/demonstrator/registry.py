"""The six use cases, in the order of the programme."""

from portal.demonstrator.sheets import Case
from portal.demonstrator.use_cases.employee_transition import answer as employee_transition
from portal.demonstrator.use_cases.employee_transition.form import TransitionForm
from portal.demonstrator.use_cases.employee_transition.sheet import SHEET as EMPLOYEE_TRANSITION
from portal.demonstrator.use_cases.mobility_self_assessment import answer as mobility
from portal.demonstrator.use_cases.mobility_self_assessment.form import MobilityForm
from portal.demonstrator.use_cases.mobility_self_assessment.sheet import SHEET as MOBILITY
from portal.demonstrator.use_cases.school_guidance import answer as school_guidance
from portal.demonstrator.use_cases.school_guidance.form import GuidanceForm
from portal.demonstrator.use_cases.school_guidance.sheet import SHEET as SCHOOL_GUIDANCE
from portal.demonstrator.use_cases.small_firm_needs import answer as small_firm_needs
from portal.demonstrator.use_cases.small_firm_needs.form import NeedForm
from portal.demonstrator.use_cases.small_firm_needs.sheet import SHEET as SMALL_FIRM_NEEDS
from portal.demonstrator.use_cases.training_procurement import answer as training_procurement
from portal.demonstrator.use_cases.training_procurement.form import ProcurementForm
from portal.demonstrator.use_cases.training_procurement.sheet import SHEET as TRAINING_PROCUREMENT
from portal.demonstrator.use_cases.youth_advisor import answer as youth_advisor
from portal.demonstrator.use_cases.youth_advisor.form import InterviewForm
from portal.demonstrator.use_cases.youth_advisor.sheet import SHEET as YOUTH_ADVISOR
from portal.demonstrator.wording import careful
from portal.lib.refusals import Hidden

CASES: tuple[Case, ...] = (
    Case(MOBILITY, MobilityForm, careful(mobility.answer)),
    Case(SMALL_FIRM_NEEDS, NeedForm, careful(small_firm_needs.answer)),
    Case(TRAINING_PROCUREMENT, ProcurementForm, careful(training_procurement.answer)),
    Case(YOUTH_ADVISOR, InterviewForm, careful(youth_advisor.answer)),
    Case(SCHOOL_GUIDANCE, GuidanceForm, careful(school_guidance.answer)),
    Case(EMPLOYEE_TRANSITION, TransitionForm, careful(employee_transition.answer)),
)
BY_SLUG = {case.sheet.slug: case for case in CASES}
BY_USE_CASE = {str(case.sheet.use_case): case for case in CASES}


def case_or_hidden(slug: str) -> Case:
    """Find a use case by the name in its address; raises Hidden."""
    if slug not in BY_SLUG:
        raise Hidden
    return BY_SLUG[slug]
