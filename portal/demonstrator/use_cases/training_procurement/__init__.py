"""UC3: a buyer of training for the Region asks where needs are, and what is not known."""
