"""UC2: a small firm says what it needs as on the phone."""
