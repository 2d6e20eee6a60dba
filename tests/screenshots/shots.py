"""The list of pictures: which page in which state, seen by whom, and what is done before the picture."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from playwright.sync_api import Page

from experiments.models import Item
from runs.models import Run, RunStatus
from tests.screenshots.scenery import Scenery

Steps = Callable[[Page], object]


@dataclass(frozen=True, slots=True)
class Shot:
    """One page in one state."""

    name: str
    address: str
    """Path and query."""
    person: Any = None
    """Who is signed in; None: nobody."""
    steps: Steps = lambda _page: None
    """What is done once the page is there."""
    is_window: bool = False
    """Whether the picture shows the window and not the whole page: dialogs and drawers."""


def shots(scenery: Scenery) -> list[Shot]:
    """Return every picture there is."""
    return [*entrance(scenery), *work(scenery), *library(scenery), *settings(scenery), *staff(scenery)]


def entrance(scenery: Scenery) -> Iterator[Shot]:
    """Yield the pages of those who are not in, and those that say that something is wrong."""
    yield Shot("sign-in", reverse("sign-in"))
    yield Shot("sign-in-refused", reverse("sign-in"), steps=sign_in_wrongly)
    yield Shot("signed-out", reverse("signed-out"))
    yield Shot("invitation", reverse("experiments:invitation", args=[scenery.invitation]))
    yield Shot("invitation-unknown", reverse("experiments:invitation", args=["no-such-token"]))
    yield Shot("no-project", "/", scenery.newcomer)
    yield Shot("403", reverse("experiments:candidate-new", args=[scenery.running.uid]), scenery.reader)
    yield Shot("404", "/nothing-here/", scenery.admin)
    yield Shot("500", "/", scenery.admin, steps=break_page)


def work(scenery: Scenery) -> Iterator[Shot]:
    """Yield Home, experiments and runs."""
    admin, demo = scenery.admin, scenery.demo
    run, scorer = demo.runs.planned().earliest("pk"), demo.scorers.get(name="correct")
    yield Shot("home", "/", admin)
    yield Shot("home-switcher", "/", admin, steps=lambda page: page.click(".switcher summary"), is_window=True)
    yield Shot("home-sidebar-folded", "/", admin, steps=fold_sidebar, is_window=True)
    yield Shot("search-palette", "/", admin, steps=lambda page: search(page, "large"), is_window=True)
    yield Shot("keyboard-help", "/", admin, steps=lambda page: page.keyboard.press("?"), is_window=True)
    yield Shot("search", f"{reverse('search')}?q=peru", admin)
    yield Shot("experiments", reverse("experiments:experiment-list"), admin)
    yield Shot("experiments-none-found", reverse("experiments:experiment-list") + "?search=zzz", admin)
    yield Shot("experiment-new", reverse("experiments:experiment-new"), admin)
    yield Shot("draft-with-errors", reverse("experiments:draft-detail", args=[scenery.draft.uid]), admin)
    for name in ("demo", "running", "stuck", "broken", "huge", "empty"):
        uid = getattr(scenery, name).uid
        yield Shot(f"board-{name}", reverse("experiments:experiment-board", args=[uid]), admin)
        yield Shot(f"outputs-{name}", reverse("experiments:experiment-outputs", args=[uid]), admin)
    for tab in ("runs", "compare", "rate", "settings"):
        yield Shot(f"experiment-{tab}", reverse(f"experiments:experiment-{tab}", args=[demo.uid]), admin)
    outputs = reverse("experiments:experiment-outputs", args=[demo.uid])
    yield Shot("board-menu", reverse("experiments:experiment-board", args=[demo.uid]), admin, open_menu, is_window=True)
    yield Shot("outputs-different", f"{outputs}?mode=different", admin)
    yield Shot("outputs-drawer", outputs, admin, open_row, is_window=True)
    yield Shot("compare-empty", reverse("experiments:experiment-compare", args=[scenery.empty.uid]), admin)
    yield Shot("candidate-new", reverse("experiments:candidate-new", args=[demo.uid]), admin)
    yield Shot("budget", reverse("experiments:experiment-budget", args=[demo.uid]), admin)
    yield Shot("scorer-new", reverse("experiments:scorer-new", args=[demo.uid]), admin)
    yield Shot("scorer-edit", reverse("experiments:scorer-detail", args=[demo.uid, scorer.name]), admin)
    yield Shot("scorer-flips", reverse("experiments:scorer-proposal", args=[scenery.proposal.uid]), admin)
    yield Shot("runs", reverse("runs:run-list"), admin)
    yield Shot("run", reverse("runs:run-detail", args=[run.uid]), admin)
    yield Shot("run-drawer", reverse("runs:run-detail", args=[run.uid]), admin, open_row, is_window=True)
    yield Shot("result", reverse("runs:result-detail", args=[run.uid, 3]), admin)
    for name in ("running", "stuck", "broken"):
        latest = getattr(scenery, name).runs.latest("pk")
        yield Shot(f"run-{name}", reverse("runs:run-detail", args=[latest.uid]), admin)
    failed = Run.objects.filter(status=RunStatus.FAILED).latest("pk")
    yield Shot("run-failed", reverse("runs:run-detail", args=[failed.uid]), admin)


def library(scenery: Scenery) -> Iterator[Shot]:
    """Yield datasets, prompts, providers and scorers."""
    admin, demo = scenery.admin, scenery.demo
    dataset = scenery.running.dataset_version.dataset  # type: ignore[union-attr]
    prompt = scenery.running.candidates.earliest("pk").prompt_version.prompt  # type: ignore[union-attr]
    provider = demo.candidates.earliest("pk").provider
    item = Item.objects.filter(dataset=dataset).in_draft().order_by("position").first()
    yield Shot("datasets", reverse("experiments:dataset-list"), admin)
    for tab in ("items", "versions", "history", "experiments", "settings"):
        yield Shot(f"dataset-{tab}", reverse(f"experiments:dataset-{tab}", args=[dataset.uid]), admin)
    yield Shot("dataset-diff", reverse("experiments:version-diff", args=[dataset.uid]), admin)
    yield Shot("item", reverse("experiments:item-detail", args=[dataset.uid, item.pk]), admin)  # type: ignore[union-attr]
    yield Shot("item-new", reverse("experiments:item-new", args=[dataset.uid]), admin)
    yield Shot("import-new", reverse("experiments:dataset-import-new"), admin)
    yield Shot("import-preview", reverse("experiments:import-detail", args=[scenery.data_import.uid]), admin)
    yield Shot("prompts", reverse("experiments:prompt-list"), admin)
    yield Shot("prompt-new", reverse("experiments:prompt-new"), admin)
    for tab in ("detail", "versions", "uses"):
        yield Shot(f"prompt-{tab}", reverse(f"experiments:prompt-{tab}", args=[prompt.uid]), admin)
    yield Shot("providers", reverse("experiments:provider-list"), admin)
    yield Shot("provider-new", reverse("experiments:provider-new"), admin)
    yield Shot("provider", reverse("experiments:provider-detail", args=[provider.uid]), admin)
    yield Shot("scorers", reverse("experiments:scorer-kind-list"), admin)
    yield Shot("scorer-kind", reverse("experiments:scorer-kind", args=["exact_match"]), admin)


def settings(scenery: Scenery) -> Iterator[Shot]:
    """Yield the pages about people and projects."""
    admin, project = scenery.admin, scenery.running.project
    yield Shot("profile", reverse("profile"), admin)
    yield Shot("tokens", reverse("experiments:token-list"), admin)
    yield Shot("projects", reverse("experiments:project-list"), admin)
    yield Shot("project-settings", reverse("experiments:project-settings", args=[project.uid]), admin)
    yield Shot("members", reverse("experiments:member-list", args=[project.uid]), admin)


def staff(scenery: Scenery) -> Iterator[Shot]:
    """Yield the admin."""
    items = reverse("admin:experiments_item_changelist")
    frozen = Item.objects.filter(until__isnull=False).earliest("pk")
    yield Shot("admin", reverse("admin:index"), scenery.admin)
    yield Shot("admin-items", items, scenery.admin)
    yield Shot("admin-bulk", items, scenery.admin, steps=ask_for_tag)
    yield Shot("admin-item-frozen", reverse("admin:experiments_item_change", args=[frozen.pk]), scenery.admin)
    yield Shot("admin-users", reverse("admin:auth_user_changelist"), scenery.admin)


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
    page.locator("main details.menu summary").last.click()


def open_row(page: Page) -> None:
    """Open the second row in the drawer."""
    page.locator("[data-drawer-link], [data-drawer-result]").nth(1).click()
    page.wait_for_selector("#drawer[open] h2")


def ask_for_tag(page: Page) -> None:
    """Choose three items and ask to tag them."""
    for number in range(3):
        page.locator("input.action-select").nth(number).check()
    page.select_option("select[name=action]", "tag")
    page.click("button[name=index]")
