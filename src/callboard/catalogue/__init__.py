"""WHAT can happen: event types, fields, operators, frequencies, roles, Defaults. TOML in, frozen values out."""
