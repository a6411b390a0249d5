"""WHO gets WHAT, WHEN and WHY: merge, windows, the ledger."""
