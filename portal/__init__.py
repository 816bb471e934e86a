"""Open Emploi: the site and its people."""
