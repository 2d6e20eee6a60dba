"""The list of pictures: which page in which state, seen by whom, and what is done before the picture."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from playwright.sync_api import Page

from experiments.models import Item, Membership, SignInLink
from runs.models import Result, Run, RunStatus
from runs.outcomes import Outcome
from tests.screenshots import steps
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
    status: int = 200
    """With which the page is answered: the browser's console names others, which is no fault where one is due."""


def shots(scenery: Scenery) -> list[Shot]:
    """Return every picture there is."""
    return [*entrance(scenery), *work(scenery), *library(scenery), *settings(scenery), *staff(scenery)]


def entrance(scenery: Scenery) -> Iterator[Shot]:
    """Yield the pages of those who are not in, and those that say that something is wrong."""
    yield Shot("sign-in", reverse("sign-in"))
    yield Shot("sign-in-refused", reverse("sign-in"), steps=steps.sign_in_wrongly, status=422)
    yield Shot("signed-out", reverse("signed-out"))
    yield Shot("invitation", reverse("experiments:invitation", args=[scenery.invitation]))
    yield Shot("invitation-unknown", reverse("experiments:invitation", args=["no-such-token"]), status=410)
    yield Shot("no-project", "/", scenery.newcomer)
    yield Shot("403", reverse("experiments:candidate-new", args=[scenery.running.uid]), scenery.reader, status=403)
    yield Shot("404", "/nothing-here/", scenery.admin, status=404)
    yield Shot("500", "/", scenery.admin, steps=steps.break_page)
    yield Shot("sign-in-link", reverse("sign-in-link", args=[SignInLink.issue(scenery.reader)]))
    yield Shot("sign-in-link-used", reverse("sign-in-link", args=["used"]), status=410)
    yield Shot("runs-empty", reverse("runs:run-list"), scenery.newcomer)
    for name in ("experiment", "dataset", "prompt", "provider"):
        yield Shot(f"{name}s-empty", reverse(f"experiments:{name}-list"), scenery.newcomer)


def work(scenery: Scenery) -> Iterator[Shot]:
    """Yield Home, experiments and runs."""
    admin, demo = scenery.admin, scenery.demo
    run, scorer = demo.runs.planned().earliest("pk"), demo.scorers.get(name="correct")
    yield Shot("home", "/", admin)
    yield Shot("home-first-visit", "/", scenery.visitor)
    yield Shot("home-sheet", "/", admin, steps=steps.open_sheet, is_window=True)
    yield Shot("home-switcher", "/", admin, steps=lambda page: page.click(".switcher summary"), is_window=True)
    yield Shot("home-sidebar-folded", "/", admin, steps=steps.fold_sidebar, is_window=True)
    yield Shot("search-palette", "/", admin, steps=lambda page: steps.search(page, "large"), is_window=True)
    yield Shot("keyboard-help", "/", admin, steps=lambda page: page.keyboard.press("?"), is_window=True)
    yield Shot("search", f"{reverse('search')}?q=peru", admin)
    yield Shot("experiments", reverse("experiments:experiment-list"), admin)
    yield Shot("experiments-chosen", reverse("experiments:experiment-list"), admin, steps.choose_two, is_window=True)
    yield Shot("experiments-none-found", reverse("experiments:experiment-list") + "?status=draft&mine=on", admin)
    new = reverse("experiments:experiment-new")
    yield Shot("experiment-new", new, admin)
    yield Shot("experiment-new-refused", new, admin, steps=steps.read_bad_file)
    yield Shot("draft-tried", reverse("experiments:draft-detail", args=[scenery.tried.uid]), admin, steps.try_items)
    yield Shot("draft-with-errors", reverse("experiments:draft-detail", args=[scenery.draft.uid]), admin)
    for name in ("demo", "running", "stuck", "broken", "huge", "empty"):
        uid = getattr(scenery, name).uid
        yield Shot(f"board-{name}", reverse("experiments:experiment-board", args=[uid]), admin)
        yield Shot(f"outputs-{name}", reverse("experiments:experiment-outputs", args=[uid]), admin)
    for tab in ("runs", "compare", "rate", "settings"):
        yield Shot(f"experiment-{tab}", reverse(f"experiments:experiment-{tab}", args=[demo.uid]), admin)
    outputs = reverse("experiments:experiment-outputs", args=[demo.uid])
    board = reverse("experiments:experiment-board", args=[demo.uid])
    yield Shot("board-menu", board, admin, steps.open_menu, is_window=True)
    yield Shot("outputs-different", f"{outputs}?mode=different", admin)
    yield Shot("outputs-none-found", f"{outputs}?text=zzz", admin)
    yield Shot("outputs-drawer", outputs, admin, steps.open_row, is_window=True)
    yield Shot("board-weights-tried", board, admin, steps=steps.try_weights)
    for tab in ("board", "settings"):
        address = reverse(f"experiments:experiment-{tab}", args=[scenery.running.uid])
        yield Shot(f"{tab}-as-viewer", address, scenery.reader)
    pair = f"{reverse('experiments:experiment-pair')}?a={demo.uid}&b="
    yield Shot("compare-two-experiments", f"{pair}{scenery.running.uid}", admin)
    yield Shot("compare-no-common-scorer", f"{pair}{scenery.huge.uid}", admin)
    yield Shot("compare-empty", reverse("experiments:experiment-compare", args=[scenery.empty.uid]), admin)
    yield Shot("candidate-new", reverse("experiments:candidate-new", args=[demo.uid]), admin)
    yield Shot("budget", reverse("experiments:experiment-budget", args=[demo.uid]), admin)
    yield Shot("scorer-new", reverse("experiments:scorer-new", args=[demo.uid]), admin)
    yield Shot("scorer-edit", reverse("experiments:scorer-detail", args=[demo.uid, scorer.name]), admin)
    yield Shot("scorer-flips", reverse("experiments:scorer-proposal", args=[scenery.proposal.uid]), admin)
    yield Shot("runs", reverse("runs:run-list"), admin)
    yield Shot("run", reverse("runs:run-detail", args=[run.uid]), admin)
    yield Shot("run-drawer", reverse("runs:run-detail", args=[run.uid]), admin, steps.open_row, is_window=True)
    yield Shot("runs-none-found", reverse("runs:run-list") + "?candidate=zzz", admin)
    flaky = demo.runs.planned().get(name="flaky")
    failure = Result.objects.of_run(flaky).filter(outcome=Outcome.TIMEOUT).earliest("pk")
    yield Shot("result-error", reverse("runs:result-detail", args=[flaky.uid, failure.ordinal]), admin)
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
    new_item = reverse("experiments:item-new", args=[dataset.uid])
    yield Shot("item-refused", new_item, admin, steps=steps.send_bad_item, status=422)
    yield Shot("bulk-edit", reverse("experiments:bulk-edit", args=[scenery.bulk.uid]), admin)
    yield Shot("item-new", new_item, admin)
    yield Shot("import-new", reverse("experiments:dataset-import-new"), admin)
    yield Shot("import-preview", reverse("experiments:import-detail", args=[scenery.data_import.uid]), admin)
    yield Shot("prompts", reverse("experiments:prompt-list"), admin)
    yield Shot("prompt-new", reverse("experiments:prompt-new"), admin)
    for tab in ("detail", "versions", "uses", "settings"):
        yield Shot(f"prompt-{tab}", reverse(f"experiments:prompt-{tab}", args=[prompt.uid]), admin)
    yield Shot("providers", reverse("experiments:provider-list"), admin)
    new, shown = reverse("experiments:provider-new"), reverse("experiments:provider-detail", args=[provider.uid])
    yield Shot("provider-new", new, admin)
    yield Shot("provider", shown, admin)
    yield Shot("provider-refused", new, admin, lambda page: steps.send(page, "Connect"), status=422)
    yield Shot("provider-tested", shown, admin, steps.test_provider)
    yield Shot("scorers", reverse("experiments:scorer-kind-list"), admin)
    yield Shot("scorer-kind", reverse("experiments:scorer-kind", args=["exact_match"]), admin)


