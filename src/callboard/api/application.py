"""The REST API put together."""

from __future__ import annotations

from ninja import NinjaAPI

from callboard.api import bounces, events, foresight, notifications, questions, stand_ins, team
from callboard.api.problems import handle_exceptions

PREFIX = "/api/v1/"
DESCRIPTION = """
The portal sends events with a key, a mail server reports of mails with another; a person reads and
changes the own settings with the session of the browser; a Master looks after the people of the own partner.
What a person may not see answers 404, like what does not exist. Every refusal is a problem document (RFC 9457).
"""

API = NinjaAPI(
    title="Callboard",
    version="1",
    description=DESCRIPTION.strip(),
    openapi_url=None,
    docs_url=None,
    urls_namespace="callboard-api",
)
handle_exceptions(API)
for _router in (
    events.router,
    bounces.router,
    questions.router,
    notifications.router,
    stand_ins.router,
    foresight.router,
    team.router,
):
    API.add_router("", _router)
