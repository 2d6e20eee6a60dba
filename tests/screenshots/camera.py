"""Taking the pictures: each page is opened once and seen in light, in dark and on a phone."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page, ViewportSize

from tests.accessibility import violations_of
from tests.browsing import sign_in
from tests.screenshots.shots import Shot

DESK = ViewportSize(width=1280, height=800)
PHONE = ViewportSize(width=390, height=844)
SETTLE_MS = 250
OK = 200
LOOKS: Sequence[tuple[str, Literal["light", "dark"], ViewportSize]] = (
    ("light", "light", DESK),
    ("dark", "dark", DESK),
    ("phone", "light", PHONE),
)


@dataclass(frozen=True, slots=True)
class Taken:
    """A page with its pictures, and what is wrong with it as far as a machine can say."""

    name: str
    pictures: list[str]
    """Names of files."""
    complaints: list[str]
    """Errors of the console, a page wider than the window, an element that was not there, what axe finds."""


def take(browser: Browser, site: str, shots: Sequence[Shot], folder: Path) -> list[Taken]:
    """Take all pictures into the folder."""
    contexts: dict[Any, BrowserContext] = {}
    taken = []
    for shot in shots:
        if shot.person not in contexts:
            contexts[shot.person] = browser.new_context(reduced_motion="reduce")
        page = contexts[shot.person].new_page()
        if shot.person is not None:
            sign_in(page, site, shot.person)
        taken.append(_take(page, site, shot, folder))
        page.close()
    return taken


def _take(page: Page, site: str, shot: Shot, folder: Path) -> Taken:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.extend(_fault_in(message, shot)))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.set_default_timeout(8000)
    page.set_viewport_size(DESK)
    try:
        page.goto(site + shot.address)
        shot.steps(page)
    except Error as error:
        complaints.append(error.message.splitlines()[0])
    pictures = [_picture(page, shot, look, complaints, folder) for look in LOOKS]
    return Taken(shot.name, pictures, complaints)


def _fault_in(message: ConsoleMessage, shot: Shot) -> list[str]:
    """Return what a line of the console says, where that is an error; the status that the page has to have is none."""
    is_due = shot.status != OK and f"status of {shot.status} " in message.text
    return [f"console: {message.text}"] if message.type == "error" and not is_due else []


def _picture(
    page: Page,
    shot: Shot,
    look: tuple[str, Literal["light", "dark"], ViewportSize],
    complaints: list[str],
    folder: Path,
) -> str:
    name, scheme, size = look
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size(size)
    page.wait_for_timeout(SETTLE_MS)  # for fonts and what is measured anew; a picture has no event to wait for
    width = page.evaluate("document.documentElement.scrollWidth")
    if width > size["width"]:
        complaints.append(f"{name}: the page is {width} px wide")
    if size == DESK:
        known, found = len(complaints), violations_of(page)
        del complaints[known:]  # axe sets styles of its own, which the policy refuses
        complaints.extend(f"{name}: {violation}" for violation in found)
    file = f"{shot.name}-{name}.png"
    if not shot.is_window:
        page.evaluate("scrollTo(0, 0)")  # else what sticks to the window stands in the middle of the picture
    page.screenshot(path=folder / file, full_page=not shot.is_window)
    return file
