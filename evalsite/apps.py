"""The app that wires the site: its system checks."""

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import register


class EvalsiteConfig(AppConfig):
    """Settings, urls, the command line and the registry of plug-ins."""

    name = "evalsite"

    def ready(self) -> None:
        """Register the checks; let forked processes begin without connections."""
        from evalsite.checks import check_plugins
        from evalsite.forks import share_nothing_with_forks

        register(check_plugins)
        if settings.OTEL:
            from runs.signals import run_ended
            from runs.tracing import tell_of_ended_run

            run_ended.connect(tell_of_ended_run)
        share_nothing_with_forks()
