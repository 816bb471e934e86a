"""The opening content: what an empty portal is filled with."""
