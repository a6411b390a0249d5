"""A gap of coverage is told once, as soon as it opens, whatever door opened it (coverage of issue 6)."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.test import Client
from tests.integration.core.studio import ANA, NOW, OPERATIONS, REDELIVERY, SAM, SECOND_ROUNDS, TOM, default, user

from callboard.changing import By, Door, change_person
from callboard.insights.foresight import load_gaps
from callboard.insights.gaps import Watch, check_coverage
from callboard.insights.store import count_gaps
from callboard.intake.models import EventRecord
from callboard.mail import store as outbox
from callboard.mail.models import Suppression
from callboard.people.models import User
from callboard.preferences import actions
from callboard.preferences.values import Kind, Ref

MIA = "mia@copperglass.example"
MASTER = {"email": MIA, "name": "Mia Sol", "partner": "copperglass", "roles": ["fulfillment_partner_master"]}
GAP = "account.coverage_gap"


@pytest.fixture
def watched(stage):
    """The studio with a Master, watched since all that is open was told."""
    stage.pipeline.import_people({"users": [MASTER]})
    check_coverage(stage.pipeline.config, stage.pipeline.catalogue, NOW)
    stage.watch = Watch(stage.pipeline.world)
    stage.watch.look(NOW)
    EventRecord.objects.all().delete()
    return stage


def told():
    """What was told of gaps: (event type's label, partner, whether no Master hears of it)."""
    rows = EventRecord.objects.filter(event_type=GAP).order_by("id")
    data = [json.loads(one.data_json) for one in rows]
    return [
        (one["covered_type"], one.get("fulfillment_partner") or one.get("content_partner") or "", one["no_master"])
        for one in data
    ]


def look(stage):
    """What the next look tells."""
    before = len(told())
    stage.watch.look(stage.now)
    return told()[before:]


REDELIVERIES = ("Redelivery Requested", "copperglass", False)


def by_panel(stage):
    stage.mute(default())


def by_api(_):
    client = Client()
    client.force_login(User.objects.get(email=ANA))
    done = client.post(f"/api/v1/notifications/{default().id}/mute", content_type="application/json")
    assert done.status_code == 200, done.content


def by_mail_link(stage):
    stage.accept()
    stage.pass_(seconds=20)
    stage.drain()
    (mail,) = stage.letters.to(ANA)
    link = mail.replace("\r\n ", "").split("List-Unsubscribe: <")[1].split(">")[0]
    assert Client().post(link[link.index("/mute/") :]).status_code == 200


def by_role(stage):
    change_person(ANA, {"roles": []}, stage.pipeline.catalogue, By(None, Door.TEAM), stage.now)


def by_end(stage):
    change_person(ANA, {"active": False}, stage.pipeline.catalogue, By(None, Door.TEAM), stage.now)


def by_move(stage):
    change_person(ANA, {"partner": "tidewater"}, stage.pipeline.catalogue, By(None, Door.TEAM), stage.now)


def by_import(stage):
    stage.pipeline.import_people(user(ANA, roles=[]))


def by_refusal(stage):
    stage.letters.answers[ANA] = (550, "5.1.1 no such user")
    stage.accept()
    stage.pass_(seconds=20)
    stage.drain()
    assert Suppression.objects.exists()


@pytest.mark.parametrize("open_gap", [by_panel, by_api, by_mail_link, by_role, by_end, by_move, by_import, by_refusal])
def test_the_last_receiver_who_goes_opens_a_gap_that_is_told_once(watched, open_gap):
    assert look(watched) == []
    open_gap(watched)
    found = look(watched)
    assert REDELIVERIES in found
    assert {partner for _, partner, _ in found} == {"copperglass"}
    assert look(watched) == []
    assert check_coverage(watched.pipeline.config, watched.pipeline.catalogue, watched.now).opened == 0


def test_a_gap_that_closes_is_told_again_when_it_opens_again(watched):
    watched.mute(default())
    assert look(watched) == [REDELIVERIES]
    watched.mute(default(), muted=False)
    known = count_gaps()
    assert look(watched) == []
    assert count_gaps() == known - 1
    watched.mute(default())
    assert look(watched) == [REDELIVERIES]


def test_an_edit_or_a_deletion_of_the_only_custom_opens_a_gap_and_a_bare_partner_is_left_alone(watched):
    catalogue = watched.pipeline.catalogue
    raw = {
        "event_type": REDELIVERY, "frequency": "daily",
        "where": [{"field": "fulfillment_partner", "op": "any_of_incl", "value": ["copperglass"]}],
    }  # fmt: skip
    made = actions.create(watched.person(ANA), raw, catalogue, NOW, id="n-7")
    watched.mute(default())
    assert look(watched) == []  # some of it still reaches Ana
    actions.delete(watched.person(ANA), made.id, catalogue, NOW)
    assert look(watched) == [REDELIVERIES]
    actions.bring_back(watched.person(ANA), made.id, NOW)
    look(watched)
    moved = raw | {"event_type": "comment.added", "frequency": "daily"}
    actions.edit(watched.person(ANA), made.id, moved, catalogue, NOW, version=None)
    assert look(watched) == [REDELIVERIES]


def test_what_is_not_critical_or_covered_by_another_opens_nothing(watched):
    watched.mute(default("delivery.processed"))
    assert look(watched) == []
    watched.pipeline.import_people(
        {"users": [{"email": "bo@x.example", "name": "Bo", "partner": "copperglass", "roles": [OPERATIONS]}]}
    )
    look(watched)
    watched.mute(default())
    assert look(watched) == []


def test_a_complaint_spares_critical_mails_and_opens_no_gap(watched):
    outbox.suppress(ANA, "complained", NOW)
    Suppression.objects.update(spares_critical=True)
    assert look(watched) == []


def test_the_masters_get_a_mail_at_once_and_where_there_is_none_the_studio_does(watched):
    watched.mute(default())
    watched.pipeline.import_people(user(TOM, roles=[]))
    look(watched)
    watched.pass_(days=2)
    watched.drain()
    (mail,) = watched.letters.to(MIA)
    assert "Subject: Nobody receives Redelivery Requested: Copperglass Post" in mail
    (digest,) = watched.letters.to(SAM)
    assert "Tidewater Media" in digest
    assert "Copperglass" not in digest


def test_a_check_by_hand_tells_all_that_is_open_and_counts(stage):
    pipeline = stage.pipeline
    first = check_coverage(pipeline.config, pipeline.catalogue, NOW)
    assert first.opened == first.gaps == len(told()) > 0
    assert all(no_master for _, _, no_master in told())
    again = check_coverage(pipeline.config, pipeline.catalogue, NOW + timedelta(days=1))
    assert (again.gaps, again.opened, again.closed) == (first.gaps, 0, 0)


def test_a_first_look_learns_what_opened_while_nobody_watched_and_the_nightly_check_tells_it(watched):
    known = count_gaps()
    watched.mute(default())
    watched.watch = Watch(watched.pipeline.world)
    assert look(watched) == []
    assert count_gaps() == known + 1
    for opened in (1, 0):
        assert check_coverage(watched.pipeline.config, watched.pipeline.catalogue, watched.now).opened == opened
    assert told() == [REDELIVERIES]
    assert look(watched) == []


def test_a_gap_that_a_first_look_learned_is_told_when_it_opens_anew(watched):
    watched.mute(default())
    watched.watch = Watch(watched.pipeline.world)
    look(watched)
    watched.mute(default(), muted=False)
    look(watched)
    watched.mute(default())
    assert look(watched) == [REDELIVERIES]


def test_what_is_much_is_looked_at_in_pieces_and_told_once(watched):
    watched.watch = Watch(watched.pipeline.world, piece=1)
    partners = len(watched.pipeline.world.directory.partners)
    assert [watched.watch.look(NOW) is None for _ in range(partners + 1)] == [False] * partners + [True]
    watched.pipeline.import_people(
        {"users": [one | {"roles": []} for one in (user(ANA)["users"] + user(TOM)["users"])]}
    )
    pieces = [look(watched) for _ in range(partners + 1)]
    assert [{partner for _, partner, _ in one} for one in pieces if one] == [{"copperglass"}, {"tidewater"}]


def test_a_gap_that_opens_before_its_partner_was_learned_waits_for_the_nightly_check(watched):
    watched.watch = Watch(watched.pipeline.world, piece=1)
    watched.watch.look(NOW)  # learns the first partner, and no other
    known = count_gaps()
    watched.pipeline.import_people(user(TOM, roles=[]))
    assert [look(watched) for _ in watched.pipeline.world.directory.partners] == [[], [], []]
    opened = count_gaps() - known
    assert opened > 0
    assert check_coverage(watched.pipeline.config, watched.pipeline.catalogue, watched.now).opened == opened


def test_a_gap_that_defaults_leave_is_none_while_a_custom_asks(stage):
    def is_gap():
        found = load_gaps(["copperglass"], stage.pipeline.catalogue, stage.now)
        return ("copperglass", REDELIVERY) in [one.key for one in found]

    assert not is_gap()
    stage.mute(default())
    assert is_gap()
    stage.pipeline.import_notifications([SECOND_ROUNDS])
    assert not is_gap()
    stage.mute(Ref("n-1", Kind.CUSTOM))
    assert is_gap()
