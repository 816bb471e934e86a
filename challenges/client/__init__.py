"""What teams run on their own machines: the offline checker and the starter kit around it."""
