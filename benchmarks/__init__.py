"""What Callboard costs, measured beside peers in the same run."""
