"""The REST API: intake and the person's own settings."""
