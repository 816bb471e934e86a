"""Read the whole numbers that requests bring as text."""

MOST_DIGITS = 18


def natural(text: str) -> int:
    """Read a whole number written in digits; 0 for any other text, 10**18 for a longer one.

    int() alone raises ValueError past 4,300 digits.
    """
    if not text.isdecimal():
        return 0
    return int(text) if len(text) <= MOST_DIGITS else 10**MOST_DIGITS
