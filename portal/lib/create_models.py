"""A migration operation that creates the tables of an app at once."""

from collections.abc import Sequence
from typing import Any

from django.db.migrations.operations import CreateModel
from django.db.migrations.operations.base import Operation, OperationCategory
from django.db.migrations.state import ProjectState


class CreateModels(Operation):
    """Create the tables of several models, in any order, against one state of the project.

    CreateModel by itself makes anew, at each model, all those that are tied to it by foreign keys:
    ten seconds of processor for the sixty models of challenges.
    """

    category = OperationCategory.ADDITION
    serialization_expand_args = ["operations"]

    def __init__(self, operations: Sequence[CreateModel]) -> None:
        self.operations = operations

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Add the models; none is made before one is asked for."""
        state.__dict__.pop("apps", None)
        for operation in self.operations:
            operation.state_forwards(app_label, state)

    def database_forwards(self, app_label: str, schema_editor: Any, *states: ProjectState) -> None:
        """Create the tables."""
        for operation in self.operations:
            operation.database_forwards(app_label, schema_editor, *states)

    def database_backwards(self, app_label: str, schema_editor: Any, *states: ProjectState) -> None:
        """Drop the tables."""
        for operation in self.operations:
            operation.database_backwards(app_label, schema_editor, *states)

    def describe(self) -> str:
        """Say what it does."""
        return f"Create {len(self.operations)} models"
