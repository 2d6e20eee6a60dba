"""`evalsite test-provider NAME`: one real call to a provider, and what came back."""

from argparse import ArgumentParser
from typing import Any

from evalsite.commands import CommandFailed, SiteCommand
from experiments.actions import project_named
from experiments.actions.declaring import DEFAULT_PROJECT
from experiments.models import Project, Provider
from runs.actions.testing import test_provider
from scoring.terminal import printable

NO_ANSWER, WRONG = 1, 2


class Command(SiteCommand):
    """Make one real call to a provider."""

    help = "Make one real call to a provider and show the answer, its latency, its tokens and its limits."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("name", help="the provider's name")
        parser.add_argument("--project", default=DEFAULT_PROJECT, help="its project")
        parser.add_argument("--model", default="", help="the model to ask; without it the first that is listed")

    def handle(self, **options: Any) -> None:
        """Call it; ends with 1 when no answer came."""
        provider = provider_named(project_named(options["project"]), options["name"])
        answer = test_provider(provider=provider, model=options["model"], by=None)
        if answer.error:
            raise CommandFailed(printable(answer.error), returncode=NO_ANSWER)
        rows = {
            "model": answer.model,
            "answer": answer.text,
            "latency": f"{answer.latency_ms} ms",
            **({} if answer.first_token_ms is None else {"first token": f"{answer.first_token_ms} ms"}),
            "tokens": f"{answer.tokens_in} in, {answer.tokens_out} out",
            **answer.limits,
            "models": ", ".join(answer.models) or "it lists none",
        }
        for name, value in rows.items():
            self.stdout.write(f"{name}: {printable(value)}")


def provider_named(project: Project, name: str) -> Provider:
    """Return a project's provider. Raises CommandFailed with the names that there are."""
    found: Provider | None = Provider.objects.filter(project=project, name=name).first()
    if found is None:
        known = ", ".join(Provider.objects.filter(project=project).values_list("name", flat=True)) or "none"
        raise CommandFailed(f'{project} has no provider "{name}"; there are: {known}', returncode=WRONG)
    return found
