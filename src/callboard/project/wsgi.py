"""The WSGI application that granian serves."""

from __future__ import annotations

import gc
import os
from importlib import import_module
from threading import Event, Thread

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "callboard.project.settings")
application = get_wsgi_application()

# What is loaded now stays for good: collections that would walk it at every dozenth page skip it.
import_module("callboard.project.urls")
catalogue = import_module("callboard.web.viewer").catalogue()
gc.collect()
gc.freeze()

# Previews and value search answer from columns of the event log; who asks first should not wait for them.
warm = import_module("callboard.insights.columns").warm
Thread(target=warm, args=(catalogue, Event()), name="warm-columns", daemon=True).start()
