"""Whose turn it is: what a domain's trouble costs it, and what it does not."""

from __future__ import annotations

from dataclasses import dataclass

from callboard.mail.lanes import STRIKES, Lanes
from callboard.mail.replies import read_reply

BUSY = read_reply(421, "4.3.2 shutting down")
TAKEN = read_reply(250, "2.0.0 ok")


@dataclass(frozen=True)
class Mail:
    number: int
    domain: str = "x.example"
    rank: int = 0


def flying(lanes, count):
    lanes.add(Mail(number) for number in range(count))
    return [lanes.take() for _ in range(count)]


def taken(lanes):
    found = lanes.take()
    assert found
    return found


def follow(lanes, mail, now_s=0.0, *, is_any_idle=False):
    return lanes.follow(mail, now_s, is_any_idle=is_any_idle)


def tried(lanes):
    (mail,) = flying(lanes, 1)
    return lanes.finish(mail, BUSY)


def test_a_domain_is_paused_once_for_all_that_were_on_their_way():
    lanes: Lanes[Mail] = Lanes(40)
    mails = flying(lanes, 30)
    ends = []
    for mail in mails:
        ends.append(lanes.finish(mail, BUSY))
        if ends[-1]:
            lanes.clear(mail.domain)
    assert ends.count(True) == 1
    assert ends.index(True) == STRIKES - 1


def test_a_domain_that_is_in_trouble_after_its_pause_is_paused_again():
    lanes: Lanes[Mail] = Lanes(40)
    mails = flying(lanes, STRIKES)
    assert [lanes.finish(one, BUSY) for one in mails][-1]
    lanes.clear("x.example")
    again = [tried(lanes) for _ in range(STRIKES)]
    assert again == [False] * (STRIKES - 1) + [True]


def test_what_was_put_back_or_arrived_meanwhile_leaves_no_excuse_behind():
    lanes: Lanes[Mail] = Lanes(40)
    first, *rest = flying(lanes, 3)
    lanes.clear("x.example")
    lanes.put_back(first)
    for mail in rest:
        assert not lanes.finish(mail, TAKEN)
    assert [tried(lanes) for _ in range(STRIKES)][-1]


def test_the_mail_that_follows_keeps_the_connection_of_the_one_before():
    lanes: Lanes[Mail] = Lanes(6)
    lanes.add(Mail(number) for number in range(9))
    leaving = [taken(lanes) for _ in range(5)]
    assert lanes.take() is None, "five of six connections are one domain's"
    followers = [follow(lanes, one) for one in leaving]
    assert [one.number for one in followers if one] == [5, 6, 7, 8]
    assert (followers[4], lanes.waiting, lanes.is_empty) == (None, 4, True)
    for mail, follower in zip(leaving, followers, strict=True):
        assert not lanes.finish(mail, TAKEN)
        assert follower is None or lanes.advance(follower)
    assert (lanes.in_flight, lanes.waiting) == (4, 0)


def test_nothing_follows_before_what_matters_more_nor_in_a_domain_in_trouble():
    lanes: Lanes[Mail] = Lanes(6)
    lanes.add([Mail(1, rank=2), Mail(2, rank=2), Mail(3, "y.example", rank=0)])
    first = taken(lanes)
    assert first == Mail(3, "y.example")
    lanes.add([Mail(4, "y.example", rank=1)])
    second = taken(lanes)
    assert second == Mail(4, "y.example", rank=1)
    third = taken(lanes)
    lanes.add([Mail(5, "y.example", rank=1)])
    assert follow(lanes, third) is None, "y.example's mail matters more"
    assert follow(lanes, second) == Mail(5, "y.example", rank=1)
    lanes.finish(first, BUSY)
    lanes.add([Mail(6, "y.example")])
    assert follow(lanes, second) is None


def test_what_follows_waits_again_in_a_domain_in_trouble_and_is_gone_from_one_that_was_cleared():
    lanes: Lanes[Mail] = Lanes(6)
    lanes.add(Mail(number) for number in range(4))
    first, second = taken(lanes), taken(lanes)
    third, fourth = follow(lanes, first), follow(lanes, second)
    assert third
    assert fourth
    lanes.finish(first, BUSY)
    assert not lanes.advance(third)
    assert lanes.clear("x.example") == [fourth, third]
    lanes.finish(second, TAKEN)
    assert not lanes.advance(fourth)
    assert (lanes.in_flight, lanes.waiting) == (0, 0)


def test_an_end_gives_back_what_follows_too():
    lanes: Lanes[Mail] = Lanes(6)
    lanes.add(Mail(number) for number in range(3))
    follower = follow(lanes, taken(lanes))
    assert lanes.clear_all() == [follower, Mail(2)]


def test_nothing_follows_where_a_free_connection_may_take_it():
    lanes: Lanes[Mail] = Lanes(6)
    lanes.add(Mail(number) for number in range(7))
    mails = [taken(lanes) for _ in range(4)]
    assert follow(lanes, mails[0], is_any_idle=True) is None
    mails.append(taken(lanes))
    assert follow(lanes, mails[0], is_any_idle=True) == Mail(5), "the domain has no room for another connection"


def test_what_follows_for_too_long_goes_another_way_if_there_is_one():
    lanes: Lanes[Mail] = Lanes(6)
    lanes.add(Mail(number) for number in range(7))
    mails = [taken(lanes) for _ in range(5)]
    early, late = follow(lanes, mails[0], 10), follow(lanes, mails[1], 20)
    assert not lanes.recall(15), "there is no room"
    lanes.finish(mails[2], TAKEN)
    assert lanes.recall(15)
    assert taken(lanes) is early
    lanes.finish(mails[0], TAKEN)
    assert early
    assert not lanes.advance(early)
    lanes.finish(mails[1], TAKEN)
    assert late
    assert lanes.advance(late)
    assert lanes.in_flight == 4
