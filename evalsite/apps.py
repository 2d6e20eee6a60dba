"""The app that wires the site: its system checks."""

from django.apps import AppConfig
from django.core.checks import register


class EvalsiteConfig(AppConfig):
    """Settings, urls, the command line and the registry of plug-ins."""

    name = "evalsite"

    def ready(self) -> None:
        """Register the checks; let forked processes begin without connections."""
        from evalsite.checks import check_plugins
        from evalsite.forks import share_nothing_with_forks

        register(check_plugins)
        share_nothing_with_forks()
