"""Judge values: licences, addresses, prose. No query, no write."""
