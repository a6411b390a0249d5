"""The studio of the pages' tests, for the console."""

from tests.integration.web.conftest import as_, at, browser, operator, pipeline

__all__ = ["as_", "at", "browser", "operator", "pipeline"]
