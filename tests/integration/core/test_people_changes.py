"""Changes of people: audited, told to the Masters, and ended at once where access ends (A1)."""

from __future__ import annotations

import json
from email import message_from_string, policy

import pytest
from tests.integration.core.studio import ANA, BEN, OPERATIONS, PROCESSED, TOM, default, user

from callboard.base.errors import RejectedError
from callboard.base.instants import to_us
from callboard.base.rights import KeyRight
from callboard.changing import By, Changed, Door, change_person, create_operator
from callboard.insights.explain import find_event
from callboard.insights.open_items import open_items
from callboard.intake import store as log
from callboard.intake.models import EventRecord
from callboard.people.models import PartnerChange, PersonChange, User
from callboard.people.sessions import SessionStore, count_sessions

MAX = "max@copperglass.example"
MASTER = "fulfillment_partner_master"
CHANGED = "account.user_changed"


@pytest.fixture
def team(stage):
    """The studio with a Master at Copperglass."""
    master = {"email": MAX, "name": "Max Field", "partner": "copperglass", "roles": [MASTER]}
    stage.pipeline.import_people({"users": [master]})
    return stage


def change(stage, who, by=None, door=Door.TEAM, note="", **changes):
    by_id = None if by is None else User.objects.get(email_key=by).pk
    return change_person(who, changes, stage.pipeline.catalogue, By(by_id, door, note), stage.now)


def events():
    rows = EventRecord.objects.filter(event_type=CHANGED).order_by("id")
    return [(one.subject, json.loads(one.data_json)) for one in rows]


def told(stage):
    """What the mails to the Master tell, drained."""
    stage.pass_(minutes=1)
    stage.drain()
    mails = [message_from_string(raw, policy=policy.default) for raw in stage.letters.to(MAX)]
    return "".join(one["Subject"] for one in mails)


def sign_in(email):
    store = SessionStore()
    user_id = User.objects.get(email_key=email).pk
    store["_auth_user_id"] = str(user_id)
    store.create()
    return store.session_key, user_id


def test_a_role_granted_is_audited_with_who_when_before_and_after(team):
    before = team.person(ANA)
    done = change(team, ANA, by=MAX, note="Covers for Bo", roles=[OPERATIONS, MASTER])
    assert (done.ids, done.events, done.deactivated) == ((before.id,), 1, ())
    row = PersonChange.objects.get(person_id=before.id, door="team")
    assert (row.by and row.by.email, row.note) == (MAX, "Covers for Bo")
    assert json.loads(row.before_json)["roles"] == [OPERATIONS]
    assert json.loads(row.after_json)["roles"] == [OPERATIONS, MASTER]


def test_the_event_says_what_changed_of_whom_at_which_partner_and_who_did_it(team):
    change(team, ANA, by=MAX, roles=[MASTER])
    assert events() == [
        (
            ANA,
            {
                "account_change": what, "role": role, "fulfillment_partner": "copperglass",
                "actor": MAX, "title": "Ana Ruiz (ana@copperglass.example)",
            },
        )
        for what, role in (
            ("Role removed", "Fulfillment Partner Operations"), ("Role granted", "Fulfillment Partner Master"),
        )
    ]  # fmt: skip


def test_the_masters_are_mailed_what_changed_but_not_what_they_did_themselves(team):
    change(team, ANA, by=MAX, roles=[])
    assert told(team) == ""
    change(team, ANA, by=TOM, roles=[OPERATIONS])
    assert "Role granted (Fulfillment Partner Operations): Ana Ruiz (ana@copperglass.example)" in told(team)
    (own, other) = [row for row in team.ledger(MAX) if row["event_type"] == CHANGED]
    assert (own["outcome"], own["reason"], other["state"]) == ("skip", "own-action", "sent")


def test_a_master_of_another_partner_hears_nothing(team):
    change(team, TOM, active=False)
    assert told(team) == ""


def test_who_moves_loses_the_roles_at_the_old_partner_and_has_them_at_the_new_one(team):
    change(team, ANA, partner="tidewater")
    assert [(data["account_change"], data["fulfillment_partner"]) for _, data in events()] == [
        ("Role removed", "copperglass"), ("Role granted", "tidewater"),
    ]  # fmt: skip
    assert "Role removed" in told(team)


def test_a_new_person_is_told_with_each_role(team):
    done = change(team, BEN, name="Ben Ito", partner="copperglass", roles=[OPERATIONS])
    assert done.ids == (team.person(BEN).id,)
    assert [data["account_change"] for _, data in events()] == ["User created", "Role granted"]
    assert PersonChange.objects.get(person_id=done.ids[0]).before_json == "null"


