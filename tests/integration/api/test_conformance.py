"""The API does what its OpenAPI document says, for requests that obey the document and for those that do not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import schemathesis
from django.conf import settings
from hypothesis import HealthCheck, Phase
from hypothesis import settings as examples
from schemathesis.specs.openapi.checks import negative_data_rejection
from tests.integration.api.studio import EVENT_TYPE, HOST, MIA, event, notification, post, send

from callboard.base.rights import KeyRight
from callboard.intake.store import make_key
from callboard.project.wsgi import application

TOKEN = "a" * 32
TYPES = 3
NOW = datetime.now(UTC)
FUTURE = (NOW + timedelta(days=30)).isoformat()
MEL = "mel@studio.example"
MASTERS = ("whatIf", "listTeam", "invitePerson", "getPerson", "changePerson", "getCoverage")
BINARY = {"ce-specversion": "1.0", "ce-id": "b-1", "ce-source": "portal", "ce-type": EVENT_TYPE}


def settled(body):
    """Change what the document cannot say: no U+0000, 2 is whole and 2.0 is not, low before high, instants ahead,
    and a delegate is a colleague.
    """
    if isinstance(body, float) and body.is_integer():
        return int(body)
    if isinstance(body, str):
        return body.replace("\x00", "0")
    if isinstance(body, list):
        return [settled(one) for one in body]
    if not isinstance(body, dict):
        return body
    body = {settled(key): settled(value) for key, value in body.items()}
    for key, value in {"until": FUTURE, "muted_until": FUTURE, "from": NOW.isoformat(), "delegate": MEL}.items():
        if isinstance(body.get(key), str):
            body = body | {key: value}
    where = body.get("where")
    if isinstance(where, list):
        body = body | {"where": [_ordered(one) for one in where]}
    return body


def _ordered(condition):
    if not isinstance(condition, dict) or condition.get("op") != "between":
        return condition
    value = condition.get("value")
    if not isinstance(value, list) or any(isinstance(one, bool) or not isinstance(one, int) for one in value):
        return condition
    return condition | {"value": sorted(value)}


@schemathesis.hook
def before_load_schema(_, raw_schema):
    """Keep a few event types where bodies list them all: thirty branches alike take minutes and say nothing new."""
    for name in ("NotificationIn", "PreviewIn"):
        del raw_schema["components"]["schemas"][name]["anyOf"][TYPES:]


@schemathesis.serializer("message/rfc822")
def as_mail(_, value):
    """Write whatever is made up as a mail's body: any bytes but none are a report."""
    return b"Subject: report\n\n" + (value if isinstance(value, bytes) else str(value).encode())


document = schemathesis.openapi.from_wsgi("/api/openapi.json", application)
document.config.generation.update(deterministic=True, max_examples=20)


@pytest.fixture
def sent(sam, key, portal, pipeline, sign_in):
    """The headers of a person with every right, of a Master, or of the portal, over a studio with something to find."""
    pipeline.import_people({"users": [MIA]})
    send(portal, event(), event("e-2"))
    post(sam, "notifications", notification())
    reporter = make_key("mail server", NOW, KeyRight.BOUNCES)
    return {
        "sendEvents": {"Authorization": f"Bearer {key}", "Host": HOST},
        "sendReport": {"Authorization": f"Bearer {reporter}", "Host": HOST},
        **dict.fromkeys(MASTERS, _of_person(sign_in(MIA["email"]))),
        "": _of_person(sam),
    }


def _of_person(client):
    cookies = f"callboard_session={client.cookies[settings.SESSION_COOKIE_NAME].value}; callboard_csrf={TOKEN}"
    return {"Cookie": cookies, "X-CSRFToken": TOKEN, "Host": HOST}


@document.parametrize()
@examples(
    max_examples=20,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_the_api_is_what_its_document_says(case, sent, stays_connected):  # noqa: ARG001 - it needs it, not its value
    operation = case.operation.definition.raw["operationId"]
    headers = sent.get(operation, sent[""])
    if operation == "sendEvents" and case.media_type == "application/json":
        headers = headers | BINARY
    if case.meta is None or not case.meta.generation.mode.is_negative:
        case.body = settled(case.body)
    # A report may be any bytes: there is no wrong body
    excluded = [negative_data_rejection] if operation == "sendReport" else []
    case.call_and_validate(headers=headers, excluded_checks=excluded)
