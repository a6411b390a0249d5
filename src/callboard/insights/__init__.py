"""What people ask afterwards and before: ledger, explain, preview."""
