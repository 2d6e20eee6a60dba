"""The browser of the tests: it is real, and it complains aloud."""

import pytest
from playwright.sync_api import Page


@pytest.mark.browser
def test_browser_reads_the_live_site(live_site: str, page: Page) -> None:
    page.goto(f"{live_site}/healthz")

    assert '"ok"' in page.content()


@pytest.mark.browser
def test_browser_error_in_the_console_is_noted(live_site: str, page: Page, console_errors: list[str]) -> None:
    page.goto(f"{live_site}/healthz")

    page.evaluate("setTimeout(() => { throw new Error('thrown') })")
    page.wait_for_function("true")
    page.evaluate("console.error('written')")

    assert [error.partition(" (")[0] for error in console_errors] == ["thrown", "written"]
    console_errors.clear()
