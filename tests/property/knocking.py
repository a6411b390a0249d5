"""Every door at which a person can ask for something: each answer with what the question itself said."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

from django.urls import URLResolver, get_resolver
from tests.integration.web.window import Window
from tests.property.accounts import EMAILS
from tests.property.marked import TRY, TYPES
from tests.unit.studio import CATALOGUE

from callboard.intake.models import EventRecord
from callboard.mail.mailbox import Mailbox
from callboard.people.models import User

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from django.test import Client

SEARCHED = ["title_id", "content_partner", "sub_assignee", "qc_partner", "role", "covered_type", "language"]
QUERIES: dict[str, list[dict[str, Any]]] = {
    "history": [{}, {"show": "mailed"}, {"q": "kanari"}],
    "api/v1/ledger": [{}, {"limit": 1}],
    "team": [{}, {"show": "test"}, {"show": "deactivated"}],
    "api/v1/team": [{}, {"state": "deactivated"}],
    "api/v1/fields/<key>/values": [{}, {"q": "kanari"}],
    "team/people/<int:user_id>/mails/<int:mail_id>": [{"as": "text"}],
}
"""What an address is asked with, where a bare question is not enough."""
OTHERS = (
    "console/", "scim/", "api/docs", "api/openapi", "favicon", "robots", "healthz", "readyz", "metrics", "sign-",
    "set-password/", "reset-password/", "welcome/", "settings/security",
)  # fmt: skip
"""Where a person's session opens nothing, what is the same for everybody, and ways to sign in."""
MOST_EVENTS = 10
_FILLED = re.compile(r"<(?:\w+:)?(\w+)>")


@dataclass(frozen=True)
class Answer:
    """What came back; `said` is all that the question held, `is_team` that it tells of other people."""

    door: str
    said: str
    status: int
    text: str
    is_team: bool = False


def addresses(patterns: Iterable[Any], before: str = "") -> Iterator[str]:
    """Yield every address of the product."""
    for one in patterns:
        if isinstance(one, URLResolver):
            yield from addresses(one.url_patterns, f"{before}{one.pattern}")
        elif not f"{before}{one.pattern}".startswith(("^", *OTHERS)):
            yield f"{before}{one.pattern}"


class Knocker:
    """Knocks for one person at every door there is."""

    def __init__(self, client: Client, mailbox: Mailbox) -> None:
        self.client = client
        self.routes = list(dict.fromkeys(addresses(get_resolver().url_patterns)))
        self.events = list(EventRecord.objects.order_by("-id")[:MOST_EVENTS])
        self.is_master = client.get("/team").status_code == 200
        people = User.objects.exclude(email_key=TRY).order_by("id")
        self.people = list(people.values_list("id", flat=True)[: None if self.is_master else 1])
        self.fillers: Mapping[str, list[Any]] = {
            "items": [one.key for one in self.events],
            "fields": [one for one in SEARCHED if one in CATALOGUE.fields],
            "user_id": [User.objects.get(email_key=TRY).pk, *self.people],
            "mail_id": [one.id for one in mailbox.latest() if one.recipient == TRY] or [1],
            "number": ["CB-000000"],
            "kind": ["custom"],
            "notification_id": [f"n-{number}" for number in range(4)],
            "file_name": ["callboard.sieve", "callboard.xml"],
            "stand_in_id": [1],
            "token": ["x"],
        }

    def answers(self) -> Iterator[Answer]:
        """Yield every answer."""
        yield from self.looked()
        yield from self.asked()
        yield from self.tried()
        wishes: list[dict[str, Any]] = [{"roles": []}, {"active": False}]
        for email in EMAILS if self.is_master else EMAILS[:1]:
            for changes in wishes:
                yield self.post("/api/v1/whatif", {"email": email} | changes, is_team=True)
        for user_id in self.people:
            for form in ({"do": "try", "role": []}, {"do": "try-deactivate"}):
                yield self.form(f"/team/people/{user_id}", form)

    def looked(self) -> Iterator[Answer]:
        """Look at every page and every list."""
        for route in self.routes:
            whose = "fields" if "fields" in route else "items"
            names = [whose if one == "key" else one for one in _FILLED.findall(route)]
            fillers = [self.fillers[one] for one in names]
            if "mails" in route:
                fillers[0] = fillers[0][:2]
            for values in product(*fillers):
                path = "/" + _FILLED.sub("{}", route).format(*values)
                for query in QUERIES.get(route, [{}]):
                    yield self.get(path, **query)

    def asked(self) -> Iterator[Answer]:
        """Ask why, of every event, by its id, its source request and its page."""
        for event in self.events:
            yield self.get("/api/v1/explain", event=event.event_id)
            yield self.get("/history", ask=event.event_id)
            yield self.get("/support/new", about=event.key, **{"from": "mail"})
        yield self.get("/history", ask=str(self.events[-1].subject))
        yield self.get("/console/")
        yield self.get("/console/intake/eventrecord/")
        yield self.get("/console/explain", event=self.events[-1].event_id, user=EMAILS[0])

    def tried(self) -> Iterator[Answer]:
        """Try notifications."""
        where = [{"field": "content_type", "op": "none_of", "value": ["Branded"]}]
        for event_type in TYPES[:4]:
            wish = {"name": "", "event_type": event_type, "where": where, "frequency": "daily"}
            yield self.post("/api/v1/notifications/preview", wish)
            window = Window(self.client)
            if 'id="window-body"' in window.open("/settings/new").page:
                window.choose(event_type, where)
                answer = window.post("/settings/preview")
                yield Answer("/settings/preview", str(where), answer.status_code, answer.content.decode())

    def get(self, path: str, **query: Any) -> Answer:
        answer = self.client.get(path, query)
        is_team = path.startswith(("/team", "/api/v1/team", "/api/v1/coverage")) and "/mails/" not in path
        return self._told(path, f"{path} {query}", answer, is_team=is_team)

    def post(self, path: str, body: Any, *, is_team: bool = False) -> Answer:
        answer = self.client.post(path, json.dumps(body), content_type="application/json")
        return self._told(path, json.dumps(body), answer, is_team=is_team)

    def form(self, path: str, body: Any) -> Answer:
        return self._told(path, str(body), self.client.post(path, body), is_team=True)

    def _told(self, path: str, said: str, answer: Any, *, is_team: bool) -> Answer:
        heads = " ".join(answer.headers.values())
        return Answer(path, said, answer.status_code, f"{heads}\n{answer.content.decode()}", is_team)
