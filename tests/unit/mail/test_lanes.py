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
