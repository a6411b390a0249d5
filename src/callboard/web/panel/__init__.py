"""The settings panel: what its list and its window say, and what a person can do there."""
