"""A browser in which somebody is signed in, and used with the keyboard alone."""

from typing import Any

from django.conf import settings
from django.test import Client
from playwright.sync_api import Locator, Page


def sign_in(page: Page, live_site: str, person: Any) -> None:
    """Let the browser be that of a person."""
    client = Client()
    client.force_login(person)
    name = settings.SESSION_COOKIE_NAME
    page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_site}])


MOST_TABS = 150
IS_SEEN = """element => {
  const { top, bottom } = element.getBoundingClientRect();
  return getComputedStyle(element).outlineStyle !== "none" && top >= 0 && bottom <= innerHeight;
}"""


def tab_to(page: Page, target: Locator) -> None:
    """Press Tab until the target has the focus, and demand that it is seen there."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if target.evaluate("element => element === document.activeElement"):
            assert target.evaluate(IS_SEEN), f"the focus on {target} is not seen"
            return
    raise AssertionError(f"{MOST_TABS} times Tab did not lead to {target}")


def type_into(page: Page, target: Locator, text: str) -> None:
    """Go to a field by Tab and write this text in place of what is there."""
    tab_to(page, target)
    page.keyboard.press("Control+A")
    page.keyboard.type(text)


def press(page: Page, target: Locator) -> None:
    """Go to a link or a button by Tab and press it."""
    tab_to(page, target)
    page.keyboard.press("Enter")


def choose(page: Page, target: Locator, value: str) -> None:
    """Go to a list of choices by Tab and go down in it until it has this value."""
    tab_to(page, target)
    page.keyboard.press("Home")
    for _ in range(target.locator("option").count()):
        if target.input_value() == value:
            return
        page.keyboard.press("ArrowDown")
    assert target.input_value() == value, f"{target} has no choice {value}"
