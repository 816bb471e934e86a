"""How a combined board makes one rank of several."""

from enum import StrEnum


class Combination(StrEnum):
    """Say what a combined board ranks by: the mean or the median of the ranks of its boards."""

    MEAN = "mean"
    MEDIAN = "median"
