"""The only writers of datasets and holdouts."""
