"""The WSGI application."""

from __future__ import annotations

import gc
import os
from importlib import import_module

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "callboard.project.settings")
application = get_wsgi_application()

# What is loaded now stays for good: collections that would walk it at every dozenth page skip it.
import_module("callboard.project.urls")
import_module("callboard.web.viewer").catalogue()
gc.collect()
gc.freeze()
