"""Say, with a code, what a command lacks to score or to check a file."""

from challenges.scoring.answer import ContractFault


class UsageFault(ContractFault):
    """Name what is missing or contradictory: a code of the closed list, and the word at fault.

    The sentences of the codes are those of challenges/client/sentences.py.
    """

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code} {detail}".strip())
        self.code = code
        self.detail = detail
