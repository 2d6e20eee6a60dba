"""Parts of pages made once for all who ask at the same time: never older than a request, with nothing of one person."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import count
from threading import Event
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client, RequestFactory
from django.urls import reverse

from evalsite import live_parts, shared_parts
from evalsite.live_parts import TOKEN_PLACE, LivePart
from evalsite.shared_parts import KEPT_S, REST_S, LastParts, SharedParts, shared_part
from experiments.models import Project
from runs.models import Run, RunStatus
from tests.boards import experiment_in, run_of
from tests.waiting import wait_until

HTMX = {"HX-Request": "true"}
PATIENCE_S = 20


@pytest.fixture
def parts() -> SharedParts[str]:
    return SharedParts()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as pool:
        yield pool


class Kitchen:
    """Makes numbered parts; the first waits until it is let go."""

    def __init__(self) -> None:
        self.numbers, self.has_begun, self.may_end = count(1), Event(), Event()

    def make(self) -> str:
        """Return the number of this making."""
        number = next(self.numbers)
        self.has_begun.set()
        assert number > 1 or self.may_end.wait(PATIENCE_S)
        return str(number)


@pytest.fixture
def kitchen() -> Kitchen:
    return Kitchen()


def three_behind_one(
    parts: SharedParts[str], pool: ThreadPoolExecutor, kitchen: Kitchen, make: Callable[[], str]
) -> tuple[Future[str], list[Future[str]]]:
    """Let one ask, and three more while its part is being made."""
    first = pool.submit(parts.get, "board", kitchen.make)
    assert kitchen.has_begun.wait(PATIENCE_S)
    others = [pool.submit(parts.get, "board", make) for _ in range(3)]
    wait_until(lambda: parts.waiting("board") == 3, PATIENCE_S)
    kitchen.may_end.set()
    return first, others


def test_those_who_ask_while_a_part_is_made_share_the_next_making(
    parts: SharedParts[str], pool: ThreadPoolExecutor, kitchen: Kitchen
) -> None:
    first, others = three_behind_one(parts, pool, kitchen, kitchen.make)

    assert (first.result(), [other.result() for other in others]) == ("1", ["2", "2", "2"])


def test_who_asks_later_gets_a_part_made_anew(parts: SharedParts[str]) -> None:
    numbers = count(1)

    assert [parts.get("board", lambda: str(next(numbers))) for _ in range(3)] == ["1", "2", "3"]
    assert parts.waiting("board") == 0


def test_other_parts_are_not_shared(parts: SharedParts[str], pool: ThreadPoolExecutor, kitchen: Kitchen) -> None:
    board, board_of_an_editor = 1, 2  # numbers: texts may share a turn by chance, and then wait for each other
    first = pool.submit(parts.get, board, kitchen.make)
    assert kitchen.has_begun.wait(PATIENCE_S)

    other = parts.get(board_of_an_editor, lambda: "with buttons")
    kitchen.may_end.set()

    assert (other, first.result()) == ("with buttons", "1")


def test_what_cannot_be_made_fails_for_all_who_share_it_and_is_tried_again(
    parts: SharedParts[str], pool: ThreadPoolExecutor, kitchen: Kitchen
) -> None:
    def fail() -> str:
        raise LookupError("gone")

    _, others = three_behind_one(parts, pool, kitchen, fail)

    assert all(isinstance(other.exception(), LookupError) for other in others)
    assert parts.get("board", lambda: "again") == "again"


def test_part_that_streams_watch_is_kept_for_a_tick() -> None:
    numbers, now_s = count(1), 100.0
    parts: SharedParts[str] = SharedParts(clock=lambda: now_s)

    def ask(key: str) -> str:
        return parts.kept(key, lambda: str(next(numbers)))

    early = [ask("seen"), ask("seen"), ask("seen after news")]
    now_s += KEPT_S

    assert (early, ask("seen")) == (["1", "1", "2"], "3")


def test_last_part_is_there_for_its_rest_for_a_while() -> None:
    now_s = 100.0
    last: LastParts[str] = LastParts(clock=lambda: now_s)
    last.note("board", "first")
    last.note("board", "second")

    early = last.get("board"), last.get("another")
    now_s += REST_S

    assert (early, last.get("board")) == (("second", None), None)


def test_rest_of_a_part_is_of_the_same_making(rf: RequestFactory, admin_user: User) -> None:
    numbers = count(1)

    def ask(start: str) -> bytes:
        request = rf.get("/", headers={"Live-From": start})
        request.user = admin_user
        key = "a part of which there is a rest"
        return shared_part(request, "components/_title.html", (key,), lambda: {"name": next(numbers)}).content

    def told(_: str, context: dict[str, Any]) -> LivePart:
        return LivePart.of(str(context["name"]), [], "")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shared_parts, "live_part_of", told)
        answers = [ask(start) for start in ("", "row-9", "row-20", "")]

    assert answers == [b"1", b"1", b"1", b"2"]


def test_template_sees_no_person(rf: RequestFactory, admin_user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def told(template: str, context: dict[str, Any], *_: object) -> str:
        names = f"{template}: {sorted(context)}"
        context["live_parts"].append(LivePart.of(names, [], ""))
        return ""

    monkeypatch.setattr(live_parts, "render_to_string", told)
    request = rf.get("/")
    request.user = admin_user

    assert shared_part(request, "part.html", (1,), dict).content == b"part.html: ['csrf_token', 'live_parts']"


@pytest.fixture
def run(project: Project) -> Run:
    return run_of(experiment_in(project), status=RunStatus.RUNNING, ok_count=1)


@pytest.mark.parametrize("name", ["experiments:experiment-progress", "experiments:experiment-leaderboard"])
def test_forms_in_a_part_bear_the_token_of_who_asks(editor: User, run: Run, name: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(editor)

    page = client.get(reverse(name, args=[run.experiment.uid]), headers=HTMX).content.decode()
    token = page.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]

    assert TOKEN_PLACE not in page
    assert client.post(reverse("runs:run-pause", args=[run.uid]), {"csrfmiddlewaretoken": token}).status_code == 302


def test_part_of_an_editor_never_reaches_a_viewer(client: Client, editor: User, viewer: User, run: Run) -> None:
    address, pause = reverse("runs:run-summary", args=[run.uid]), reverse("runs:run-pause", args=[run.uid])
    client.force_login(editor)
    of_editor = client.get(address, headers=HTMX).content.decode()
    client.force_login(viewer)
    of_viewer = client.get(address, headers=HTMX).content.decode()

    assert (pause in of_editor, pause in of_viewer) == (True, False)
