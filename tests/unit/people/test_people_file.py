"""The people file (4.1): every bad input is one clear fault; what is good is merged over what is known."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.studio import CATALOGUE, FULFILLMENT, OPERATIONS, directory, person

from callboard.catalogue.values import PartnerKind
from callboard.people.rules import PeopleFile, read_people, write_people
from callboard.people.values import Directory, Partner, Person

ANA = {"email": "ana@copperglass.example", "name": "Ana Ruiz", "partner": "copperglass", "roles": [OPERATIONS]}
KNOWN = directory(person(7, time_zone="Europe/Madrid", digest_hour=17, notify_own_actions=True))


def good(partners: Any = (), users: Any = (), known: Directory = KNOWN) -> PeopleFile:
    found = read_people({"partners": list(partners), "users": list(users)}, known, CATALOGUE)
    assert isinstance(found, PeopleFile), found
    return found


def faults(raw: Any, known: Directory = KNOWN) -> list[tuple[str, str]]:
    found = read_people(raw, known, CATALOGUE)
    assert isinstance(found, list)
    return [(one.pointer, one.message) for one in found]


def partner(id: Any = "p", kind: Any = "studio", **more: Any) -> dict[str, Any]:  # noqa: A002
    return {"id": id, "name": "P", "kind": kind, **more}


def test_only_what_is_required_must_be_given_and_the_rest_is_the_default():
    found = good([partner()], [{**ANA, "email": "new@x.example"}], directory())
    assert found.partners == (Partner(id="p", name="P", kind=PartnerKind.STUDIO, parent=None),)
    assert found.persons == (
        Person(
            id=0, email="new@x.example", name="Ana Ruiz", partner="copperglass", kind=FULFILLMENT, roles=(OPERATIONS,),
            active=True, time_zone="UTC", locale="en", digest_hour=8, digest_weekday="monday", notify_own_actions=False,
        ),
    )  # fmt: skip


def test_absent_keys_of_a_known_user_keep_their_value():
    (found,) = good(users=[{**ANA, "name": "Ana R.", "email": "ANA@CopperGlass.example"}]).persons
    assert (found.id, found.name, found.email) == (7, "Ana R.", "ANA@CopperGlass.example")
    assert (found.time_zone, found.digest_hour, found.notify_own_actions) == ("Europe/Madrid", 17, True)
    (found,) = good(users=[{**ANA, "active": False, "digest_hour": 0}]).persons
    assert (found.active, found.digest_hour, found.time_zone) == (False, 0, "Europe/Madrid")


def test_an_absent_parent_of_a_known_partner_stays_and_null_ends_it():
    child = partner("copperglass", "fulfillment_partner")
    assert good([child]).partners[0].parent == "copperglass-group"
    assert good([{**child, "parent": None}]).partners[0].parent is None


def test_a_parent_may_come_later_in_the_file():
    found = good([partner("a", parent="b"), partner("b")])
    assert [one.parent for one in found.partners] == ["b", None]


def test_roles_named_twice_count_once():
    assert good(users=[{**ANA, "roles": [OPERATIONS, OPERATIONS]}]).persons[0].roles == (OPERATIONS,)


@pytest.mark.parametrize("raw", [{}, {"partners": []}, {"users": []}])
def test_an_empty_file_is_fine(raw: Any):
    assert read_people(raw, KNOWN, CATALOGUE) == PeopleFile((), ())


@pytest.mark.parametrize(
    ("raw", "pointer", "said"),
    [
        ([], "", "must be an object with partners and users, not a list"),
        (None, "", "not null"),
        ({"people": []}, "/people", "is not known here"),
        ({"user": []}, "/user", "did you mean users?"),
        ({"users": {}}, "/users", "must be a list, not an object"),
        ({"partners": "x"}, "/partners", "must be a list, not a text"),
        ({"users": ["x"]}, "/users/0", "a user must be an object, not a text"),
        ({"partners": [1]}, "/partners/0", "a partner must be an object, not a number"),
    ],
)
def test_the_shape_of_the_file(raw: Any, pointer: str, said: str):
    ((at, message),) = faults(raw)
    assert at == pointer
    assert said in message


@pytest.mark.parametrize(
    ("change", "key", "said"),
    [
        ({"email": None}, "email", "must be a text, not null"),
        ({"email": "ana"}, "email", "is not an e-mail address like"),
        ({"email": "x" * 201 + "@x.example"}, "email", "at most 200"),
        ({"name": ""}, "name", "must not be empty"),
        ({"name": "a\nb"}, "name", "control character"),
        ({"name": "x" * 201}, "name", "has 201 characters"),
        ({"partner": "nowhere"}, "partner", "'nowhere' is not a partner"),
        ({"partner": None}, "partner", "None is not a partner"),
        ({"partner": ["copperglass"]}, "partner", "is not a partner"),
        ({"roles": "x"}, "roles", "must be a list of role ids"),
        ({"roles": [1]}, "roles", "must be a list of role ids"),
        ({"roles": None}, "roles", "must be a list of role ids"),
        ({"roles": ["fulfilment_partner_operations"]}, "roles/0", f"did you mean {OPERATIONS}?"),
        ({"roles": ["zzz"]}, "roles/0", "is not a role; use content_partner_operations"),
        ({"roles": [OPERATIONS, "qc_operator"]}, "roles/1", "qc_operator is for a qc_partner; copperglass is a fulf"),
        ({"active": "yes"}, "active", "must be true or false, not a text"),
        ({"active": None}, "active", "must be true or false, not null"),
        ({"notify_own_actions": 1}, "notify_own_actions", "must be true or false"),
        ({"time_zone": "Madrid"}, "time_zone", "is not a time zone like Europe/Madrid"),
        ({"time_zone": "Europe/Madrit"}, "time_zone", "did you mean Europe/Madrid?"),
        ({"time_zone": 2}, "time_zone", "must be a time zone"),
        ({"time_zone": "../../etc/passwd"}, "time_zone", "is not a time zone"),
        ({"locale": "e"}, "locale", "must be a language tag"),
        ({"locale": 1}, "locale", "must be a language tag"),
        ({"digest_hour": 24}, "digest_hour", "must be a full hour from 0 to 23"),
        ({"digest_hour": -1}, "digest_hour", "must be a full hour"),
        ({"digest_hour": 8.5}, "digest_hour", "must be a full hour"),
        ({"digest_hour": True}, "digest_hour", "must be a full hour"),
        ({"digest_weekday": "Monday"}, "digest_weekday", "must be one of monday, tuesday"),
        ({"digest_weekday": 0}, "digest_weekday", "must be one of"),
        ({"digest_weekday": ["monday"]}, "digest_weekday", "must be one of"),
        ({"tz": "UTC"}, "tz", "is not known here"),
        ({"digest_our": 8}, "digest_our", "did you mean digest_hour?"),
    ],
)
def test_each_bad_value_of_a_user_is_one_fault(change: dict[str, Any], key: str, said: str):
    ((at, message),) = faults({"users": [{**ANA, **change}]})
    assert at == f"/users/0/{key}"
    assert said in message


@pytest.mark.parametrize("key", ["email", "name", "partner", "roles"])
def test_each_required_key_of_a_new_user(key: str):
    new = {**ANA, "email": "new@copperglass.example"}
    assert faults({"users": [{name: value for name, value in new.items() if name != key}]}) == [
        (f"/users/0/{key}", "is missing")
    ]


@pytest.mark.parametrize(
    ("raw", "key", "said"),
    [
        (partner(id=3), "id", "must be a text, not a number"),
        (partner(id=""), "id", "must not be empty"),
        (partner(name="x\x00"), "name", "control character"),
        ({"id": "p", "kind": "studio"}, "name", "is missing"),
        ({"name": "p", "kind": "studio"}, "id", "is missing"),
        ({"id": "p", "name": "p"}, "kind", "must be one of content_partner, fulfillment_partner, qc_partner, studio"),
        (partner(kind="vendor"), "kind", "must be one of"),
        (partner(kind=["studio"]), "kind", "must be one of"),
        (partner(parent=3), "parent", "must be a partner's id or null, not a number"),
        (partner(parent="nowhere"), "parent", "'nowhere' is not a partner"),
        (partner(parent="copperglass"), "parent", "a parent must be of the same kind"),
        (partner(parent="p"), "parent", "makes p its own ancestor"),
        (partner(colour="red"), "colour", "is not known here"),
    ],
)
def test_each_bad_value_of_a_partner_is_one_fault(raw: dict[str, Any], key: str, said: str):
    ((at, message),) = faults({"partners": [raw]})
    assert at == f"/partners/0/{key}"
    assert said in message


def test_a_cycle_over_several_partners_is_refused():
    ring = [partner("a", parent="b"), partner("b", parent="c"), partner("c", parent="a")]
    assert {message for _, message in faults({"partners": ring})} == {
        f"makes {one} its own ancestor" for one in ("a", "b", "c")
    }


def test_a_cycle_through_what_is_already_known_is_refused():
    group = partner("copperglass-group", "fulfillment_partner", parent="copperglass")
    ((at, message),) = faults({"partners": [group]})
    assert (at, message) == ("/partners/0/parent", "makes copperglass-group its own ancestor")


def test_ids_and_addresses_stand_once_in_a_file():
    assert faults({"partners": [partner(), partner()]}) == [("/partners", "'p' stands twice; keep one")]
    twice = [ANA, {**ANA, "email": "ANA@copperglass.EXAMPLE"}]
    assert faults({"users": twice}) == [("/users", "'ana@copperglass.example' stands twice; keep one")]


def test_a_kind_cannot_change_over_a_child_or_a_person_of_the_old_kind():
    ((at, message),) = faults({"partners": [partner("copperglass-group", "studio")]})
    assert at == "/partners/0/kind"
    assert "copperglass under it" in message
    ((at, message),) = faults({"partners": [partner("copperglass", "studio", parent=None)]})
    assert "copperglass becomes a studio, but Ana Ruiz there has roles of a fulfillment_partner" in message


def test_a_kind_may_change_together_with_the_roles_of_its_people():
    moved = {**ANA, "roles": ["studio_operations"]}
    assert good([partner("copperglass", "studio", parent=None)], [moved]).persons[0].kind is PartnerKind.STUDIO


def test_all_faults_of_a_file_are_said_at_once():
    found = faults({"partners": [partner(kind="x"), partner(id="")], "users": [{**ANA, "roles": ["x"], "active": 1}]})
    assert [at for at, _ in found] == ["/partners/0/kind", "/partners/1/id", "/users/0/roles/0", "/users/0/active"]


def test_a_deactivated_user_keeps_everything_else():
    (found,) = good(users=[{**ANA, "active": False}]).persons
    assert not found.active
    assert found.roles == (OPERATIONS,)


def test_the_export_has_parents_before_children_and_every_key():
    told = write_people(KNOWN)
    ids = [one["id"] for one in told["partners"]]
    assert ids.index("copperglass-group") < ids.index("copperglass")
    assert told["users"][0] == {
        **ANA, "active": True, "time_zone": "Europe/Madrid", "locale": "en", "digest_hour": 17,
        "digest_weekday": "monday", "notify_own_actions": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("known", "new", "said"),
    [
        ("ana@bücher.example", "ana@xn--bcher-kva.example", "is the account ana@bücher.example already"),
        ("ana@xn--bcher-kva.example", "ana@BÜCHER.example", "is the account ana@xn--bcher-kva.example already"),
        ("ana@x.example", "ana@\uff38.example", "write ana@x.example"),
        ("bo@x.example", "bo@test\u3002invalid", "write bo@test.invalid"),
    ],
)
def test_a_mailbox_gets_no_second_account_by_another_spelling_of_its_domain(known: str, new: str, said: str):
    ((pointer, found),) = faults({"users": [ANA | {"email": new}]}, directory(person(7, email=known)))
    assert pointer == "/users/0/email"
    assert said in found


@pytest.mark.parametrize(
    "email", ["e@straße.example", "e@STRASSE.example", "e@Bu\u0308cher.example", "e@xn--bcher-kva.example"]
)
def test_each_spelling_of_a_domain_may_be_the_first(email: str):
    assert good(users=[ANA | {"email": email}]).persons[0].email == email
