"""What every room may use: clock, settings, errors, instants, strict JSON. No Django."""
