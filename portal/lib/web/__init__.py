"""The web: what requests bring, what answers them, and what the portal asks of other sites."""
