"""A browser in which somebody is signed in."""

from typing import Any

from django.conf import settings
from django.test import Client
from playwright.sync_api import Page


def sign_in(page: Page, live_site: str, person: Any) -> None:
    """Let the browser be that of a person."""
    client = Client()
    client.force_login(person)
    name = settings.SESSION_COOKIE_NAME
    page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_site}])
