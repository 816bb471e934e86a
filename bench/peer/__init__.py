"""The peer of the search: the same cards in a model that modelsearch indexes in the database."""
