"""What runs on the machines of the teams."""
