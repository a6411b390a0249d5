"""How a request shows that it was passed on: whoever is let in for being on this machine must have none of these."""

from __future__ import annotations

FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_VIA")
"""Headers that proxies add, by their names in WSGI."""
