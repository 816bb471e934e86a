"""Hypothesis as our tests use it: no property is timed, a busy machine would fail what is right.

Apart from conftest.py: most folders have no property, and loading it takes half a second.
"""

import hypothesis
from hypothesis import HealthCheck, example, given, settings, strategies

__all__ = ["HealthCheck", "example", "given", "settings", "strategies"]

hypothesis.settings.register_profile(
    "untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis.settings.load_profile("untimed")
