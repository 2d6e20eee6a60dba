"""The app that wires the site: its system checks."""

from django.apps import AppConfig
from django.core.checks import register


class EvalsiteConfig(AppConfig):
    """Settings, urls, the command line and the registry of plug-ins."""

    name = "evalsite"

    def ready(self) -> None:
        """Register the checks."""
        from evalsite.checks import check_plugins

        register(check_plugins)