def settings(scenery: Scenery) -> Iterator[Shot]:
    """Yield the pages about people and projects."""
    admin, project = scenery.admin, scenery.running.project
    yield Shot("profile", reverse("profile"), admin)
    yield Shot("tokens", reverse("experiments:token-list"), admin)
    yield Shot("token-made", reverse("experiments:token-list"), admin, steps=steps.make_token)
    member = Membership.objects.get(project=project, user=scenery.reader)
    yield Shot("member-remove", reverse("experiments:member-remove", args=[member.uid]), admin)
    yield Shot("projects", reverse("experiments:project-list"), admin)
    yield Shot("project-settings", reverse("experiments:project-settings", args=[project.uid]), admin)
    yield Shot("members", reverse("experiments:member-list", args=[project.uid]), admin)


def staff(scenery: Scenery) -> Iterator[Shot]:
    """Yield the admin."""
    frozen = Item.objects.filter(until__isnull=False).earliest("pk")
    items = f"{reverse('admin:experiments_item_changelist')}?dataset={frozen.dataset_id}"
    run = scenery.demo.runs.earliest("pk")
    yield Shot("admin", reverse("admin:index"), scenery.admin)
    yield Shot("admin-items", items, scenery.admin)
    yield Shot("admin-bulk", items, scenery.admin, steps=steps.ask_for_tag)
    yield Shot("admin-item-frozen", reverse("admin:experiments_item_change", args=[frozen.pk]), scenery.admin)
    yield Shot("admin-items-none-found", f"{items}&q=zzz", scenery.admin)
    yield Shot("admin-item-history", reverse("admin:experiments_item_history", args=[frozen.pk]), scenery.admin)
    yield Shot("admin-datasets", reverse("admin:experiments_dataset_changelist"), scenery.admin)
    yield Shot("admin-runs", reverse("admin:runs_run_changelist"), scenery.admin)
    yield Shot("admin-run", reverse("admin:runs_run_change", args=[run.pk]), scenery.admin)
    yield Shot("admin-user", reverse("admin:auth_user_change", args=[scenery.reader.pk]), scenery.admin)
    yield Shot("admin-users", reverse("admin:auth_user_changelist"), scenery.admin)
