"""Events come in: CloudEvents, checked against the catalogue, kept in the event log."""
