"""What a page can do the API can do, and the other way round: every form of the site beside its routes.

A new form or a new route that writes fails here until it stands in a table, and what a table names has to exist.
"""

import inspect
import re
from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern

from evalsite import urls as site
from evalsite.api.routes import urlpatterns as api
from experiments import urls as experiments
from runs import urls as runs

DRAFT, EXPERIMENT = "PATCH experiment-drafts/{id}", "PATCH experiments/{id}"
DATASET, PROJECT = "PATCH datasets/{id}", "PATCH projects/{id}"
SCORERS, IMPORT = "POST experiments/{id}/scorers", "POST datasets/{id}/import"
PROPOSAL, RATE = "scorer-proposals/{id}", "experiments/{id}/rate"

ROUTES_BY_FORM: dict[str, tuple[str, ...]] = {
    # datasets and their items
    "dataset-import-new": ("POST datasets", IMPORT),
    "dataset-import": (IMPORT,),
    "import-detail": ("POST imports/{id}/start",),
    "import-preview": ("POST imports/{id}/preview",),
    "import-cancel": ("POST imports/{id}/cancel",),
    "item-new": ("POST datasets/{id}/items",),
    "item-detail": ("PATCH datasets/{id}/items/{key}",),
    "item-remove": ("DELETE datasets/{id}/items/{key}",),
    "item-restore": ("POST datasets/{id}/restore",),
    "item-edit-undo": ("POST datasets/{id}/edits/{number}/undo",),
    "bulk-edit-cancel": ("POST bulk-edits/{id}/cancel",),
    "bulk-edit-undo": ("POST bulk-edits/{id}/undo",),
    "dataset-freeze": ("POST datasets/{id}/freeze",),
    "version-restore": ("POST versions/{id}/restore",),
    "dataset-settings": (DATASET,),
    "dataset-archive": (DATASET,),
    "dataset-clone": ("POST datasets/{id}/clone",),
    "dataset-delete": ("DELETE datasets/{id}",),
    # experiments that are being written
    "experiment-new": ("POST experiment-drafts",),
    "experiment-clone": ("POST experiments/{id}/clone",),
    "draft-detail": (DRAFT,),
    "draft-save": (DRAFT,),
    "draft-document": (DRAFT,),
    "draft-try": ("POST experiment-drafts/{id}/try",),
    "draft-scorer": ("POST scorers/{kind}/try",),
    "draft-start": ("POST experiment-drafts/{id}/start",),
    "draft-discard": ("DELETE experiment-drafts/{id}",),
    # experiments that live
    "experiment-settings": (EXPERIMENT,),
    "experiment-plan": (EXPERIMENT, "POST experiments/{id}/start"),
    "experiment-weights": (EXPERIMENT,),
    "experiment-baseline": (EXPERIMENT,),
    "experiment-budget": (EXPERIMENT,),
    "experiment-pilot": ("POST experiments/{id}/start",),
    "experiment-start": ("POST experiments/{id}/start",),
    "experiment-archive": (EXPERIMENT,),
    "experiment-delete": ("DELETE experiments/{id}",),
    "candidate-new": ("POST experiments/{id}/candidates",),
    "candidate-remove": ("DELETE experiments/{id}/candidates/{candidate}",),
    "prompt-preview": ("POST experiments/{id}/prompt-preview",),
    # scorers
    "scorer-new": (SCORERS,),
    "scorer-detail": (SCORERS,),
    "scorer-try": ("POST experiments/{id}/scorers/try",),
    "scorer-remove": ("DELETE experiments/{id}/scorers/{name}",),
    "scorer-kind": ("POST scorers/{kind}/try",),
    "scorer-keep": (f"POST {PROPOSAL}/keep",),
    "scorer-go-on": (f"POST {PROPOSAL}/go-on",),
    "scorer-discard": (f"DELETE {PROPOSAL}",),
    # rating
    "experiment-rate": (f"POST {RATE}", f"POST {RATE}/skip", f"POST {RATE}/undo", f"POST {RATE}/again"),
    "experiment-rate-scorer": (SCORERS,),
    "result-rate": ("POST results/{id}/score", "PATCH scores/{id}", "DELETE scores/{id}"),
    # runs
    "run-rate": ("POST runs/{id}/score",),
    "run-pause": ("POST runs/{id}/pause", "POST experiments/{id}/pause"),
    "run-resume": ("POST runs/{id}/resume", "POST experiments/{id}/resume"),
    "run-cancel": ("POST runs/{id}/cancel", "POST experiments/{id}/cancel"),
    "run-retry": ("POST runs/{id}/retry", "POST experiments/{id}/retry"),
    "result-run-again": ("POST results/{id}/again",),
    # prompts and providers
    "prompt-new": ("POST prompts",),
    "prompt-detail": ("POST prompts/{id}/versions",),
    "prompt-text-preview": ("POST prompts/preview",),
    "prompt-settings": ("PATCH prompts/{id}",),
    "prompt-archive": ("PATCH prompts/{id}",),
    "prompt-delete": ("DELETE prompts/{id}",),
    "provider-new": ("POST providers",),
    "provider-detail": ("PATCH providers/{id}",),
    "provider-archive": ("PATCH providers/{id}",),
    "provider-delete": ("DELETE providers/{id}",),
    "provider-pause": ("POST providers/{id}/pause",),
    "provider-resume": ("POST providers/{id}/resume",),
    "provider-test": ("POST providers/{id}/test",),
    # projects and people
    "project-list": ("POST projects",),
    "project-settings": (PROJECT,),
    "project-archive": (PROJECT,),
    "project-unarchive": (PROJECT,),
    "project-delete": ("DELETE projects/{id}",),
    "member-list": ("POST invitations",),
    "member-role": ("PATCH members/{id}",),
    "member-remove": ("DELETE members/{id}",),
    "invitation-revoke": ("DELETE invitations/{id}",),
    "token-list": ("POST tokens",),
    "token-revoke": ("DELETE tokens/{id}",),
}
"""What does the same by API as a form, by the name of the form's address."""

