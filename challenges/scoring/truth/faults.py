"""Say why a held-out file cannot be compiled."""


class TruthFault(ValueError):
    """Say, with a code and facts, why a held-out file cannot be compiled."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code} {detail}".strip())
        self.code = code
        self.detail = detail
