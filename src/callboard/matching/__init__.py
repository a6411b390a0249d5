"""WHICH notifications an event satisfies: the plain definition, and the index that equals it."""
