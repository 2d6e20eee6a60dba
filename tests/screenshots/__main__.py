"""`make screenshots`: start the site with its demo, make every state, take the pictures, write their index."""

import argparse
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

from tests import browser_setup
from tests.screenshots.gallery import write_index
from tests.screenshots.site import running_site

if TYPE_CHECKING:
    from tests.screenshots.camera import Taken

ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    """Take the pictures whose names hold the given word, into `screenshots/`."""
    parser = argparse.ArgumentParser(prog="screenshots", description=__doc__)
    parser.add_argument("word", nargs="?", default="", help="only pictures whose names hold this word")
    parser.add_argument("--folder", type=Path, default=ROOT / "screenshots", help="where they go")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    folder = tempfile.TemporaryDirectory(prefix="evalsite-screenshots-", ignore_cleanup_errors=True)
    with folder as data, running_site(Path(data)) as site:
        taken = photograph(site, options.word, options.folder)
    write_index(options.folder, taken)
    print(f"{len(taken)} pages: {options.folder / 'index.html'}")
    for name, complaint in ((one.name, complaint) for one in taken for complaint in one.complaints):
        print(f"{name}: {complaint}")


def photograph(site: str, word: str, folder: Path) -> "list[Taken]":
    """Take the pictures of the site that runs at this address; Django has to be set up before."""
    from tests.screenshots import camera, scenery, shots

    wanted = [shot for shot in shots.shots(scenery.build()) if word in shot.name]
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=browser_setup.require(), args=flags)
        return camera.take(browser, site, wanted, folder)


if __name__ == "__main__":
    main()
