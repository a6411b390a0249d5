"""Where nothing may be skipped, a skip is a failure, however it comes about."""

from __future__ import annotations

from pathlib import Path

import pytest

CONFTEST = Path(__file__).resolve().parents[1] / "conftest.py"
SKIPPING = """
import pytest

@pytest.fixture
def missing():
    pytest.skip("no such thing here")

@pytest.mark.skip(reason="by mark")
def test_by_mark(): ...

def test_by_fixture(missing): ...

def test_by_its_own_word():
    pytest.skip("by word")

@pytest.mark.xfail(strict=True)
def test_known_to_fail():
    raise AssertionError
"""


@pytest.fixture
def inner(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makeconftest(CONFTEST.read_text(encoding="utf-8"))
    pytester.makepyfile(test_skipping=SKIPPING, test_absent="import pytest\n\npytest.importorskip('absent')")
    return pytester


def outcomes(inner: pytest.Pytester) -> dict[str, int]:
    result = inner.runpytest_subprocess()
    return result.parseoutcomes()


def test_skips_are_skips_by_default(inner: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CALLBOARD_TEST_REQUIRE_ALL", raising=False)
    assert outcomes(inner) == {"skipped": 4, "xfailed": 1}


def test_skips_fail_where_all_is_required(inner: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLBOARD_TEST_REQUIRE_ALL", "1")
    inner.path.joinpath("test_absent.py").rename(inner.path / "absent_later.py")
    assert outcomes(inner) == {"failed": 1, "errors": 2, "xfailed": 1}


def test_a_module_that_skips_itself_is_an_error_where_all_is_required(
    inner: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLBOARD_TEST_REQUIRE_ALL", "1")
    assert outcomes(inner) == {"errors": 1}
