"""UC5: a pupil says what they like, and meets occupations of at least four domains."""
