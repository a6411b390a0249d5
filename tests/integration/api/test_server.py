"""Intake behind the real server: bodies in chunks, bodies that are too large, and the refusal that is heard."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import time

import pytest
from tests.integration.api.studio import event

SIZE = 17 * 1024 * 1024


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The port of a running `callboard serve` on a home of its own, and a key for it."""
    home = tmp_path_factory.mktemp("home")
    environ = {name: value for name, value in os.environ.items() if not name.startswith("CALLBOARD_")}
    environ |= {"CALLBOARD_HOME": str(home), "PYTHONPATH": os.pathsep.join(sys.path)}
    program = [sys.executable, "-m", "callboard"]
    made = subprocess.run(
        [*program, "apikey", "create", "portal", "--json"], env=environ, capture_output=True, check=True
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([*program, "serve", "--port", str(port)], env=environ, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port)
        yield port, json.loads(made.stdout)["key"]
    finally:
        process.terminate()
        process.wait(30)


def _wait_for(port):
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("the server did not start")


def send(server, body, *, chunked=False, kind="application/cloudevents-batch+json"):
    port, key = server
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": kind}
    if chunked:
        parts = (body[at : at + 65_536] for at in range(0, len(body), 65_536))
        headers["Transfer-Encoding"] = "chunked"
        connection.request("POST", "/api/v1/events", parts, headers, encode_chunked=True)
    else:
        connection.request("POST", "/api/v1/events", body, headers)
    with connection.getresponse() as found:
        answer = found.status, json.loads(found.read())
    connection.close()
    return answer


@pytest.mark.parametrize("chunked", [False, True])
def test_an_event_is_stored_however_its_body_comes(server, chunked):
    raw = json.dumps([event(f"e-{chunked}")]).encode()
    assert send(server, raw, chunked=chunked) == (202, {"accepted": 1, "duplicates": 0, "conflicts": 0})


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_is_too_large_is_refused_and_the_sender_hears_it(server, chunked):
    status, said = send(server, b"[" + b" " * SIZE + b"]", chunked=chunked)
    assert (status, said["type"]) == (413, "urn:callboard:problem:too-large")


def test_a_wrong_key_is_heard_after_a_large_body_as_well(server):
    port, _ = server
    status, said = send((port, "cbk_wrong"), b"[" + b" " * SIZE + b"]")
    assert (status, said["type"]) == (401, "urn:callboard:problem:unauthorized")
