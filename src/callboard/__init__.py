"""Callboard tells every user of a partner portal what concerns them, once, with the reason."""
