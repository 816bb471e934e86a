"""UC4: an adviser prepares an interview about the occupations that were evoked."""
