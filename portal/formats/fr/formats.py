"""French: the hours are written « 16 h 35 » everywhere, as typography.hour does."""

TIME_FORMAT = "G\u202f\\h\u202fi"
DATETIME_FORMAT = f"j F Y à {TIME_FORMAT}"
