"""Estimate the energy of a run from what it used: declared constants, no sensor.

E = PUE · (watts a thread · processor seconds + 5 W a memory module · share of it · seconds) / 3600,
in watt hours, with PUE 1.0, 4 W a thread where the processor's own figure is unknown, and modules
of 8 GiB (design of scoring, §11.7). An order of magnitude, shown as an estimate.
"""

from challenges.sandbox.base import GIB

PUE = 1.0
THREAD_WATTS = 4.0
MODULE_WATTS = 5.0
MODULE_BYTES = 8 * GIB


def watt_hours(*, cpu_seconds: float, wall_seconds: float, memory_bytes: int) -> float:
    """Return the estimate of one run, in Wh; memory_bytes: what it was allowed to use."""
    memory = MODULE_WATTS * memory_bytes / MODULE_BYTES * wall_seconds
    return PUE * (THREAD_WATTS * cpu_seconds + memory) / 3600
