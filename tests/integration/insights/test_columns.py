"""The shelf shows the log: all of it, newest first, and what is committed later as well."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection
from tests.integration.insights.studio import EVERYTHING, LITTLE, Log, numbers, view
from tests.unit.studio import CATALOGUE, REDELIVERY

from callboard.insights.columns import BLOCK, MAX_PENDING, PAGE, SHELF, columns_of, warm
from callboard.intake.models import EventRecord

DAY = timedelta(days=1)
OTHER = "delivery.processed"


def test_events_are_read_page_by_page_from_the_newest_on(log):
    stored = log.add_many(2 * PAGE + 1, apart=timedelta(seconds=1))
    assert numbers() == stored[::-1][:PAGE]
    assert not view().complete
    assert numbers() == stored[::-1]
    assert view().complete


def test_events_of_one_instant_are_read_once_each(log):
    stored = log.add_many(2 * PAGE + 1)
    assert numbers(reading=EVERYTHING) == stored[::-1]


def test_new_events_come_in_where_they_belong(log):
    first = log.add_many(3, ago=DAY, apart=DAY)
    assert numbers() == first[::-1]
    newest = log.add()
    between = log.add(ago=1.5 * DAY)
    oldest = log.add(ago=9 * DAY)
    log.add(event_type=OTHER)
    assert numbers() == [newest, first[2], between, *first[1::-1], oldest]


def test_a_new_event_that_is_older_than_all_that_is_read_comes_with_its_page(log):
    stored = log.add_many(PAGE + 1, apart=timedelta(seconds=1))
    assert len(numbers()) == PAGE
    old = log.add(ago=DAY)
    assert numbers() == [*stored[::-1], old]
    assert numbers() == [*stored[::-1], old]


def test_many_new_events_stay_in_order_over_blocks(log):
    stored = log.add_many(BLOCK, ago=DAY, apart=timedelta(seconds=1))
    assert len(numbers(reading=EVERYTHING)) == BLOCK
    late = log.add_many(BLOCK // 2, ago=DAY + timedelta(milliseconds=500), apart=timedelta(seconds=1))
    newest = log.add_many(BLOCK, apart=timedelta(seconds=1))
    accepted = dict(EventRecord.objects.values_list("id", "accepted_us"))
    expected = sorted([*stored, *late, *newest], key=lambda one: (accepted[one], one), reverse=True)
    assert numbers(reading=EVERYTHING) == expected
    assert max(len(one) for one in view().blocks) <= BLOCK


def test_too_many_new_events_are_read_anew_from_the_newest_on(log):
    log.add_many(3, ago=DAY)
    assert len(numbers()) == 3
    newest = log.add_many(MAX_PENDING + 1)
    assert numbers() == newest[::-1][:PAGE]
    assert len(numbers(reading=EVERYTHING)) == 3 + len(newest)


def test_another_log_is_not_mistaken_for_the_one_that_was_read(log):
    log.add_many(5)
    assert len(numbers()) == 5
    EventRecord.objects.all().delete()
    assert numbers() == []
    again = log.add_many(2)
    assert numbers() == again[::-1]


def test_a_type_with_other_fields_than_before_is_read_anew(log):
    from dataclasses import replace  # noqa: PLC0415

    log.add(content_type="Trailer")
    event_type = CATALOGUE.event_types[REDELIVERY]
    fewer = replace(event_type, fields=tuple(one for one in event_type.fields if one != "content_type"))
    for one in (fewer, event_type):
        found = SHELF.read([one], CATALOGUE, 0, LITTLE)[REDELIVERY]
        assert tuple(found.cells) == columns_of(one, CATALOGUE)
        assert found.count == 1


def test_several_types_share_a_request(log):
    log.add_many(PAGE)
    log.add_many(PAGE, event_type=OTHER)
    types = [CATALOGUE.event_types[one] for one in (REDELIVERY, OTHER)]
    found = SHELF.read(types, CATALOGUE, 0, LITTLE)
    assert [one.count for one in found.values()] == [PAGE // 2, 0]  # no time for the second one
    found = SHELF.read(types, CATALOGUE, 0, EVERYTHING)
    assert [one.count for one in found.values()] == [PAGE, PAGE]


def test_a_shelf_that_knows_everything_asks_the_log_once(log, django_assert_num_queries):
    log.add_many(3)
    numbers()
    with django_assert_num_queries(1):
        numbers()


@pytest.fixture
def committed(transactional_db):
    """A log that other threads see."""
    del transactional_db
    SHELF.forget()
    yield Log()
    SHELF.forget()


def test_warming_reads_every_type_and_ends(committed):
    committed.add_many(PAGE + 5)
    committed.add_many(7, event_type=OTHER)
    thread = threading.Thread(target=warm, args=(CATALOGUE, threading.Event()))
    thread.start()
    thread.join()
    with connection.execute_wrapper(only_the_tail):
        assert (len(numbers()), len(numbers(OTHER))) == (PAGE + 5, 7)


def only_the_tail(execute, sql, params, many, context):
    """Let nothing be read but what is new."""
    assert "event_type =" not in sql
    return execute(sql, params, many, context)


def test_warming_stops_when_it_is_told(committed):
    committed.add_many(5)
    stop = threading.Event()
    stop.set()
    warm_apart(stop)
    assert view(reading=LITTLE).count == 5  # read here, since nothing was there


def warm_apart(stop):
    thread = threading.Thread(target=warm, args=(CATALOGUE, stop))
    thread.start()
    thread.join()


def test_threads_that_ask_at_once_all_see_the_whole_log(committed):
    stored = committed.add_many(3 * PAGE, apart=timedelta(seconds=1))
    found = []

    def ask():
        try:
            found.append(numbers(reading=EVERYTHING))
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert found == [stored[::-1]] * 4