def test_an_import_tells_nobody_unless_it_is_announced(team):
    assert team.pipeline.import_people(user(ANA, active=False))["events"] == 0
    assert team.pipeline.import_people(user(ANA, active=True), announce=True)["events"] == 1
    assert [data["account_change"] for _, data in events()] == ["User reactivated"]
    assert [one.door for one in PersonChange.objects.filter(person_id=team.person(ANA).id)] == ["import"] * 3


def test_nothing_is_audited_or_told_when_nothing_changes(team):
    audited = PersonChange.objects.count()
    assert change(team, ANA, roles=[OPERATIONS]) == Changed(persons=1)
    assert PersonChange.objects.count() == audited


def test_a1_deactivation_withdraws_what_waits_and_ends_sessions_and_keys(team):
    team.accept(PROCESSED)
    team.accept()
    team.decide()
    team.pass_(minutes=1)
    team.compose()
    session, ana = sign_in(ANA)
    other, tom = sign_in(TOM)
    keys = [log.make_key(name, team.now, KeyRight.EVENTS, owner) for name, owner in (("hers", ana), ("his", tom))]
    done = change(team, ANA, active=False)
    assert (done.deactivated, done.withdrawn) == ((ana,), 2)
    assert {(row["state"], row["reason"]) for row in team.ledger(ANA)} == {("withdrawn", "deactivated")}
    assert not SessionStore().exists(session)
    assert SessionStore().exists(other)
    assert (count_sessions(ana), count_sessions(tom)) == (0, 1)
    assert [log.is_valid_key(one) for one in keys] == [False, True]


def test_a_fault_is_said_in_the_words_of_the_change_and_nothing_happens(team):
    with pytest.raises(RejectedError) as fault:
        change(team, ANA, roles=["qc_operator"], active=False)
    assert [one.pointer for one in fault.value.faults] == ["/roles/0"]
    assert team.person(ANA).active
    with pytest.raises(RejectedError, match="there is no user 999"):
        change(team, 999, active=False)


def test_a_test_user_is_audited_but_told_to_nobody(team):
    done = change(team, "try@test.invalid", name="Try", partner="copperglass", roles=[OPERATIONS])
    assert (done.events, events()) == (0, [])
    assert PersonChange.objects.filter(person_id=done.ids[0]).count() == 1


def test_who_becomes_an_operator_is_audited(team):
    for email in (ANA, "olga@callboard.example"):
        user = create_operator(email, team.now)
        row = PersonChange.objects.get(person=user, note="Made an operator")
        assert (user.is_staff, row.door, row.before_json == "null") == (True, "command", email != ANA)


def test_who_is_deactivated_becomes_no_operator(team):
    change(team, ANA, active=False)
    with pytest.raises(RejectedError, match="reactivate the account first"):
        create_operator(ANA, team.now)
    assert not User.objects.get(email_key=ANA).is_staff


def test_a_change_is_an_event_as_any_other_and_explained(team):
    change(team, ANA, active=False)
    (row,) = EventRecord.objects.filter(event_type=CHANGED)
    assert find_event(row.event_id, "callboard").subject == ANA


def test_the_masters_hear_how_many_critical_items_may_be_open_and_where_to_see_them(team):
    ana = team.person(ANA)
    for days in (0, 5, 1, 1):
        team.pass_(days=days)
        team.accept()
        team.accept(PROCESSED)
        team.decide()
        team.pass_(minutes=1)
        team.drain()
    team.mute(default())
    team.accept()
    team.drain()
    directory, catalogue = team.pipeline.world.directory, team.pipeline.catalogue
    assert [one.id for one in open_items(ana.id, catalogue, directory, team.now)] == ["e-7", "e-5", "e-3"]
    change(team, ANA, active=False)
    assert events()[-1][1]["message"] == (
        "3 critical items of the last 7 days went to Ana Ruiz and may still be open:"
        f" http://127.0.0.1:8000/team/people/{ana.id}"
    )


LIA, LISBON = "lia@lisbon.example", "copperglass-lisbon"


@pytest.fixture
def lisbon(team):
    """A partner below Copperglass, with a Master of its own, and one at Tidewater."""
    roles = {"roles": [MASTER]}
    team.pipeline.import_people(
        {
            "partners": [partner(parent="copperglass")],
            "users": [
                {"email": LIA, "name": "Lia Reis", "partner": LISBON, **roles},
                {"email": "tia@tidewater.example", "name": "Tia Moor", "partner": "tidewater", **roles},
            ],
        }
    )
    return team


def partner(**values):
    return {"id": LISBON, "name": "Copperglass Lisbon", "kind": "fulfillment_partner"} | values


def move(stage, *, announce=True, **values):
    return stage.pipeline.import_people({"partners": [{"id": LISBON} | values]}, announce=announce)["events"]


def mailed(stage, email):
    """The subjects of the mails to somebody, drained."""
    stage.pass_(minutes=1)
    stage.drain()
    return [message_from_string(raw, policy=policy.default)["Subject"] for raw in stage.letters.to(email)]


