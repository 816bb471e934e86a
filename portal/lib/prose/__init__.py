"""What people write: which characters it may hold, Markdown, differences, personal data."""
