"""The application as a server process runs it: it reads the event log in the background from the start."""

from __future__ import annotations

from threading import Event, Thread

from callboard.project.wsgi import application

# After the application, which sets Django up
from callboard.insights.columns import warm  # isort: skip
from callboard.web.viewer import catalogue  # isort: skip

__all__ = ["application"]

# Previews and value search answer from columns of the log; who asks first should not wait for them.
Thread(target=warm, args=(catalogue(), Event()), name="warm-columns", daemon=True).start()
