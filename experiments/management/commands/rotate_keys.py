"""`evalsite rotate-keys`: stored keys of providers under the site's present secret key."""

from typing import Any

from evalsite.commands import CommandFailed, SiteCommand
from experiments.credentials import rotate_keys


class Command(SiteCommand):
    """Encrypt the stored keys of providers anew."""

    help = "Encrypt stored keys of providers under the present EVALSITE_SECRET_KEY; the former one is a fallback."

    def handle(self, **_options: Any) -> None:
        """Encrypt them; exit 1 when some cannot be read."""
        rotated, lost = rotate_keys()
        self.stdout.write(f"{rotated} stored keys encrypted under the present secret key")
        if lost:
            raise CommandFailed(
                f"These keys cannot be read: {', '.join(lost)}. Name the former secret key in "
                "EVALSITE_SECRET_KEY_FALLBACKS, or type them again."
            )
