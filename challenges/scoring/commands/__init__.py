"""Score and check files from the command line, here and in a starter kit."""

# The part of a truth that is not cut.
WHOLE = "all"
