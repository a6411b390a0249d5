"""Every fault of a catalogue names the file, the key, what is wrong and what to do (4.5)."""

from __future__ import annotations

from pathlib import Path

import pytest

from callboard.base.errors import RejectedError
from callboard.catalogue.load import load_catalogue
from callboard.catalogue.values import Catalogue

GOOD = """
[fields.kind]
label = "Kind"
type = "enum"
values = ["A", "B"]

[fields.round]
label = "Round"
type = "integer"

[event_types."thing.done"]
label = "Thing Done"
fields = ["kind", "round"]
frequencies = ["weekly", "immediately"]
importance = "standard"

[roles.maker]
label = "Maker"
kind = "studio"
sees = ["thing.*"]

[[defaults]]
event_type = "thing.done"
role = "maker"
frequency = "weekly"
where = [{ field = "kind", op = "any_of", value = ["A"] }]
"""


def load(folder: Path, text: str) -> Catalogue:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return load_catalogue(path)


def test_a_small_catalogue_is_read_with_defaults_for_what_it_leaves_out(tmp_path: Path):
    found = load(tmp_path, GOOD)
    type_ = found.event_types["thing.done"]
    assert (type_.description, type_.group, type_.critical_when) == ("", "Other", ())
    assert type_.frequencies == ("immediately", "weekly")
    assert (found.type_prefix, found.item_url) == ("", "")
    assert list(found.defaults) == ["thing.done/maker"]
    assert found.defaults["thing.done/maker"].where[0].value == ["A"]


def change(old: str, new: str) -> str:
    assert GOOD.count(old) >= 1
    return GOOD.replace(old, new, 1)


FAULTS = {
    "unknown top key": ("colour = 1\n" + GOOD, "colour", "is not part of a catalogue; use defaults"),
    "fields no table": (GOOD.replace("[fields.", "[event_types."), "event_types.kind", "is not a usable id"),
    "unknown field key": (change('type = "enum"', 'type = "enum"\nfoo = 1'), "fields.kind.foo", "is not known here; use"),
    "field key": (change("[fields.kind]", "[fields.Kind]"), "fields.Kind", "is not a usable key; use lower-case"),
    "no field label": (change('label = "Kind"\n', ""), "fields.kind.label", "is missing; give it a text"),
    "label no text": (change('label = "Kind"', "label = 3"), "fields.kind.label", "must be a text, not a number"),
    "field type": (change('type = "integer"', 'type = "number"'), "fields.round.type", "is not known; use one of enum"),
    "no field type": (change('type = "integer"', ""), "fields.round.type", "is missing; use one of enum"),
    "enum without values": (change('values = ["A", "B"]', ""), "fields.kind.values", "must name the codes of the enum"),
    "value twice": (change('["A", "B"]', '["A", "A"]'), "fields.kind.values", "names 'A' twice; remove one"),
    "values no texts": (change('["A", "B"]', "[1]"), "fields.kind.values", "must be a list of texts"),
    "values for a number": (
        change('type = "integer"', 'type = "integer"\nvalues = ["1"]'),
        "fields.round.values", "cannot be given for type integer; remove it",
    ),
    "many numbers": (
        change('type = "integer"', 'type = "integer"\nmultiple = true'),
        "fields.round.multiple", "cannot be true for type integer",
    ),
    "multiple no bool": (
        change('type = "enum"', 'type = "enum"\nmultiple = "yes"'), "fields.kind.multiple", "must be true or false",
    ),
    "type id": (change('"thing.done"]', '"thing"]'), "event_types.thing", "is not a usable id; write it like"),
    "unknown type key": (change('importance = "', 'colour = 1\nimportance = "'), "event_types.thing.done.colour", "use "),
    "unknown field": (change('["kind", "round"]', '["kind", "x"]'), "event_types.thing.done.fields", "names 'x'"),
    "no fields": (change('fields = ["kind", "round"]', ""), "event_types.thing.done.fields", "is missing; give it"),
    "frequency": (change('"weekly", "imm', '"monthly", "imm'), "event_types.thing.done.frequencies", "is not a frequency"),
    "no frequency": (
        change('["weekly", "immediately"]', "[]"), "event_types.thing.done.frequencies", "at least one frequency",
    ),
    "importance": (change('"standard"', '"high"'), "event_types.thing.done.importance", "use one of info"),
    "critical_when of critical": (
        change('"standard"', '"critical"\ncritical_when = [{ field = "round", op = "at_least", value = 2 }]'),
        "event_types.thing.done.critical_when", "needs importance standard, not critical",
    ),
    "critical_when": (
        change('"standard"', '"standard"\ncritical_when = [{ field = "round", op = "is", value = 2 }]'),
        "event_types.thing.done.critical_when.0.op", "is not an operator of Round; use at_least",
    ),
    "no types": (GOOD[: GOOD.index("[event_types")], "event_types", "is empty; a catalogue needs"),
    "kind": (change('kind = "studio"', 'kind = "vendor"'), "roles.maker.kind", "use one of content_partner"),
    "sees": (change('["thing.*"]', '["th*"]'), "roles.maker.sees", "use *, an event type, or a prefix and .*"),
    "no sees": (change('sees = ["thing.*"]', ""), "roles.maker.sees", "is missing; give it a list"),
    "default unseen": (change('["thing.*"]', '["other.*"]'), "defaults.0.role", "maker does not see thing.done; add it"),
    "default type": (
        change('event_type = "thing.done"', 'event_type = "x"'), "defaults.0.event_type", "'x' is not an event type",
    ),
    "default role": (change('role = "maker"', 'role = "x"'), "defaults.0.role", "'x' is not a role of this catalogue"),
    "default frequency": (
        change('frequency = "weekly"', 'frequency = "daily"'), "defaults.0.frequency", "use one of immediately, weekly",
    ),
    "default key": (change('role = "maker"', 'role = "maker"\nx = 1'), "defaults.0.x", "is not known here; use"),
    "default value": (change('value = ["A"]', 'value = ["C"]'), "defaults.0.where.0.value", "is not a value of Kind"),
    "default where": (change("where = [{", "where = 3 # [{"), "defaults.0.where", "must be a list of conditions"),
    "two defaults": (GOOD + GOOD[GOOD.index("[[defaults]]") :], "defaults.1", "second Default thing.done/maker; keep one"),
    "defaults no list": ("defaults = 3\n" + GOOD[: GOOD.index("[[defaults]]")], "defaults", "written as [[defaults]]"),
    "item_url": ('item_url = "http://x.example"\n' + GOOD, "item_url", "must begin with https://"),
    "type_prefix": ("type_prefix = 3\n" + GOOD, "type_prefix", "must be a text, not a number"),
    "type is no table": (GOOD + '\n[event_types]\n"a.b" = 3\n', "event_types.a.b", "must be a table, not a number"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_names_file_key_fault_and_remedy(tmp_path: Path, name: str):
    text, key, said = FAULTS[name]
    with pytest.raises(RejectedError) as refused:
        load(tmp_path, text)
    found = {one.pointer: one.message for one in refused.value.faults}
    assert f"mine.toml: {key}" in found
    assert said in " ".join(one.message for one in refused.value.faults if one.pointer == f"mine.toml: {key}")


def test_all_faults_are_said_at_once(tmp_path: Path):
    with pytest.raises(RejectedError) as refused:
        load(tmp_path, change('type = "integer"', 'type = "x"').replace('["A", "B"]', "[]"))
    assert len(refused.value.faults) == 2


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"[fields", "is not valid TOML"),
        (b'x = "\xff"', "is not UTF-8 at byte 5; save it as UTF-8"),
        (b"a = 1\na = 2", "is not valid TOML"),
    ],
)
def test_a_file_that_is_no_toml_is_refused(tmp_path: Path, raw: bytes, said: str):
    tmp_path.joinpath("mine.toml").write_bytes(raw)
    with pytest.raises(RejectedError, match=said) as refused:
        load_catalogue(tmp_path)
    assert "mine.toml" in str(refused.value)


