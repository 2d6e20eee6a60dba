"""What is done on a page before its picture is taken."""

from playwright.sync_api import Page

SHORT = "scorers: [1"


def sign_in_wrongly(page: Page) -> None:
    """Send a name and a password that fit nobody."""
    page.fill("[name=username]", "nobody")
    page.fill("[name=password]", "wrong")
    page.locator("form button[type=submit]").last.click()


def break_page(page: Page) -> None:
    """Show what the site answers when it breaks: made here, for a site that is whole has no such page."""
    from django.test import RequestFactory

    from evalsite.views import broken

    body = broken(RequestFactory().get("/broken/")).content.decode()
    page.route("**/broken/", lambda route: route.fulfill(body=body, content_type="text/html; charset=utf-8"))
    page.goto(page.url.rstrip("/") + "/broken/")


def fold_sidebar(page: Page) -> None:
    """Fold the sidebar to its icons, on this page alone: the button would have it remembered."""
    page.evaluate("document.querySelector('.shell').dataset.sidebar = 'folded'")


def search(page: Page, text: str) -> None:
    """Open the search of everything and ask for something."""
    page.keyboard.press("Control+k")
    page.keyboard.type(text)
    page.wait_for_selector(".search__hit")


def open_menu(page: Page) -> None:
    """Open the last menu of the page: that of a row."""
    page.locator("main [data-menu]").last.click()
    page.wait_for_selector("main .menu__panel .menu__entry >> visible=true")


def open_row(page: Page) -> None:
    """Open the second row in the drawer."""
    page.locator("[data-drawer-link], [data-drawer-result]").nth(1).click()
    page.wait_for_selector("#drawer[open] h2")


def choose_two(page: Page) -> None:
    """Choose the first two experiments that can be compared."""
    for number in range(2):
        page.locator("[data-choose-box]:enabled").nth(number).click()


def ask_for_tag(page: Page) -> None:
    """Choose three items and ask to tag them."""
    for number in range(3):
        page.locator("input.action-select").nth(number).check()
    page.select_option("select[name=action]", "tag")
    page.click("button[name=index]")


def open_sheet(page: Page) -> None:
    """Open the sidebar as the sheet that it is on a phone."""
    page.evaluate("document.getElementById('sidebar').showPopover()")


def send(page: Page, button: str) -> None:
    """Press the button with this text and wait for the page that answers."""
    with page.expect_navigation():
        page.get_by_role("button", name=button, exact=True).first.click()


def read_bad_file(page: Page) -> None:
    """Paste an experiment file that is broken off, and send it."""
    page.fill("#document", SHORT)
    send(page, "Read it")


def send_bad_item(page: Page) -> None:
    """Write metadata that are no JSON object, and send the form."""
    page.fill("#item-key", "capital-of-peru")
    page.fill("#item-metadata", "topic: places")
    send(page, "Add")


def make_token(page: Page) -> None:
    """Make a token: it is shown this once."""
    page.fill("#id_name", "notebook")
    send(page, "Make the token")


def test_provider(page: Page) -> None:
    """Make the one real call that shows that a provider answers."""
    page.get_by_role("button", name="Make one real call").click()
    page.wait_for_selector("#provider-test dd")


def try_items(page: Page) -> None:
    """Try three items and wait for the answers."""
    send(page, "Try 3 items")
    page.wait_for_selector(".draft-tried__output", timeout=120_000)


def try_weights(page: Page) -> None:
    """Open the weights and change one."""
    page.click(".weights summary")
    page.locator(".weights__field input").first.fill("0.5")
    page.wait_for_selector("text=weights tried, not saved")
