"""Make the pictures of README and docs from a running demo: `python tools/pictures.py URL`.

Start the demo first (`python3 run.py demo`), wait a minute, then run this with its address.
Needs Chromium; the pictures go to docs/pictures.
"""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "pictures"
ANA = "ana@copperglass.example"
MAILS = {"mail-one": "Redelivery requested", "mail-digest": "Daily digest", "mail-bulk": "470 source requests"}


def main() -> None:
    """Take every picture."""
    base = sys.argv[1].rstrip("/") if len(sys.argv) == 2 else ""  # noqa: PLR2004 - the program and one address
    if not base:
        sys.exit("usage: python tools/pictures.py URL")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for scheme in ("light", "dark"):
            page = browser.new_page(
                viewport={"width": 1240, "height": 900}, color_scheme=scheme, timezone_id="Europe/Madrid"
            )
            take(page, base, scheme)
        browser.close()


def take(page: Page, base: str, scheme: str) -> None:
    """Take the pictures of one colour scheme."""
    shot(page, base + "/", f"start-{scheme}")
    shot(page, base + "/mailbox", f"mailbox-{scheme}")
    for name, words in MAILS.items():
        page.goto(f"{base}/mailbox?q={words}&to={ANA}")
        page.locator("a[href^='/mailbox/']").first.click()
        frame = page.locator("iframe").first.get_attribute("src") or ""
        page.set_viewport_size({"width": 660, "height": 760})
        shot(page, base + frame, f"{name}-{scheme}")
        page.set_viewport_size({"width": 1240, "height": 900})
    page.goto(base + "/")
    page.locator("form[action='/sign-in-as'] button").first.click()
    page.wait_for_load_state("load")
    shot(page, base + "/settings", f"settings-{scheme}")
    page.locator("a[href^='/settings/edit/']").first.click()
    page.locator(".window-preview .bars").wait_for()
    page.screenshot(path=FOLDER / f"window-{scheme}.png")
    shot(page, base + "/history", f"history-{scheme}")
    shot(page, base + "/settings/me", f"me-{scheme}")


def shot(page: Page, url: str, name: str) -> None:
    """Keep a picture of a page."""
    page.goto(url)
    page.wait_for_load_state("load")
    page.screenshot(path=FOLDER / f"{name}.png")


if __name__ == "__main__":
    main()
