"""`evalsite provider NAME`: how its limits are used now; `--pause` and `--resume`."""

from argparse import ArgumentParser
from typing import Any

from evalsite.commands import SiteCommand
from experiments.actions import pause_provider, project_named, resume_provider
from experiments.actions.declaring import DEFAULT_PROJECT
from experiments.models import Provider
from runs.limits.usage import limits_now
from runs.management.commands.test_provider import provider_named


class Command(SiteCommand):
    """Show how a provider's limits are used, pause it, or let it go on."""

    help = "Show how a provider's limits are used at this moment; --pause stops new calls, --resume lets them begin."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("name", help="the provider's name")
        parser.add_argument("--project", default=DEFAULT_PROJECT, help="its project")
        switch = parser.add_mutually_exclusive_group()
        switch.add_argument("--pause", action="store_true", help="no new call begins; runs wait")
        switch.add_argument("--resume", action="store_true", help="calls begin again")

    def handle(self, **options: Any) -> None:
        """Do it, then show."""
        provider = provider_named(project_named(options["project"]), options["name"])
        if options["pause"]:
            pause_provider(provider=provider, by=None)
        if options["resume"]:
            resume_provider(provider=provider, by=None)
        for name, value in rows_of(provider).items():
            self.stdout.write(f"{name}: {value}")


def rows_of(provider: Provider) -> dict[str, str]:
    """Return what there is to say of a provider's limits, each with its name."""
    now = limits_now(provider)
    rows = {
        "calls": provider.pause_reason or "begin as the limits allow",
        "in flight": f"{now.in_flight} of {provider.max_in_flight}, {now.waiting} waiting",
        "requests in the last minute": f"{now.requests_last_minute} of {provider.requests_per_minute or 'any number'}",
        "tokens in the last minute": f"{now.tokens_last_minute} of {provider.tokens_per_minute or 'any number'}",
        "pace": f"{now.share_of_limit:.0%} of the limits",
    }
    if now.throttled_at is not None:
        rows["last 429"] = f"{now.throttled_at:%Y-%m-%d %H:%M:%S} UTC, {now.throttled_count} so far"
    return rows
