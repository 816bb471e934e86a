"""Files: received whole or in parts, read by an antivirus, kept under their digest, given."""
