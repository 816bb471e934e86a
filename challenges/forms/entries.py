"""Forms of the pages of one entry."""

from collections.abc import Mapping, Sequence
from typing import Any

from challenges.forms import EntryForm


class DescriptionForm(EntryForm):
    """Answer the organiser's questions again, and rewrite the note; the file stays."""

    def __init__(
        self,
        data: Any = None,
        *,
        questions: Sequence[Mapping[str, Any]] = (),
        answers: Mapping[str, Any],
        note: str,
    ) -> None:
        super().__init__(data, questions=questions)
        for name in ("key", "file", "check_only", "again"):
            del self.fields[name]
        self.fields["note"].initial = note
        for name, key in self.questions.items():
            self.fields[name].initial = answers.get(key)
