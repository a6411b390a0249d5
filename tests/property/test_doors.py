"""Nobody ever sees or is sent an event outside A1–A4, through whatever door, whatever is changed meanwhile."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.core.cache import cache
from django.db import connections, transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.integration.core.studio import Stage
from tests.property.accounts import EMAILS, NOW, SEATS, Studio, settle
from tests.property.knocking import Answer, Knocker
from tests.property.marked import (
    AFTER,
    NUMBERS,
    PARTNER,
    PERSON,
    TRY,
    Truth,
    changes,
    marked,
    marked_studios,
    told,
    words_in,
)
from tests.unit.studio import CATALOGUE

from callboard.api import process
from callboard.base.clock import SetClock
from callboard.base.errors import RejectedError
from callboard.base.rights import KeyRight
from callboard.changing import By, Door, change_person
from callboard.insights.explain import explain
from callboard.intake import store as log
from callboard.intake.cloudevents import Draft, read_event
from callboard.intake.models import EventRecord
from callboard.intake.store import make_key
from callboard.mail.mailbox import Mailbox, parse
from callboard.mail.models import PostedLetter
from callboard.mail.transport import MailboxTransport
from callboard.people.models import Partner, PersonChange, User
from callboard.people.store import add_stand_in
from callboard.pipeline import Pipeline
from callboard.support.models import Ticket
from callboard.web import viewer

if TYPE_CHECKING:
    from email.message import EmailMessage

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
DESK = "desk@operators.example"


class World:
    """One studio with its events, its people at their browsers, and every door."""

    def __init__(self, studio: Studio, options: Any, home: Any, thread: ThreadPoolExecutor) -> None:
        viewer.forget_people()
        process.forget()
        cache.clear()
        options.CONFIG = replace(options.CONFIG, home=home, now_at=NOW, operators=(DESK,))
        home.mkdir()
        self.options = options
        settle(studio)
        self.clock = SetClock(NOW)
        self.pipeline = Pipeline(options.CONFIG, CATALOGUE, self.clock)
        self.stage = Stage(self.pipeline, thread)
        self.mailbox = Mailbox(options.CONFIG.mailbox_path)
        self.stage.letters = MailboxTransport(self.mailbox, lambda: 0)  # type: ignore[assignment]
        self.read = 0
        self.clients = {}
        for user in User.objects.filter(is_active=True).exclude(email_key=TRY):
            self.clients[user.email_key] = Client(SERVER_NAME="localhost")
            self.clients[user.email_key].force_login(user)
        key = make_key("idp", NOW, KeyRight.SCIM)
        self.scim = Client(SERVER_NAME="localhost", headers={"authorization": f"Bearer {key}"})

    def stand_in(self, pairs: list[tuple[int, int]]) -> None:
        ids = {one.email_key: one.pk for one in User.objects.all()}
        for person, delegate in pairs:
            if person != delegate:
                add_stand_in(ids[EMAILS[person]], ids[EMAILS[delegate]], NOW, NOW + timedelta(days=20))

    def happen(self, log: list[tuple[str, dict[str, Any]]]) -> None:
        read = [read_event(marked(*one, next(NUMBERS)), CATALOGUE) for one in log]
        drafts = [one for one in read if isinstance(one, Draft)]
        assert len(drafts) == len(log), read
        self.pipeline.accept(drafts)
        self.stage.decide()

    def pass_(self, span: timedelta) -> None:
        self.clock.at += span
        self.options.CONFIG = replace(self.options.CONFIG, now_at=self.clock.at)

    def change(self, door: str, who: str, wanted: dict[str, Any]) -> None:
        """Change a person or a partner through a door; what the door refuses changes nothing."""
        try:
            if "parent" in wanted:
                row = Partner.objects.get(id=who)
                file = {"id": who, "name": row.name, "kind": row.kind, **wanted}
                self.pipeline.import_people({"partners": [file], "users": []})
                return
            user = User.objects.get(email_key=who)
            getattr(self, f"_by_{door}")(user, wanted)
        except RejectedError:
            pass

    def _by_command(self, user: User, wanted: dict[str, Any]) -> None:
        note = f"for kanari{next(NUMBERS)}nq"
        change_person(user.pk, wanted, CATALOGUE, By(None, Door.COMMAND, note), self.pipeline.now())

    def _by_import(self, user: User, wanted: dict[str, Any]) -> None:
        whole = {"email": user.email, "name": user.name, "partner": user.partner_id, "roles": user.roles.split()}
        self.pipeline.import_people({"users": [whole | wanted]}, announce=True)

    def _by_scim(self, user: User, wanted: dict[str, Any]) -> None:
        said = {key: value for key, value in wanted.items() if key == "active"}
        said |= {"roles": [{"value": one} for one in wanted["roles"]]} if "roles" in wanted else {}
        said |= {ENTERPRISE: {"organization": wanted["partner"]}} if "partner" in wanted else {}
        body = {"Operations": [{"op": "replace", "value": said}]}
        answer = self.scim.patch(f"/scim/v2/Users/{user.pk}", json.dumps(body), content_type="application/scim+json")
        assert answer.status_code in (200, 204, 400, 404), answer.content

    def _by_team(self, user: User, wanted: dict[str, Any]) -> None:
        """Change somebody over the API as the first Master who may."""
        truth = Truth()
        for one in User.objects.filter(roles__contains="_master", is_active=True, email_key__in=self.clients):
            if one.partner_id in truth.up(user.partner_id):
                path = f"/api/v1/team/{user.pk}"
                self.clients[one.email_key].patch(path, json.dumps(wanted), content_type="application/json")
                return

    def new_mails(self) -> list[tuple[str, EmailMessage]]:
        """Return recipient and mail of what came since this was last asked."""
        found = [one for one in self.mailbox.latest(limit=1_000) if one.id > self.read]
        self.read = max([self.read, *(one.id for one in found)])
        raw = [(one.recipient, self.mailbox.read(one.id)) for one in found]
        return [(recipient, parse(one[1])) for recipient, one in raw if one]


def whole(mail: EmailMessage) -> str:
    """Return everything of a mail that its reader's program can show."""
    parts = [part.get_content() for part in mail.walk() if part.get_content_maintype() == "text"]
    return "\n".join([*(f"{name}: {value}" for name, value in mail.items()), *parts])