OF_THE_PERSON_ALONE = {
    "sign-in": "a token is shown instead",
    "sign-in-link": "a token is shown instead",
    "sign-out": "tokens are revoked instead",
    "password": "a token must not be able to take an account over",
    "profile": "the name that a person signs in with belongs to the account, as the password does",
    "theme": "how this browser looks",
    "table-view": "how this person's tables look",
    "project-choose": "which project this browser shows; lists of the API take project_id",
    "invitation": "who joins has no token yet",
}
"""Forms that the API has nothing beside, each with the reason."""

ELSEWHERE = {
    "POST experiments": "draft-start makes one with all that it declares",
    "POST datasets/{id}/bulk-edits": "the admin's list of items",
    "POST runs": "one question at a time is for programs; draft-try asks a few on the page",
}
"""Routes that write and stand beside no form, each with where the same is done, or why it is not."""


def posted() -> Iterator[str]:
    """Yield the names of the addresses of pages to which something is posted."""
    for pattern in (*site.urlpatterns, *experiments.urlpatterns, *runs.urlpatterns):
        if isinstance(pattern, URLPattern) and "POST" in methods_of(pattern.callback):
            yield str(pattern.name)


def methods_of(view: Any) -> list[str]:
    """Return the methods that a view takes, as its decorator says."""
    while view is not None:
        said = inspect.getclosurevars(view).nonlocals.get("request_method_list")
        if said is not None:
            return list(said)
        view = getattr(view, "__wrapped__", None)
    return ["unknown"]


def written() -> set[str]:
    """Return the routes of the API that write, like `PATCH runs/{id}`."""
    found = set()
    for route in api:
        address = str(route.pattern).removeprefix("^").removesuffix("/?$")
        address = re.sub(r"\(\?P<(\w+)>.*?\)(?=/|$)", r"{\1}", address)
        actions = getattr(route.callback, "actions", {})
        found |= {f"{method.upper()} {address}" for method in actions if method not in ("get", "head")}
    return found


def test_every_page_says_which_methods_it_takes() -> None:
    patterns = [one for one in (*experiments.urlpatterns, *runs.urlpatterns) if isinstance(one, URLPattern)]

    assert [one.name for one in patterns if "unknown" in methods_of(one.callback)] == []
    assert len(set(posted())) > 80


def test_every_form_stands_beside_its_routes() -> None:
    known = ROUTES_BY_FORM.keys() | OF_THE_PERSON_ALONE.keys()

    assert set(posted()) - known == set(), "forms without a route of the API"
    assert known - set(posted()) == set(), "no form any more"


def test_every_route_that_writes_stands_beside_its_form() -> None:
    named = {route for routes in ROUTES_BY_FORM.values() for route in routes}

    assert written() - named - ELSEWHERE.keys() == set(), "routes without a form"
    assert (named | ELSEWHERE.keys()) - written() == set(), "no route any more"
