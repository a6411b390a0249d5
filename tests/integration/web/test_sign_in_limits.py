"""Too many tries are refused: by address, by place, in all browsers and processes together."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from allauth.account.adapter import get_adapter
from django.core.cache import cache
from django.test import Client
from tests.integration.web.mails import ask, by_password, code_in, enter, newest_mail
from tests.integration.web.studio import ANA, TOM

from callboard.people.models import User
from callboard.web.models import SharedValue

PASSWORD = "a password for tests"
ROOT = Path(__file__).resolve().parents[3]
ASK_THREE_TIMES = """
import django
django.setup()
from django.test import Client
for _ in range(3):
    client = Client(SERVER_NAME="localhost")
    print(client.post("/sign-in", {"way": "code", "email": "nobody@copperglass.example"}).status_code)
"""


@pytest.fixture
def ana(pipeline):  # noqa: ARG001 - its people
    user = User.objects.get(email_key=ANA)
    user.set_password(PASSWORD)
    user.save()
    return user


def browser_at(place="127.0.0.1", **more):
    return Client(SERVER_NAME="localhost", REMOTE_ADDR=place, **more)


def is_refused(response):
    if response.status_code != 429:
        return False
    assert response["Retry-After"] == "600"
    assert "Wait ten minutes" in response.content.decode()
    return True


@pytest.mark.usefixtures("pipeline")
def test_an_address_is_sent_five_codes_in_ten_minutes_whoever_asks_and_however_it_is_written():
    spellings = [ANA, ANA.upper(), f" {ANA}", "Ana@Copperglass.example", ANA]
    for number, one in enumerate(spellings):
        assert ask(browser_at(f"203.0.113.{number}"), one).status_code == 302
    assert is_refused(ask(browser_at("203.0.113.99"), ANA))
    assert ask(browser_at("203.0.113.99"), TOM).status_code == 302


@pytest.mark.usefixtures("pipeline")
def test_asking_again_counts_as_asking(browser):
    again = {"action": "resend"}
    for count in range(1, 6):  # three with the first sign-in, two with the second
        page = ask(browser, ANA) if count in {1, 4} else browser.post("/sign-in/code", again)
        assert page.status_code == 302
        newest = newest_mail(ANA, count)
    assert is_refused(browser.post("/sign-in/code", again))
    assert enter(browser, code_in(newest)).status_code == 302


@pytest.mark.usefixtures("pipeline")
def test_one_place_may_ask_fifty_times_whatever_the_address():
    for number in range(50):
        assert ask(browser_at(), f"nobody-{number}@copperglass.example").status_code == 302
    assert is_refused(ask(browser_at(), ANA))
    assert ask(browser_at("203.0.113.9"), ANA).status_code == 302


@pytest.mark.usefixtures("pipeline")
def test_tries_that_do_not_see_each_other_are_five_all_the_same(browser):
    ask(browser, ANA)
    code = code_in(newest_mail(ANA))
    begun = dict(browser.session.items())
    for _ in range(5):
        session = browser.session
        session.update(begun)  # as each of many requests at one instant reads it
        session.save()
        assert enter(browser, "AAA-AAA").status_code == 200
    session = browser.session
    session.update(begun)
    session.save()
    assert enter(browser, code)["Location"] == "/sign-in?ended=1"


@pytest.mark.usefixtures("ana")
def test_ten_wrong_passwords_close_an_address_even_to_the_right_one():
    for number in range(10):
        assert by_password(browser_at(f"203.0.113.{number}"), ANA, "wrong").status_code == 200
    assert is_refused(by_password(browser_at(), ANA, PASSWORD))
    SharedValue.objects.all().delete()  # what the cache does when ten minutes are over
    assert by_password(browser_at(), ANA, PASSWORD).status_code == 302


@pytest.mark.usefixtures("ana")
def test_the_host_that_is_asked_does_not_make_a_new_count(settings):
    settings.ALLOWED_HOSTS = ["*"]
    for number in range(10):
        client = Client(SERVER_NAME=f"host-{number}.example")
        assert by_password(client, ANA, "wrong").status_code == 200
    assert is_refused(by_password(browser_at(), ANA, "wrong"))


@pytest.mark.usefixtures("ana")
def test_right_passwords_are_not_counted_and_do_not_wipe_wrong_ones():
    for _ in range(9):
        by_password(browser_at(), ANA, "wrong")
        assert by_password(browser_at(), ANA, PASSWORD).status_code == 302
    by_password(browser_at(), ANA, "wrong")
    assert is_refused(by_password(browser_at(), ANA, PASSWORD))


@pytest.mark.usefixtures("ana")
def test_fifty_wrong_passwords_close_a_place():
    for number in range(50):
        by_password(browser_at(), f"nobody-{number}@copperglass.example", "wrong")
    assert is_refused(by_password(browser_at(), ANA, PASSWORD))
    assert by_password(browser_at("203.0.113.9"), ANA, PASSWORD).status_code == 302


@pytest.mark.usefixtures("pipeline")
def test_behind_a_proxy_on_this_machine_the_place_is_what_the_proxy_saw():
    for number in range(50):
        client = browser_at(HTTP_X_FORWARDED_FOR=f"10.9.8.{number}, 198.51.100.7")
        ask(client, f"nobody-{number}@copperglass.example")
    assert is_refused(ask(browser_at(HTTP_X_FORWARDED_FOR="198.51.100.7"), ANA))
    assert ask(browser_at(HTTP_X_FORWARDED_FOR="198.51.100.8"), ANA).status_code == 302


@pytest.mark.usefixtures("pipeline")
def test_from_elsewhere_nobody_can_say_where_they_are():
    for number in range(50):
        client = browser_at("203.0.113.9", HTTP_X_FORWARDED_FOR=f"198.51.100.{number}")
        ask(client, f"nobody-{number}@copperglass.example")
    assert is_refused(ask(browser_at("203.0.113.9", HTTP_X_FORWARDED_FOR="198.51.100.99"), ANA))


@pytest.mark.usefixtures("ana")
def test_guessing_the_current_password_is_limited(browser):
    browser.force_login(User.objects.get(email_key=ANA))
    guess = {"oldpassword": "wrong", "password1": "curtain call at eight", "password2": "curtain call at eight"}
    for _ in range(10):
        assert browser.post("/settings/password", guess).status_code == 200
    assert is_refused(browser.post("/settings/password", guess))


@pytest.mark.usefixtures("pipeline")
def test_what_is_counted_names_no_address(browser):
    ask(browser, ANA)
    by_password(browser, ANA, "wrong")
    assert SharedValue.objects.exists()
    assert not any("copperglass" in f"{one.cache_key} {one.value}" for one in SharedValue.objects.all())


@pytest.mark.django_db
def test_the_table_that_a_migration_made_is_the_one_the_cache_uses():
    cache.set("a", [1], 60)
    assert cache.get("a") == [1]
    assert SharedValue.objects.count() == 1


def test_two_processes_count_together(tmp_path):
    environ = os.environ | {
        "PYTHONPATH": str(ROOT / "src"), "CALLBOARD_HOME": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "callboard.project.settings",
    }  # fmt: skip
    environ.pop("CALLBOARD_DATABASE_URL", None)

    def run(*words):
        done = subprocess.run([sys.executable, *words], env=environ, check=True, capture_output=True, text=True)
        return done.stdout.split()

    run("-m", "callboard", "migrate")
    assert run("-c", ASK_THREE_TIMES) == ["302"] * 3
    assert run("-c", ASK_THREE_TIMES) == ["302", "302", "429"]


@pytest.mark.parametrize(
    ("remote", "place"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:db8::1", "2001:db8::1"),
        ("", "unknown"),
        ("unix:", "unknown"),
    ],
)
def test_a_place_is_an_ip_address_or_none(rf, remote, place):
    assert get_adapter().get_client_ip(rf.get("/", REMOTE_ADDR=remote)) == place
