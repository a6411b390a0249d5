"""A person who fills the window's form, as a browser would: it sends back what the page showed."""

from __future__ import annotations

from html.parser import HTMLParser

from django.conf import settings
from tests.integration.web.studio import ANA

from callboard.people.models import User
from callboard.people.store import person_of
from callboard.preferences import store
from callboard.web.viewer import catalogue, people

HTMX = {"HX-Request": "true", "HX-Current-URL": "http://localhost/settings"}


def customs(email=ANA):
    return store.customs_of(User.objects.get(email_key=email).id, catalogue())


def stored(notification_id, email=ANA):
    return next(one for one in customs(email) if one.id == notification_id)


class Controls(HTMLParser):
    """Collects what the controls of a form would post."""

    def __init__(self):
        super().__init__()
        self.found = {}
        self.select = None

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "select":
            self.select = given["name"]
            self.found.setdefault(self.select, [])
        elif tag == "option" and "selected" in given:
            self.found[self.select].append(given["value"])
        elif tag == "input" and (given.get("type") not in ("radio", "checkbox") or "checked" in given):
            self.found.setdefault(given["name"], []).append(given.get("value") or "")


class Window:
    """An open window: its page, and its form as it would be posted."""

    def __init__(self, client, headers=HTMX):
        self.client, self.headers = client, headers
        self.page, self.form = "", {}

    @staticmethod
    def person_of(user):
        return person_of(user, people())

    @staticmethod
    def now():
        return settings.CONFIG.clock.now()

    def open(self, address):
        return self.read(self.client.get(address, headers=self.headers))

    def read(self, answer):
        """Take over the form of an answer."""
        self.page = answer.content.decode()
        controls = Controls()
        controls.feed(self.page.partition('id="window-body"')[2].partition("</form>")[0])
        several = ("row", "was-row")
        self.form = {
            name: values if name in several or name.startswith(("value-", "was-value-")) else (values or [""])[-1]
            for name, values in controls.found.items()
        }
        return self

    def choose(self, event_type, where, frequency="daily", name=""):
        """Fill the form; its conditions are written as in 4.2, with texts for values."""
        rows = {key: each for key, each in self.form.items() if not key.startswith(("row", "field-", "op-", "value-"))}
        rows |= {"event_type": event_type, "frequency": frequency, "name": name}
        rows["row"] = [str(key) for key, _ in enumerate(where, 1)]
        for key, one in enumerate(where, 1):
            rows |= {f"field-{key}": one["field"], f"op-{key}": one["op"], f"value-{key}": one["value"]}
        self.form = rows
        return self

    def rows(self):
        """Return field, operator and values of each condition."""
        return [
            (self.form[f"field-{key}"], self.form.get(f"op-{key}", ""), self.form.get(f"value-{key}", []))
            for key in self.form["row"]
        ]

    def post(self, address, **more):
        return self.client.post(address, self.form | more, headers=self.headers)

    def draft(self, wish):
        return self.post("/settings/draft", do=wish)

    def save(self, **more):
        return self.post("/settings/save", **more)
