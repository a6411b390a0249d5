"""The team pages: a Master looks after the people of the own partner account and of those below it."""