def test_a_folder_without_toml_and_a_missing_file_are_refused(tmp_path: Path):
    with pytest.raises(RejectedError, match=r"holds no \*\.toml file"):
        load_catalogue(tmp_path)
    with pytest.raises(RejectedError, match="cannot be read: No such file"):
        load_catalogue(tmp_path / "gone.toml")


def test_a_folder_is_all_its_files_and_a_key_stands_in_one_of_them(tmp_path: Path):
    head, tail = GOOD[: GOOD.index("[event_types")], GOOD[GOOD.index("[event_types") :]
    tmp_path.joinpath("a.toml").write_text(head)
    tmp_path.joinpath("b.toml").write_text(tail)
    tmp_path.joinpath("notes.txt").write_text("not read")
    assert list(load_catalogue(tmp_path).event_types) == ["thing.done"]
    tmp_path.joinpath("c.toml").write_text('type_prefix = "x."\n' + head)
    with pytest.raises(RejectedError) as refused:
        load_catalogue(tmp_path)
    assert [str(one) for one in refused.value.faults] == [
        "c.toml: fields.kind: stands in a.toml too; keep one of them",
        "c.toml: fields.round: stands in a.toml too; keep one of them",
    ]


def test_a_fault_names_the_file_of_a_folder_that_holds_it(tmp_path: Path):
    tmp_path.joinpath("a.toml").write_text(GOOD[: GOOD.index("[roles")])
    tmp_path.joinpath("b.toml").write_text(GOOD[GOOD.index("[roles") :].replace('["thing.*"]', '["x*y"]'))
    with pytest.raises(RejectedError) as refused:
        load_catalogue(tmp_path)
    assert [one.pointer for one in refused.value.faults] == ["b.toml: roles.maker.sees"]
