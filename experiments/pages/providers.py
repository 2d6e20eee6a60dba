"""The pages about providers."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.models import Count
from django.http import HttpRequest

from evalsite.plugins import runners
from experiments.actions.providers import EDITABLE
from experiments.chosen_projects import ChosenProjects, projects_for_new
from experiments.credentials import KeyState, key_state
from experiments.models import Candidate, Provider
from experiments.models.projects import Person
from experiments.options import Options
from experiments.pages.endings import ArchivedChoice
from experiments.permissions import may
from runs.limits.usage import limits_now
from runs.models import Run, RunStatus

COPIED_LENGTH = 90
MOST_WAITING = 10


class OptionShown(NamedTuple):
    """An option of a kind of provider, as the form explains it."""

    name: str
    help_text: str
    initial: str
    """What holds where it is not given, as JSON; "": nothing."""


class KindShown(NamedTuple):
    """A kind of provider, as the form explains it."""

    label: str
    help_text: str
    options: list[OptionShown]


def kinds_shown() -> list[KindShown]:
    """Return every kind with its options."""
    return [KindShown(kind.label, kind.help_text, _options_of(kind.Options)) for kind in runners.all().values()]


def kind_label(kind: str) -> str:
    """Return what a kind is called; its own name where it is no longer installed."""
    found = runners.all().get(kind)
    return found.label if found else kind


def _options_of(options: type[Options]) -> list[OptionShown]:
    return [
        OptionShown(name, str(field.help_text), json.dumps(field.initial) if field.initial else "")
        for name, field in options.base_fields.items()
    ]


@dataclass(frozen=True)
class ProviderRow:
    """One provider of the list."""

    provider: Provider
    key: KeyState
    candidate_count: int

    @property
    def kind_label(self) -> str:
        """What its kind is called."""
        return kind_label(self.provider.kind)


@dataclass(frozen=True)
class ProviderListPage:
    """The providers of a person's projects."""

    rows: list[ProviderRow]
    can_add: bool
    archived: ArchivedChoice

    @classmethod
    def build(cls, request: HttpRequest) -> "ProviderListPage":
        """Return them."""
        user = request.user
        mine = Provider.objects.visible_to(user).filter(project__in=ChosenProjects.of(user, request.COOKIES).ids)
        archived = ArchivedChoice.of(request, mine)
        shown = archived.chosen(mine).select_related("project", "stored_key").annotate(uses=Count("candidates"))
        rows = [ProviderRow(one, key_state(one), one.uses) for one in shown.order_by("project__name", "name")]
        return cls(rows, can_add_provider(user), archived)


def values_for_copy(provider: Provider | None) -> dict[str, Any]:
    """Return what the form of a copy begins with: all but the key and the values of headers, which are not shown."""
    if provider is None:
        return {}
    names = (name for name in EDITABLE if name not in ("headers", "api_key_env"))
    values = {name: getattr(provider, name) for name in names}
    return {**values, "name": f"{provider.name[:COPIED_LENGTH]} (copy)", "project": provider.project_id}


def can_add_provider(user: Person) -> bool:
    """Return whether there is a project in which this person may add one."""
    return projects_for_new(user, "edit_provider", {}).exists()


def known_models(providers: Iterable[Provider]) -> list[str]:
    """Return the models of these providers that candidates or prices name, for suggestions."""
    named = {model for provider in providers for model in provider.prices}
    used = Candidate.objects.filter(provider__in=providers).order_by().values_list("model", flat=True).distinct()
    return sorted({*used, *named})


def runs_that_wait(provider: Provider) -> list[Run]:
    """Return the newest runs that are paused: a provider that is mended is not enough for them, they are resumed."""
    paused = Run.objects.filter(provider=provider, status=RunStatus.PAUSED).select_related("experiment")
    return list(paused.order_by("-pk")[:MOST_WAITING])


def limits_context(provider: Provider, user: Person) -> dict[str, Any]:
    """Return what the part of the page about a provider's limits shows."""
    return {
        "provider": provider,
        "limits": limits_now(provider),
        "can_edit": may(user, provider.project, "edit_provider"),
        "pause_text": f"No call begins: {provider.pause_reason}. Runs keep what they have and wait.",
    }
