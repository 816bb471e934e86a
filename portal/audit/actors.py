"""Who acts: a person, or the system under a name."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from portal.accounts.models import User


@dataclass(frozen=True)
class SystemActor:
    """A process acting for nobody: "worker", "scheduler", "opening"."""

    name: str
    is_authenticated: bool = False
    is_active: bool = True
    pk: None = None

    @property
    def person_key(self) -> str:
        """Name this actor in the ledger."""
        return f"system:{self.name}"

    def __str__(self) -> str:
        return self.name


Actor: TypeAlias = "User | SystemActor"
