"""Every spatial formula, once, for one axis."""
