"""The demonstration challenge: invented job offers, real small models, a complete folder.

`write(folder, seed)` makes the portable folder; `TEAMS` says who sends which file of it.
"""

from portal.management.opening.demonstration.folder import TEAMS, Team, training_table, write

__all__ = ["TEAMS", "Team", "training_table", "write"]
