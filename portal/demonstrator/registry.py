"""The six use cases, in the order of the programme."""

from portal.demonstrator.sheets import Case
from portal.demonstrator.use_cases.small_firm_needs import answer as small_firm_needs
from portal.demonstrator.use_cases.small_firm_needs.form import NeedForm
from portal.demonstrator.use_cases.small_firm_needs.sheet import SHEET as SMALL_FIRM_NEEDS

CASES: tuple[Case, ...] = (Case(SMALL_FIRM_NEEDS, NeedForm, small_firm_needs.answer),)
BY_SLUG = {case.sheet.slug: case for case in CASES}
BY_USE_CASE = {str(case.sheet.use_case): case for case in CASES}
