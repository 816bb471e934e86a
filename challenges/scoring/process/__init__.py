"""Read prediction files in a child process that can be killed."""
