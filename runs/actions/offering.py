"""Which provider of a project offers a model, for requests that name the model only."""

import asyncio
from collections.abc import Sequence

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from evalsite.plugins import UnknownKind
from experiments.actions import ActionRefused
from experiments.credentials import KeyNotAllowed
from experiments.models import Candidate, Project, Provider
from experiments.options import OptionError
from runs.exchange import CallFailed, NeedsPerson
from runs.lanes.supplies import runner_of
from runs.models import Run
from runs.runners.base import Runner
from runs.transport import HttpTransport

ASKED_FOR_S = 3.0
FIELD = "config.provider"
CANNOT_ASK = (KeyNotAllowed, UnknownKind, OptionError, ImproperlyConfigured, NeedsPerson, ValueError)


def provider_offering(project: Project, model: str) -> Provider:
    """Return the one provider of the project that offers the model. Raises ActionRefused naming them for none or more.

    The only provider of a project offers everything. Else those offer it that have a price, a candidate or an ad-hoc
    run of it; where there is none, the providers are asked for their models.
    """
    providers: list[Provider] = list(
        Provider.objects.filter(project=project).offered().select_related("project").order_by("name")
    )
    if not providers:
        raise ActionRefused(FIELD, f"{project} has no provider: make one first")
    if len(providers) == 1:
        return providers[0]
    offering = [provider for provider in providers if is_known_at(provider, model)] or _asked(providers, model)
    if len(offering) == 1:
        return offering[0]
    names = ", ".join(provider.name for provider in offering or providers)
    which = "several providers offer" if offering else "no provider is known to offer"
    raise ActionRefused(FIELD, f'{which} "{model}": name one of {names}')


def is_known_at(provider: Provider, model: str) -> bool:
    """Return whether the site has met the model at this provider."""
    if model in provider.prices or Candidate.objects.filter(provider=provider, model=model).exists():
        return True
    return Run.objects.filter(provider=provider, is_ad_hoc=True, name=model).exists()


def _asked(providers: Sequence[Provider], model: str) -> list[Provider]:
    """Return the providers whose own lists name the model; those that do not answer in time name none."""
    transport = HttpTransport(allow_private=settings.PRIVATE_PROVIDERS)
    runners: dict[int, Runner] = {}
    for provider in providers:
        try:
            runners[provider.pk] = runner_of(provider, transport)
        except CANNOT_ASK:
            continue
    listed = asyncio.run(_listed(runners, transport))
    return [provider for provider in providers if model in listed.get(provider.pk, ())]


async def _listed(runners: dict[int, Runner], transport: HttpTransport) -> dict[int, list[str]]:
    async with transport:
        lists = await asyncio.gather(*(_models_of(runner) for runner in runners.values()))
    return dict(zip(runners, lists, strict=True))


async def _models_of(runner: Runner) -> list[str]:
    try:
        return await asyncio.wait_for(runner.models(), ASKED_FOR_S)
    except (CallFailed, NeedsPerson, TimeoutError):
        return []
