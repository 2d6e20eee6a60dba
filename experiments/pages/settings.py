"""The frame of the settings pages, and the lists of tokens."""

from dataclasses import dataclass

from django.urls import reverse

from experiments.models import AccessToken
from experiments.models.projects import Person
from experiments.pages.head import Tab

TABS = {"Profile": "profile", "Tokens": "experiments:token-list", "Projects": "experiments:project-list"}


def settings_tabs(current: str) -> list[Tab]:
    """Return the tabs of the settings."""
    return [Tab(label, reverse(route), label == current) for label, route in TABS.items()]


@dataclass(frozen=True)
class TokenListPage:
    """A person's tokens, and those of the members of projects that the person owns."""

    tabs: list[Tab]
    own: list[AccessToken]
    others: list[AccessToken]

    @classmethod
    def build(cls, user: Person) -> "TokenListPage":
        """Return those that are in force, the newest first."""
        visible = AccessToken.objects.visible_to(user).usable().select_related("user").order_by("-created_at")
        own = [token for token in visible if token.user_id == user.pk]
        return cls(settings_tabs("Tokens"), own, [token for token in visible if token.user_id != user.pk])
