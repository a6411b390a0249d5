"""The team pages: whom a Master sees, what is tried, what is then made, and what nobody may do."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from tests.integration.web.studio import ANA, NOW, PARTNERS, SAM, TOM, accept, event

from callboard.mail.mailbox import Mailbox
from callboard.mail.models import Mail, PostedLetter
from callboard.people.models import PersonChange, User
from callboard.web import viewer

OPERATIONS, MASTER = "fulfillment_partner_operations", "fulfillment_partner_master"
MAX, LEA, ZOE = "max@copperglass.example", "lea@leeds.example", "zoe@tidewater.example"
LEEDS = {"id": "leeds", "name": "Copperglass Leeds", "kind": "fulfillment_partner", "parent": "copperglass"}


@pytest.fixture
def team(pipeline):
    """Two houses with a Master each; one has a site."""
    users = [
        {"email": MAX, "name": "Max Field", "partner": "copperglass", "roles": [MASTER]},
        {"email": LEA, "name": "Lea Site", "partner": "leeds", "roles": [OPERATIONS]},
        {"email": ZOE, "name": "Zoe Other", "partner": "tidewater", "roles": [MASTER]},
    ]
    pipeline.import_people({"partners": [*PARTNERS, LEEDS], "users": users})
    viewer.forget_people()
    return pipeline


def person(email):
    return User.objects.get(email_key=email)


def page_of(email):
    return f"/team/people/{person(email).pk}"


def try_it(client, email, **form):
    """Try a change and return its page with the form that makes it so."""
    response = client.post(page_of(email), form)
    assert response.status_code == 200, response.content.decode()
    return response.content.decode()


def make(client, email, page):
    """Press the button of what was tried."""
    tried = page[page.index('id="tried"') :]
    tried = tried[: tried.index("</form>")]
    fields = re.findall(r'<input type="hidden" name="(?!csrf)(\w+)" value="([^"]*)"', tried)
    form: dict[str, list[str]] = {}
    for name, value in fields:
        form.setdefault(name, []).append(value)
    found = re.search(r'<button[^>]* name="do" value="([\w-]+)"', tried)
    assert found, tried
    return client.post(page_of(email), form | {"do": found[1]}, follow=True)


def test_a_master_sees_the_people_of_the_own_partner_and_of_its_sites(team, as_):  # noqa: ARG001
    page = as_(MAX).get("/team").content.decode()
    assert all(name in page for name in ("Ana Ruiz", "Lea Site", "Max Field"))
    assert "Tom Hale" not in page
    assert "Zoe Other" not in page


@pytest.mark.parametrize("path", ["/team", "/team/coverage", "/team/changes", "/team/invite", "/team/test"])
@pytest.mark.parametrize("email", [ANA, SAM])
def test_who_is_no_master_finds_nothing(team, as_, email, path):  # noqa: ARG001
    assert as_(email).get(path).status_code == 404


def test_people_of_another_partner_are_not_there(team, as_):  # noqa: ARG001
    client = as_(MAX)
    for do in ({}, {"do": "try", "role": MASTER}, {"do": "try-deactivate"}, {"do": "deactivate", "seen": "x"}):
        response = client.post(page_of(TOM), do) if do else client.get(page_of(TOM))
        assert response.status_code == 404
    assert person(TOM).is_active


def test_the_list_is_searched_by_name_address_and_role(team, as_):  # noqa: ARG001
    client = as_(MAX)
    for query, found in (
        ("ana", ["Ana Ruiz"]),
        ("ana\0ruiz", ["Ana Ruiz"]),
        ("leeds.example", ["Lea Site"]),
        ("master", ["Max Field"]),
    ):
        people = client.get("/team", {"q": query}).content.decode()
        people = people[people.index('id="people"') :]
        assert re.findall(r'class="team-name"[^>]*><bdi>([^<]*)', people) == found


def test_trying_says_what_would_change_and_changes_nothing(team, as_):  # noqa: ARG001
    page = try_it(as_(MAX), ANA, do="try", role=MASTER, partner="copperglass")
    assert "Redelivery Requested" in page[page.index('id="tried"') :]
    assert person(ANA).roles == OPERATIONS
    assert not PersonChange.objects.filter(door="team").exists()


def test_what_was_tried_is_made_audited_and_shown(team, as_):  # noqa: ARG001
    client = as_(MAX)
    page = make(client, ANA, try_it(client, ANA, do="try", role=[OPERATIONS, MASTER], partner="copperglass"))
    assert person(ANA).roles.split() == [OPERATIONS, MASTER]
    change = PersonChange.objects.get(door="team")
    assert change.by
    assert change.by.email == MAX
    assert "Given Fulfillment Partner Master" in page.content.decode()
    assert "Given Fulfillment Partner Master" in client.get("/team/changes").content.decode()


def test_a_change_is_not_made_when_the_person_changed_since_it_was_tried(team, as_):
    client = as_(MAX)
    page = try_it(client, ANA, do="try", role=[OPERATIONS, MASTER], partner="copperglass")
    team.import_people({"users": [{"email": ANA, "name": "Ana Ruiz", "partner": "copperglass", "roles": []}]})
    viewer.forget_people()
    response = make(client, ANA, page)
    assert response.status_code == 422
    assert "changed meanwhile" in response.content.decode()
    assert person(ANA).roles == ""


def test_deactivating_ends_the_session_and_reactivating_brings_the_account_back(team, as_):  # noqa: ARG001
    client, hers = as_(MAX), as_(ANA)
    assert hers.get("/settings").status_code == 200
    make(client, ANA, try_it(client, ANA, do="try-deactivate"))
    assert not person(ANA).is_active
    assert hers.get("/settings").status_code == 302
    assert "Ana Ruiz" in client.get("/team?show=deactivated").content.decode()
    make(client, ANA, try_it(client, ANA, do="try-reactivate"))
    assert person(ANA).is_active


@pytest.mark.parametrize("form", [{"do": "try", "role": OPERATIONS}, {"do": "try-deactivate"}])
def test_the_last_master_stays_one(team, as_, form):  # noqa: ARG001
    client = as_(MAX)
    page = try_it(client, MAX, **form)
    assert 'name="do" value="change"' not in page
    made = {"change": {"role": OPERATIONS}, "deactivate": {}}["change" if form["do"] == "try" else "deactivate"]
    do = "change" if form["do"] == "try" else "deactivate"
    seen = f"copperglass True {MASTER}"
    assert client.post(page_of(MAX), {"do": do, "seen": seen, **made}).status_code == 422
    assert (person(MAX).is_active, person(MAX).roles) == (True, MASTER)


def test_a_master_gives_no_role_of_another_kind_and_moves_nobody_away(team, as_):  # noqa: ARG001
    client = as_(MAX)
    assert client.post(page_of(ANA), {"do": "try", "role": "studio_admin"}).status_code == 422
    assert client.post(page_of(ANA), {"do": "try", "role": OPERATIONS, "partner": "tidewater"}).status_code == 422
    page = try_it(client, ANA, do="try", role=OPERATIONS, partner="leeds")
    make(client, ANA, page)
    assert person(ANA).partner_id == "leeds"


def test_an_invitation_makes_the_account_and_posts_the_letter(team, as_):
    client = as_(MAX)
    form = {"name": "Noa New", "email": "noa@copperglass.example", "role": OPERATIONS, "partner": "copperglass"}
    tried = client.post("/team/invite", form | {"do": "try"})
    assert "14 Defaults" in tried.content.decode()
    assert not User.objects.filter(email_key="noa@copperglass.example").exists()
    assert "is invited" in client.post("/team/invite", form | {"do": "make"}, follow=True).content.decode()
    assert person("noa@copperglass.example").roles == OPERATIONS
    (letter,) = PostedLetter.objects.filter(kind="invitation")
    assert letter.user_id == person("noa@copperglass.example").pk
    team.world.refresh()


@pytest.mark.parametrize("email", [TOM, ANA, "TOM@Tidewater.example", "x@test.invalid", "no address"])
def test_nobody_who_is_there_already_is_taken_over_by_an_invitation(team, as_, email):  # noqa: ARG001
    before = list(User.objects.order_by("id").values_list("email", "partner_id", "roles", "is_active"))
    for do in ("try", "make"):
        form = {"name": "Taken", "email": email, "role": MASTER, "partner": "copperglass", "do": do}
        assert as_(MAX).post("/team/invite", form).status_code == 422
    assert list(User.objects.order_by("id").values_list("email", "partner_id", "roles", "is_active")) == before


def test_coverage_says_who_is_told_and_where_nobody_is(team, as_):  # noqa: ARG001
    client = as_(MAX)
    page = client.get("/team/coverage").content.decode()
    assert "Copperglass Leeds" in page
    assert "Tidewater" not in page
    assert "is-gap" not in page
    for email in (ANA, LEA):
        make(client, email, try_it(client, email, do="try-deactivate"))
    page = client.get("/team/coverage").content.decode()
    assert "is-gap" in page
    assert "would reach nobody" in client.get("/team").content.decode()


def test_a_test_user_is_tried_read_and_ended_on_the_page(team, as_, at):
    client = as_(MAX)
    form = {"name": "Trial", "role": OPERATIONS, "partner": "copperglass"}
    page = client.post("/team/test", form | {"do": "make"}, follow=True)
    assert page.status_code == 200
    trial = User.objects.get(name="Trial")
    assert trial.email.endswith("@test.invalid")
    box = Mailbox(team.config.mailbox_path)
    accept(team, event("e-1"))
    team.clock.at = at(timedelta(minutes=1))
    team.compose_due()
    name = Mail.objects.get(user_id=trial.pk).message_id
    raw = f"Subject: Redelivery requested\r\nMessage-ID: {name}\r\nContent-Type: text/html\r\n\r\n<p>For the test</p>".encode()
    box.receive([(trial.email, raw), (ANA, raw)], int(NOW.timestamp() * 1e6))
    box.close()
    mine, hers = (one.id for one in sorted(box.latest(), key=lambda one: one.recipient == ANA))
    assert "Redelivery requested" in client.get(page_of(trial.email)).content.decode()
    read = client.get(f"{page_of(trial.email)}/mails/{mine}/html")
    assert "For the test" in read.content.decode()
    assert "sandbox" in read["Content-Security-Policy"]
    assert client.get(f"{page_of(trial.email)}/mails/{hers}/html").status_code == 404
    assert client.get(f"{page_of(ANA)}/mails/{hers}").status_code == 404
    assert as_(ZOE).get(f"{page_of(trial.email)}/mails/{mine}").status_code == 404
    make(client, trial.email, try_it(client, trial.email, do="try-deactivate"))
    assert not person(trial.email).is_active


def test_an_operators_account_is_no_masters_to_change(team, as_):  # noqa: ARG001
    User.objects.filter(email_key=ANA).update(is_staff=True)
    client = as_(MAX)
    assert "only operators change this account" in try_it(client, ANA, do="try-deactivate")
    seen = f"copperglass True {OPERATIONS}"
    for form in ({"do": "deactivate"}, {"do": "change", "role": MASTER, "partner": "leeds"}):
        assert client.post(page_of(ANA), {"seen": seen, **form}).status_code == 422
    assert (person(ANA).is_active, person(ANA).roles) == (True, OPERATIONS)


def test_a_change_of_roles_changes_no_name(team, as_):  # noqa: ARG001
    form = {"do": "change", "role": [MASTER], "partner": "copperglass", "name": "Somebody else"}
    as_(MAX).post(page_of(ANA), form | {"seen": f"copperglass True {OPERATIONS}"})
    assert (person(ANA).name, person(ANA).roles) == ("Ana Ruiz", MASTER)


def test_who_moves_to_other_masters_takes_no_past_along(team, as_):
    """Each Master knows that somebody came or went, and nothing of what was elsewhere."""
    users = [{"email": TOM, "roles": [OPERATIONS, MASTER]}]
    team.import_people({"users": users})
    team.import_people({"users": [{"email": TOM, "partner": "copperglass", "roles": [OPERATIONS]}]})
    team.import_people({"users": [{"email": TOM, "roles": [MASTER]}]})
    viewer.forget_people()
    there, here = (as_(email).get("/team/changes").content.decode() for email in (ZOE, MAX))
    assert "Moved to another partner account" in there
    assert "Given Fulfillment Partner Master" in there
    assert page_of(TOM) not in there
    assert "Copperglass" not in there
    assert "Given Fulfillment Partner Operations; moved to Copperglass Post" in here
    assert here.count(page_of(TOM)) == 2
    assert "Tidewater" not in here


def test_searching_while_typing_asks_for_the_people_alone(team, as_, django_assert_max_num_queries):  # noqa: ARG001
    client = as_(MAX)
    client.get("/team")
    with django_assert_max_num_queries(12):
        part = client.get("/team", {"q": "ana"}, headers={"HX-Request": "true"}).content.decode()
    assert "Ana Ruiz" in part


def test_nobody_is_invited_to_a_partner_that_is_not_the_masters(team, as_):  # noqa: ARG001
    form = {"do": "make", "name": "Noa", "email": "noa@x.example", "role": OPERATIONS, "partner": "tidewater"}
    assert as_(MAX).post("/team/invite", form).status_code == 422
    assert not User.objects.filter(email_key="noa@x.example").exists()


def test_an_ended_test_stays_ended(team, as_):  # noqa: ARG001
    client = as_(MAX)
    made = client.post("/team/test", {"do": "make", "name": "Trial", "role": MASTER, "partner": "copperglass"})
    email = User.objects.get(name="Trial").email_key
    client.post(made["Location"], {"do": "deactivate", "seen": f"copperglass True {MASTER}"})
    page = client.post(made["Location"], {"do": "reactivate", "seen": f"copperglass False {MASTER}"})
    assert "An ended test stays ended" in page.content.decode()
    assert "try-reactivate" not in page.content.decode()
    assert not person(email).is_active


def test_an_invitation_shows_where_it_is_and_is_not_sent_again_at_once(team, as_, at):  # noqa: ARG001
    client = as_(MAX)
    assert "Send an invitation" in client.get(page_of(ANA)).content.decode()
    again = {"do": "invite-again"}
    assert client.post(page_of(ANA), again, follow=True).status_code == 200
    page = client.get(page_of(ANA)).content.decode()
    assert "On its way since" in page
    assert "Send the invitation again" in page
    refused = client.post(page_of(ANA), again)
    assert refused.status_code == 422
    assert "less than ten minutes ago" in refused.content.decode()
    at(timedelta(minutes=11))
    assert client.post(page_of(ANA), again).status_code == 302
    assert PostedLetter.objects.filter(kind="invitation").count() == 2
