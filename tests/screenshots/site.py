"""The site under pictures: the real one with its demo, in a data directory of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.provider import free_port
from tests.waiting import wait_until

START_S, DEMO_S = 60, 240


@contextmanager
def running_site(data: Path) -> Iterator[str]:
    """Run the whole site on this data directory until the block ends; gives its address once the demo is complete."""
    port = free_port()
    command = [sys.executable, "-m", "evalsite", "up", "--demo", "--port", str(port), "--parent", str(os.getpid())]
    log = data / "site.log"
    with log.open("w") as output:
        site = subprocess.Popen(command, env=_environment(data), stdout=output, stderr=subprocess.STDOUT)
    try:
        wait_until(lambda: "Sign in" in log.read_text(), START_S, "the site")
        prepare_django(data)
        wait_until(_has_demo, DEMO_S, "the demo")
        yield f"http://127.0.0.1:{port}"
    finally:
        site.terminate()
        site.wait(START_S)


def prepare_django(data: Path) -> None:
    """Let this process work on the site's own database."""
    import django

    os.environ |= {**_environment(data), "DJANGO_ALLOW_ASYNC_UNSAFE": "1"}  # Playwright's loop runs in this thread
    os.environ["DJANGO_SETTINGS_MODULE"] = "evalsite.settings"
    django.setup()


def _environment(data: Path) -> dict[str, str]:
    foreign = ("DATABASE_URL", "HOST", "PORT", "DJANGO_SETTINGS_MODULE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("EVALSITE_")}
    return {name: value for name, value in kept.items() if name not in foreign} | {"EVALSITE_DATA": str(data)}


def _has_demo() -> bool:
    from evalsite.demo.presenting import FILE
    from evalsite.demo.ratings import is_rated
    from experiments.files.experiment_file import load

    return is_rated(load(FILE))
