"""What the endpoints of the catalogue take and send."""