def test_an_import_of_partners_is_audited_with_before_and_after(lisbon):
    assert move(lisbon, announce=False, name="Lisbon Post", parent="tidewater") == 0
    assert move(lisbon, announce=False, name="Lisbon Post") == 0
    made, moved = PartnerChange.objects.filter(partner_id=LISBON).order_by("id")
    assert (made.before_json, made.door, made.by, made.at_us) == ("null", "import", None, to_us(lisbon.now))
    assert json.loads(moved.before_json) == partner(parent="copperglass")
    assert json.loads(moved.after_json) == partner(parent="tidewater", name="Lisbon Post")
    assert events() == []


def test_a_move_that_is_announced_is_told_to_those_above_before_and_to_those_above_now(lisbon):
    assert move(lisbon, parent="tidewater", name="Lisbon Post") == 2
    said = "Partner account moved: Copperglass Lisbon", "Partner account moved: Lisbon Post"
    assert [mailed(lisbon, one) for one in (MAX, "tia@tidewater.example", LIA)] == [
        [said[0]], [said[1]], [said[1]],
    ]  # fmt: skip
    (old,), (new,) = lisbon.letters.to(MAX), lisbon.letters.to("tia@tidewater.example")
    assert "It is no longer below Copperglass Post, which sees none of its events now" in old
    assert "It is below Tidewater Media now, which sees its events" in new
    assert "Tidewater" not in old
    assert "Lisbon Post" not in old
    assert "Copperglass" not in new


def test_a_partner_that_leaves_its_parent_or_gets_its_first_is_told_on_the_sides_there_are(lisbon):
    assert move(lisbon, parent=None) == 2
    assert [data["fulfillment_partner"] for _, data in events()] == ["copperglass", LISBON]
    assert events()[1][1]["message"] == "It is below no other partner now."
    assert move(lisbon, parent="tidewater") == 1
    assert events()[2][1]["fulfillment_partner"] == LISBON


def test_who_still_stands_above_a_partner_is_not_told_that_it_left(lisbon):
    iberia = partner(id="iberia", name="Copperglass Iberia", parent="copperglass")
    lisbon.pipeline.import_people({"partners": [iberia]}, announce=True)
    assert events() == [], "a new partner moves nowhere"
    assert move(lisbon, parent="iberia") == 1
    assert events()[0][1]["message"].startswith("It is below Copperglass Iberia now")
    assert move(lisbon, parent="copperglass") == 2
    assert [data["fulfillment_partner"] for _, data in events()[1:]] == ["iberia", LISBON]


def test_another_name_of_a_partner_is_audited_and_told_to_nobody(lisbon):
    assert move(lisbon, name="Lisbon Post") == 0
    assert json.loads(PartnerChange.objects.latest("id").after_json)["name"] == "Lisbon Post"


def test_another_kind_is_told_with_the_roles_that_change_with_it(lisbon):
    lia = {"email": LIA, "roles": ["qc_operator"]}
    file = {"partners": [{"id": LISBON, "kind": "qc_partner", "parent": None}], "users": [lia]}
    assert lisbon.pipeline.import_people(file, announce=True)["events"] == 4
    assert [(data["account_change"], data.get("fulfillment_partner"), data.get("qc_partner")) for _, data in events()] == [
        ("Partner account moved", "copperglass", None), ("Partner account moved", None, LISBON),
        ("Role removed", LISBON, None), ("Role granted", None, LISBON),
    ]  # fmt: skip


def test_a_partner_of_another_kind_in_the_same_place_is_not_told_to_have_moved(lisbon):
    move(lisbon, announce=False, parent=None)
    lia = {"email": LIA, "roles": ["qc_operator"]}
    lisbon.pipeline.import_people({"partners": [{"id": LISBON, "kind": "qc_partner"}], "users": [lia]}, announce=True)
    said = events()[0][1]
    assert (said["account_change"], said["qc_partner"]) == ("Partner account changed", LISBON)
    assert said["message"].startswith("It is of another kind now")


def test_a_move_that_is_refused_leaves_no_trace(lisbon):
    audited = PartnerChange.objects.count()
    with pytest.raises(RejectedError):
        move(lisbon, parent="nowhere")
    assert (PartnerChange.objects.count(), events()) == (audited, [])


def test_a3_who_stood_above_before_sees_no_event_of_a_partner_that_moved(lisbon):
    lisbon.accept(PROCESSED, fulfillment_partner=LISBON)
    lisbon.decide()
    assert lisbon.row(ANA)["state"] == "scheduled"
    move(lisbon, announce=False, parent="tidewater")
    lisbon.pass_(days=2)
    lisbon.drain()
    assert (lisbon.row(ANA)["state"], lisbon.row(ANA)["reason"]) == ("withdrawn", "no-access")
