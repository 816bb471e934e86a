"""The Démonstrateur: use cases that one can try, measured and explained."""
