"""Django settings, addresses of pages, wiring."""
