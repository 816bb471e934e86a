"""Tables: their profile, their dictionary and their Table Schema, in plain Python."""
