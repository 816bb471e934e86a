"""What happened, and what is still owed.

`record` and `owe` are the two verbs that actions use; they are imported from
`portal.audit.record` and `portal.audit.outbox`.
"""