def check_mails(world: World) -> None:
    truth = Truth()
    for recipient, mail in world.new_mails():
        sight, text = truth.of(recipient), whole(mail)
        assert sight.active, f"{recipient} is deactivated and was sent {mail['Subject']}"
        assert not words_in(text) & sight.hidden, (recipient, mail["Subject"])
        assert set(PARTNER.findall(text)) <= sight.partners, (recipient, text)


def check_answers(world: World, email: str) -> None:
    truth = Truth()
    sight = truth.of(email)
    client = world.clients[email]
    mine, notes = governed(truth, email)
    for answer in Knocker(client, world.mailbox).answers():
        found = words_in(answer.text)
        told = words_in(answer.said) | (notes if answer.is_team else set())
        assert not (found & sight.hidden) - told, (email, answer.door, around(answer.text, found & sight.hidden))
        if not sight.active:
            assert answer.status >= 300 or answer.door in OPEN, (email, answer)
            continue
        named = set(PARTNER.findall(answer.text)) - set(PARTNER.findall(answer.said))
        assert named <= sight.partners, (email, answer.door, around(answer.text, named - sight.partners))
        if answer.is_team:
            check_names(answer, mine, email)


def around(text: str, words: set[str]) -> list[str]:
    """Return where words stand in a text."""
    places = [text.lower().find(one.lower()) for one in sorted(words)]
    return [text[max(0, place - 200) : place + 60] for place in places]


def governed(truth: Truth, email: str) -> tuple[set[str], set[str]]:
    """Return what a Master may read of the people looked after.

    These are names and addresses, those of who changed these people included, and why, as long as
    they were the Master's when it was done with; and of who was one of them once, what they were called then.
    """
    user = User.objects.select_related("partner").get(email_key=email)
    team = [one for one in User.objects.all() if user.partner_id in truth.up(one.partner_id)]
    done = PersonChange.objects.filter(person__in=team).select_related("by")
    here = [one for one in done if user.partner_id in truth.up(json.loads(one.after_json)["partner"])]
    makers = [one.by for one in here if one.by]
    names = {said for one in [user, *team, *makers] for said in (one.name, one.email)}
    for raw in PersonChange.objects.values_list("before_json", "after_json"):
        once = [one for one in map(json.loads, raw) if one and user.partner_id in truth.up(one["partner"])]
        names |= {said for one in once for said in (one["name"], one["email"])}
    return names, {word for one in here for word in words_in(one.note)}


