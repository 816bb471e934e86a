"""Forms of accounts and organisations."""
