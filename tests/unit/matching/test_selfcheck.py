"""In production a sample is compared with the definition, whose word counts."""

from __future__ import annotations

from tests.unit.matching.test_hostile_values import custom
from tests.unit.studio import CATALOGUE, REDELIVERY, directory, event, person

from callboard.matching.index import Matcher
from callboard.matching.selfcheck import SAMPLE, Round, SelfCheck
from callboard.preferences.values import Book


def studio() -> tuple[Matcher, Book]:
    book = Book()
    for number in range(500):
        book.put(custom(number, ("redelivery_round", "at_least", number % 3)))
    return Matcher(CATALOGUE, directory(person()), book), book


def ids(answer):
    return {one.id for mine in answer.values() for one in mine}


def test_a_right_answer_is_confirmed():
    matcher, _ = studio()
    check = SelfCheck(matcher)
    for turn in range(5):
        answer = matcher.match(event(redelivery_round=turn))
        assert check.confirm(event(redelivery_round=turn), answer) == (answer, [])
    assert check.take_counts() == (5, 0)
    assert check.take_counts() == (0, 0)


def test_a_missing_notification_is_noticed_within_a_few_events():
    matcher, book = studio()
    told = event(redelivery_round=0)
    matcher.match(told)
    lost = book.customs["n-333"]
    matcher.index.change(lost, None)
    check = SelfCheck(matcher)
    answers = [check.confirm(told, matcher.match(told)) for _ in range(3)]
    assert [doubts for _, doubts in answers if doubts] == [["n-333"]]
    assert [("n-333" in ids(answer)) for answer, _ in answers].count(True) == 1
    assert check.take_counts() == (3, 1)


def test_a_round_takes_everything_once_and_each_sample_from_all_over():
    things, round_ = {number: number for number in range(10 * SAMPLE)}, Round()
    samples = [round_.sample(things) for _ in range(10)]
    assert sorted(one for sample in samples for one in sample) == list(things)
    assert all(max(sample) - min(sample) > 9 * SAMPLE for sample in samples)


def test_a_round_leaves_out_what_is_gone_and_takes_in_what_came_with_the_next():
    things, round_ = {number: number for number in range(2 * SAMPLE)}, Round()
    seen = round_.sample(things)
    things = {number: number for number in range(SAMPLE, 3 * SAMPLE)}
    seen += round_.sample(things)
    assert SAMPLE < len(seen) < 2 * SAMPLE
    assert {one for _ in range(2) for one in round_.sample(things)} == set(things)


def test_a_wrong_match_is_noticed_and_not_used():
    matcher, book = studio()
    told = event(redelivery_round=0)
    wrong = matcher.match(told)
    wrong[1].append(book.customs["n-1"])
    answer, doubts = SelfCheck(matcher).confirm(told, wrong)
    assert doubts == ["n-1"]
    assert "n-1" not in ids(answer)
    assert "n-0" in ids(answer)


def test_a_missing_default_is_noticed():
    matcher, _ = studio()
    told = event(redelivery_round=0)
    answer = matcher.match(told)
    default = next(one for one in answer[1] if one.id.startswith(REDELIVERY))
    answer[1].remove(default)
    known, doubts = SelfCheck(matcher).confirm(told, answer)
    assert doubts == [f"{default.id} of user 1"]
    assert default in known[1]
