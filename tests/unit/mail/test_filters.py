"""Rules for mail programs: made from a person's notifications, safe whatever labels hold, nothing critical out of sight."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.mail.letters import ANA, CATALOGUE, HOST, SENDER, custom, default, event, item, letter, salt
from tests.unit.mail.test_mime import written

from callboard.base.reasons import Frequency, Importance
from callboard.mail.filters import FORMS, Format
from callboard.mail.filters.gmail import MAX_QUERY, write_gmail
from callboard.mail.filters.outlook import outlook_rules, write_outlook
from callboard.mail.filters.plan import folder_name, may_be_critical, plan_for_everyone, plan_for_person
from callboard.mail.filters.sieve import write_sieve

ATOM, APPS = "{http://www.w3.org/2005/Atom}", "{http://schemas.google.com/apps/2006}"
PROCESSED, COMMENT, INSIGHT, REDELIVERY = (
    "delivery.processed", "comment.added", "source_request.insight_changed", "delivery.redelivery_requested",
)  # fmt: skip
MINE = [default(PROCESSED), default(COMMENT), default(INSIGHT), default(REDELIVERY)]
HOSTILE = 'A"; discard; # \r\nstop;\\ ${under} --> <b>&amp; ]]> "/.*%'


def plan(*notifications, person=ANA, catalogue=CATALOGUE, sender=SENDER):
    return plan_for_person(person, notifications or MINE, catalogue, sender)


def entries(text):
    """The filters of a Gmail file: what each looks for, and what it does."""
    feed = ET.fromstring(text.encode())  # noqa: S314 - our own text
    assert feed.tag == f"{ATOM}feed"
    found = []
    for entry in feed.findall(f"{ATOM}entry"):
        assert [one.get("term") for one in entry.findall(f"{ATOM}category")] == ["filter"]
        properties = {str(one.get("name")): str(one.get("value")) for one in entry.findall(f"{APPS}property")}
        assert properties["from"] == "notifications@callboard.example"
        lists = tuple(re.findall(r"list:([a-z0-9_.]+)\.callboard\.example", properties["hasTheWord"]))
        found.append((lists, {k: v for k, v in properties.items() if k not in {"from", "hasTheWord"}}))
    return found


def test_folders_are_the_groups_of_what_the_person_asked_for():
    found = plan()
    assert [(one.name, [kind.id for kind in one.types]) for one in found.folders] == [
        ("Source requests", [INSIGHT]), ("Deliveries", [PROCESSED]), ("Comments", [COMMENT]),
    ]  # fmt: skip
    assert [one.id for one in found.critical] == [REDELIVERY]
    assert found.host == HOST


def test_a_type_that_is_always_critical_has_no_folder():
    for one in (plan(), plan_for_everyone(CATALOGUE, SENDER)):
        filed = [kind for folder in one.folders for kind in folder.types]
        assert all(kind.importance is not Importance.CRITICAL for kind in filed)


def test_what_can_send_nothing_counts_for_nothing():
    inactive = replace(custom(event_type=COMMENT), inactive="gone")
    unknown = custom(event_type="left.the_catalogue")
    unseen = custom(event_type="account.user_changed")
    assert plan(inactive, unknown, unseen).folders == ()
    assert not plan(inactive, unknown, unseen).has_customs
    nobody = plan(person=replace(ANA, roles=()))
    assert (nobody.folders, nobody.critical) == ((), ())


def test_everyone_has_every_group_and_names_nobody():
    found = plan_for_everyone(CATALOGUE, SENDER)
    types = {kind.id for folder in found.folders for kind in folder.types} | {kind.id for kind in found.critical}
    assert types == set(CATALOGUE.event_types)
    for form in FORMS.values():
        text = form.write(found)
        assert "ana@" not in text
        assert "everyone" in text


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("Quality control", "Quality control"),
        ("Ton & Bild: Qualität", "Ton & Bild Qualität"),
        ("Source/Delivery.In*box%", "Source Delivery In box"),
        ('a"b\\c${d}', "a b c d"),
        ("塩の地図師", "塩の地図師"),
        ("a\r\n b\u202e", "a b"),
        ("x" * 300, "x" * 60),
        ("../..", "Other"),
        ("", "Other"),
    ],
)
def test_a_folder_is_one_level_whatever_its_label(label, name):
    assert folder_name(label) == name


@given(st.text())
def test_no_label_ends_a_string_or_opens_a_level(label):
    name = folder_name(label)
    assert name == name.strip()
    assert 0 < len(name) <= 60
    assert not set(name) & set('/\\.*%"${}\r\n\x00')
    assert folder_name(name) == name


def hostile():
    """The catalogue with a hostile label and group, and a person and a notification of hostile names."""
    kind = replace(CATALOGUE.event_types[COMMENT], label=HOSTILE, group=HOSTILE)
    catalogue = replace(CATALOGUE, event_types={**CATALOGUE.event_types, COMMENT: kind})
    mine = [default(COMMENT), custom(HOSTILE, event_type=COMMENT, frequency=Frequency.IMMEDIATELY)]
    return plan(*mine, person=replace(ANA, name=HOSTILE), catalogue=catalogue)


def test_hostile_names_stay_in_comments_and_strings():
    text = write_sieve(hostile())
    code = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    words = re.sub(r'"(?:[^"\\]|\\.)*"', '""', "\n".join(code))
    assert "discard" not in words
    assert words.count("stop;") == words.count("if header") == 4
    assert entries(write_gmail(hostile()))[0][1]["label"].count("/") == 1


def test_an_address_with_a_sieve_variable_in_it_stays_itself():
    text = write_sieve(plan(sender="Callboard <a${under}b@callboard.example>"))
    assert 'set "dollar" "$";' in text
    assert '"a${dollar}{under}b@callboard.example"' in text


def test_sieve_names_customs_only_where_there_are_some():
    assert "x-callboard-kind" not in write_sieve(plan())
    mine = plan(*MINE, custom("Leeds is late", event_type=COMMENT, frequency=Frequency.IMMEDIATELY))
    assert "stays in the inbox: Leeds is late." in write_sieve(mine)
    assert "x-callboard-kind" in write_sieve(plan_for_everyone(CATALOGUE, SENDER))


def test_sieve_says_the_digest_rule_before_customs_and_critical_before_all():
    text = write_sieve(plan(*MINE, custom(event_type=COMMENT)))
    places = [text.index(f'"x-callboard-{name}"') for name in ("importance", "frequency", "kind", "event-type")]
    assert places == sorted(places)


def test_gmail_marks_what_is_critical_and_archives_only_what_never_is():
    found = entries(write_gmail(plan(*MINE, custom(event_type=PROCESSED))))
    assert found == [
        ((REDELIVERY,), {"shouldStar": "true", "shouldAlwaysMarkAsImportant": "true", "shouldNeverSpam": "true"}),
        ((INSIGHT,), {"label": "Callboard/Source requests"}),
        ((PROCESSED,), {"label": "Callboard/Deliveries"}),
        ((COMMENT,), {"label": "Callboard/Comments", "shouldArchive": "true"}),
        (("digest.hourly", "digest.daily", "digest.weekly"), {"label": "Callboard/Digests"}),
    ]


def test_gmail_archives_nothing_for_everyone():
    found = entries(write_gmail(plan_for_everyone(CATALOGUE, SENDER)))
    assert not [one for one, does in found if "shouldArchive" in does]
    labelled = {kind for kinds, does in found if "label" in does for kind in kinds}
    assert labelled >= {
        kind.id for kind in CATALOGUE.event_types.values() if kind.importance is not Importance.CRITICAL
    }


def test_gmail_archives_no_type_that_may_be_critical():
    mine = [default(one.event_type, one.role) for one in CATALOGUE.defaults.values() if one.role == ANA.roles[0]]
    for kinds, does in entries(write_gmail(plan(*mine))):
        if "shouldArchive" in does:
            assert not [one for one in kinds if may_be_critical(CATALOGUE.event_types[one])]


def test_gmail_filters_are_as_short_as_gmail_takes_them():
    kind = CATALOGUE.event_types[COMMENT]
    many = {f"comment.kind_{n}": replace(kind, id=f"comment.kind_{n}") for n in range(120)}
    text = write_gmail(plan_for_everyone(replace(CATALOGUE, event_types=many), SENDER))
    found = entries(text)
    assert sum(len(kinds) for kinds, _ in found) == 120 + 3
    assert len(found) > 3
    properties = ET.fromstring(text.encode()).iter(f"{APPS}property")  # noqa: S314 - our own text
    queries = [str(one.get("value")) for one in properties if one.get("name") == "hasTheWord"]
    assert max(map(len, queries)) <= MAX_QUERY + 2


def test_outlook_looks_for_lines_that_mails_really_have():
    mails = {
        "Critical": one_mail(REDELIVERY, default(REDELIVERY), importance=Importance.CRITICAL),
        "Digests": one_mail(PROCESSED, default(PROCESSED), frequency=Frequency.DAILY),
        "Custom": one_mail(COMMENT, default(COMMENT), custom(event_type=COMMENT)),
        "Deliveries": one_mail(PROCESSED, default(PROCESSED)),
        "Comments": one_mail(COMMENT, default(COMMENT)),
        "Source requests": one_mail(INSIGHT, default(INSIGHT)),
    }
    rules = outlook_rules(plan(*MINE, custom(event_type=COMMENT)))
    assert {one.name for one in rules} == set(mails)
    for name, mail in mails.items():
        head = mail.partition("\r\n\r\n")[0]
        assert next(one.name for one in rules if any(word in head for word in one.words)) == name


def one_mail(kind, *asked, importance=Importance.STANDARD, frequency=Frequency.IMMEDIATELY):
    return written(letter(item(event(1, kind, **salt()), *asked, importance=importance), frequency=frequency)).decode()


def test_outlook_text_holds_every_rule_in_order():
    mine = plan()
    text = write_outlook(mine)
    places = [text.index(f"Rule {number}: Callboard, {one.name}") for number, one in enumerate(outlook_rules(mine), 1)]
    assert places == sorted(places)
    assert all(word in text for one in outlook_rules(mine) for word in one.words)
    assert max(map(len, text.splitlines())) <= 100


def test_each_program_has_its_file():
    assert {one: (form.file_name, form.media_type) for one, form in FORMS.items()} == {
        Format.SIEVE: ("callboard.sieve", "application/sieve"),
        Format.GMAIL: ("mailFilters.xml", "application/atom+xml"),
        Format.OUTLOOK: ("callboard-outlook.txt", "text/plain"),
    }