def check_names(answer: Answer, mine: set[str], email: str) -> None:
    others = set(PERSON.findall(answer.text)) - set(PERSON.findall(answer.said)) - mine
    assert not others, (email, answer.door, others)


def check_request(world: World, email: str, place: int) -> None:
    """Ask the operators about an event: nothing is attached that the person may not see."""
    sight, client = Truth().of(email), world.clients[email]
    event = EventRecord.objects.order_by("id")[place]
    form = {"text": "Please look.", "category": "missing", "about": event.key, "named": event.subject, "attach": "yes"}
    answer = client.post("/support/new", form)
    assert answer.status_code == 302
    if answer["Location"].startswith("/sign-in"):  # a session ends with the account, and does not come back with it
        assert not Ticket.objects.filter(user__email_key=email).exists()
        return
    assert sight.active
    ticket = Ticket.objects.latest("id")
    assert ticket.user.email_key == email
    letter = PostedLetter.objects.filter(address=DESK).latest("id")
    for text in (ticket.context_json, letter.text, letter.html, client.get(answer["Location"]).content.decode()):
        assert not (words_in(text) & sight.hidden) - words_in(str(event.subject)), (email, text)


def check_explained(world: World, email: str) -> None:
    """What explains an event to an operator finds nothing that would tell the person of a hidden one."""
    sight = Truth().of(email)
    world.pipeline.world.refresh()
    person = world.pipeline.world.directory.by_email(email)
    assert person
    for event in log.load_events(EventRecord.objects.values_list("id", flat=True)).values():
        found = explain(event, person, world.pipeline.world, world.pipeline.now())
        if event.key in sight.hidden:
            assert found["access"]["answer"] != "allowed"
            assert not [one for one in found["notifications"] if one["matches"]]


def check_keys() -> None:
    """A key for one partner's people reads of these alone, and of no event."""
    truth = Truth()
    for partner in ("c0", "f0"):
        key = make_key(f"idp of {partner} {next(NUMBERS)}", NOW, KeyRight.SCIM, partner_id=partner)
        client = Client(SERVER_NAME="localhost", headers={"authorization": f"Bearer {key}"})
        mine = [one for one in User.objects.exclude(email_key=TRY) if partner in truth.up(one.partner_id)]
        for path in ("Users", "Groups", *(f"Users/{one.pk}" for one in User.objects.all())):
            text = client.get(f"/scim/v2/{path}").content.decode()
            assert not words_in(text)
            assert set(PERSON.findall(text)) <= {said for one in mine for said in (one.name, one.email)}, path


@pytest.fixture
def thread(db):
    """The thread of deliveries, over the connection of the test."""
    del db
    connection = connections["default"]

    def share() -> None:
        connections["default"] = connection

    found = ThreadPoolExecutor(1, initializer=share)
    connection.inc_thread_sharing()
    yield found
    found.shutdown()
    connection.dec_thread_sharing()


PLACES = st.integers(0, len(SEATS) - 2)
OPEN = {"/", "/csrf"}
"""What anybody may ask for, signed in or not."""
ASKING = 3
"""People of an example who knock at every door, the first of them also half-way; all get their mails read."""
CHANGES = st.lists(changes(), min_size=2, max_size=5)


@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    studio=marked_studios(), log=st.lists(told(), min_size=4, max_size=7), pairs=st.lists(st.tuples(PLACES, PLACES), max_size=3),
    early=CHANGES, late=CHANGES, data=st.data(),
)  # fmt: skip
def test_nobody_sees_or_is_sent_what_the_rules_hide(thread, settings, tmp_path, studio, log, pairs, early, late, data):  # noqa: PLR0917
    with transaction.atomic():
        world = World(studio, settings, tmp_path / str(next(NUMBERS)), thread)
        world.stand_in(pairs)
        world.happen(log)
        for one in early:
            world.change(*one)
        asking = data.draw(st.permutations(sorted(world.clients)))[:ASKING]
        for email in asking[:1]:
            check_answers(world, email)
        world.happen(log[:2])
        world.pass_(AFTER)
        world.stage.compose()
        for one in late:
            world.change(*one)
        world.stage.deliver()
        check_mails(world)
        check_keys()
        for email in asking:
            check_explained(world, email)
            check_request(world, email, data.draw(st.integers(0, len(log) - 1)))
            check_answers(world, email)
        transaction.set_rollback(True)
