"""The JSON interface: routers of the apps, problem+json."""
