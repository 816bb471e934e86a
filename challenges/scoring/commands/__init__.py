"""Score and check files from the command line, here and in a starter kit."""
