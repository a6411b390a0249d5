"""Who receives what is critical, partner by partner."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from tests.unit.studio import CATALOGUE, NOW, OPERATIONS, REDELIVERY, directory, person

from callboard.catalogue.values import PartnerKind
from callboard.insights.coverage import Circle, State, coverage, gaps_opened_by
from callboard.people.values import StandIn
from callboard.preferences.rules import read_custom
from callboard.preferences.values import Book, Kind, Mute, MutedBy, Notification, Ref

ANA = person()
BO = person(2, email="bo@copperglass-group.example", name="Bo Lind", partner="copperglass-group")
QC = person(3, email="kim@plumbline.example", partner="plumbline", kind=PartnerKind.QC_PARTNER, roles=("qc_operator",))
DEFAULT = Ref(f"{REDELIVERY}/{OPERATIONS}", Kind.DEFAULT)


def circle(*persons, customs=(), mutes=(), unreachable=frozenset()):
    book = Book()
    for one in customs:
        book.put(one)
    for one in mutes:
        book.put_mute(one)
    return Circle(catalogue=CATALOGUE, directory=directory(*persons), book=book, now=NOW, unreachable=unreachable)


def custom(*where, event_type=REDELIVERY, user_id=1):
    raw = {
        "event_type": event_type,
        "where": [dict(zip(("field", "op", "value"), one, strict=True)) for one in where],
        "frequency": "daily",
    }
    found = read_custom(raw, CATALOGUE, id="n-1", user_id=user_id)
    assert isinstance(found, Notification), found
    return found


def mute(user_id=1, until=None, ref=DEFAULT):
    return Mute(user_id=user_id, ref=ref, muted=True, until=until, by=MutedBy.PERSON, revision=0)


def line(found, event_type=REDELIVERY, partner="copperglass"):
    (one,) = [each for each in coverage(found, [partner]) if each.event_type.id == event_type]
    return one


def test_somebody_with_a_default_covers_the_own_partner_and_those_below():
    found = circle(BO)
    assert [each.person.name for each in line(found).receivers] == ["Bo Lind"]
    assert line(found).state is State.COVERED
    assert line(found, partner="copperglass-group").state is State.COVERED
    assert line(found, partner="tidewater").is_gap


def test_people_below_cover_no_partner_above():
    assert line(circle(ANA), partner="copperglass-group").is_gap


def test_the_muted_the_deactivated_and_those_whose_address_is_refused_cover_nothing():
    assert line(circle(ANA, mutes=[mute()])).is_gap
    assert line(circle(ANA, mutes=[mute(until=NOW)])).state is State.COVERED
    assert line(circle(ANA, mutes=[mute(until=NOW + timedelta(days=1))])).is_gap
    assert line(circle(replace(ANA, active=False))).is_gap
    assert line(circle(ANA, unreachable=frozenset({ANA.key}))).is_gap


def test_a_custom_that_an_event_may_fail_covers_in_part_and_says_what_it_asks_for():
    found = line(circle(ANA, mutes=[mute()], customs=[custom(("content_type", "any_of", ["Branded"]))]))
    assert found.state is State.PARTLY
    assert not found.is_gap
    assert [one.field for one in found.receivers[0].conditions] == ["content_type"]


def test_conditions_that_every_event_of_the_partner_fulfils_leave_nothing_open():
    who = person(3, partner="brackenfold", kind=PartnerKind.CONTENT_PARTNER, roles=("content_partner_master",))
    scope = custom(("content_partner", "any_of_incl", ["brackenfold"]), event_type="material.rejected", user_id=3)
    assert line(circle(who, customs=[scope]), "material.rejected", "brackenfold").state is State.COVERED
    # An event may name a fulfillment partner as the one assigned below another
    scope = custom(("fulfillment_partner", "any_of_incl", ["copperglass"]))
    assert line(circle(ANA, mutes=[mute()], customs=[scope])).state is State.PARTLY


def test_where_only_some_events_are_critical_asking_for_those_is_enough():
    blocker = custom(("severity", "any_of", ["Blocker", "Issue"]), event_type="qc.report_ready", user_id=3)
    minor = custom(("severity", "any_of", ["FYI"]), event_type="qc.report_ready", user_id=3)
    quiet = mute(3, ref=Ref("qc.report_ready/qc_operator", Kind.DEFAULT))
    assert line(circle(QC, customs=[blocker], mutes=[quiet]), "qc.report_ready", "plumbline").state is State.COVERED
    assert line(circle(QC, customs=[minor], mutes=[quiet]), "qc.report_ready", "plumbline").state is State.PARTLY


def test_a_gap_is_none_where_the_catalogue_means_nobody_to_be_told():
    found = line(circle(), "material.rejected", "copperglass")
    assert (found.state, found.expected, found.is_gap) == (State.GAP, False, False)


def test_the_last_one_opens_gaps_by_muting_and_by_leaving_and_another_does_not():
    alone, both = circle(ANA), circle(ANA, BO)
    muted = [(ANA.id, DEFAULT)]
    assert [one.key for one in gaps_opened_by(alone, without=muted)] == [("copperglass", REDELIVERY)]
    assert gaps_opened_by(both, without=muted) == []
    leaving = replace(ANA, active=False)
    assert ("copperglass", REDELIVERY) in [one.key for one in gaps_opened_by(alone, change=leaving)]
    assert gaps_opened_by(both, change=leaving) == []


def test_who_moves_leaves_a_gap_behind_and_closes_one():
    moved = replace(ANA, partner="tidewater")
    assert {one.partner.id for one in gaps_opened_by(circle(ANA), change=moved)} == {"copperglass"}
    assert line(circle(ANA).as_if(moved), partner="tidewater").state is State.COVERED


def test_people_of_the_studio_stand_for_the_studio_only():
    sam = person(4, partner="the-studio", kind=PartnerKind.STUDIO, roles=("studio_operations",))
    assert line(circle(sam), "qc.report_ready", "the-studio").state is State.COVERED
    assert line(circle(sam), "qc.report_ready", "plumbline").is_gap


def standing_in(owner, delegate, *others, begins=NOW, **values):
    found = circle(owner, delegate, *others, **values)
    ends = begins + timedelta(days=7)
    found.directory.put_stand_in(
        StandIn(id=1, person_id=owner.id, delegate_id=delegate.id, starts_at=begins, ends_at=ends)
    )
    return found


def test_who_stands_in_covers_what_the_other_is_told_of_and_only_then():
    master = replace(BO, roles=("fulfillment_partner_master",))
    refused = frozenset({ANA.key})
    (found,) = line(standing_in(ANA, master, unreachable=refused)).receivers
    assert (found.person.name, found.standing_in_for) == ("Bo Lind", ANA)
    assert line(standing_in(ANA, master, unreachable=refused, begins=NOW + timedelta(days=1))).is_gap
    assert line(standing_in(ANA, master, unreachable=refused, mutes=[mute()])).is_gap
    assert line(standing_in(ANA, replace(master, active=False), unreachable=refused)).is_gap
    assert line(standing_in(replace(ANA, active=False), master)).is_gap


def test_who_stands_in_covers_nothing_that_the_other_may_not_see_or_the_own_roles_do_not():
    master = replace(BO, roles=("fulfillment_partner_master",))
    assert line(standing_in(ANA, master), partner="copperglass-group").is_gap
    blind = replace(BO, roles=())
    assert [one.person for one in line(standing_in(ANA, blind)).receivers] == [ANA]


def test_test_users_cover_nothing():
    assert line(circle(replace(ANA, email="ana@test.invalid"))).is_gap


def test_the_last_receiver_who_stands_in_is_the_last():
    master = replace(BO, roles=("fulfillment_partner_master",))
    found = standing_in(ANA, master, unreachable=frozenset({ANA.key}))
    assert REDELIVERY in [one.event_type.id for one in gaps_opened_by(found, change=replace(master, active=False))]
