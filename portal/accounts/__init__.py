"""Who: people, organisations, roles, rights."""
