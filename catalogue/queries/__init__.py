"""Read what joins several models, and turn models into plain records."""
